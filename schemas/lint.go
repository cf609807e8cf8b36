package schemas

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Lint reports what is wrong with a schema that agent tools shall serve
// (mcp.md M10): the root is an object, every object is closed, and there is no
// $ref, no list of types, no bare true and no choice at the root. It is run
// over every schema at start.
func Lint(schema json.RawMessage) error { return lint(schema, false) }

// LintREST is Lint with what REST may have on top: free objects, maps, and null
// beside a type.
func LintREST(schema json.RawMessage) error { return lint(schema, true) }

func lint(schema json.RawMessage, rest bool) error {
	decoder := json.NewDecoder(bytes.NewReader(schema))
	decoder.UseNumber()
	var root any
	if err := decoder.Decode(&root); err != nil {
		return fmt.Errorf("not JSON: %w", err)
	}
	l := linter{rest: rest}
	object, ok := root.(map[string]any)
	if !ok || (object["type"] != "object" && !(rest && object["type"] == "array")) {
		l.add("", "the root must be an object schema")
	}
	for _, choice := range []string{"oneOf", "anyOf", "allOf"} {
		if _, found := object[choice]; found {
			l.add("", "no %s at the root", choice)
		}
	}
	l.walk("", root)
	return errors.Join(l.found...)
}

type linter struct {
	rest  bool
	found []error
}

func (l *linter) add(path, format string, args ...any) {
	if path == "" {
		path = "(root)"
	}
	l.found = append(l.found, fmt.Errorf("%s: %s", path, fmt.Sprintf(format, args...)))
}

// keywords that the validator's texts and the reflector's output know.
var keywords = map[string]bool{
	"type": true, "properties": true, "required": true, "additionalProperties": true, "items": true,
	"enum": true, "const": true, "format": true, "pattern": true, "minLength": true, "maxLength": true,
	"minimum": true, "maximum": true, "exclusiveMinimum": true, "exclusiveMaximum": true, "multipleOf": true,
	"minItems": true, "maxItems": true, "uniqueItems": true, "description": true, "title": true,
	"default": true, "examples": true, "oneOf": true, "anyOf": true, "x-free": true, "deprecated": true,
	"contentEncoding": true, "readOnly": true, "writeOnly": true,
}

func (l *linter) walk(path string, schema any) {
	object, ok := schema.(map[string]any)
	if !ok || len(object) == 0 {
		l.add(path, "a bare true or empty schema accepts anything; use a type")
		return
	}
	for _, keyword := range slices.Sorted(maps.Keys(object)) {
		if !keywords[keyword] {
			l.add(path, "keyword %s is not used in contracts", keyword)
		}
	}
	l.choice(path, object)
	switch object["type"] {
	case "object":
		l.object(path, object)
	case "array":
		if _, found := object["items"]; !found {
			l.add(path, "an array must name its items")
		} else {
			l.walk(path+"[]", object["items"])
		}
	case "string":
		l.text(path, object)
	}
}

func (l *linter) choice(path string, object map[string]any) {
	_, list := object["type"].([]any)
	branches, _ := object["oneOf"].([]any)
	if branches == nil {
		branches, _ = object["anyOf"].([]any)
	}
	switch {
	case list:
		l.add(path, "type is a list")
	case branches == nil && object["type"] == nil:
		l.add(path, "no type")
	}
	for _, branch := range branches {
		if b, ok := branch.(map[string]any); ok && b["type"] == "null" {
			if !l.rest {
				l.add(path, "null is not a value of agent tools; leave the member out (omitempty)")
			}
			continue
		}
		l.walk(path, branch)
	}
}

func (l *linter) object(path string, object map[string]any) {
	if object["x-free"] == true {
		if !l.rest {
			l.add(path, "a free object has no place in an agent tool")
		}
		return
	}
	if items, isMap := object["additionalProperties"].(map[string]any); isMap && l.rest {
		l.walk(path+".*", items)
	} else if object["additionalProperties"] != false {
		l.add(path, "additionalProperties must be false")
	}
	members, _ := object["properties"].(map[string]any)
	required, _ := object["required"].([]any)
	for _, name := range required {
		if text, _ := name.(string); members[text] == nil {
			l.add(path, "required member %v is not a property", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		l.walk(strings.TrimPrefix(path+"."+name, "."), members[name])
	}
}

// text finds what a cut tag leaves behind: an unknown format, a broken pattern,
// an enum with an empty word.
func (l *linter) text(path string, object map[string]any) {
	if format, ok := object["format"].(string); ok && !slices.Contains(knownFormats, format) {
		l.add(path, "format %q is not checked by the validator", format)
	}
	if pattern, ok := object["pattern"].(string); ok {
		if _, err := regexp.Compile(pattern); err != nil {
			l.add(path, "pattern: %v", err)
		}
	}
	if enum, ok := object["enum"].([]any); ok && slices.Contains(enum, any("")) {
		l.add(path, "an enum has an empty word")
	}
}

// knownFormats are the string formats the validator asserts.
var knownFormats = []string{"uuid", "date-time", "date", "email", "uri", "ipv4", "ipv6", "hostname", "duration"}
