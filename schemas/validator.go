package schemas

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// Rules say where a door is tolerant. The zero Rules are exact.
type Rules struct {
	// NullIsAbsent reads null in an optional member as if it were absent.
	NullIsAbsent bool
	// DigitStrings reads "5" for 5 where the member is an Int.
	DigitStrings bool
	// LooseNumbers reads "20" for 20 in any number that is not an id or a sequence.
	LooseNumbers bool
	// LoneItems reads "x" for ["x"] where the items are no ids or enums.
	LoneItems bool
}

// The rules of the doors.
var (
	// REST is for bodies: absent equals null, portal integers may be strings.
	REST = Rules{NullIsAbsent: true, DigitStrings: true}
	// Tools is for the arguments of agent tools (mcp.md M12): optional members
	// are absent, never null.
	Tools = Rules{LooseNumbers: true, LoneItems: true}
	// Query is for parameters that a door has already parsed.
	Query = Rules{}
)

// Validator holds values to one schema. It is safe for concurrent use.
type Validator struct {
	root   *node
	schema *jsonschema.Schema
	rules  Rules
}

// Compile makes the validator of a schema made by Of; equal schemas under equal
// rules share one.
func Compile(schema json.RawMessage, rules Rules) (*Validator, error) {
	return validators.of(ruled[string]{string(schema), rules}, func() (*Validator, error) { return compile(schema, rules) })
}

func compile(schema json.RawMessage, rules Rules) (*Validator, error) {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		return nil, fmt.Errorf("schemas: %w", err)
	}
	document = unwrapNull(document)
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.AssertFormat() // without it uuid and date-time are comments
	compiler.RegisterFormat(&jsonschema.Format{Name: "date-time", Validate: checkTime})
	const name = "contract.json"
	if err := compiler.AddResource(name, document); err != nil {
		return nil, fmt.Errorf("schemas: %w", err)
	}
	v := &Validator{rules: rules}
	if v.schema, err = compiler.Compile(name); err != nil {
		return nil, fmt.Errorf("schemas: %w", err)
	}
	plain, err := json.Marshal(document)
	if err != nil {
		return nil, fmt.Errorf("schemas: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(plain))
	decoder.UseNumber()
	if err := decoder.Decode(&v.root); err != nil {
		return nil, fmt.Errorf("schemas: %w", err)
	}
	return v, nil
}

// checkTime replaces the library's looser test by the one Time decodes with.
func checkTime(value any) error {
	if text, ok := value.(string); ok {
		var t Time
		return t.UnmarshalText([]byte(text))
	}
	return nil
}

// MustCompile is Compile for schemas of the program itself.
func MustCompile(schema json.RawMessage, rules Rules) *Validator {
	v, err := Compile(schema, rules)
	if err != nil {
		panic(err)
	}
	return v
}

// unwrapNull replaces a choice between a type and null by the type, marked
// nullable, so that faults speak of the type and not of branches.
func unwrapNull(schema any) any {
	object, ok := schema.(map[string]any)
	if !ok {
		return schema
	}
	for _, keyword := range []string{"items", "additionalProperties"} {
		if child, ok := object[keyword].(map[string]any); ok {
			object[keyword] = unwrapNull(child)
		}
	}
	if members, ok := object["properties"].(map[string]any); ok {
		required, _ := object["required"].([]any)
		for name, member := range members {
			members[name] = unwrapNull(member)
			if m, ok := members[name].(map[string]any); ok && m["x-nullable"] == true {
				required = slices.DeleteFunc(required, func(r any) bool { return r == any(name) })
			}
		}
		if required != nil {
			object["required"] = required
		}
	}
	branches, _ := object["oneOf"].([]any)
	if len(branches) != 2 {
		return object
	}
	first, _ := unwrapNull(branches[0]).(map[string]any)
	if second, _ := branches[1].(map[string]any); first != nil && second["type"] == "null" {
		first["x-nullable"] = true
		return first
	}
	return object
}

// Validate reports what is wrong with a JSON value, nil if nothing. The bytes
// must have passed soc.CheckJSON, which refuses what a decoder would hide:
// duplicate keys, bad UTF-8, excessive depth.
func (v *Validator) Validate(data []byte) Faults {
	_, faults := v.Normalise(data)
	return faults
}

// Normalise validates data and returns it as the tolerant rules read it; where
// no tolerance was needed these are the same bytes.
func (v *Validator) Normalise(data []byte) ([]byte, Faults) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, Faults{{Rule: "type", Message: "is not valid JSON"}}
	}
	w := walk{rules: v.rules}
	value = w.visit("", "", v.root, value)
	faults := append(w.faults, v.judge(value, w.seen())...)
	if len(faults) > 0 {
		return nil, bound(faults)
	}
	if !w.changed {
		return data, nil
	}
	return []byte(compact(value)), nil
}

// judge lets the library decide and translates what it found.
func (v *Validator) judge(value any, reported map[string]bool) Faults {
	err := v.schema.Validate(value)
	if err == nil {
		return nil
	}
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return Faults{{Rule: "type", Message: "is not valid"}}
	}
	var faults Faults
	var descend func(e *jsonschema.ValidationError)
	descend = func(e *jsonschema.ValidationError) {
		if wants := eitherType(e); len(wants) > 0 {
			path, _, got := v.locate(value, e.InstanceLocation)
			faults = append(faults, Fault{Path: path, Rule: "type", Message: "must be " + either(wants) + "; got " + echoValue(got)})
			return
		}
		for _, cause := range e.Causes {
			descend(cause)
		}
		if len(e.Causes) > 0 {
			return
		}
		path, at, got := v.locate(value, e.InstanceLocation)
		if !reported[path] {
			faults = append(faults, translate(path, at, got, e)...)
		}
	}
	descend(invalid)
	return faults
}

// eitherType are the types of a choice of which a value has none; nil for any
// other finding.
func eitherType(e *jsonschema.ValidationError) (wants []string) {
	if _, choice := e.ErrorKind.(*kind.OneOf); !choice {
		return nil
	}
	for _, cause := range e.Causes {
		found, typed := cause.ErrorKind.(*kind.Type)
		if !typed || len(cause.InstanceLocation) != len(e.InstanceLocation) {
			return nil
		}
		wants = append(wants, found.Want...)
	}
	return wants
}

// either words a choice of types.
func either(types []string) string {
	words := make([]string, len(types))
	for i, t := range types {
		words[i] = typeName(&node{Type: t})
	}
	last := len(words) - 1
	if last == 0 {
		return words[0]
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// locate finds the schema and the value at a location.
func (v *Validator) locate(value any, location []string) (path string, at *node, got any) {
	at, got = v.root, value
	for _, step := range location {
		switch parent := got.(type) {
		case map[string]any:
			path, got = join(path, step), parent[step]
		case []any:
			path += "[" + step + "]"
			if i, err := strconv.Atoi(step); err == nil && i < len(parent) {
				got = parent[i]
			}
		}
		at = at.member(step)
	}
	return path, at, got
}

// join adds a member to a path. A name that is no identifier came from the
// caller and is escaped.
func join(path, name string) string {
	if len(name) > maxEcho || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' || r == '"' }) {
		name = Echo(name)
	}
	if path == "" {
		return name
	}
	return path + "." + name
}

// bound orders the faults and keeps five.
func bound(faults Faults) Faults {
	slices.SortFunc(faults, func(a, b Fault) int {
		return strings.Compare(a.Path+"\x00"+a.Rule+a.Message, b.Path+"\x00"+b.Rule+b.Message)
	})
	if more := len(faults) - maxFaults; more > 0 {
		faults = faults[:maxFaults]
		faults[maxFaults-1].Message += fmt.Sprintf(" (and %d more faults elsewhere)", more)
	}
	return faults
}
