package kql

import (
	"bytes"
	"encoding/json"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Lower and Upper change ASCII letters alone.
func Lower(s string) string { return fold26(s, 'A', 'a'-'A') }

// Upper is the other way.
func Upper(s string) string { return fold26(s, 'a', 256-('a'-'A')) }

func fold26(s string, from byte, by int) string {
	for n := range len(s) {
		if c := s[n]; c >= from && c < from+26 {
			out := []byte(s)
			for ; n < len(out); n++ {
				if c := out[n]; c >= from && c < from+26 {
					out[n] = byte(int(c) + by)
				}
			}
			return string(out)
		}
	}
	return s
}

// Has reports whether a stands of whole terms b: before and after it is no
// ASCII letter or digit. The empty text is in every text.
func Has(a, b string) bool {
	if b == "" {
		return true
	}
	for from := 0; ; from++ {
		n := strings.Index(a[from:], b)
		if n < 0 {
			return false
		}
		from += n
		if (from == 0 || !alphanumeric(a[from-1])) && (from+len(b) == len(a) || !alphanumeric(a[from+len(b)])) {
			return true
		}
	}
}

func alphanumeric(c byte) bool { return c != '_' && letter(c) || digit(c) }

// ToLong reads a whole number of up to 18 digits, cuts a real and makes 0 or 1
// of a bool; nil where that is no long.
func ToLong(v any) any {
	switch v := v.(type) {
	case bool:
		if v {
			return int64(1)
		}
		return int64(0)
	case float64:
		if math.Abs(v) < 9.2e18 {
			return int64(v)
		}
	case string:
		if wholeNumber.MatchString(v) {
			if n, err := strconv.ParseInt(v, 10, 64); err == nil {
				return n
			}
		}
	}
	return nil
}

var (
	wholeNumber = regexp.MustCompile(`^[+-]?[0-9]{1,18}$`)
	realNumber  = regexp.MustCompile(`^[+-]?[0-9]{1,15}([.][0-9]{1,15})?([eE][+-]?[0-9]{1,2})?$`)
)

// ToReal reads a number of plain or scientific form, or takes a long; nil
// where that is no real.
func ToReal(v any) any {
	switch v := v.(type) {
	case int64:
		return float64(v)
	case string:
		if realNumber.MatchString(v) {
			if x, err := strconv.ParseFloat(v, 64); err == nil {
				return x
			}
		}
	}
	return nil
}

// Text is tostring: "" for null.
func Text(t Type, v any) string {
	switch v := v.(type) {
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return RealText(v)
	case int64:
		if t == Datetime {
			return TimeText(v)
		}
		return strconv.FormatInt(v, 10)
	case string:
		if t == Dynamic {
			return Unquote(v)
		}
		return v
	}
	return ""
}

// TimeText is a time as Kusto prints it: seven digits, UTC.
func TimeText(micros int64) string {
	return time.UnixMicro(micros).UTC().Format("2006-01-02T15:04:05.000000") + "0Z"
}

// RealText is the shortest text that reads back as v, plain from 1e-5 up to
// 1e15 and scientific beyond, as PostgreSQL writes it.
func RealText(v float64) string {
	exponent := 0
	if v != 0 {
		text := strconv.FormatFloat(v, 'e', -1, 64)
		exponent, _ = strconv.Atoi(text[strings.IndexByte(text, 'e')+1:])
	}
	if exponent < -4 || exponent >= 15 {
		return strconv.FormatFloat(v, 'e', -1, 64)
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// ParseJSON checks that text is JSON and takes its white space away. null is
// not there.
func ParseJSON(text string) (string, bool) {
	var b bytes.Buffer
	if !json.Valid([]byte(text)) || json.Compact(&b, []byte(text)) != nil {
		return "", false
	}
	return known(b.String())
}

func known(text string) (string, bool) {
	if text == "null" {
		return "", false
	}
	return text, true
}

// Member is a member of an object, the last of its name.
func Member(text, name string) (string, bool) {
	if !strings.HasPrefix(text, "{") {
		return "", false
	}
	var object map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &object) != nil {
		return "", false
	}
	value, found := object[name]
	if !found {
		return "", false
	}
	return known(string(value))
}

// Element is an element of an array, from 0.
func Element(text string, n int64) (string, bool) {
	if !strings.HasPrefix(text, "[") {
		return "", false
	}
	var array []json.RawMessage
	if json.Unmarshal([]byte(text), &array) != nil || n < 0 || n >= int64(len(array)) {
		return "", false
	}
	return known(string(array[n]))
}

// brokenEscape finds what PostgreSQL cannot hold: U+0000.
var brokenEscape = regexp.MustCompile(`\\u(?i:0000|d[89a-f][0-9a-f]{2})`)

// Unquote is the text of a dynamic value: that of a JSON string, else the JSON.
// A string with an escaped U+0000 or surrogate stays as it is written.
func Unquote(text string) string {
	var out string
	if !strings.HasPrefix(text, `"`) || brokenEscape.MatchString(text) || json.Unmarshal([]byte(text), &out) != nil {
		return text
	}
	return out
}
