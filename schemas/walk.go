package schemas

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// walk goes over a value before the library judges it. It drops nulls, applies
// the tolerances, and finds what JSON Schema does not: whole numbers written
// with a fraction, and numbers no machine word holds.
type walk struct {
	rules   Rules
	changed bool
	faults  Faults
}

// seen are the paths the walk itself complained about.
func (w *walk) seen() map[string]bool {
	paths := map[string]bool{}
	for _, fault := range w.faults {
		paths[fault.Path] = true
	}
	return paths
}

func (w *walk) visit(path, name string, at *node, value any) any {
	if at == nil {
		return value
	}
	if w.rules.LoneItems && at.Type == "array" && !at.exact(name) {
		if text, ok := value.(string); ok && at.Items != nil && at.Items.Type == "string" {
			w.changed = true
			value = []any{text}
		}
	}
	switch value := value.(type) {
	case map[string]any:
		w.members(path, at, value)
	case []any:
		for i := range value {
			value[i] = w.visit(path+"["+strconv.Itoa(i)+"]", name, at.member(""), value[i])
		}
	case string:
		return w.text(path, name, at, value)
	case json.Number:
		w.number(path, name, at, value)
	}
	return value
}

// members never rewrites for null: decoding null leaves a field at its zero
// value, so the bytes may stay as they came.
func (w *walk) members(path string, at *node, object map[string]any) {
	for name, value := range object {
		member := at.member(name)
		if value == nil && member != nil && (member.Nullable || w.rules.NullIsAbsent && !slices.Contains(at.Required, name)) {
			delete(object, name)
			continue
		}
		object[name] = w.visit(join(path, name), name, member, value)
	}
}

func (w *walk) text(path, name string, at *node, value string) any {
	number := at.Type == "integer" || at.Type == "number"
	switch {
	case number && w.rules.DigitStrings && at.Format == formatInt:
	case number && w.rules.LooseNumbers && !at.exact(name):
	default:
		return value
	}
	if at.Type == "integer" || at.Format == formatInt {
		if !intText.MatchString(value) {
			return value
		}
	} else if !json.Valid([]byte(value)) || strings.ContainsAny(value, `"{[tfn `) {
		return value
	}
	w.changed = true
	w.number(path, name, at, json.Number(value))
	return json.Number(value)
}

func (w *walk) number(path, name string, at *node, value json.Number) {
	var message string
	switch at.Type {
	case "integer":
		_, err := value.Int64()
		switch {
		case at.Format == formatInt && intText.MatchString(value.String()):
			if _, err := parseInt(value.String()); err != nil {
				message = "must be a whole number " + strings.Replace(err.Error(), "outside", "from", 1)
			}
		case err != nil:
			message = "must be a whole number without fraction or exponent, within 64 bits"
		}
	case "number":
		if _, err := value.Float64(); err != nil {
			message = "must be a number a double can hold"
		}
	}
	if message != "" {
		w.faults = append(w.faults, Fault{
			Path: path, Rule: "type", Message: message + "; got " + echoValue(value), Example: at.shown(name, ""),
		})
	}
}

// shown is the member written correctly, as JSON, or "".
func (n *node) shown(name, near string) string {
	value, ok := n.example(near)
	if !ok || name == "" {
		return ""
	}
	text := compact(map[string]any{name: value})
	if len(text) > maxListed {
		return ""
	}
	return text
}
