package playbook

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vedette/backend/soc"
)

func sample(t testing.TB) soc.Playbook {
	t.Helper()
	c, err := Load([]byte(head + entry("a", `parameters:
      - {name: mode, type: string, description: Mode., enum: [full, selective], default: full}
      - {name: hours, type: integer, description: Hours., minimum: -5, maximum: 100}
      - {name: force, type: boolean, description: Force., default: "true"}
      - {name: note, type: string, description: Note., required: true, max_length: 8}`)))
	if err != nil {
		t.Fatal(err)
	}
	p, _ := c.Lookup("a")
	return p
}

func TestCheckParametersAddsDefaultsAndTypes(t *testing.T) {
	for name, test := range map[string]struct{ given, want map[string]any }{
		"defaults":    {map[string]any{"note": "x"}, map[string]any{"mode": "full", "force": true, "note": "x"}},
		"all":         {map[string]any{"note": "äöüäöüäö", "mode": "selective", "force": false, "hours": 7.0}, map[string]any{"mode": "selective", "force": false, "note": "äöüäöüäö", "hours": int64(7)}},
		"json number": {map[string]any{"note": "a\n\tb", "hours": json.Number("-5")}, map[string]any{"mode": "full", "force": true, "note": "a\n\tb", "hours": int64(-5)}},
		"int64":       {map[string]any{"note": "", "hours": int64(100)}, map[string]any{"mode": "full", "force": true, "note": "", "hours": int64(100)}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := CheckParameters(sample(t), test.given)
			if err != nil {
				t.Fatal(err, err.Fields)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCheckParametersRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		given map[string]any
		field string
	}{
		"missing":          {map[string]any{}, "note"},
		"null":             {map[string]any{"note": nil}, "note"},
		"too long":         {map[string]any{"note": "123456789"}, "note"},
		"control":          {map[string]any{"note": "a\x00"}, "note"},
		"bidi":             {map[string]any{"note": "a\u202e"}, "note"},
		"invalid UTF-8":    {map[string]any{"note": "\xff"}, "note"},
		"not in enum":      {map[string]any{"note": "x", "mode": "Full"}, "mode"},
		"enum padded":      {map[string]any{"note": "x", "mode": "full "}, "mode"},
		"fraction":         {map[string]any{"note": "x", "hours": 1.5}, "hours"},
		"above":            {map[string]any{"note": "x", "hours": 101}, "hours"},
		"below":            {map[string]any{"note": "x", "hours": -6}, "hours"},
		"number as text":   {map[string]any{"note": "x", "hours": "7"}, "hours"},
		"leading zero":     {map[string]any{"note": "x", "hours": json.Number("07")}, "hours"},
		"exponent":         {map[string]any{"note": "x", "hours": json.Number("1e1")}, "hours"},
		"minus zero":       {map[string]any{"note": "x", "hours": json.Number("-0")}, "hours"},
		"above 2^53":       {map[string]any{"note": "x", "hours": json.Number("9007199254740993")}, "hours"},
		"text as boolean":  {map[string]any{"note": "x", "force": "true"}, "force"},
		"unknown":          {map[string]any{"note": "x", "target": "10.0.0.1"}, "target"},
		"unknown nonsense": {map[string]any{"note": "x", "<script>": 1}, "*"},
		"nested":           {map[string]any{"note": map[string]any{"a": 1}}, "note"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := CheckParameters(sample(t), test.given)
			if err == nil {
				t.Fatalf("accepted as %v", got)
			}
			if err.Kind != soc.Invalid || err.Code != soc.CodeValidationError || len(err.Fields["parameters."+test.field]) == 0 {
				t.Errorf("%s %s, fields %v", err.Kind, err.Code, err.Fields)
			}
			for _, name := range []string{"mode", "hours", "force", "note"} {
				if !strings.Contains(err.Fix, name) {
					t.Errorf("the fix does not name %s: %s", name, err.Fix)
				}
			}
			if strings.Contains(err.Error()+err.Fix, "<script>") {
				t.Error("the caller's text is repeated")
			}
		})
	}
}

func TestCheckParametersIsStable(t *testing.T) {
	p := sample(t)
	rapid.Check(t, func(t *rapid.T) {
		given := rapid.MapOf(rapid.SampledFrom([]string{"mode", "hours", "force", "note", "other"}), rapid.OneOf(
			rapid.String().AsAny(), rapid.Int().AsAny(), rapid.Float64().AsAny(), rapid.Bool().AsAny(), rapid.Just("selective").AsAny(),
		)).Draw(t, "given")
		once, err := CheckParameters(p, given)
		if err != nil {
			return
		}
		twice, err := CheckParameters(p, once)
		if err != nil {
			t.Fatalf("refuses its own answer %v: %v", once, err.Fields)
		}
		if diff := cmp.Diff(once, twice); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestMissingProperty(t *testing.T) {
	c := Shipped()
	for name, test := range map[string]struct {
		playbook string
		entity   soc.Entity
		want     string
	}{
		"host by name":          {"isolate_host", soc.Entity{Kind: soc.KindHost, Value: "ws-042"}, ""},
		"host by device":        {"isolate_host", soc.Entity{Kind: soc.KindHost, Properties: map[string]string{"device_id": "d1"}}, ""},
		"host by address only":  {"isolate_host", soc.Entity{Kind: soc.KindHost, Value: "10.0.0.5"}, "device_id|fqdn|name"},
		"host without all":      {"isolate_host", soc.Entity{Kind: soc.KindHost}, "device_id|fqdn|name"},
		"file by name only":     {"quarantine_file", soc.Entity{Kind: soc.KindFile, Value: "evil.exe"}, "sha256|sha1|md5"},
		"file with hash":        {"quarantine_file", soc.Entity{Kind: soc.KindFile, Value: "evil.exe", Properties: map[string]string{"sha1": strings.Repeat("E", 40)}}, ""},
		"file with broken hash": {"quarantine_file", soc.Entity{Kind: soc.KindFile, Value: "evil.exe", Properties: map[string]string{"sha1": "e4e3"}}, "sha256|sha1|md5"},
		"hash":                  {"quarantine_file", soc.Entity{Kind: soc.KindFileHash, Value: strings.Repeat("a", 64)}, ""},
		"hash of no length":     {"quarantine_file", soc.Entity{Kind: soc.KindFileHash, Value: "abc"}, "sha256|sha1|md5"},
		"not an address":        {"block_ip", soc.Entity{Kind: soc.KindIP, Value: "10.0.0"}, "address"},
		"address":               {"block_ip", soc.Entity{Kind: soc.KindIP, Value: "10.0.0.1"}, ""},
		"account by upn":        {"disable_user", soc.Entity{Kind: soc.KindAccount, Value: "a@b.co"}, ""},
		"account by domain":     {"disable_user", soc.Entity{Kind: soc.KindAccount, Value: `corp\ann`}, ""},
		"account in two parts":  {"disable_user", soc.Entity{Kind: soc.KindAccount, Value: "ann", Properties: map[string]string{"domain": "CORP", "name": "ann"}}, ""},
		"account by bare name":  {"disable_user", soc.Entity{Kind: soc.KindAccount, Value: "root"}, "object_id|upn|sid|domain_account"},
		"account by sid":        {"disable_user", soc.Entity{Kind: soc.KindAccount, Value: "x", Properties: map[string]string{"sid": "S-1-5-21-561436748-3867387497-1732241745-3701"}}, ""},
		"well-known account":    {"disable_user", soc.Entity{Kind: soc.KindAccount, Value: "S-1-5-18"}, "object_id|upn|sid|domain_account"},
		"comment":               {"add_comment", soc.Entity{Kind: soc.KindOther}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p, _ := c.Lookup(test.playbook)
			if got := MissingProperty(p, test.entity); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
