package schemas

import (
	"encoding/json"
	"errors"
	"strconv"

	"github.com/invopop/jsonschema"
)

// FactValue is what a condition of a triage playbook compares with: a word, a
// number from 0 to 1, or a list of words.
type FactValue struct {
	// Values are the words, or the number in plain decimals.
	Values []string
	// List tells that a list was sent, Number that it was a number.
	List, Number bool
}

// factWord bounds one word.
const factWord = 64

// JSONSchema draws the three forms.
func (FactValue) JSONSchema() *jsonschema.Schema {
	longest, most := uint64(factWord), uint64(20)
	word := func() *jsonschema.Schema { return &jsonschema.Schema{Type: "string", MaxLength: &longest} }
	return &jsonschema.Schema{OneOf: []*jsonschema.Schema{
		word(), {Type: "number", Minimum: "0", Maximum: "1"}, {Type: "array", Items: word(), MaxItems: &most},
	}}
}

// UnmarshalJSON reads any of the three forms.
func (v *FactValue) UnmarshalJSON(data []byte) error {
	var word string
	if json.Unmarshal(data, &word) == nil {
		*v = FactValue{Values: []string{word}}
		return nil
	}
	var number float64
	if json.Unmarshal(data, &number) == nil {
		*v = FactValue{Values: []string{strconv.FormatFloat(number, 'f', -1, 64)}, Number: true}
		return nil
	}
	*v = FactValue{List: true}
	if json.Unmarshal(data, &v.Values) != nil {
		return errors.New("not a word, a number or a list of words")
	}
	return nil
}

// MarshalJSON writes the form it has.
func (v FactValue) MarshalJSON() ([]byte, error) {
	switch {
	case v.List:
		return json.Marshal(append([]string{}, v.Values...))
	case len(v.Values) == 1 && v.Number:
		return []byte(v.Values[0]), nil
	case len(v.Values) == 1:
		return json.Marshal(v.Values[0])
	}
	return []byte(`""`), nil
}
