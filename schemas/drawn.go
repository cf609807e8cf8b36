package schemas

import (
	"encoding/json"
	"reflect"
	"slices"
	"sync"
)

// drawn keeps what was made of a type or a schema: both follow from the
// program alone, and the OpenAPI documents ask for the same body of an error
// once for every status of every route. There are as many keys as the program
// has contract types, so nothing is ever dropped.
type drawn[K comparable, V any] struct{ kept sync.Map }

// of returns what was made before, or makes it. What panics or fails is not
// kept.
func (d *drawn[K, V]) of(key K, produce func() (V, error)) (V, error) {
	if have, ok := d.kept.Load(key); ok {
		return have.(V), nil
	}
	made, err := produce()
	if err != nil {
		return made, err
	}
	have, _ := d.kept.LoadOrStore(key, made)
	return have.(V), nil
}

// schemaOf is of for a schema, which cannot fail: a type that cannot be drawn
// panics. The bytes are the caller's own.
func schemaOf[K comparable](d *drawn[K, json.RawMessage], key K, draw func() json.RawMessage) json.RawMessage {
	raw, _ := d.of(key, func() (json.RawMessage, error) { return draw(), nil })
	return slices.Clone(raw)
}

// ruled is a type, or the text of a schema, under the rules of a door.
type ruled[T comparable] struct {
	of    T
	rules Rules
}

var (
	servedTypes   drawn[reflect.Type, json.RawMessage]
	requestTypes  drawn[ruled[reflect.Type], json.RawMessage]
	enforcedTypes drawn[reflect.Type, json.RawMessage]
	answerTypes   drawn[reflect.Type, json.RawMessage]
	validators    drawn[ruled[string], *Validator]
)
