package schemas

import (
	"encoding/json"
	"errors"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/invopop/jsonschema"
)

// formatInt marks an Int in a schema.
const formatInt = "int32"

// intPattern is the portal's rule for an integer in a string.
const intPattern = `^-?(?:0|[1-9]\d*)$`

var intText = regexp.MustCompile(intPattern)

// Int is the portal's integer: a JSON integer or a string of its digits, within
// int32 (portal-api.md section 1). 5.0, "05", " 5" and "+5" are refused. It is
// always written as a number.
type Int int32

// JSONSchema draws an Int as an integer of format int32; REST documents widen
// it with the string form.
func (Int) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "integer", Format: formatInt}
}

// UnmarshalJSON reads a JSON integer or a string of its digits.
func (i *Int) UnmarshalJSON(data []byte) error {
	text := string(data)
	if text == "null" {
		return nil
	}
	if strings.HasPrefix(text, `"`) {
		if err := json.Unmarshal(data, &text); err != nil {
			return err
		}
	}
	n, err := parseInt(text)
	*i = Int(n)
	return err
}

func parseInt(text string) (int32, error) {
	if !intText.MatchString(text) {
		return 0, errors.New("not a whole number in plain decimal digits")
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		return 0, errors.New("outside -2147483648 to 2147483647")
	}
	return int32(n), nil
}

// FreeObject is a JSON object kept byte for byte whose members the contract
// does not name, such as a raw payload. Agent tools may not have one.
type FreeObject json.RawMessage

// JSONSchema draws an open object, marked so that Lint knows it is meant.
func (FreeObject) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "object", Extras: map[string]any{"x-free": true}}
}

// MarshalJSON writes the object as it was read; an empty value is {}.
func (o FreeObject) MarshalJSON() ([]byte, error) {
	if len(o) == 0 {
		return []byte("{}"), nil
	}
	return o, nil
}

// UnmarshalJSON keeps the bytes; null is the empty value.
func (o *FreeObject) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	*o = append((*o)[:0], data...)
	return nil
}

// Layouts of times as the families write them, always in UTC.
const (
	layoutMillis = "2006-01-02T15:04:05.000Z"
	layoutMeta   = "2006-01-02T15:04:05.0000000+00:00"
	layoutWhole  = "2006-01-02T15:04:05Z"
)

// instant is the date-time of RFC 3339 section 5.6, with the offset required.
var instant = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$`)

// MetaTime writes t as the portal's meta.timestamp: seven fractional digits.
func MetaTime(t time.Time) string { return t.UTC().Format(layoutMeta) }

// WholeSeconds writes t as the case and triage families do.
func WholeSeconds(t time.Time) string { return t.UTC().Format(layoutWhole) }

// Time is an instant. It is read from RFC 3339 with an offset, fractions kept,
// and written as the portal writes times, in UTC with milliseconds.
type Time time.Time

// JSONSchema draws the RFC 3339 date-time.
func (Time) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Format: "date-time"}
}

// MarshalJSON writes 2026-04-15T20:00:00.000Z.
func (t Time) MarshalJSON() ([]byte, error) {
	return []byte(`"` + t.String() + `"`), nil
}

// String is the text MarshalJSON quotes.
func (t Time) String() string { return time.Time(t).UTC().Format(layoutMillis) }

// IsZero lets omitzero leave an unset time out.
func (t Time) IsZero() bool { return time.Time(t).IsZero() }

// UnmarshalJSON reads RFC 3339 with an offset.
func (t *Time) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return err
	}
	return t.UnmarshalText([]byte(text))
}

// UnmarshalText reads RFC 3339 with an offset.
func (t *Time) UnmarshalText(text []byte) error {
	// The time package also takes a decimal comma and any offset (go.dev/issue/54580).
	if !instant.Match(text) {
		return errors.New("not an RFC 3339 time with an offset")
	}
	return (*time.Time)(t).UnmarshalText(text)
}

// TimeOrNull returns nil for the zero time, else its Time.
func TimeOrNull(at time.Time) *Time {
	if at.IsZero() {
		return nil
	}
	t := Time(at)
	return &t
}

// SecondsTime is an instant that is written in whole seconds, as the case and
// triage families do, and read like Time.
type SecondsTime time.Time

// JSONSchema draws the RFC 3339 date-time.
func (SecondsTime) JSONSchema() *jsonschema.Schema { return Time{}.JSONSchema() }

// MarshalJSON writes 2026-04-15T20:00:00Z.
func (t SecondsTime) MarshalJSON() ([]byte, error) {
	return []byte(`"` + WholeSeconds(time.Time(t)) + `"`), nil
}

// UnmarshalJSON reads RFC 3339 with an offset.
func (t *SecondsTime) UnmarshalJSON(data []byte) error { return (*Time)(t).UnmarshalJSON(data) }

// SecondsOrNull returns nil for the zero time, else its SecondsTime.
func SecondsOrNull(at time.Time) *SecondsTime {
	if at.IsZero() {
		return nil
	}
	t := SecondsTime(at)
	return &t
}

// jsonName is the name encoding/json uses for a field, and whether a tag gave it.
func jsonName(f reflect.StructField) (name string, tagged bool) {
	name, _, _ = strings.Cut(f.Tag.Get("json"), ",")
	if name == "" {
		return f.Name, false
	}
	return name, true
}
