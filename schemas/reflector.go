package schemas

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"github.com/invopop/jsonschema"

	"vedette/backend/soc"
)

// Of returns the JSON Schema (draft 2020-12, its protocol default, so without
// $schema) of T as agent tools serve it: one object, no references, closed at
// every level, optional members absent and never null. It panics on a type that
// the reflector cannot draw or that Lint refuses: both are mistakes of the
// program and shall stop it at start.
func Of[T any]() json.RawMessage {
	return OfType(reflect.TypeFor[T]())
}

// OfType is Of for a type known at run time only.
func OfType(t reflect.Type) json.RawMessage {
	return schemaOf(&servedTypes, t, func() json.RawMessage {
		raw := encode(reflectType(t))
		if err := Lint(raw); err != nil {
			panic(fmt.Sprintf("schemas: %s: %v", t, err))
		}
		return raw
	})
}

// Request returns the schema of T as a REST body: as Of, but an optional member
// may also be null (absent and null mean the same), and an Int may be written
// as a string of digits. It documents what a Validator with the rules REST
// takes; a test holds the two together.
func Request[T any]() json.RawMessage {
	return RequestType(reflect.TypeFor[T](), REST)
}

// RequestType is Request for a type and rules known at run time only.
func RequestType(t reflect.Type, rules Rules) json.RawMessage {
	return schemaOf(&requestTypes, ruled[reflect.Type]{t, rules}, func() json.RawMessage {
		s := reflectType(t)
		loosen(s, rules)
		return mustLintREST(t, s)
	})
}

// EnforcedType is the schema a validator of REST bodies is compiled from: as
// OfType, with the free objects and maps that REST allows.
func EnforcedType(t reflect.Type) json.RawMessage {
	return schemaOf(&enforcedTypes, t, func() json.RawMessage { return mustLintREST(t, reflectType(t)) })
}

// Answer returns the schema of T as a REST answer: every member that is not
// omitempty is present, and a pointer may be null.
func Answer[T any]() json.RawMessage {
	return AnswerType(reflect.TypeFor[T]())
}

// AnswerType is Answer for a type known at run time only.
func AnswerType(t reflect.Type) json.RawMessage {
	return schemaOf(&answerTypes, t, func() json.RawMessage {
		s := reflectType(t)
		markNullable(s, t)
		return mustLintREST(t, s)
	})
}

func mustLintREST(t reflect.Type, s *jsonschema.Schema) json.RawMessage {
	raw := encode(s)
	if err := LintREST(raw); err != nil {
		panic(fmt.Sprintf("schemas: %s: %v", t, err))
	}
	return raw
}

func reflectType(t reflect.Type) *jsonschema.Schema {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if cycle := findCycle(t, nil); cycle != nil {
		panic(fmt.Sprintf("schemas: %s contains itself through %s; contract types are trees", t, cycle))
	}
	reflector := jsonschema.Reflector{Anonymous: true, DoNotReference: true, ExpandedStruct: true, Mapper: nouns}
	s := reflector.ReflectFromType(t)
	s.Version, s.ID, s.Definitions = "", "", nil
	return s
}

// drawsItself reports whether a type says what its schema is, such as Time.
func drawsItself(t reflect.Type) bool {
	return t.Implements(reflect.TypeFor[interface{ JSONSchema() *jsonschema.Schema }]())
}

// nouns draws types of soc that go over the wire as they are.
func nouns(t reflect.Type) *jsonschema.Schema {
	if t == reflect.TypeFor[soc.CardParameters]() {
		return FreeObject{}.JSONSchema()
	}
	return nil
}

// findCycle guards against the reflector's stack overflow on recursive types.
func findCycle(t reflect.Type, seen []reflect.Type) reflect.Type {
	if drawsItself(t) {
		return nil
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return findCycle(t.Elem(), seen)
	case reflect.Struct:
		if slices.Contains(seen, t) {
			return t
		}
		seen = append(slices.Clone(seen), t)
		for i := range t.NumField() {
			if f := t.Field(i); f.IsExported() || f.Anonymous {
				if cycle := findCycle(f.Type, seen); cycle != nil {
					return cycle
				}
			}
		}
	}
	return nil
}

func encode(s *jsonschema.Schema) json.RawMessage {
	raw, err := json.Marshal(s)
	if err != nil {
		panic(fmt.Sprintf("schemas: a schema that JSON cannot hold: %v", err))
	}
	return raw
}

// loosen draws what rules tolerate into the schema.
func loosen(s *jsonschema.Schema, rules Rules) {
	for pair := s.Properties.Oldest(); pair != nil; pair = pair.Next() {
		loosen(pair.Value, rules)
		branches := []*jsonschema.Schema{pair.Value}
		if rules.DigitStrings && pair.Value.Format == formatInt {
			branches = append(branches, &jsonschema.Schema{Type: "string", Pattern: intPattern})
		}
		if rules.NullIsAbsent && !slices.Contains(s.Required, pair.Key) && pair.Value.OneOf == nil {
			branches = append(branches, &jsonschema.Schema{Type: "null"})
		}
		if len(branches) > 1 {
			pair.Value = anyOf(branches)
		}
	}
	if s.Items != nil {
		loosen(s.Items, rules)
	}
}

// anyOf keeps the description where generators look for it.
func anyOf(branches []*jsonschema.Schema) *jsonschema.Schema {
	first := *branches[0]
	description := first.Description
	first.Description = ""
	branches[0] = &first
	return &jsonschema.Schema{AnyOf: branches, Description: description}
}

// markNullable walks type and schema side by side, since the reflector draws a
// pointer like the value it points at.
func markNullable(s *jsonschema.Schema, t reflect.Type) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if drawsItself(t) {
		return
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Array:
		if s.Items != nil {
			markNullable(s.Items, t.Elem())
		}
	case reflect.Map:
		if s.AdditionalProperties != nil {
			markNullable(s.AdditionalProperties, t.Elem())
		}
	case reflect.Struct:
		markFields(s, t)
	}
}

func markFields(s *jsonschema.Schema, t reflect.Type) {
	if s.Properties == nil { // the type draws itself, such as Time
		return
	}
	for i := range t.NumField() {
		f := t.Field(i)
		name, tagged := jsonName(f)
		if f.Anonymous && !tagged {
			embedded := f.Type
			if embedded.Kind() == reflect.Pointer {
				embedded = embedded.Elem()
			}
			if embedded.Kind() == reflect.Struct {
				markFields(s, embedded)
			}
			continue
		}
		member, ok := s.Properties.Get(name)
		if !ok || member.OneOf != nil {
			continue
		}
		markNullable(member, f.Type)
		if f.Type.Kind() == reflect.Pointer && slices.Contains(s.Required, name) {
			s.Properties.Set(name, anyOf([]*jsonschema.Schema{member, {Type: "null"}}))
		}
	}
}
