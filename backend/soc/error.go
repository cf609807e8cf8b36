package soc

import (
	"errors"
	"fmt"
)

// Kind says what sort of failure an Error is. Doors map kinds to their own
// status words in one table (backend/web.Status).
type Kind string

// The kinds of failure, see design page "architecture", section 5.
const (
	Invalid         Kind = "invalid"
	Unauthenticated Kind = "unauthenticated"
	Denied          Kind = "denied"
	NotFound        Kind = "not_found"
	Conflict        Kind = "conflict"
	Precondition    Kind = "precondition"
	KeyReused       Kind = "key_reused"
	Refused         Kind = "refused"
	Locked          Kind = "locked"
	Limited         Kind = "limited"
	Unavailable     Kind = "unavailable"
	Internal        Kind = "internal"
)

// Error is the one error that may leave the desk. Message and Fix are the
// server's own words: they never hold text taken from evidence or from another
// system. Fields is keyed by the path of the offending member.
type Error struct {
	Kind    Kind
	Code    Code
	Message string
	Fields  map[string][]string
	// Fix tells the caller (often an agent) what to do next.
	Fix string
	// Rule is the gate rule (g1-g19) or policy rule that decided, if any.
	Rule string
	// Target narrows the code, e.g. "session" or "session.reauth".
	Target string
	// Hints are ids the caller may see and may have meant.
	Hints []string
	// Roles are the roles that would have been enough, for approvals.
	Roles []Role
	// RetryAfter is in whole seconds; zero means not stated.
	RetryAfter int
	// Cause goes to the log and never to a caller.
	Cause error
}

// Error implements error; the text is safe to show.
func (e *Error) Error() string { return string(e.Code) + ": " + e.Message }

// Unwrap returns the internal cause.
func (e *Error) Unwrap() error { return e.Cause }

// Errorf makes an Error of a kind and code.
func Errorf(kind Kind, code Code, format string, args ...any) *Error {
	return &Error{Kind: kind, Code: code, Message: fmt.Sprintf(format, args...)}
}

// WithFix returns e with the next step set.
func (e *Error) WithFix(format string, args ...any) *Error {
	e.Fix = fmt.Sprintf(format, args...)
	return e
}

// NextStep is the error's own advice, else that of its code (S67); "" where the
// code says nothing.
func (e *Error) NextStep() string {
	if e.Fix != "" {
		return e.Fix
	}
	return NextStep(e.Code)
}

// WithField returns e with one message added for the member at path.
func (e *Error) WithField(path, format string, args ...any) *Error {
	if e.Fields == nil {
		e.Fields = map[string][]string{}
	}
	e.Fields[path] = append(e.Fields[path], fmt.Sprintf(format, args...))
	return e
}

// WithCause returns e with an internal cause, for the log only.
func (e *Error) WithCause(err error) *Error {
	e.Cause = err
	return e
}

// InvalidField is the common case of a VALIDATION_ERROR on one member.
func InvalidField(path, format string, args ...any) *Error {
	e := Errorf(Invalid, CodeValidationError, "One or more members are not valid.")
	return e.WithField(path, format, args...)
}

// NotFoundf is the 404 of any object; the text must not differ between an
// unknown and a foreign object (S44).
func NotFoundf(format string, args ...any) *Error {
	return Errorf(NotFound, CodeNotFound, format, args...)
}

// InvalidCursor is the one answer to a place in a list that the caller was not
// given, or not for this question; every family words it in its own way.
func InvalidCursor() *Error {
	return Errorf(Invalid, CodeInvalidCursor, "The page token is invalid. Start again without it.")
}

// AsError turns any error into an *Error: a foreign one becomes Internal with
// a bland text and keeps the original as Cause.
func AsError(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Kind: Internal, Code: CodeInternalError, Message: "The server could not complete the request.", Cause: err}
}

// KindOf returns the kind of err, Internal for a foreign error, "" for nil.
func KindOf(err error) Kind {
	if err == nil {
		return ""
	}
	return AsError(err).Kind
}
