package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-chi/chi/v5"

	"vedette/schemas"
)

// group is the parameters of one place, seen as one object, so that the one
// validator judges them.
type group struct {
	names     []string
	index     [][]int
	types     []reflect.Type
	shape     reflect.Type
	schema    json.RawMessage
	validator *schemas.Validator
}

// add notes a parameter and returns the field that stands for it in the
// object the schema is drawn from.
func (g *group) add(field reflect.StructField, key string, required bool) reflect.StructField {
	name, option, _ := strings.Cut(field.Tag.Get(key), ",")
	tag := `json:` + strconv.Quote(name)
	if !required && option != "required" {
		tag = `json:` + strconv.Quote(name+",omitempty")
	}
	for _, key := range []string{"jsonschema", "jsonschema_description"} {
		if text := field.Tag.Get(key); text != "" {
			tag += " " + key + ":" + strconv.Quote(text)
		}
	}
	g.names = append(g.names, name)
	g.index = append(g.index, field.Index)
	g.types = append(g.types, field.Type)
	return reflect.StructField{Name: "P" + strconv.Itoa(len(g.names)), Type: field.Type, Tag: reflect.StructTag(tag)}
}

func (g *group) close(fields []reflect.StructField) (err error) {
	g.shape = reflect.StructOf(fields)
	g.schema = schemas.OfType(g.shape)
	g.validator, err = schemas.Compile(g.schema, schemas.Query)
	return err
}

// has reports whether a parameter is read.
func (g *group) has(sent string, fold bool) bool {
	return slices.ContainsFunc(g.names, func(name string) bool { return name == sent || fold && strings.EqualFold(name, sent) })
}

// set copies what the object holds into the input.
func (g *group) set(in reflect.Value, object []byte) error {
	values := reflect.New(g.shape)
	if err := json.Unmarshal(object, values.Interface()); err != nil {
		return fmt.Errorf("parameters passed their schema and do not decode: %w", err)
	}
	for i, index := range g.index {
		in.FieldByIndex(index).Set(values.Elem().Field(i))
	}
	return nil
}

// bindPath reads path parameters; the faults are of syntax only.
func (b *binding) bindPath(req *http.Request, in reflect.Value) (schemas.Faults, error) {
	object := map[string]any{}
	for i, name := range b.path.names {
		value, err := url.PathUnescape(chi.URLParam(req, name))
		if err != nil || !utf8.ValidString(value) || strings.ContainsRune(value, 0) {
			return schemas.Faults{{Path: name, Rule: "format", Message: "must be percent-encoded UTF-8 without U+0000"}}, nil
		}
		object[name] = parameter(b.path.types[i], value)
	}
	raw, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	if faults := b.path.validator.Validate(raw); faults != nil {
		return faults, nil
	}
	return nil, b.path.set(in, raw)
}

// bindQuery reads the query. canonical is the same query in any spelling.
func (b *binding) bindQuery(rawQuery string, fold bool, in reflect.Value) (canonical []byte, err error) {
	values, err := url.ParseQuery(rawQuery)
	if err != nil {
		return nil, badRequest("The query is not percent-encoded name=value pairs joined by &.")
	}
	object, faults := b.query.object(values, fold)
	raw, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	faults = append(faults, b.query.validator.Validate(raw)...)
	if len(faults) > 0 {
		return nil, faults[:min(len(faults), 5)].Err()
	}
	if err := b.query.set(in, raw); err != nil {
		return nil, err
	}
	return raw, nil // encoding/json sorts the names
}

// object is the query as JSON: numbers and flags as such where the parameter
// is one, so that the validator can judge them.
func (g *group) object(values url.Values, fold bool) (map[string]any, schemas.Faults) {
	object := map[string]any{}
	var faults schemas.Faults
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, sent := range names {
		i := slices.IndexFunc(g.names, func(name string) bool {
			return name == sent || fold && strings.EqualFold(name, sent)
		})
		if i < 0 {
			faults = append(faults, g.unknown(sent))
			continue
		}
		name, given := g.names[i], values[sent]
		for _, value := range given {
			if !utf8.ValidString(value) || strings.ContainsRune(value, 0) {
				faults = append(faults, schemas.Fault{Path: name, Rule: "format", Message: "must be UTF-8 without U+0000"})
			}
		}
		_, twice := object[name]
		switch list := isList(g.types[i]); {
		case twice, len(given) > 1 && !list:
			faults = append(faults, schemas.Fault{Path: name, Rule: "repeated", Message: "may be given once; it was repeated"})
		case list:
			object[name] = items(g.types[i], given)
		default:
			object[name] = parameter(g.types[i], given[0])
		}
	}
	return object, faults
}

func (g *group) unknown(name string) schemas.Fault {
	valid := slices.Sorted(slices.Values(g.names))
	fault := schemas.Fault{Path: strings.Trim(schemas.Echo(name), `"`), Rule: "unknown", Allowed: valid}
	fault.Message = "is not a parameter here; valid parameters: " + strings.Join(valid, ", ")
	if len(valid) == 0 {
		fault.Message = "is not a parameter here; there are none"
	}
	return fault
}

func isList(t reflect.Type) bool {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind() == reflect.Slice
}

// items reads a list: comma lists and repetition both name several values.
func items(t reflect.Type, given []string) []any {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	var list []any
	for _, text := range given {
		for _, item := range strings.Split(text, ",") {
			list = append(list, parameter(t.Elem(), item))
		}
	}
	return list
}

var decimal = regexp.MustCompile(`^-?(?:0|[1-9][0-9]*)$`)

// parameter is one value as JSON would write it; text that is not what the
// type needs stays text, for the validator to complain about.
func parameter(t reflect.Type, text string) any {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if decimal.MatchString(text) {
			return json.Number(text)
		}
	case reflect.Float32, reflect.Float64:
		if decimal.MatchString(strings.Replace(text, ".", "", 1)) && json.Valid([]byte(text)) {
			return json.Number(text)
		}
	case reflect.Bool:
		if text == "true" || text == "false" {
			return text == "true"
		}
	}
	return text
}
