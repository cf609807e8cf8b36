package schemas

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type sampleStep struct {
	PlaybookID string `json:"playbook_id" jsonschema:"minLength=1,maxLength=64,example=isolate_host" jsonschema_description:"Catalogue id, byte-exact."`
	EntityID   string `json:"entity_id" jsonschema:"pattern=^ENT-[0-9A-HJKMNP-TV-Z]{6\\,8}$,example=ENT-4F7KQN"`
	Sequence   *Int   `json:"sequence,omitempty" jsonschema_description:"From 1, lower first."`
}

type sample struct {
	Severity  string       `json:"severity" jsonschema:"enum=low,enum=medium,enum=high"`
	Number    Int          `json:"incident_number,omitempty"`
	Limit     int          `json:"limit,omitempty" jsonschema:"minimum=1,maximum=50"`
	Since     *Time        `json:"since,omitempty"`
	Workspace string       `json:"workspace,omitempty" jsonschema:"format=uuid"`
	Types     []string     `json:"types,omitempty" jsonschema:"maxItems=3"`
	Playbooks []sampleStep `json:"playbooks,omitempty" jsonschema:"maxItems=50"`
	Final     bool         `json:"final,omitempty"`
}

func TestM10OfIsClosedAndHasNoReference(t *testing.T) {
	raw := string(Of[sample]())
	for _, forbidden := range []string{"$schema", "$ref", "$defs", "$id", ":true", `"type":[`} {
		if strings.Contains(raw, forbidden) {
			t.Errorf("schema holds %q: %s", forbidden, raw)
		}
	}
	var object struct {
		Required   []string       `json:"required"`
		Additional bool           `json:"additionalProperties"`
		Properties map[string]any `json:"properties"`
	}
	if err := json.Unmarshal([]byte(raw), &object); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"severity"}, object.Required); diff != "" || object.Additional {
		t.Errorf("required %s additional %v", diff, object.Additional)
	}
}

type bareAny struct {
	X any `json:"x"`
}
type bareRaw struct {
	X json.RawMessage `json:"x"`
}
type recursive struct {
	Next *recursive `json:"next,omitempty"`
}
type withNull struct {
	X string `json:"x,omitempty" jsonschema:"nullable"`
}
type withMap struct {
	X map[string]int `json:"x"`
}
type withFree struct {
	X FreeObject `json:"x,omitempty"`
}
type badFormat struct {
	X string `json:"x" jsonschema:"format=guid"`
}

func TestS7SchemaLintStopsTheStart(t *testing.T) {
	for name, f := range map[string]func() json.RawMessage{
		"any": Of[bareAny], "raw message": Of[bareRaw], "recursion": Of[recursive], "null": Of[withNull],
		"map": Of[withMap], "free object": Of[withFree], "unknown format": Of[badFormat], "not an object": Of[[]string],
		"REST any": Request[bareAny], "REST raw": Answer[bareRaw], "REST recursion": Request[recursive],
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("the schema was served")
				}
			}()
			f()
		})
	}
	Request[withFree]()
	Request[withNull]()
	Answer[withMap]()
}

func TestLintNamesTheTrap(t *testing.T) {
	for schema, want := range map[string]string{
		`{"type":"object","additionalProperties":false,"properties":{"a":true}}`:                       "a: a bare true",
		`{"type":"object","additionalProperties":false,"properties":{"a":{"type":["string","null"]}}}`: "a: type is a list",
		`{"type":"object","additionalProperties":false,"properties":{"a":{"$ref":"#/$defs/x"}}}`:       "a: keyword $ref",
		`{"type":"object"}`: "(root): additionalProperties must be false",
		`{"type":"object","additionalProperties":false,"properties":{"a":{"type":"object"}}}`:                         "a: additionalProperties must be false",
		`{"type":"object","additionalProperties":false,"oneOf":[{"type":"object","additionalProperties":false}]}`:     "no oneOf at the root",
		`{"type":"object","additionalProperties":false,"required":["b"],"properties":{"a":{"type":"string"}}}`:        "required member b",
		`{"type":"object","additionalProperties":false,"properties":{"a":{"type":"array"}}}`:                          "a: an array must name its items",
		`{"type":"object","additionalProperties":false,"properties":{"a":{"type":"string","enum":["x",""]}}}`:         "a: an enum has an empty word",
		`{"type":"object","additionalProperties":false,"properties":{"a":{"type":"string","pattern":"(?=x)"}}}`:       "a: pattern",
		`{"type":"object","additionalProperties":false,"properties":{"a":{"type":"array","items":{"const":"only"}}}}`: "a[]: no type",
	} {
		err := Lint(json.RawMessage(schema))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", schema, err, want)
		}
	}
}

func TestM12FaultsTeach(t *testing.T) {
	tools, rest := MustCompile(Of[sample](), Tools), MustCompile(Of[sample](), REST)
	for _, c := range []struct {
		name      string
		validator *Validator
		in        string
		want      []string // path|rule
		text      string   // part of Text
	}{
		{"missing", tools, `{}`, []string{"severity|missing"}, `Argument severity: is required and missing; one of low, medium, high. Example: {"severity":"low"}`},
		{"enum", tools, `{"severity":"High"}`, []string{"severity|enum"}, `must be one of low, medium, high; got "High". Example: {"severity":"high"}`},
		{"unknown", tools, `{"severity":"low","limitt":1}`, []string{"limitt|unknown"}, `perhaps limit was meant. Example: {"limit":1}`},
		{"range", tools, `{"severity":"low","limit":51}`, []string{"limit|range"}, `must be at most 50; got 51`},
		{"loose number", tools, `{"severity":"low","limit":"20"}`, nil, ""},
		{"rest number", rest, `{"severity":"low","limit":"20"}`, []string{"limit|type"}, `must be a whole number, not a text`},
		{"rest Int", rest, `{"severity":"low","incident_number":"20"}`, nil, ""},
		{"rest Int padded", rest, `{"severity":"low","incident_number":"020"}`, []string{"incident_number|type"}, `must be a whole number`},
		{"rest Int too big", rest, `{"severity":"low","incident_number":"2147483648"}`, []string{"incident_number|type"}, `from -2147483648 to 2147483647`},
		{"rest Int number too big", rest, `{"severity":"low","incident_number":2147483648}`, []string{"incident_number|type"}, `from -2147483648`},
		{"fraction", rest, `{"severity":"low","incident_number":5.0}`, []string{"incident_number|type"}, `without fraction`},
		{"exponent", rest, `{"severity":"low","limit":1e1}`, []string{"limit|type"}, `without fraction or exponent`},
		{"null is absent", rest, `{"severity":"low","since":null,"limit":null,"playbooks":null}`, nil, ""},
		{"null is not for tools", tools, `{"severity":"low","since":null}`, []string{"since|type"}, `not null`},
		{"required null", rest, `{"severity":null}`, []string{"severity|type"}, `must be a text, not null`},
		{"lone item", tools, `{"severity":"low","types":"alert"}`, nil, ""},
		{"rest lone item", rest, `{"severity":"low","types":"alert"}`, []string{"types|type"}, `must be a list, not a text`},
		{"sequence is exact", tools, `{"severity":"low","playbooks":[{"playbook_id":"a","entity_id":"ENT-4F7KQN","sequence":"1"}]}`, []string{"playbooks[0].sequence|type"}, `must be a whole number`},
		{"pattern", tools, `{"severity":"low","playbooks":[{"playbook_id":"a","entity_id":"ws-042"}]}`, []string{"playbooks[0].entity_id|pattern"}, `Example: {"entity_id":"ENT-4F7KQN"}`},
		{"uuid", rest, `{"severity":"low","workspace":"x"}`, []string{"workspace|format"}, `must be a UUID; got "x"`},
		{"time without offset", rest, `{"severity":"low","since":"2026-04-15T20:00:00"}`, []string{"since|format"}, `RFC 3339 time with an offset`},
		{"time with comma", rest, `{"severity":"low","since":"2026-04-15T20:00:00,5Z"}`, []string{"since|format"}, `RFC 3339`},
		{"array", tools, `[]`, []string{"|type"}, `Must be an object, not a list`},
		{"null", rest, `null`, []string{"|type"}, `Must be an object, not null`},
		{"escaped", tools, `{"severity":"\u202e\u001b[31m"}`, []string{"severity|enum"}, `got "\u202e\x1b[31m"`},
		{"strange name", tools, `{"severity":"low","a\u202eb":1}`, []string{`"a\u202eb"|unknown`}, `valid names: severity, final, incident_number`},
	} {
		t.Run(c.name, func(t *testing.T) {
			normal, faults := c.validator.Normalise([]byte(c.in))
			var got []string
			for _, fault := range faults {
				got = append(got, fault.Path+"|"+fault.Rule)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Fatal(diff)
			}
			if text := faults.Text("argument"); !strings.Contains(text, c.text) {
				t.Errorf("text %q lacks %q", text, c.text)
			}
			if faults == nil {
				if err := json.Unmarshal(normal, new(sample)); err != nil {
					t.Errorf("what passed does not decode: %v", err)
				}
			}
		})
	}
}

func TestM12FiveFaultsTwoThousandCharacters(t *testing.T) {
	v := MustCompile(Of[sample](), Tools)
	var in strings.Builder
	in.WriteString(`{"severity":"` + strings.Repeat("é", 5000) + `"`)
	for _, letter := range strings.Split("abcdefghijklmnopqrstuvwxyz", "") {
		in.WriteString(`,"` + strings.Repeat(letter, 3000) + `":1`)
	}
	faults := v.Validate([]byte(in.String() + "}"))
	if len(faults) != maxFaults {
		t.Errorf("%d faults", len(faults))
	}
	if text := faults.Text("argument"); len(text) > maxText || !strings.Contains(text, "more faults elsewhere") {
		t.Errorf("%d characters: %s", len(text), text)
	}
}

func TestRequestSchemaSaysWhatTheValidatorTakes(t *testing.T) {
	documented, enforced := MustCompile(Request[sample](), Rules{}), MustCompile(Of[sample](), REST)
	for _, in := range []string{
		`{"severity":"low"}`, `{"severity":null}`, `{"severity":"low","since":null,"limit":null,"playbooks":null}`,
		`{"severity":"low","incident_number":"7"}`, `{"severity":"low","incident_number":"07"}`, `{"severity":"low","limit":"7"}`,
		`{"severity":"low","extra":1}`, `{"severity":"low","playbooks":[{"playbook_id":"a","entity_id":"ENT-4F7KQN","sequence":null}]}`,
	} {
		if a, b := documented.Validate([]byte(in)) == nil, enforced.Validate([]byte(in)) == nil; a != b {
			t.Errorf("%s: documented %v, enforced %v", in, a, b)
		}
	}
}

type sampleAnswer struct {
	ID    string        `json:"id"`
	Title *string       `json:"title"`
	Steps []*sampleStep `json:"steps"`
	Note  *string       `json:"note,omitempty"`
}

func TestAnswerSchemaHasNullForPointers(t *testing.T) {
	v := MustCompile(Answer[sampleAnswer](), Rules{})
	if faults := v.Validate([]byte(`{"id":"x","title":null,"steps":[]}`)); faults != nil {
		t.Error(faults)
	}
	if v.Validate([]byte(`{"id":"x","title":null,"steps":null}`)) == nil {
		t.Error("a null list passed")
	}
	if v.Validate([]byte(`{"id":"x","title":null,"steps":[],"note":null}`)) == nil {
		t.Error("an omitted member may not be null")
	}
}

func TestTimesAsTheFamiliesWriteThem(t *testing.T) {
	at := time.Date(2026, 4, 15, 22, 0, 0, 123_456_700, time.FixedZone("", 7200))
	whole, _ := json.Marshal(SecondsTime(at))
	millis, _ := json.Marshal(Time(at))
	got := []string{MetaTime(at), string(millis), string(whole)}
	want := []string{"2026-04-15T20:00:00.1234567+00:00", `"2026-04-15T20:00:00.123Z"`, `"2026-04-15T20:00:00Z"`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	var back Time
	if err := back.UnmarshalText([]byte("2026-04-15T20:00:00.1234567+00:00")); err != nil || !time.Time(back).Equal(at) {
		t.Error(err, back)
	}
}

func FuzzM12Validator(f *testing.F) {
	validators := []*Validator{MustCompile(Of[sample](), Tools), MustCompile(Of[sample](), REST)}
	for _, seed := range []string{`{}`, `{"severity":"low","limit":"2"}`, `{"playbooks":[{"sequence":"1"},null,3]}`, `[1e400]`, `"x"`, `{"types":"a"}`, `{"severity":1e999}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		for _, v := range validators {
			normal, faults := v.Normalise([]byte(in))
			text := faults.Text("argument")
			for _, leak := range []string{"schemas.", "json.Number", "map[string]", "jsonschema"} {
				if strings.Contains(text, leak) && !strings.Contains(in, leak) {
					t.Errorf("a Go type name in %q", text)
				}
			}
			if len(faults) > maxFaults || len(text) > maxText {
				t.Errorf("%d faults, %d characters", len(faults), len(text))
			}
			if len(faults) == 0 {
				if err := json.Unmarshal(normal, new(sample)); err != nil {
					t.Errorf("%q passed as %q and does not decode: %v", in, normal, err)
				}
			}
		}
	})
}

func TestAnswerDrawsNullableTimes(t *testing.T) {
	raw := string(Answer[struct {
		At    Time   `json:"at"`
		Ended *Time  `json:"ended"`
		Rows  []Time `json:"rows"`
	}]())
	want := `{"properties":{"at":{"type":"string","format":"date-time"},"ended":{"anyOf":[{"type":"string","format":"date-time"},{"type":"null"}]},` +
		`"rows":{"items":{"type":"string","format":"date-time"},"type":"array"}},"additionalProperties":false,"type":"object","required":["at","ended","rows"]}`
	if raw != want {
		t.Errorf("got  %s\nwant %s", raw, want)
	}
}
