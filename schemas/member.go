package schemas

import (
	"encoding/json"

	"github.com/invopop/jsonschema"
)

// Member is the value that a member of a document had or has: a word, a number,
// a truth, an object, a list of words, or null where there was none.
type Member struct{ Value any }

// JSONSchema draws the forms.
func (Member) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{
		{Type: "string"},
		{Type: "number"},
		{Type: "boolean"},
		{Type: "null"},
		FreeObject{}.JSONSchema(),
		{Type: "array", Items: &jsonschema.Schema{Type: "string"}},
	}}
}

// MarshalJSON writes the value.
func (m Member) MarshalJSON() ([]byte, error) { return json.Marshal(m.Value) }

// UnmarshalJSON reads any of the forms.
func (m *Member) UnmarshalJSON(data []byte) error { return json.Unmarshal(data, &m.Value) }
