package openapi

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// reader looks into a document as a reader of the JSON would, so that the page
// shows what is published and nothing else.
type reader struct{ root object }

// at follows members; what is not there is nil.
func (r reader) at(value any, names ...string) any {
	for _, name := range names {
		members, ok := r.resolve(value).(object)
		if !ok {
			return nil
		}
		value = members[name]
	}
	return r.resolve(value)
}

func (r reader) text(value any, names ...string) string {
	text, _ := r.at(value, names...).(string)
	return text
}

func (r reader) list(value any, names ...string) []any {
	list, _ := r.at(value, names...).([]any)
	return list
}

func (r reader) members(value any, names ...string) object {
	members, _ := r.at(value, names...).(object)
	return members
}

// resolve follows a reference to the document's components.
func (r reader) resolve(value any) any {
	for {
		members, _ := value.(object)
		reference, ok := members["$ref"].(string)
		if !ok {
			return value
		}
		value = any(r.root)
		for _, name := range strings.Split(strings.TrimPrefix(reference, "#/"), "/") {
			inner, _ := value.(object)
			value = inner[name]
		}
	}
}

func (r reader) groups() (groups []group) {
	byTag := map[string][]shown{}
	paths := r.members(r.root, "paths")
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		item := r.members(paths[path])
		for _, method := range []string{"get", "post", "put", "patch", "delete"} {
			if operation := r.members(item[method]); operation != nil {
				tag := fmt.Sprint(r.list(operation, "tags")[0])
				byTag[tag] = append(byTag[tag], r.operation(path, method, operation))
			}
		}
	}
	for _, tag := range slices.Sorted(maps.Keys(byTag)) {
		groups = append(groups, group{tag, byTag[tag]})
	}
	return groups
}

func (r reader) operation(path, method string, operation object) shown {
	s := shown{
		ID: r.text(operation, "operationId"), Method: strings.ToUpper(method), Path: path, Summary: r.text(operation, "summary"),
		Text: r.text(operation, "description"), Bodies: r.bodies(operation["requestBody"]),
	}
	for _, choice := range r.list(operation, "security") {
		s.Security = append(s.Security, slices.Sorted(maps.Keys(r.members(choice)))...)
	}
	for _, parameter := range r.list(operation, "parameters") {
		required, _ := r.at(parameter, "required").(bool)
		s.Parameters = append(s.Parameters, parameterRow{
			r.text(parameter, "name"), r.text(parameter, "in"), r.typeOf(r.members(parameter, "schema")), r.text(parameter, "description"), required,
		})
	}
	responses := r.members(operation, "responses")
	for _, status := range slices.Sorted(maps.Keys(responses)) {
		s.Answers = append(s.Answers, answer{
			status, r.text(responses[status], "description"), r.bodies(responses[status]),
			slices.Sorted(maps.Keys(r.members(responses[status], "headers"))),
		})
	}
	return s
}

func (r reader) bodies(holder any) (all []media) {
	content := r.members(holder, "content")
	for _, kind := range slices.Sorted(maps.Keys(content)) {
		schema, _ := content[kind].(object)
		inner, _ := schema["schema"].(object)
		reference, _ := inner["$ref"].(string)
		m := media{Type: kind, Name: strings.TrimPrefix(reference, "#/components/schemas/")}
		if reference == "" {
			m.Schema = pretty(inner)
		}
		all = append(all, m)
	}
	return all
}

// typeOf says in a few words what a parameter is.
func (r reader) typeOf(schema object) string {
	words := []string{}
	for _, key := range []string{"type", "format"} {
		if word, ok := schema[key].(string); ok {
			words = append(words, word)
		}
	}
	if items := r.members(schema, "items"); items != nil {
		words = append(words, "of "+r.typeOf(items))
	}
	if choices, ok := schema["enum"].([]any); ok {
		words = append(words, "one of "+strings.Join(strings.Fields(strings.Trim(fmt.Sprint(choices), "[]")), ", "))
	}
	for _, key := range []string{"minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "pattern"} {
		if limit, ok := schema[key]; ok {
			words = append(words, fmt.Sprintf("%s %v", key, limit))
		}
	}
	return strings.Join(words, ", ")
}
