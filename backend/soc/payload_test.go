package soc

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestPayloadPathsAndTexts(t *testing.T) {
	v, warnings, err := ParsePayload([]byte(`{"a":{"b":[1,"two",true,null]},"d":"{\"x\":\"y\"}","e":"","n":1.50,"u":"\u00e9\ud83d\ude00\n"}`))
	if err != nil || len(warnings) != 0 {
		t.Fatal(err, warnings)
	}
	if got := v.Get("a", "b").Texts(); !cmp.Equal(got, []string{"1", "two", "true"}) {
		t.Errorf("texts %q", got)
	}
	if got := v.Get("d").Dynamic().Member("x"); got != "y" {
		t.Errorf("dynamic member %q", got)
	}
	if got := v.Member("n"); got != "1.50" {
		t.Errorf("number %q lost its spelling", got)
	}
	if got := v.Member("u"); got != "é😀\n" {
		t.Errorf("escapes gave %q", got)
	}
	if got := v.First("missing", "e", "n").Text(); got != "1.50" {
		t.Errorf("first is %q", got)
	}
	want := []Leaf{{"a.b[0]", "1"}, {"a.b[1]", "two"}, {"a.b[2]", "true"}, {"d", `{"x":"y"}`}, {"n", "1.50"}, {"u", "é😀\n"}}
	if diff := cmp.Diff(want, v.Leaves("")); diff != "" {
		t.Error(diff)
	}
}

func TestPayloadKeepsWhatItsSubjectWrote(t *testing.T) {
	v, warnings, err := ParsePayload([]byte("{\"a\":\"x\\u0000y\",\"b\":\"\\ud800z\",\"c\":\"\xff\"}"))
	if err != nil {
		t.Fatalf("hostile text refused an alert: %v", err)
	}
	if !cmp.Equal(warnings, []string{"text_repaired"}) {
		t.Errorf("warnings %v", warnings)
	}
	if v.Member("a") != "x\uFFFDy" || v.Member("b") != "\uFFFDz" || v.Member("c") != "\uFFFD" {
		t.Errorf("got %q %q %q", v.Member("a"), v.Member("b"), v.Member("c"))
	}
}

func TestPayloadRefuses(t *testing.T) {
	for _, item := range []string{
		``, `{`, `{"a":1}{"b":2}`, `{"a":1,"a":2}`, `{"a":{"b":1,"c":2,"\u0062":3}}`,
		strings.Repeat("[", 80) + strings.Repeat("]", 80),
	} {
		if _, _, err := ParsePayload([]byte(item)); err == nil {
			t.Errorf("%.40q was read", item)
		}
	}
}

func FuzzParsePayload(f *testing.F) {
	f.Add([]byte(`{"a":[1,2,{"b":"\ud83d\ude00\u0000"}],"c":null,"d":-1e9}`))
	f.Add([]byte(`{"a":1,"a":2}`))
	f.Add([]byte(" [ ] "))
	f.Fuzz(func(t *testing.T, item []byte) {
		v, _, err := ParsePayload(item)
		if err != nil {
			return
		}
		for _, leaf := range v.Leaves("") {
			if strings.Contains(leaf.Text, "\x00") {
				t.Fatal("U+0000 came through")
			}
		}
		var want any
		d := json.NewDecoder(bytes.NewReader(item))
		d.UseNumber()
		if d.Decode(&want) != nil {
			t.Fatalf("encoding/json refuses %q", item)
		}
		if diff := cmp.Diff(want, plain(v)); diff != "" && !strings.Contains(string(item), "u0000") {
			t.Fatalf("%q: %s", item, diff)
		}
	})
}

// plain turns v into what encoding/json would have made.
func plain(v Payload) any {
	switch v.Kind() {
	case "object":
		m := map[string]any{}
		for _, member := range v.Members() {
			m[member.Name] = plain(member.Value)
		}
		return m
	case "array":
		a := []any{}
		for _, item := range v.Items() {
			a = append(a, plain(item))
		}
		return a
	case "string":
		return v.Text()
	case "number":
		return json.Number(v.Text())
	case "boolean":
		return v.Text() == "true"
	}
	return nil
}

func TestSplitItems(t *testing.T) {
	tests := []struct {
		body string
		want []string
		bad  bool
	}{
		{`[{"a":1}, {"b": 2}]`, []string{`{"a":1}`, `{"b": 2}`}, false},
		{"{\"a\":1}\n{\"b\":2}\r\n\n{\"c\":3}", []string{`{"a":1}`, `{"b":2}`, `{"c":3}`}, false},
		{"{\n \"a\": 1\n}", []string{"{\n \"a\": 1\n}"}, false},
		{"\xEF\xBB\xBF [1]", []string{"1"}, false},
		{"[\n{\"a\":1},\n{\"b\":2}\n]\n", []string{`{"a":1}`, `{"b":2}`}, false},
		{"{\"a\":1}\n{broken\n{\"c\":3}", []string{`{"a":1}`, `{broken`, `{"c":3}`}, false},
		{"[]", nil, false},
		{" \n ", nil, false},
		{`[{"a":1},{`, []string{`{"a":1}`}, true},
		{`[1] x`, []string{`1`}, true},
		{`nonsense`, nil, true},
	}
	for _, tt := range tests {
		items, err := SplitItems([]byte(tt.body))
		var got []string
		for _, item := range items {
			got = append(got, string(item))
		}
		if !cmp.Equal(got, tt.want) || (err != nil) != tt.bad {
			t.Errorf("%q: got %q, %v", tt.body, got, err)
		}
	}
}

func TestSplitItemsRefusesAnItemThatNeverEnds(t *testing.T) {
	for _, start := range []string{"[\"", "{\"a\":\"", "{\"a\":1}\n\""} {
		endless := io.MultiReader(strings.NewReader(start), zeros{})
		r := NewItemReader(endless)
		var err error
		for err == nil {
			_, err = r.Next()
		}
		var e *Error
		if !errors.As(err, &e) || e.Code != CodePayloadTooLarge {
			t.Errorf("%q: %v", start, err)
		}
	}
}

// zeros is an endless text of "0".
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '0'
	}
	return len(p), nil
}

func TestItemReaderGivesTheSentBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOfN(rapid.String(), 1, 8).Draw(t, "texts")
		var items []string
		for _, text := range texts {
			b, _ := json.Marshal(map[string]string{"t": text})
			items = append(items, string(b))
		}
		body := strings.Join(items, "\n")
		if rapid.Bool().Draw(t, "array") {
			body = "[" + strings.Join(items, " , ") + "]"
		}
		r := NewItemReader(iotest.OneByteReader(strings.NewReader(body)))
		for i, want := range items {
			if got, err := r.Next(); err != nil || string(got) != want {
				t.Fatalf("item %d: %q, %v; want %q", i, got, err, want)
			}
		}
		if _, err := r.Next(); !errors.Is(err, io.EOF) {
			t.Fatalf("after the last item: %v", err)
		}
	})
}

func TestParseTime(t *testing.T) {
	want := time.Date(2024, 7, 4, 22, 33, 57, 0, time.UTC)
	for _, text := range []string{
		"2024-07-04T22:33:57Z", "2024-07-04 22:33:57+00:00", "2024-07-04T22:33:57.0000000Z", "2024-07-04T22:33:57", "07/04/2024 22:33:57",
		"7/4/2024, 10:33:57.000 PM", "7/4/2024 10:33:57 PM [UTC]", "2024-07-05T00:33:57+0200", "2024-07-04T16:33:57.000000-0600", "2024-07-04 22:33:57Z",
		"1720132437", "1720132437000", "1720132437000000",
	} {
		if got, ok := ParseTime(text); !ok || !got.Equal(want) {
			t.Errorf("%q: %v, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "soon", "0001-01-01T00:00:00Z", "12", "NaN", strings.Repeat("9", 80)} {
		if got, ok := ParseTime(text); ok {
			t.Errorf("%q was read as %v", text, got)
		}
	}
}
