package schemas

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// translate turns one finding of the library into faults. The library's own
// text is never shown: it is written for people who know JSON Schema.
func translate(path string, at *node, got any, e *jsonschema.ValidationError) Faults {
	if at == nil {
		at = &node{}
	}
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		return missing(path, at, k.Missing)
	case *kind.AdditionalProperties:
		return unknown(path, at, k.Properties)
	}
	rule, message, near := describe(at, got, e)
	return Faults{{
		Path: path, Rule: rule, Message: message, Allowed: at.words(), Example: at.shown(leaf(path), near),
	}}
}

func missing(path string, at *node, names []string) Faults {
	var faults Faults
	for _, name := range names {
		member := at.member(name)
		fault := Fault{Path: join(path, name), Rule: "missing", Message: "is required and missing"}
		if member != nil {
			fault.Allowed = member.words()
			fault.Message += allowed(member)
			fault.Example = member.shown(name, "")
		}
		faults = append(faults, fault)
	}
	return faults
}

func unknown(path string, at *node, names []string) Faults {
	valid := at.names()
	var faults Faults
	for _, name := range names {
		fault := Fault{Path: join(path, name), Rule: "unknown", Allowed: valid}
		fault.Message = "is not a known name; there are no names to give here"
		if len(valid) > 0 {
			fault.Message = "is not a known name; valid names: " + list(valid)
		}
		if near := nearest(name, valid); near != "" {
			fault.Message += "; perhaps " + near + " was meant"
			fault.Example = at.Properties[near].shown(near, "")
		}
		faults = append(faults, fault)
	}
	return faults
}

// allowed says in a few words what a member takes.
func allowed(at *node) string {
	switch {
	case len(at.Enum) > 0:
		return "; one of " + list(at.words())
	case at.Type != "":
		return "; " + typeName(at)
	}
	return ""
}

func describe(at *node, got any, e *jsonschema.ValidationError) (rule, message, near string) {
	shown := "; got " + echoValue(got)
	switch k := e.ErrorKind.(type) {
	case *kind.Type:
		return "type", "must be " + typeName(at) + ", not " + gotName(k.Got) + shown, ""
	case *kind.Enum:
		if text, ok := got.(string); ok {
			near = nearest(text, at.words())
		}
		return "enum", "must be one of " + list(at.words()) + shown, near
	case *kind.Const:
		return "enum", "must be exactly " + echoValue(k.Want) + shown, ""
	case *kind.Format:
		return "format", "must be " + formatName(k.Want) + shown, ""
	case *kind.Pattern:
		return "pattern", "must match the form " + k.Want + shown, ""
	case *kind.MinLength:
		return "length", fmt.Sprintf("must have at least %d characters, has %d", k.Want, k.Got), ""
	case *kind.MaxLength:
		return "length", fmt.Sprintf("must have at most %d characters, has %d", k.Want, k.Got), ""
	case *kind.MinItems:
		return "items", fmt.Sprintf("must have at least %d entries, has %d", k.Want, k.Got), ""
	case *kind.MaxItems:
		return "items", fmt.Sprintf("must have at most %d entries, has %d", k.Want, k.Got), ""
	case *kind.UniqueItems:
		return "unique", fmt.Sprintf("entries %d and %d are equal", k.Duplicates[0], k.Duplicates[1]), ""
	case *kind.Minimum:
		return "range", "must be at least " + number(k.Want) + shown, ""
	case *kind.Maximum:
		return "range", "must be at most " + number(k.Want) + shown, ""
	case *kind.ExclusiveMinimum:
		return "range", "must be more than " + number(k.Want) + shown, ""
	case *kind.ExclusiveMaximum:
		return "range", "must be less than " + number(k.Want) + shown, ""
	case *kind.MultipleOf:
		return "range", "must be a multiple of " + number(k.Want) + shown, ""
	}
	return "type", "is not valid" + shown, ""
}

func number(r *big.Rat) string {
	if r.IsInt() {
		return r.Num().String()
	}
	f, _ := r.Float64()
	return fmt.Sprint(f)
}

func typeName(at *node) string {
	switch at.Type {
	case "integer":
		return "a whole number"
	case "number":
		return "a number"
	case "boolean":
		return "true or false"
	case "array":
		return "a list"
	case "object":
		return "an object"
	}
	if name := formatName(at.Format); at.Format != "" {
		return name
	}
	return "a text"
}

func gotName(got string) string {
	names := map[string]string{
		"string": "a text", "number": "a number", "integer": "a number", "boolean": "true or false",
		"array": "a list", "object": "an object", "null": "null",
	}
	return names[got]
}

func formatName(format string) string {
	names := map[string]string{
		"uuid": "a UUID", "date-time": "an RFC 3339 time with an offset", "date": "a date (YYYY-MM-DD)",
		"email": "an e-mail address", "uri": "an absolute URI", "ipv4": "an IPv4 address", "ipv6": "an IPv6 address",
		"hostname": "a host name", "duration": "an ISO 8601 duration",
	}
	if name := names[format]; name != "" {
		return name
	}
	return "of the form " + format
}

// leaf is the last member name of a path; an item has none of its own.
func leaf(path string) string {
	if strings.HasSuffix(path, "]") {
		return ""
	}
	steps := strings.Split(path, ".")
	return steps[len(steps)-1]
}
