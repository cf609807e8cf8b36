package soc_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"vedette/backend/soc"
)

func TestS57JSONLimitsNameThePath(t *testing.T) {
	long := strings.Repeat("x", soc.JSONStringBytes+1)
	cases := map[string]struct {
		document string
		limits   soc.JSONLimits
		path     string // "-" for accepted
	}{
		"64 levels":              {strings.Repeat("[", 64) + strings.Repeat("]", 64), soc.JSONLimits{}, "-"},
		"65 levels":              {strings.Repeat("[", 65) + strings.Repeat("]", 65), soc.JSONLimits{}, strings.Repeat("[0]", 64)},
		"a million brackets":     {strings.Repeat("[", 1_000_000), soc.JSONLimits{}, strings.Repeat("[0]", 64)},
		"50,000 values":          {"[" + strings.Repeat("0,", 49_998) + "0]", soc.JSONLimits{}, "-"},
		"50,001 values":          {"[" + strings.Repeat("0,", 49_999) + "0]", soc.JSONLimits{}, "[49999]"},
		"64 KiB":                 {`{"a":"` + long[1:] + `"}`, soc.JSONLimits{}, "-"},
		"64 KiB and one":         {`{"a":["` + long + `"]}`, soc.JSONLimits{}, "a[0]"},
		"64 KiB and one escaped": {`{"a":"\u0078` + long[1:] + `"}`, soc.JSONLimits{}, "a"},
		"a long key":             {`{"a":{"` + long + `":1}}`, soc.JSONLimits{}, "a"},
		"own string limit":       {`{"a":"12345"}`, soc.JSONLimits{StringBytes: 4}, "a"},
		"duplicate":              {`{"playbooks":[{},{"x":1,"x":2}]}`, soc.JSONLimits{}, "playbooks[1].x"},
		"many keys, one double":  {manyKeys(10_000, `"k77":1`), soc.JSONLimits{}, "k77"},
		"NUL":                    {`{"a":"\u0000"}`, soc.JSONLimits{}, "a"},
		"NUL in raw":             {`{"raw":{"x":["\u0000"]}}`, soc.JSONLimits{Raw: []string{"raw"}}, "-"},
		"NUL beside raw":         {`{"raw":{},"a":"\u0000"}`, soc.JSONLimits{Raw: []string{"raw"}}, "a"},
		"NUL in a deeper raw":    {`{"a":{"raw":"\u0000"}}`, soc.JSONLimits{Raw: []string{"raw"}}, "a.raw"},
		"NUL in raw of items":    {`[{"raw":"\u0000"}]`, soc.JSONLimits{Raw: []string{"raw"}}, "-"},
		"NUL beside raw of item": {`[{"raw":"","a":"\u0000"}]`, soc.JSONLimits{Raw: []string{"raw"}}, "[0].a"},
		"NUL allowed":            {`"\u0000"`, soc.JSONLimits{AllowNUL: true}, "-"},
		"long in raw":            {`{"raw":"` + long + `"}`, soc.JSONLimits{Raw: []string{"raw"}, RawStringBytes: 1 << 20}, "-"},
		"trailing":               {`{"a":1}x`, soc.JSONLimits{}, ""},
		"hostile key":            {"{\"\u202e<b>\":{\"k\":tru}}", soc.JSONLimits{}, `"\u202e<b>".k`},
		"huge key":               {`{"` + strings.Repeat("k", 5000) + `":tru}`, soc.JSONLimits{}, `"` + strings.Repeat("k", 64) + `\u2026"`},
	}
	for name, c := range cases {
		err := soc.CheckJSON([]byte(c.document), c.limits)
		if c.path == "-" {
			if err != nil {
				t.Errorf("%s: %v", name, soc.AsError(err).Fields)
			}
			continue
		}
		if err == nil {
			t.Errorf("%s: accepted", name)
			continue
		}
		if _, there := soc.AsError(err).Fields[c.path]; !there || soc.AsError(err).Fix == "" {
			t.Errorf("%s: %v, want path %s", name, soc.AsError(err).Fields, c.path)
		}
	}
}

func manyKeys(n int, more string) string {
	var b strings.Builder
	b.WriteByte('{')
	for i := range n {
		fmt.Fprintf(&b, `"k%d":0,`, i)
	}
	return b.String() + more + "}"
}

// FuzzCheckJSON: what is accepted is JSON to encoding/json too, and means the
// same; what encoding/json refuses is refused.
func FuzzCheckJSON(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		err := soc.CheckJSON(data, soc.JSONLimits{})
		if err != nil {
			if e := soc.AsError(err); e.Kind != soc.Invalid || len(e.Fields) != 1 {
				t.Fatalf("%#v", err)
			}
			return
		}
		if !json.Valid(data) {
			t.Fatalf("accepted, but not JSON: %q", data)
		}
	})
}

// FuzzCanonicalJSON: the canonical form means the same, is accepted, and is
// its own canonical form.
func FuzzCanonicalJSON(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		once, err := soc.CanonicalJSON(data, soc.JSONLimits{})
		if (err == nil) != (soc.CheckJSON(data, soc.JSONLimits{}) == nil) {
			t.Fatalf("checker and canonicaliser disagree on %q: %v", data, err)
		}
		if err != nil {
			return
		}
		twice, err := soc.CanonicalJSON(once, soc.JSONLimits{})
		if err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("%s\n%s %v", once, twice, err)
		}
		var before, after any
		if json.Unmarshal(data, &before) != nil || json.Unmarshal(once, &after) != nil || !reflect.DeepEqual(before, after) {
			t.Fatalf("%q and %q differ in meaning", data, once)
		}
	})
}

func seeds(f *testing.F) {
	for _, s := range []string{
		``, `{}`, `[1,-0,1e21,1e-7,0.1,5e-324]`, `{"b":1,"a":{"\ud83d\ude00":"\u0000"}}`, `"\ud83d"`, `{"a":1,"\u0061":2}`,
		"\"\xff\"", `[1,]`, `1e309`, `"\"\\\/\b\f\n\r\t\u00e9"`, ` true `, `nul`, `{"raw":{"x":[null]}}`,
	} {
		f.Add([]byte(s))
	}
}

func BenchmarkCheckJSON(b *testing.B) {
	doc := []byte(manyKeys(200, `"s":"`+strings.Repeat("text ", 1000)+`"`))
	b.SetBytes(int64(len(doc)))
	for b.Loop() {
		if err := soc.CheckJSON(doc, soc.JSONLimits{}); err != nil {
			b.Fatal(err)
		}
	}
}
