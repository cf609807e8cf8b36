package soc

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// ParsePolicy reads a whole policy document strictly (S59): a member that is
// unknown or missing fails, since a forgotten one would be read as its zero,
// and a zero may loosen. The error names every path.
func ParsePolicy(data []byte) (PolicyDocument, error) {
	var d PolicyDocument
	if err := CheckJSON(data, JSONLimits{}); err != nil {
		return d, err
	}
	var raw any
	if err := json.Unmarshal(data, &raw); err != nil {
		return d, Errorf(Invalid, CodeBadRequest, "The document is not JSON.").WithCause(err)
	}
	e := Errorf(Invalid, CodeValidationError, "The document is not a policy.")
	shapeOf(e, "", raw, reflect.TypeFor[PolicyDocument]())
	if len(e.Fields) == 0 {
		if err := json.Unmarshal(data, &d); err != nil {
			return d, Errorf(Invalid, CodeValidationError, "The document is not a policy: %s.", err)
		}
		return d, d.Check()
	}
	return d, e
}

// shapeOf compares a parsed document with the type it shall be.
func shapeOf(e *Error, path string, raw any, t reflect.Type) {
	at := strings.TrimPrefix(path, ".")
	switch t.Kind() {
	case reflect.Pointer:
		if raw != nil {
			shapeOf(e, path, raw, t.Elem())
		}
	case reflect.Struct:
		members, ok := raw.(map[string]any)
		if !ok {
			e.WithField(at, "Must be an object.")
			return
		}
		var names []string
		for i := range t.NumField() {
			name, options, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
			names = append(names, name)
			value, has := members[name]
			if !has && options == "omitempty" {
				continue
			}
			if !has {
				e.WithField(strings.TrimPrefix(path+"."+name, "."), "Is missing.")
				continue
			}
			shapeOf(e, path+"."+name, value, t.Field(i).Type)
		}
		for name := range members {
			if !slices.Contains(names, name) {
				e.WithField(strings.TrimPrefix(path+"."+DisplayName(name), "."), "Is unknown. Known are %s.", strings.Join(names, ", "))
			}
		}
	case reflect.Slice:
		list, ok := raw.([]any)
		if !ok {
			e.WithField(at, "Must be a list.")
			return
		}
		for i, value := range list {
			shapeOf(e, fmt.Sprintf("%s[%d]", path, i), value, t.Elem())
		}
	case reflect.Bool:
		demandKind[bool](e, at, raw, "true or false")
	case reflect.String:
		demandKind[string](e, at, raw, "a text")
	case reflect.Int:
		if n, ok := raw.(float64); !ok || n != float64(int64(n)) {
			e.WithField(at, "Must be a whole number.")
		}
	case reflect.Float64:
		demandKind[float64](e, at, raw, "a number")
	}
}

func demandKind[T any](e *Error, path string, raw any, what string) {
	if _, ok := raw.(T); !ok {
		e.WithField(path, "Must be %s.", what)
	}
}
