package soc

import (
	"math"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// string reads a quoted string at p.pos. The text is returned only if keep is
// set; it is checked in any case.
func (p *jsonParser) string(keep bool) (string, *Error) {
	p.pos++
	start, size := p.pos, 0
	var unescaped []byte // nil until the first escape
	for p.pos < len(p.data) {
		c := p.data[p.pos]
		switch {
		case c == '"':
			text := p.data[start:p.pos]
			p.pos++
			if err := p.checkLength(size); err != nil || !keep {
				return "", err
			}
			if unescaped != nil {
				text = unescaped
			}
			return string(text), nil
		case c < 0x20:
			return "", p.fail("A control character at offset %d must be escaped.", p.pos)
		case c == '\\':
			r, err := p.escape()
			if err != nil {
				return "", err
			}
			if keep && unescaped == nil {
				unescaped = append(make([]byte, 0, size+64), p.data[start:start+size]...)
			}
			size += utf8.RuneLen(r)
			if keep {
				unescaped = utf8.AppendRune(unescaped, r)
			}
		default:
			n := 1
			if c >= utf8.RuneSelf {
				var r rune
				if r, n = utf8.DecodeRune(p.data[p.pos:]); r == utf8.RuneError && n == 1 {
					return "", p.fail("The bytes at offset %d are not UTF-8.", p.pos)
				}
			}
			if unescaped != nil {
				unescaped = append(unescaped, p.data[p.pos:p.pos+n]...)
			}
			size += n
			p.pos += n
		}
	}
	return "", p.fail("The document ends inside a string.")
}

func (p *jsonParser) checkLength(size int) *Error {
	limit := p.limits.StringBytes
	if p.raw {
		limit = p.limits.RawStringBytes
	}
	if size > limit {
		return p.fail("A string is longer than %d bytes.", limit)
	}
	return nil
}

// escape reads one escape sequence, a surrogate pair counting as one.
func (p *jsonParser) escape() (rune, *Error) {
	at := p.pos
	p.pos += 2
	if p.pos > len(p.data) {
		return 0, p.fail("The document ends inside a string.")
	}
	switch c := p.data[at+1]; c {
	case '"', '\\', '/':
		return rune(c), nil
	case 'b':
		return '\b', nil
	case 'f':
		return '\f', nil
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 't':
		return '\t', nil
	case 'u':
		return p.unicode(at)
	}
	return 0, p.fail("The escape at offset %d is unknown.", at)
}

func (p *jsonParser) unicode(at int) (rune, *Error) {
	r, ok := p.hex4()
	if !ok {
		return 0, p.fail("The escape at offset %d needs four hexadecimal digits.", at)
	}
	if r == 0 && !p.limits.AllowNUL && !p.raw {
		return 0, p.fail("U+0000 at offset %d is not accepted.", at)
	}
	if !utf16.IsSurrogate(r) {
		return r, nil
	}
	if p.pos+1 < len(p.data) && p.data[p.pos] == '\\' && p.data[p.pos+1] == 'u' {
		p.pos += 2
		if low, ok := p.hex4(); ok {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				return pair, nil
			}
		}
	}
	return 0, p.fail("The surrogate at offset %d has no partner.", at)
}

func (p *jsonParser) hex4() (rune, bool) {
	if p.pos+4 > len(p.data) {
		return 0, false
	}
	var r rune
	for _, c := range p.data[p.pos : p.pos+4] {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	p.pos += 4
	return r, true
}

// number reads a literal by the grammar of RFC 8259 and refuses what no double
// can hold.
func (p *jsonParser) number() (jsonNode, *Error) {
	start := p.pos
	if p.peek() == '-' {
		p.pos++
	}
	whole := p.digits()
	if whole == 0 || whole > 1 && p.data[p.pos-whole] == '0' {
		return jsonNode{}, p.fail("The number at offset %d is not written as JSON.", start)
	}
	plain := true
	if p.peek() == '.' {
		p.pos++
		if plain = false; p.digits() == 0 {
			return jsonNode{}, p.fail("The number at offset %d is not written as JSON.", start)
		}
	}
	if p.peek()|0x20 == 'e' {
		p.pos++
		if c := p.peek(); c == '+' || c == '-' {
			p.pos++
		}
		if plain = false; p.digits() == 0 {
			return jsonNode{}, p.fail("The number at offset %d is not written as JSON.", start)
		}
	}
	node := jsonNode{kind: '0', text: string(p.data[start:p.pos])}
	if plain && whole < 300 {
		return node, nil
	}
	if f, err := strconv.ParseFloat(node.text, 64); err != nil || math.IsInf(f, 0) {
		return jsonNode{}, p.fail("The number at offset %d is out of range.", start)
	}
	return node, nil
}

func (p *jsonParser) digits() int {
	start := p.pos
	for p.pos < len(p.data) && p.data[p.pos] >= '0' && p.data[p.pos] <= '9' {
		p.pos++
	}
	return p.pos - start
}
