package schemas

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"vedette/backend/soc"
)

// Limits of what a validator says (mcp.md M12).
const (
	maxFaults = 5
	maxText   = 2000
	maxEcho   = 80
	maxListed = 600
)

// Fault is one way in which a value breaks its schema, in words for people and
// models. No text in it names a Go type or repeats more than 80 characters of
// what was sent.
type Fault struct {
	// Path is the JSON path of the member, like playbooks[0].entity_id; the
	// whole value is "".
	Path string
	// Rule is the broken rule: unknown, missing, type, enum, format, pattern,
	// length, items, range, unique.
	Rule string
	// Message says what is wrong and what is allowed, in one sentence.
	Message string
	// Allowed are the valid names or words, where there is such a list.
	Allowed []string
	// Example is the member written correctly, as JSON, or "".
	Example string
}

// Faults are the faults of one value, at most five.
type Faults []Fault

// Text renders the faults for a model: one line each, 2,000 characters at most.
// noun is what the caller calls a member: argument, parameter or member.
func (f Faults) Text(noun string) string {
	var text strings.Builder
	for _, fault := range f {
		if text.Len() > 0 {
			text.WriteByte('\n')
		}
		if fault.Path == "" {
			text.WriteString(upperFirst(fault.Message))
		} else {
			fmt.Fprintf(&text, "%s %s: %s", upperFirst(noun), fault.Path, fault.Message)
		}
		text.WriteByte('.')
		if fault.Example != "" {
			fmt.Fprintf(&text, " Example: %s", fault.Example)
		}
	}
	return cut(text.String(), maxText)
}

// Fields renders the faults as path -> messages, the errors of the REST families.
func (f Faults) Fields() map[string][]string {
	fields := map[string][]string{}
	for _, fault := range f {
		message := upperFirst(fault.Message) + "."
		if fault.Example != "" {
			message += " Example: " + fault.Example
		}
		fields[fault.Path] = append(fields[fault.Path], message)
	}
	return fields
}

// Err turns the faults into the VALIDATION_ERROR of every door; nil for none.
func (f Faults) Err() error {
	if len(f) == 0 {
		return nil
	}
	e := soc.Errorf(soc.Invalid, soc.CodeValidationError, "One or more members are not valid.")
	e.Fields = f.Fields()
	return e
}

func upperFirst(text string) string {
	if text == "" || text[0] < 'a' || text[0] > 'z' {
		return text
	}
	return string(text[0]-'a'+'A') + text[1:]
}

// Echo quotes text of a caller for a message: controls, bidi and invisible
// characters escaped, at most 80 characters. What has the shape of a credential
// is not repeated: messages end up in transcripts and logs (S54).
func Echo(text string) string {
	quoted := strconv.Quote(cut(soc.RemoveSecrets(text), maxEcho))
	return cut(quoted, 2*maxEcho)
}

// echoValue is Echo for any JSON value.
func echoValue(value any) string {
	if text, ok := value.(string); ok {
		return Echo(text)
	}
	raw := soc.RemoveSecrets(compact(value))
	if len(raw) <= maxEcho && strconv.Quote(raw) == `"`+strings.ReplaceAll(raw, `"`, `\"`)+`"` {
		return raw
	}
	return Echo(raw)
}

// cut shortens text to at most limit bytes on a character boundary.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	end := limit - len("…")
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}

// list joins names for a message without letting them fill it.
func list(names []string) string {
	for i, used := 0, 0; i < len(names); i++ {
		if used += len(names[i]) + 2; used > maxListed {
			return fmt.Sprintf("%s and %d more", strings.Join(names[:i], ", "), len(names)-i)
		}
	}
	return strings.Join(names, ", ")
}

func compact(value any) string {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return ""
	}
	return strings.TrimSuffix(out.String(), "\n")
}
