package soc

import (
	"cmp"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// CanonicalJSON returns the RFC 8785 (JCS) form of a document: no white space,
// members in the order of their UTF-16 code units, numbers as ECMAScript
// writes doubles, strings with the fewest escapes. Two documents with the same
// meaning to an I-JSON reader have the same bytes, so fingerprints and
// argument digests are taken of it. Integers beyond 2^53 are rounded to the
// nearest double, as the RFC demands. The input passes CheckJSON first.
func CanonicalJSON(data []byte, limits JSONLimits) ([]byte, error) {
	p := jsonParser{data: data, limits: limits.filled(), build: true}
	node, err := p.document()
	if err != nil {
		return nil, err
	}
	return appendNode(make([]byte, 0, len(data)), node), nil
}

// CanonicalRecord is CanonicalJSON of what encoding/json makes of v, without a
// limit on its size: for our own records (playbooks, settings, audit detail).
// It fails on what encoding/json cannot write.
func CanonicalRecord(v any) ([]byte, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, Errorf(Internal, CodeInternalError, "A record could not be written as JSON.").WithCause(err)
	}
	return CanonicalJSON(data, JSONLimits{Depth: math.MaxInt, Values: math.MaxInt, StringBytes: math.MaxInt, AllowNUL: true})
}

func appendNode(dst []byte, n jsonNode) []byte {
	switch n.kind {
	case '{':
		order := make([]int, len(n.keys))
		for i := range order {
			order[i] = i
		}
		slices.SortFunc(order, func(a, b int) int { return compareUTF16(n.keys[a], n.keys[b]) })
		dst = append(dst, '{')
		for i, at := range order {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendString(dst, n.keys[at]), ':')
			dst = appendNode(dst, n.items[at])
		}
		return append(dst, '}')
	case '[':
		dst = append(dst, '[')
		for i, item := range n.items {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendNode(dst, item)
		}
		return append(dst, ']')
	case '"':
		return appendString(dst, n.text)
	case '0':
		f, _ := strconv.ParseFloat(n.text, 64) // in range: the parser checked
		return appendDouble(dst, f)
	case 't':
		return append(dst, "true"...)
	case 'f':
		return append(dst, "false"...)
	}
	return append(dst, "null"...)
}

// compareUTF16 orders as RFC 8785 section 3.2.3 wants: by UTF-16 code unit.
// That differs from byte order only where a character beyond the basic plane
// (surrogates, D800-DFFF) meets one in E000-FFFF.
func compareUTF16(a, b string) int {
	for len(a) > 0 && len(b) > 0 {
		ra, na := utf8.DecodeRuneInString(a)
		rb, nb := utf8.DecodeRuneInString(b)
		if ra != rb {
			if (ra > 0xFFFF) == (rb > 0xFFFF) {
				return cmp.Compare(ra, rb)
			}
			if ra > 0xFFFF {
				ra = 0xD800
			} else {
				rb = 0xD800
			}
			return cmp.Compare(ra, rb)
		}
		a, b = a[na:], b[nb:]
	}
	return cmp.Compare(len(a), len(b))
}

// appendString writes a JSON string with the escapes of RFC 8785 section
// 3.2.2.2 and no others: not for <, >, &, U+007F, U+2028 or U+2029.
func appendString(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	start := 0
	for i := range len(s) {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[start:i]...)
		start = i + 1
		if at := strings.IndexByte("\"\\\b\f\n\r\t", c); at >= 0 {
			dst = append(dst, '\\', `"\bfnrt`[at])
			continue
		}
		dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
	}
	return append(append(dst, s[start:]...), '"')
}

// appendDouble writes a finite double as ECMAScript's Number::toString does
// (ECMA-262 section 6.1.6.1.20): shortest digits that read back to the same
// double, plain notation from 1e-6 up to but not including 1e21.
func appendDouble(dst []byte, f float64) []byte {
	if f == 0 { // also -0
		return append(dst, '0')
	}
	if abs := math.Abs(f); abs >= 1e-6 && abs < 1e21 {
		return strconv.AppendFloat(dst, f, 'f', -1, 64)
	}
	dst = strconv.AppendFloat(dst, f, 'e', -1, 64)
	// Go writes at least two digits of exponent, ECMAScript as few as it can.
	if n := len(dst); dst[n-2] == '0' && (dst[n-3] == '-' || dst[n-3] == '+') {
		dst[n-2] = dst[n-1]
		dst = dst[:n-1]
	}
	return dst
}
