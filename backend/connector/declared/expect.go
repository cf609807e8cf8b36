package declared

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"vedette/backend/connector"
)

// compiledAnswer tells one kind of answer.
type compiledAnswer struct {
	status []int
	equals []comparison
}

// comparison is a member of an answer and what it must be.
type comparison struct {
	path path
	want tree // a text with references, or a constant
}

// is reports whether an answer is of this kind.
func (a compiledAnswer) is(got connector.Answer, v values) bool {
	if !slices.Contains(a.status, got.Status) {
		return false
	}
	if len(a.equals) == 0 {
		return true
	}
	document, err := decode(got.Body)
	if err != nil {
		return false
	}
	for _, c := range a.equals {
		want, err := c.want.value(v)
		if err != nil {
			return false
		}
		found, there := c.path.in(document)
		if !there || !same(found, want) {
			return false
		}
	}
	return true
}

// decode reads one JSON document and nothing after it.
func decode(body []byte) (document any, err error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&document); err != nil {
		return nil, err
	}
	if d.More() {
		return nil, fmt.Errorf("more than one document")
	}
	return document, nil
}

// same compares without turning one type into another: 1 is not "1".
func same(found, want any) bool {
	switch f := found.(type) {
	case string:
		w, ok := want.(string)
		return ok && f == w
	case bool:
		w, ok := want.(bool)
		return ok && f == w
	case json.Number:
		switch want.(type) {
		case int, int64, uint64:
			return f.String() == fmt.Sprint(want)
		}
	}
	return false
}

// path is the way to a member: names and indexes.
type path []step

type step struct {
	name  string
	index int // -1 for a name
}

var (
	pathForm = regexp.MustCompile(`^[A-Za-z0-9_@$-]{1,64}(\[[0-9]{1,4}\])*(\.[A-Za-z0-9_@$-]{1,64}(\[[0-9]{1,4}\])*)*$`)
	stepForm = regexp.MustCompile(`[A-Za-z0-9_@$-]+|\[[0-9]+\]`)
)

// parsePath reads a path such as data.items[0].state.
func parsePath(text string) (path, error) {
	if !pathForm.MatchString(text) || len(text) > 500 {
		return nil, fmt.Errorf("must be a path such as data.items[0].state")
	}
	var p path
	for _, found := range stepForm.FindAllString(text, -1) {
		if !strings.HasPrefix(found, "[") {
			p = append(p, step{name: found, index: -1})
			continue
		}
		index, err := strconv.Atoi(strings.Trim(found, "[]"))
		if err != nil {
			return nil, err
		}
		p = append(p, step{index: index})
	}
	return p, nil
}

// in follows the path into a document.
func (p path) in(document any) (found any, there bool) {
	for _, s := range p {
		if s.index < 0 {
			object, ok := document.(map[string]any)
			if document, there = object[s.name]; !ok || !there {
				return nil, false
			}
			continue
		}
		list, ok := document.([]any)
		if !ok || s.index >= len(list) {
			return nil, false
		}
		document = list[s.index]
	}
	return document, true
}
