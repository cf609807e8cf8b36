package playbook

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"vedette/backend/soc"
)

// The types of a parameter.
const (
	typeString  = "string"
	typeInteger = "integer"
	typeBoolean = "boolean"
)

// maxInteger is the largest integer every JSON reader keeps exact (D4).
const maxInteger = 1<<53 - 1

// defaultMaxLength bounds, in characters, a text whose parameter states no bound.
const defaultMaxLength = 1000

// parameters checks the parameter declarations of one playbook.
func (k *checker) parameters(path string, list []fileParameter) {
	if len(list) > maxParameters {
		k.bad(path+".parameters", "lists %d parameters; at most %d are allowed", len(list), maxParameters)
		return
	}
	seen := map[string]bool{}
	for i, q := range list {
		at := fmt.Sprintf("%s.parameters[%d]", path, i)
		k.form(at+".name", q.Name, idForm, "a lower-case word such as mode")
		if seen[q.Name] {
			k.bad(at+".name", "%q is declared twice", q.Name)
		}
		seen[q.Name] = true
		k.text(at+".description", q.Description, 300)
		k.declaration(at, q)
	}
}

func (k *checker) declaration(at string, q fileParameter) {
	before := len(k.problems)
	member(k, at+".type", q.Type, []string{typeString, typeInteger, typeBoolean})
	if q.Type != typeString && (len(q.Enum) > 0 || q.MaxLength != 0) {
		k.bad(at, "enum and max_length belong to a string")
	}
	if len(q.Enum) > maxEnum {
		k.bad(at+".enum", "lists %d words; at most %d are allowed", len(q.Enum), maxEnum)
		return
	}
	for i, word := range q.Enum {
		k.text(fmt.Sprintf("%s.enum[%d]", at, i), word, 64)
	}
	k.once(at+".enum", q.Enum)
	if q.MaxLength < 0 || q.MaxLength > 100_000 {
		k.bad(at+".max_length", "must be between 1 and 100000")
	}
	if q.Type == typeInteger {
		if q.Minimum == nil || q.Maximum == nil || *q.Minimum >= *q.Maximum || *q.Minimum < -maxInteger || *q.Maximum > maxInteger {
			k.bad(at, "an integer states minimum and maximum, the first below the second, within 2^53-1")
		}
	} else if q.Minimum != nil || q.Maximum != nil {
		k.bad(at, "minimum and maximum belong to an integer")
	}
	if q.Default == "" || len(k.problems) > before {
		return
	}
	if q.Required {
		k.bad(at+".default", "a required parameter has no default")
	}
	if !printable(q.Default) {
		k.bad(at+".default", "must hold printable characters only, on one line")
	} else if _, why := parameter(q.parameter()).fromDefault(); why != "" {
		k.bad(at+".default", "%s", why)
	}
}

// CheckParameters returns the parameters a step runs with: what was given, typed
// (string, int64, bool), plus the defaults of what was not. given is decoded
// JSON; integers may come as int, int64, json.Number or a whole float64. An
// unknown member, a wrong type and a value out of range are VALIDATION_ERROR
// with the path parameters.NAME; nothing is rounded, cut or trimmed.
func CheckParameters(p soc.Playbook, given map[string]any) (map[string]any, *soc.Error) {
	var failed *soc.Error
	bad := func(name, why string) {
		if failed == nil {
			failed = soc.Errorf(soc.Invalid, soc.CodeValidationError, "The parameters of %s are not valid.", p.ID).
				WithFix("%s", usage(p))
		}
		failed = failed.WithField("parameters."+name, "%s", why)
	}
	checked := map[string]any{}
	for _, q := range p.Parameters {
		value, stated := given[q.Name]
		if !stated {
			switch {
			case q.Default != "":
				checked[q.Name], _ = parameter(q).fromDefault()
			case q.Required:
				bad(q.Name, "is required")
			}
			continue
		}
		typed, why := parameter(q).accept(value)
		if why != "" {
			bad(q.Name, why)
			continue
		}
		checked[q.Name] = typed
	}
	unknown := 0
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !slices.ContainsFunc(p.Parameters, func(q soc.Parameter) bool { return q.Name == name }) {
			unknown++
			if idForm.MatchString(name) && unknown <= 5 {
				bad(name, "is not a parameter of this playbook")
			} else if unknown <= 5 {
				// The name is the caller's text; it is counted, not repeated.
				bad("*", "a name that no parameter can have")
			}
		}
	}
	if failed != nil {
		return nil, failed
	}
	return checked, nil
}

// usage names the valid members, for the caller's next attempt.
func usage(p soc.Playbook) string {
	if len(p.Parameters) == 0 {
		return fmt.Sprintf("Leave parameters out: %s takes none.", p.ID)
	}
	parts := make([]string, len(p.Parameters))
	for i, q := range p.Parameters {
		parts[i] = q.Name + " (" + parameter(q).rule() + ")"
	}
	return fmt.Sprintf("%s takes: %s.", p.ID, strings.Join(parts, ", "))
}

// parameter gives soc's noun the rules of this room.
type parameter soc.Parameter

// rule says in words what is allowed.
func (q parameter) rule() string {
	switch {
	case len(q.Enum) > 0:
		return "one of " + strings.Join(q.Enum, ", ")
	case q.Type == typeInteger:
		return fmt.Sprintf("an integer from %d to %d", q.Minimum, q.Maximum)
	case q.Type == typeBoolean:
		return "true or false"
	}
	return fmt.Sprintf("a text of at most %d characters", q.longest())
}

func (q parameter) longest() int {
	if q.MaxLength > 0 {
		return q.MaxLength
	}
	return defaultMaxLength
}

// accept returns the typed value, or why it is refused.
func (q parameter) accept(value any) (any, string) {
	refused := "must be " + q.rule()
	switch q.Type {
	case typeBoolean:
		if b, ok := value.(bool); ok {
			return b, ""
		}
	case typeInteger:
		if n, ok := integer(value); ok && n >= q.Minimum && n <= q.Maximum {
			return n, ""
		}
	case typeString:
		s, ok := value.(string)
		switch {
		case !ok || utf8.RuneCountInString(s) > q.longest() || len(q.Enum) > 0 && !slices.Contains(q.Enum, s):
		case !utf8.ValidString(s) || strings.ContainsFunc(s, forbiddenRune):
			return nil, "must be valid UTF-8 without control characters other than line breaks and tabs"
		default:
			return s, ""
		}
	}
	return nil, refused
}

// forbiddenRune also keeps out what reorders or hides text on an approval card.
func forbiddenRune(r rune) bool {
	if r == '\n' || r == '\t' {
		return false
	}
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)
}

func (q parameter) fromDefault() (any, string) {
	switch q.Type {
	case typeBoolean:
		if q.Default != "true" && q.Default != "false" {
			return nil, "must be true or false"
		}
		return q.Default == "true", ""
	case typeInteger:
		return q.accept(json.Number(q.Default))
	}
	return q.accept(q.Default)
}

// integer reads a whole number within 2^53-1, spelled the one canonical way.
func integer(value any) (int64, bool) {
	var n int64
	switch v := value.(type) {
	case int:
		n = int64(v)
	case int64:
		n = v
	case float64:
		if v != math.Trunc(v) || math.Abs(v) > maxInteger {
			return 0, false
		}
		n = int64(v)
	case json.Number:
		parsed, err := strconv.ParseInt(string(v), 10, 64)
		if err != nil || strconv.FormatInt(parsed, 10) != string(v) {
			return 0, false
		}
		n = parsed
	default:
		return 0, false
	}
	return n, n >= -maxInteger && n <= maxInteger
}
