package schemas

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
)

// Parts takes a schema of this package apart along the Go type it was drawn
// from: the schema of every named struct, innermost first, is given to put and
// replaced by what put returns, such as a reference to a named component. What
// it returns is the rest, with numbers as json.Number. It panics on a schema
// that is not one of this package's.
func Parts(schema json.RawMessage, t reflect.Type, put func(t reflect.Type, part map[string]any) map[string]any) map[string]any {
	decoder := json.NewDecoder(bytes.NewReader(schema))
	decoder.UseNumber()
	var root map[string]any
	if err := decoder.Decode(&root); err != nil {
		panic(fmt.Sprintf("schemas: %s: %v", t, err))
	}
	return parting(put).take(root, t)
}

type parting func(t reflect.Type, part map[string]any) map[string]any

func (put parting) take(node map[string]any, t reflect.Type) map[string]any {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	for _, choice := range []string{"anyOf", "oneOf"} {
		if branches, ok := node[choice].([]any); ok {
			branches[0] = put.child(branches[0], t) // the type itself; the others are what is tolerated beside it
			return node
		}
	}
	_, taken := node["$ref"] // of a field that another one of the same name hides
	if taken || drawsItself(t) || nouns(t) != nil {
		return node
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Array:
		node["items"] = put.child(node["items"], t.Elem())
	case reflect.Map:
		node["additionalProperties"] = put.child(node["additionalProperties"], t.Elem())
	case reflect.Struct:
		if members, ok := node["properties"].(map[string]any); ok {
			put.members(members, t)
		}
		if t.Name() != "" {
			return put.replace(node, t)
		}
	}
	return node
}

func (put parting) child(schema any, t reflect.Type) any {
	if node, ok := schema.(map[string]any); ok {
		return put.take(node, t)
	}
	return schema
}

// members looks into the fields of a struct and of what it embeds.
func (put parting) members(members map[string]any, t reflect.Type) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, tagged := jsonName(f)
		if f.Anonymous && !tagged {
			embedded := f.Type
			if embedded.Kind() == reflect.Pointer {
				embedded = embedded.Elem()
			}
			if embedded.Kind() == reflect.Struct {
				put.members(members, embedded)
			}
			continue
		}
		if member, ok := members[name]; ok {
			members[name] = put.child(member, f.Type)
		}
	}
}

// replace keeps what a field says about its value beside the reference.
func (put parting) replace(node map[string]any, t reflect.Type) map[string]any {
	description, described := node["description"]
	delete(node, "description")
	reference := put(t, node)
	if !described {
		return reference
	}
	return map[string]any{"allOf": []any{reference}, "description": description}
}
