package kql

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// MaxQuery is the longest query, in bytes.
const MaxQuery = 16 << 10

// maxTokens bounds what a query is made of.
const maxTokens = 4096

type tokenKind int

const (
	end tokenKind = iota
	word
	quoted // ['name']
	text
	long
	real
	span    // a timespan literal, in microseconds
	literal // what stands between the parentheses of datetime( or timespan(
	sign
)

// token is one word of a query. Its text is the sign or the word as written,
// or the value of a string.
type token struct {
	kind   tokenKind
	at     int
	text   string
	whole  int64
	broken float64
}

type lexer struct {
	source string
	at     int
	tokens []token
}

// signs are the punctuation, longest first.
var signs = []string{"==", "!=", "=~", "!~", "<=", ">=", "..", "<", ">", "=", "|", ",", ";", "(", ")", "[", "]", ".", "+", "-", "*", "/", "%", ":", "!", "~", "$", "{", "}"}

func lex(source string) []token {
	if len(source) > MaxQuery {
		failf(0, "Split the question into shorter queries.", "the query has %d bytes, more than %d", len(source), MaxQuery)
	}
	if !utf8.ValidString(source) || strings.ContainsRune(source, 0) {
		failf(0, "Send the query as UTF-8 text without U+0000.", "the query is not valid text")
	}
	l := &lexer{source: source}
	for l.next() {
		if len(l.tokens) > maxTokens {
			failf(l.at, "Split the question into shorter queries.", "the query has more than %d words", maxTokens)
		}
	}
	l.add(token{kind: end, at: len(source)})
	return l.tokens
}

func (l *lexer) add(t token) { l.tokens = append(l.tokens, t) }

func (l *lexer) next() bool {
	l.skip()
	if l.at >= len(l.source) {
		return false
	}
	c := l.source[l.at]
	rest := l.source[l.at:]
	switch {
	case letter(c):
		n := 1
		for n < len(rest) && (letter(rest[n]) || digit(rest[n])) {
			n++
		}
		if n == 1 && (c == 'h' || c == 'H') && len(rest) > 1 && (rest[1] == '"' || rest[1] == '\'') {
			l.at++ // an obfuscated string literal: the same value
			l.string(false)
			return true
		}
		l.add(token{kind: word, at: l.at, text: rest[:n]})
		l.at += n
		l.literal(rest[:n])
	case digit(c):
		l.number()
	case c == '"' || c == '\'':
		l.string(false)
	case c == '@' && len(rest) > 1 && (rest[1] == '"' || rest[1] == '\''):
		l.at++
		l.string(true)
	case strings.HasPrefix(rest, "```"):
		failf(l.at, `Write the text between double quotes, with \n for a new line.`, "a string between ``` is outside the subset")
	default:
		l.sign()
	}
	return true
}

// literal reads what stands in the parentheses of a datetime or timespan as one
// token: 2026-04-15T20:00 is made of no words.
func (l *lexer) literal(name string) {
	if typ := literals[name]; typ != Datetime && typ != Timespan {
		return
	}
	l.skip()
	if !strings.HasPrefix(l.source[l.at:], "(") {
		return
	}
	l.add(token{kind: sign, at: l.at, text: "("})
	l.at++
	n := strings.IndexAny(l.source[l.at:], "()\n")
	if n < 0 || l.source[l.at+n] != ')' {
		failf(l.at, literalForms[literals[name]], "%s( takes one literal and a closing parenthesis", name)
	}
	l.add(token{kind: literal, at: l.at, text: strings.Trim(strings.TrimSpace(l.source[l.at:l.at+n]), "\"'")})
	l.at += n
}

// skip passes over white space and comments.
func (l *lexer) skip() {
	for l.at < len(l.source) {
		switch c := l.source[l.at]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			l.at++
		case strings.HasPrefix(l.source[l.at:], "//"):
			line := strings.IndexByte(l.source[l.at:], '\n')
			if line < 0 {
				line = len(l.source) - l.at
			}
			l.at += line
		default:
			return
		}
	}
}

func (l *lexer) sign() {
	rest := l.source[l.at:]
	for _, s := range signs {
		if strings.HasPrefix(rest, s) {
			l.add(token{kind: sign, at: l.at, text: s})
			l.at += len(s)
			return
		}
	}
	c, _ := utf8.DecodeRuneInString(rest)
	failf(l.at, "Names are letters, digits and _; put other names between [' and '], and text between quotes.", "%s means nothing here", echo(string(c)))
}

func (l *lexer) string(verbatim bool) {
	start := l.at
	quote := l.source[l.at]
	var b strings.Builder
	for l.at++; ; l.at++ {
		if l.at >= len(l.source) || l.source[l.at] == '\n' {
			failf(start, `End the text with the quote it began with.`, "the string that begins here does not end")
		}
		c := l.source[l.at]
		switch {
		case c == quote && verbatim && strings.HasPrefix(l.source[l.at+1:], string(quote)):
			b.WriteByte(c)
			l.at++
		case c == quote:
			l.at++
			l.add(token{kind: text, at: start, text: b.String()})
			return
		case c == '\\' && !verbatim:
			c, _, tail, err := strconv.UnquoteChar(l.source[l.at:], quote)
			if err != nil || c == 0 {
				failf(l.at, `Write \\ for a backslash, or put @ in front of the string.`, "the escape after this backslash is not known")
			}
			b.WriteRune(c)
			l.at = len(l.source) - len(tail) - 1
		default:
			b.WriteByte(c)
		}
	}
}

// spanUnits are microseconds. Kusto's tick is finer than what is stored.
var spanUnits = map[string]int64{
	"d": day, "day": day, "days": day, "h": hour, "hr": hour, "hrs": hour, "hour": hour, "hours": hour,
	"m": minute, "min": minute, "minute": minute, "minutes": minute, "s": second, "sec": second, "second": second, "seconds": second,
	"ms": millisecond, "milli": millisecond, "millis": millisecond, "millisecond": millisecond, "milliseconds": millisecond,
	"micro": 1, "micros": 1, "microsecond": 1, "microseconds": 1,
}

const (
	millisecond = 1000
	second      = 1000 * millisecond
	minute      = 60 * second
	hour        = 60 * minute
	day         = 24 * hour
)

func (l *lexer) number() {
	start, rest := l.at, l.source[l.at:]
	n := 0
	for n < len(rest) && digit(rest[n]) {
		n++
	}
	if n == 1 && rest[0] == '0' && len(rest) > 2 && (rest[1] == 'x' || rest[1] == 'X') {
		l.hex()
		return
	}
	isReal := false
	if n+1 < len(rest) && rest[n] == '.' && digit(rest[n+1]) {
		isReal = true
		for n++; n < len(rest) && digit(rest[n]); n++ {
		}
	}
	unit := n
	for unit < len(rest) && (letter(rest[unit]) || digit(rest[unit])) {
		unit++
	}
	if factor, known := spanUnits[rest[n:unit]]; known {
		v, err := strconv.ParseFloat(rest[:n], 64)
		whole, overflow := scaled(rest[:n], factor)
		if isReal && err == nil && v*float64(factor) < 1<<62 {
			whole, overflow = int64(v*float64(factor)), false
		}
		if overflow {
			failf(start, "Write a shorter time.", "the timespan %s is too long", echo(rest[:unit]))
		}
		l.add(token{kind: span, at: start, text: rest[:unit], whole: whole})
		l.at += unit
		return
	}
	if e := n; e < len(rest) && (rest[e] == 'e' || rest[e] == 'E') {
		if e++; e < len(rest) && (rest[e] == '+' || rest[e] == '-') {
			e++
		}
		if e < len(rest) && digit(rest[e]) {
			for isReal = true; e < len(rest) && digit(rest[e]); e++ {
			}
			n = e
		}
	}
	if n < len(rest) && (letter(rest[n]) || digit(rest[n])) {
		failf(start, "Timespans end in d, h, m, s, ms or microsecond.", "%s is neither a number nor a timespan", echo(rest[:max(unit, n+1)]))
	}
	l.at += n
	if isReal {
		v, err := strconv.ParseFloat(rest[:n], 64)
		if err != nil {
			failf(start, "Write a smaller number.", "the number %s is out of range", echo(rest[:n]))
		}
		l.add(token{kind: real, at: start, text: rest[:n], broken: v})
		return
	}
	v, err := strconv.ParseInt(rest[:n], 10, 64)
	if err != nil {
		failf(start, "Write a smaller number.", "the number %s is out of range", echo(rest[:n]))
	}
	l.add(token{kind: long, at: start, text: rest[:n], whole: v})
}

func scaled(digits string, factor int64) (n int64, overflow bool) {
	v, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || v > (1<<62)/factor {
		return 0, true
	}
	return v * factor, false
}

func (l *lexer) hex() {
	rest := l.source[l.at:]
	n := 2
	for n < len(rest) && (letter(rest[n]) || digit(rest[n])) {
		n++
	}
	v, err := strconv.ParseInt(rest[2:n], 16, 64)
	if err != nil || strings.Contains(rest[:n], "_") {
		failf(l.at, "Write the number in decimal.", "%s is not a hexadecimal number of 64 bits", echo(rest[:n]))
	}
	l.add(token{kind: long, at: l.at, text: rest[:n], whole: v})
	l.at += n
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }
func digit(c byte) bool  { return c >= '0' && c <= '9' }
