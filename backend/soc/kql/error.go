package kql

import (
	"fmt"
	"strconv"
	"unicode/utf8"
)

// Error says what in a query is wrong, where, and what to write instead.
type Error struct {
	// Line and Column count from 1; Column counts characters. Line is 0 where
	// the whole query is meant.
	Line, Column int
	Message      string
	Fix          string
}

// Error implements error.
func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Message
	}
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Message)
}

// fault is how the parser and the checker give up; recovered by catch.
type fault struct {
	at           int
	message, fix string
}

func failf(at int, fix, format string, args ...any) {
	panic(fault{at: at, message: fmt.Sprintf(format, args...), fix: fix})
}

// catch turns a fault into the *Error of a query's text.
func catch(text string, err *error) {
	switch r := recover().(type) {
	case nil:
	case fault:
		e := &Error{Line: 1, Column: 1, Message: r.message, Fix: r.fix}
		for _, c := range text[:min(r.at, len(text))] {
			if e.Column++; c == '\n' {
				e.Line, e.Column = e.Line+1, 1
			}
		}
		*err = e
	default:
		panic(r)
	}
}

// echoLimit is the most characters of a query that a message repeats.
const echoLimit = 60

// echo quotes a piece of the query for a message: everything that is not
// plain is escaped, and the piece is cut.
func echo(text string) string {
	if utf8.RuneCountInString(text) > echoLimit {
		text = string([]rune(text)[:echoLimit]) + "…"
	}
	return strconv.QuoteToASCII(text)
}
