package soc

import (
	"slices"
	"strings"
)

// The house limits of a JSON document (S57; the "Body" row of every contract).
const (
	JSONDepth       = 64
	JSONValues      = 50_000
	JSONStringBytes = 64 << 10
)

// JSONLimits bounds a document. A zero member means the house limit, so the
// zero JSONLimits is what every body gets unless its contract says otherwise.
type JSONLimits struct {
	// Depth is how many containers may stand inside each other.
	Depth int
	// Values counts every scalar, array and object.
	Values int
	// StringBytes is the longest string or key, decoded, in bytes of UTF-8.
	StringBytes int
	// AllowNUL accepts U+0000 everywhere: for documents that are a payload.
	AllowNUL bool
	// Raw names members of the top-level object, or of the objects in a
	// top-level array, that hold a payload of another system: inside them
	// U+0000 is accepted and RawStringBytes (zero: StringBytes) applies.
	Raw            []string
	RawStringBytes int
}

func (l JSONLimits) filled() JSONLimits {
	if l.Depth == 0 {
		l.Depth = JSONDepth
	}
	if l.Values == 0 {
		l.Values = JSONValues
	}
	if l.StringBytes == 0 {
		l.StringBytes = JSONStringBytes
	}
	if l.RawStringBytes == 0 {
		l.RawStringBytes = l.StringBytes
	}
	return l
}

// CheckJSON accepts data only if it is one RFC 8259 document that every
// correct parser reads alike (D2, RFC 7493 I-JSON): valid UTF-8 without a byte
// order mark, no duplicate keys (compared after unescaping), no lone
// surrogates, no U+0000, no number beyond the range of a double, no trailing
// bytes, and nothing above limits. encoding/json accepts most of these and
// silently picks a reading, which is how two layers come to see two requests.
//
// The error is an *Error of kind Invalid and code BAD_REQUEST. Fields has one
// member: the path of what is wrong ("playbooks[2].entity_id", "" for the
// document itself).
func CheckJSON(data []byte, limits JSONLimits) error {
	p := jsonParser{data: data, limits: limits.filled()}
	if _, err := p.document(); err != nil {
		return err
	}
	return nil
}

// jsonNode is one value of a parsed document. Numbers keep their literal, so
// that nothing is lost before somebody decides what they mean.
type jsonNode struct {
	kind  byte // one of { [ " 0 t f n
	text  string
	keys  []string
	items []jsonNode
}

// jsonParser reads one document. With build unset it checks without keeping
// anything but the keys of the open objects.
type jsonParser struct {
	data   []byte
	pos    int
	limits JSONLimits
	build  bool
	values int
	path   []jsonStep
	raw    bool // inside one of limits.Raw
}

func (p *jsonParser) document() (jsonNode, *Error) {
	p.space()
	if p.pos == len(p.data) {
		return jsonNode{}, p.fail("The document is empty.")
	}
	node, err := p.value()
	if err != nil {
		return jsonNode{}, err
	}
	if p.space(); p.pos != len(p.data) {
		return jsonNode{}, p.fail("There are bytes after the end of the document (offset %d).", p.pos)
	}
	return node, nil
}

func (p *jsonParser) fail(format string, args ...any) *Error {
	e := Errorf(Invalid, CodeBadRequest, "The JSON document cannot be accepted.")
	return e.WithField(jsonPath(p.path), format, args...).
		WithFix("Send one strict JSON document: UTF-8, every key once, at most %d levels, %d values and strings of %d bytes.",
			p.limits.Depth, p.limits.Values, p.limits.StringBytes)
}

func (p *jsonParser) space() {
	for p.pos < len(p.data) {
		switch p.data[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

func (p *jsonParser) peek() byte {
	if p.pos < len(p.data) {
		return p.data[p.pos]
	}
	return 0
}

func (p *jsonParser) value() (jsonNode, *Error) {
	if p.values++; p.values > p.limits.Values {
		return jsonNode{}, p.fail("The document has more than %d values.", p.limits.Values)
	}
	switch c := p.peek(); {
	case c == '{':
		return p.object()
	case c == '[':
		return p.array()
	case c == '"':
		text, err := p.string(p.build)
		return jsonNode{kind: '"', text: text}, err
	case c == '-' || c >= '0' && c <= '9':
		return p.number()
	}
	for _, word := range [...]string{"true", "false", "null"} {
		if strings.HasPrefix(string(p.data[p.pos:min(p.pos+len(word), len(p.data))]), word) {
			p.pos += len(word)
			return jsonNode{kind: word[0]}, nil
		}
	}
	if p.pos == len(p.data) {
		return jsonNode{}, p.fail("The document ends in the middle (offset %d).", p.pos)
	}
	return jsonNode{}, p.fail("A value is expected at offset %d.", p.pos)
}

// enter opens a container at p.pos; len(p.path) is the depth around it.
func (p *jsonParser) enter() *Error {
	if len(p.path) >= p.limits.Depth {
		return p.fail("The document is deeper than %d levels.", p.limits.Depth)
	}
	p.pos++
	p.space()
	return nil
}

// next is called behind an element: it reports whether another follows.
func (p *jsonParser) next(end byte) (bool, *Error) {
	p.space()
	switch p.peek() {
	case ',':
		p.pos++
		p.space()
		return true, nil
	case end:
		p.pos++
		return false, nil
	}
	return false, p.fail("A comma or %q is expected at offset %d.", string(end), p.pos)
}

func (p *jsonParser) array() (jsonNode, *Error) {
	node := jsonNode{kind: '['}
	if err := p.enter(); err != nil {
		return node, err
	}
	if p.peek() == ']' {
		p.pos++
		return node, nil
	}
	for more, index := true, 0; more; index++ {
		p.path = append(p.path, jsonStep{index: index})
		item, err := p.value()
		if err != nil {
			return node, err
		}
		p.path = p.path[:len(p.path)-1]
		if p.build {
			node.items = append(node.items, item)
		}
		if more, err = p.next(']'); err != nil {
			return node, err
		}
	}
	return node, nil
}

func (p *jsonParser) object() (jsonNode, *Error) {
	node := jsonNode{kind: '{'}
	if err := p.enter(); err != nil {
		return node, err
	}
	if p.peek() == '}' {
		p.pos++
		return node, nil
	}
	var seen jsonKeys
	for more := true; more; {
		key, err := p.key(&seen)
		if err != nil {
			return node, err
		}
		item, err := p.member(key)
		if err != nil {
			return node, err
		}
		if p.build {
			node.keys = append(node.keys, key)
			node.items = append(node.items, item)
		}
		if more, err = p.next('}'); err != nil {
			return node, err
		}
	}
	return node, nil
}

func (p *jsonParser) key(seen *jsonKeys) (string, *Error) {
	if p.peek() != '"' {
		return "", p.fail("A member name in double quotes is expected at offset %d.", p.pos)
	}
	key, err := p.string(true)
	if err != nil {
		return "", err
	}
	if !seen.add(key) {
		p.path = append(p.path, jsonStep{key: key, index: -1})
		return "", p.fail("The member is there twice.")
	}
	if p.space(); p.peek() != ':' {
		return "", p.fail("A colon is expected at offset %d.", p.pos)
	}
	p.pos++
	p.space()
	return key, nil
}

func (p *jsonParser) member(key string) (jsonNode, *Error) {
	around := p.raw
	top := len(p.path) == 0 || len(p.path) == 1 && p.path[0].index >= 0
	p.raw = around || top && slices.Contains(p.limits.Raw, key)
	p.path = append(p.path, jsonStep{key: key, index: -1})
	item, err := p.value()
	if err != nil {
		return item, err
	}
	p.path = p.path[:len(p.path)-1]
	p.raw = around
	return item, nil
}
