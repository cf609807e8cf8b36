package declared

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// template is a text with references. It is split when the file is read: a value
// that is put in later is never read as a template.
type template []part

// part is a literal, or a reference by its name.
type part struct {
	literal   string
	reference string
}

var referenceForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)

// parse splits a text: {name} is a reference, {{ and }} are braces.
func parse(text string) (template, error) {
	var t template
	var literal strings.Builder
	for text != "" {
		switch {
		case strings.HasPrefix(text, "{{"), strings.HasPrefix(text, "}}"):
			literal.WriteByte(text[0])
			text = text[2:]
		case text[0] == '}':
			return nil, fmt.Errorf("a } that closes nothing; write }} for the character")
		case text[0] == '{':
			name, rest, closed := strings.Cut(text[1:], "}")
			if !closed || !referenceForm.MatchString(name) {
				return nil, fmt.Errorf("a { begins a reference such as {target}; write {{ for the character")
			}
			if literal.Len() > 0 {
				t = append(t, part{literal: literal.String()})
				literal.Reset()
			}
			t, text = append(t, part{reference: name}), rest
		default:
			literal.WriteByte(text[0])
			text = text[1:]
		}
	}
	if literal.Len() > 0 || len(t) == 0 {
		t = append(t, part{literal: literal.String()})
	}
	return t, nil
}

// references are the names a template refers to.
func (t template) references() []string {
	var names []string
	for _, p := range t {
		if p.reference != "" {
			names = append(names, p.reference)
		}
	}
	return names
}

// values are what references stand for: string, int64 or bool.
type values map[string]any

// text renders a template to text.
func (t template) text(v values) (string, error) {
	var out strings.Builder
	for _, p := range t {
		if p.reference == "" {
			out.WriteString(p.literal)
			continue
		}
		value, known := v[p.reference]
		if !known {
			return "", fmt.Errorf("no value for {%s}", p.reference)
		}
		text, err := plain(value)
		if err != nil {
			return "", fmt.Errorf("{%s}: %w", p.reference, err)
		}
		out.WriteString(text)
	}
	return out.String(), nil
}

// value renders a template for a JSON body: a reference alone keeps its type.
func (t template) value(v values) (any, error) {
	if len(t) == 1 && t[0].reference != "" {
		value, known := v[t[0].reference]
		if !known {
			return nil, fmt.Errorf("no value for {%s}", t[0].reference)
		}
		_, err := plain(value)
		return value, err
	}
	return t.text(v)
}

// longestValue bounds, in bytes, a value that is put into a request.
const longestValue = 16 << 10

// plain is a value as text.
func plain(value any) (string, error) {
	switch v := value.(type) {
	case string:
		if !utf8.ValidString(v) || len(v) > longestValue {
			return "", fmt.Errorf("is not UTF-8, or longer than %d bytes", longestValue)
		}
		return v, nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case bool:
		return strconv.FormatBool(v), nil
	}
	return "", fmt.Errorf("is a %T; only text, integers and booleans are sent", value)
}

// segment renders one segment of a path, before it is escaped. Servers and
// proxies differ in whether they decode a path before they split it, so what
// could become another path once decoded is refused, not escaped.
func (t template) segment(v values) (string, error) {
	text, err := t.text(v)
	switch {
	case err != nil:
		return "", err
	case strings.Trim(text, ".; ") == "" || strings.ContainsAny(text, `/\%`) || strings.ContainsFunc(text, unicode.IsControl):
		return "", fmt.Errorf("a value cannot be a segment of a path")
	}
	return text, nil
}

// tree is the body of a request: objects, lists, texts with references, and
// constants. Names of members are constants.
type tree struct {
	object  map[string]tree
	list    []tree
	text    template
	literal any // int or bool
}

// bounds of a body.
const (
	maxDepth = 8
	maxNodes = 200
)

// grow reads a body out of the file.
func grow(node any, depth int, left *int) (tree, error) {
	if *left--; depth > maxDepth || *left < 0 {
		return tree{}, fmt.Errorf("is deeper than %d levels or has more than %d members", maxDepth, maxNodes)
	}
	switch n := node.(type) {
	case map[string]any:
		t := tree{object: map[string]tree{}}
		for name, child := range n {
			if strings.ContainsAny(name, "{}") {
				return tree{}, fmt.Errorf("names of members hold no references")
			}
			grown, err := grow(child, depth+1, left)
			if err != nil {
				return tree{}, err
			}
			t.object[name] = grown
		}
		return t, nil
	case []any:
		t := tree{list: make([]tree, 0, len(n))}
		for _, child := range n {
			grown, err := grow(child, depth+1, left)
			if err != nil {
				return tree{}, err
			}
			t.list = append(t.list, grown)
		}
		return t, nil
	case string:
		text, err := parse(n)
		return tree{text: text}, err
	case int, int64, uint64, bool:
		return tree{literal: n}, nil
	}
	return tree{}, fmt.Errorf("holds a %T; texts, integers, booleans, lists and objects can be sent", node)
}

// value renders a tree to what encoding/json writes.
func (t tree) value(v values) (any, error) {
	switch {
	case t.object != nil:
		out := make(map[string]any, len(t.object))
		for name, child := range t.object {
			value, err := child.value(v)
			if err != nil {
				return nil, err
			}
			out[name] = value
		}
		return out, nil
	case t.list != nil:
		out := make([]any, len(t.list))
		for i, child := range t.list {
			value, err := child.value(v)
			if err != nil {
				return nil, err
			}
			out[i] = value
		}
		return out, nil
	case t.text != nil:
		return t.text.value(v)
	}
	return t.literal, nil
}

// references are the names a tree refers to, sorted.
func (t tree) references() []string {
	names := t.text.references()
	for _, child := range t.object {
		names = append(names, child.references()...)
	}
	for _, child := range t.list {
		names = append(names, child.references()...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
