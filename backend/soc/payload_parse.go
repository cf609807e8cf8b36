package soc

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// payloadParser reads text that json.Valid has accepted, so it needs no
// grammar checks of its own.
type payloadParser struct {
	text     []byte
	pos      int
	repaired bool
	err      *Error
}

func (p *payloadParser) space() {
	for p.pos < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.pos]) >= 0 {
		p.pos++
	}
}

func (p *payloadParser) value(depth int) Payload {
	if depth > maxPayloadDepth && p.err == nil {
		p.err = InvalidField("$", "is nested deeper than %d levels", maxPayloadDepth)
	}
	p.space()
	if p.err != nil || p.pos >= len(p.text) {
		return Payload{}
	}
	switch p.text[p.pos] {
	case '{':
		return p.object(depth)
	case '[':
		return p.array(depth)
	case '"':
		return Payload{kind: 't', text: p.quoted()}
	}
	start := p.pos
	for p.pos < len(p.text) && strings.IndexByte(",]} \t\r\n", p.text[p.pos]) < 0 {
		p.pos++
	}
	word := string(p.text[start:p.pos])
	switch word {
	case "null":
		return Payload{kind: 'n'}
	case "true", "false":
		return Payload{kind: 'b', text: word}
	}
	return Payload{kind: 'd', text: word}
}

func (p *payloadParser) object(depth int) Payload {
	o := Payload{kind: 'o'}
	var seen map[string]bool
	p.pos++
	for p.space(); p.text[p.pos] != '}'; p.space() {
		if p.text[p.pos] == ',' {
			p.pos++
			p.space()
		}
		name := p.quoted()
		p.space()
		p.pos++ // the colon
		o.members = append(o.members, PayloadMember{name, p.value(depth + 1)})
		if p.err != nil {
			return o
		}
		if len(o.members) == 2 {
			seen = map[string]bool{o.members[0].Name: true}
		}
		if seen[name] {
			p.err = InvalidField("$", "has the same member twice in one object").
				WithFix("Send each member once; two readers could otherwise see two different alerts.")
			return o
		}
		if seen != nil {
			seen[name] = true
		}
	}
	p.pos++
	return o
}

func (p *payloadParser) array(depth int) Payload {
	a := Payload{kind: 'a'}
	p.pos++
	for p.space(); p.text[p.pos] != ']'; p.space() {
		if p.text[p.pos] == ',' {
			p.pos++
		}
		a.items = append(a.items, p.value(depth+1))
		if p.err != nil {
			return a
		}
	}
	p.pos++
	return a
}

func (p *payloadParser) quoted() string {
	p.pos++
	start := p.pos
	for plain := true; ; p.pos++ {
		switch c := p.text[p.pos]; {
		case c == '"' && plain:
			s := string(p.text[start:p.pos])
			p.pos++
			return p.repair(s)
		case c == '"':
			s := p.unescape(p.text[start:p.pos])
			p.pos++
			return s
		case c == '\\':
			plain = false
			p.pos++
		}
	}
}

func (p *payloadParser) repair(s string) string {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return s
	}
	p.repaired = true
	return strings.Map(func(r rune) rune {
		if r == 0 {
			return utf8.RuneError
		}
		return r // a byte that is not UTF-8 arrives as U+FFFD already
	}, s)
}

func (p *payloadParser) unescape(s []byte) string {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			out = append(out, s[i])
			continue
		}
		i++
		if s[i] != 'u' {
			out = append(out, "\"\\/\b\f\n\r\t"[strings.IndexByte(`"\/bfnrt`, s[i])])
			continue
		}
		r := hexRune(s[i+1:])
		i += 4
		if utf16.IsSurrogate(r) {
			pair := utf8.RuneError
			if i+6 < len(s) && s[i+1] == '\\' && s[i+2] == 'u' {
				pair = utf16.DecodeRune(r, hexRune(s[i+3:]))
			}
			if r = pair; pair == utf8.RuneError {
				p.repaired = true
			} else {
				i += 6
			}
		}
		out = utf8.AppendRune(out, r)
	}
	return p.repair(string(out))
}

func hexRune(s []byte) rune {
	n, _ := strconv.ParseUint(string(s[:4]), 16, 32)
	return rune(n)
}
