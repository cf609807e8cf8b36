package soc

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Widths of one value in an excerpt, in characters: of a field that the query
// asks for by name, and of any other.
const (
	askedValue = 160
	otherValue = 120
)

// EvidenceExcerpt is a row in one line for an answer that shows many: the fields
// a query asks for by name come first, then those of the thing itself before
// those of its parents. A value that stands in a longer one of the same row (a
// file's name in its path) is left out. The fields hold everything.
func EvidenceExcerpt(e Evidence, query string) string {
	words := QueryWords(query)
	folded := make([]string, len(e.Fields))
	for i, field := range e.Fields {
		folded[i] = strings.ToLower(strings.Join(strings.Fields(field.Value), " "))
	}
	type part struct {
		depth int
		asked bool
		text  string
	}
	var parts []part
	for i, field := range e.Fields {
		if folded[i] == "" || toldElsewhere(folded, i) {
			continue
		}
		name := strings.ToLower(strings.ReplaceAll(field.Name, "_", ""))
		p := part{depth: strings.Count(name, ".") + strings.Count(name, "[")}
		width := otherValue
		if p.asked = slices.ContainsFunc(words, func(w string) bool { return strings.Contains(name, w) }); p.asked {
			width = askedValue
		}
		p.text = field.Name + "=" + shortened(strings.Join(strings.Fields(field.Value), " "), width)
		parts = append(parts, p)
	}
	slices.SortStableFunc(parts, func(a, b part) int {
		if a.asked != b.asked {
			if a.asked {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.depth, b.depth)
	})
	texts := make([]string, len(parts))
	for i, p := range parts {
		texts[i] = p.text
	}
	if len(texts) == 0 {
		return e.Text
	}
	return strings.Join(texts, "; ")
}

// toldElsewhere reports whether a value is part of a longer one, or the same as
// an earlier one.
func toldElsewhere(values []string, at int) bool {
	for i, other := range values {
		if i == at || len(other) < len(values[at]) || len(other) == len(values[at]) && i > at {
			continue
		}
		if strings.Contains(other, values[at]) {
			return true
		}
	}
	return false
}

func shortened(value string, width int) string {
	if utf8.RuneCountInString(value) <= width {
		return value
	}
	return string([]rune(value)[:width]) + "…"
}
