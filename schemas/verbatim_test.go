package schemas

import (
	"bytes"
	"encoding/json"
	"testing"
)

func TestVerbatimKeepsEveryByte(t *testing.T) {
	for _, raw := range []string{
		"{ \"a\" :\t1,\r\n \"b\": \"<&>\\u0000\\ud83d\" }", `{}`, `{"x":"verbatim:"}`, `{"n":1.0e2,"n2":12345678901234567890}`,
	} {
		var out bytes.Buffer
		encoder := json.NewEncoder(&out)
		encoder.SetEscapeHTML(false)
		err := encoder.Encode(map[string]any{"a": Verbatim(raw), "b": "after", "c": Verbatim(raw)})
		if err != nil {
			t.Fatal(err)
		}
		want := `{"a":` + raw + `,"b":"after","c":` + raw + "}\n"
		if got := string(Unfold(out.Bytes())); got != want {
			t.Errorf("got %q\nwant %q", got, want)
		}
	}
	if raw, err := json.Marshal(Verbatim(nil)); err != nil || string(raw) != "{}" {
		t.Errorf("%s %v", raw, err)
	}
	if _, err := json.Marshal(Verbatim(`{"a":`)); err == nil {
		t.Error("half a document went out")
	}
	if plain := []byte(`{"a":1}`); &Unfold(plain)[0] != &plain[0] {
		t.Error("an answer without payload was copied")
	}
}
