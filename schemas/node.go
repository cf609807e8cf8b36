package schemas

import (
	"encoding/json"
	"slices"
	"strings"
)

// node is a schema as the validator's tolerance and texts need it.
type node struct {
	Type       string           `json:"type"`
	Format     string           `json:"format"`
	Pattern    string           `json:"pattern"`
	Enum       []any            `json:"enum"`
	Examples   []any            `json:"examples"`
	Default    any              `json:"default"`
	Properties map[string]*node `json:"properties"`
	Required   []string         `json:"required"`
	Items      *node            `json:"items"`
	MinLength  *int             `json:"minLength"`
	MaxLength  *int             `json:"maxLength"`
	MinItems   *int             `json:"minItems"`
	MaxItems   *int             `json:"maxItems"`
	Minimum    *json.Number     `json:"minimum"`
	Maximum    *json.Number     `json:"maximum"`
	Values     *mapValues       `json:"additionalProperties"`
	Nullable   bool             `json:"x-nullable"`
}

// mapValues is additionalProperties where it is a schema; false leaves it empty.
type mapValues struct{ node *node }

func (m *mapValues) UnmarshalJSON(data []byte) error {
	if data[0] != '{' {
		return nil
	}
	return json.Unmarshal(data, &m.node)
}

// member returns the schema of one member or item.
func (n *node) member(step string) *node {
	switch {
	case n == nil:
		return nil
	case n.Items != nil && n.Type == "array":
		return n.Items
	case n.Properties[step] != nil:
		return n.Properties[step]
	case n.Values != nil:
		return n.Values.node
	}
	return nil
}

// names lists the members an object may have, required ones first.
func (n *node) names() []string {
	var rest []string
	for name := range n.Properties {
		if !slices.Contains(n.Required, name) {
			rest = append(rest, name)
		}
	}
	slices.Sort(rest)
	return append(slices.Clone(n.Required), rest...)
}

// words is the enum as text.
func (n *node) words() []string {
	var words []string
	for _, value := range n.Enum {
		if text, ok := value.(string); ok {
			words = append(words, text)
			continue
		}
		raw, _ := json.Marshal(value)
		words = append(words, string(raw))
	}
	return words
}

// exact reports whether a value must be written exactly as the schema says,
// because it names something (mcp.md M12: never ids, enums or sequence).
func (n *node) exact(name string) bool {
	if n.Items != nil && (len(n.Items.Enum) > 0 || n.Items.Pattern != "" || n.Items.Format == "uuid") {
		return true
	}
	return len(n.Enum) > 0 || n.Pattern != "" || n.Format == "uuid" || name == "sequence" ||
		name == "id" || name == "ids" || strings.HasSuffix(name, "_id") || strings.HasSuffix(name, "_ids")
}

// example is a value the schema accepts; ok is false where none is known.
func (n *node) example(near string) (value any, ok bool) {
	if n == nil {
		return nil, false
	}
	if near != "" {
		return near, true
	}
	for _, candidates := range [][]any{n.Examples, n.Enum} {
		if len(candidates) > 0 {
			return candidates[0], true
		}
	}
	if n.Default != nil {
		return n.Default, true
	}
	switch n.Type {
	case "boolean":
		return true, true
	case "integer", "number":
		return n.exampleNumber(), true
	case "array":
		item, ok := n.Items.example("")
		return []any{item}, ok
	case "object":
		return n.exampleObject()
	case "string":
		return n.exampleText()
	}
	return nil, false
}

func (n *node) exampleNumber() any {
	if n.Minimum != nil {
		return *n.Minimum
	}
	return 1
}

func (n *node) exampleObject() (any, bool) {
	object := map[string]any{}
	for _, name := range n.Required {
		value, ok := n.Properties[name].example("")
		if !ok {
			return nil, false
		}
		object[name] = value
	}
	return object, true
}

var formatExamples = map[string]string{
	"uuid": "6eca0b1e-3c1a-4a6e-9a57-0c7f0c1f2d3e", "date-time": "2026-04-15T20:00:00Z", "date": "2026-04-15",
	"email": "a@example.com", "uri": "https://example.com/", "ipv4": "192.0.2.1", "ipv6": "2001:db8::1",
	"hostname": "host.example.com", "duration": "PT1H",
}

func (n *node) exampleText() (any, bool) {
	if text, ok := formatExamples[n.Format]; ok {
		return text, true
	}
	if n.Pattern != "" {
		return nil, false
	}
	text := "text"
	if n.MinLength != nil && *n.MinLength > len(text) {
		if *n.MinLength > maxEcho {
			return nil, false
		}
		text = strings.Repeat("x", *n.MinLength)
	}
	if n.MaxLength != nil && *n.MaxLength < len(text) {
		text = text[:max(*n.MaxLength, 0)]
	}
	return text, true
}

// nearest returns the candidate that text most likely meant, "" if none is
// close: equal but for case and punctuation, or at most two edits away.
func nearest(text string, candidates []string) string {
	if len(text) > 2*maxEcho {
		return ""
	}
	best, distance := "", 3
	for _, candidate := range candidates {
		if plain(candidate) == plain(text) {
			return candidate
		}
		if d := edits(strings.ToLower(text), strings.ToLower(candidate)); d < distance && d < len(candidate)/2+1 {
			best, distance = candidate, d
		}
	}
	return best
}

func plain(text string) string {
	return strings.NewReplacer("_", "", "-", "", " ", "", ".", "").Replace(strings.ToLower(text))
}

// edits is the Levenshtein distance in bytes.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
