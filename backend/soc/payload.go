package soc

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Payload is one JSON value of an ingested item, its members in the order in
// which they were sent. The zero Payload is a missing value; every method
// works on it, so that mappers read deep paths without checks.
type Payload struct {
	kind    byte // 0 missing, n null, t text, d number, b bool, o object, a array
	text    string
	members []PayloadMember
	items   []Payload
}

// PayloadMember is one named value of an object.
type PayloadMember struct {
	Name  string
	Value Payload
}

// maxPayloadDepth is the depth of the contracts' conventions (portal-api.md).
const maxPayloadDepth = 64

// ParsePayload reads one JSON item. A duplicate member is an error, because
// two readers of such a payload may see two different alerts. Text that no
// database can hold (U+0000, lone surrogates, bytes that are not UTF-8) is
// shown as U+FFFD and reported as the warning "text_repaired": an alert is
// never refused for what its subject wrote. The raw bytes stay as they are.
func ParsePayload(item []byte) (value Payload, warnings []string, err *Error) {
	if !json.Valid(item) {
		return Payload{}, nil, InvalidField("$", "is not one JSON value").
			WithFix("Send each item as one JSON object.")
	}
	p := payloadParser{text: item}
	value = p.value(0)
	if p.err != nil {
		return Payload{}, nil, p.err
	}
	if p.repaired {
		warnings = append(warnings, "text_repaired")
	}
	return value, warnings, nil
}

// Get follows member names from v.
func (v Payload) Get(path ...string) Payload {
	for _, name := range path {
		next := Payload{}
		for _, m := range v.members {
			if m.Name == name {
				next = m.Value
				break
			}
		}
		v = next
	}
	return v
}

// First returns the first of the named members that has a value.
func (v Payload) First(names ...string) Payload {
	for _, name := range names {
		if m := v.Get(name); !m.Empty() {
			return m
		}
	}
	return Payload{}
}

// Text is the value of a text, number or boolean, trimmed of nothing; empty
// for all others.
func (v Payload) Text() string { return v.text }

// Member is Get followed by Text.
func (v Payload) Member(path ...string) string { return v.Get(path...).text }

// Members are the members of an object in sent order.
func (v Payload) Members() []PayloadMember { return v.members }

// Items are the elements of an array.
func (v Payload) Items() []Payload { return v.items }

// Exists reports whether the value was sent, be it null.
func (v Payload) Exists() bool { return v.kind != 0 }

// Empty reports whether v is missing, null, "", {} or [].
func (v Payload) Empty() bool { return v.text == "" && len(v.members) == 0 && len(v.items) == 0 }

// IsObject reports whether v is an object.
func (v Payload) IsObject() bool { return v.kind == 'o' }

// IsArray reports whether v is an array.
func (v Payload) IsArray() bool { return v.kind == 'a' }

// IsText reports whether v is a JSON string.
func (v Payload) IsText() bool { return v.kind == 't' }

// Kind is the JSON type of v for error messages.
func (v Payload) Kind() string {
	return map[byte]string{0: "missing", 'n': "null", 't': "string", 'd': "number", 'b': "boolean", 'o': "object", 'a': "array"}[v.kind]
}

// Dynamic returns the value that a text holds as JSON, v itself otherwise:
// exports of column stores write objects and arrays as text.
func (v Payload) Dynamic() Payload {
	if v.kind != 't' {
		return v
	}
	s := strings.TrimSpace(v.text)
	if s == "" || (s[0] != '{' && s[0] != '[') {
		return v
	}
	inner, _, err := ParsePayload([]byte(s))
	if err != nil {
		return v
	}
	return inner
}

// Texts returns the texts of an array, or the one text.
func (v Payload) Texts() []string {
	var out []string
	if v.text != "" {
		return []string{v.text}
	}
	for _, item := range v.items {
		if item.text != "" {
			out = append(out, item.text)
		}
	}
	return out
}

// Leaf is a scalar of a payload with its path, e.g. win.eventdata.image or
// files[0].filename.
type Leaf struct{ Path, Text string }

// Leaves lists the non-empty scalars under v in sent order. Arrays of scalars
// give one leaf, joined with ", ".
func (v Payload) Leaves(prefix string) []Leaf {
	var out []Leaf
	v.walk(prefix, &out)
	return out
}

func (v Payload) walk(path string, out *[]Leaf) {
	switch v.kind {
	case 'o':
		for _, m := range v.members {
			name := m.Name
			if path != "" {
				name = path + "." + name
			}
			m.Value.walk(name, out)
		}
	case 'a':
		if texts := v.Texts(); len(texts) == len(v.items) && len(texts) > 0 {
			*out = append(*out, Leaf{path, strings.Join(texts, ", ")})
			return
		}
		for i, item := range v.items {
			item.walk(fmt.Sprintf("%s[%d]", path, i), out)
		}
	case 't', 'd', 'b':
		if v.text != "" {
			*out = append(*out, Leaf{path, v.text})
		}
	}
}
