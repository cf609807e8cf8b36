package webtest

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"vedette/backend"
	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

type contractAnswer struct {
	Name  string         `json:"name" jsonschema:"maxLength=5"`
	Kind  string         `json:"kind" jsonschema:"enum=host,enum=account"`
	Count *int           `json:"count"`
	Rank  int            `json:"rank" jsonschema:"minimum=1,maximum=9"`
	At    schemas.Time   `json:"at"`
	Parts []contractPart `json:"parts,omitempty" jsonschema:"maxItems=1"`
}

type contractPart struct {
	ID string `json:"id"`
}

type contractInput struct {
	Kind string `query:"kind" jsonschema:"enum=host,enum=account"`
	Page int    `query:"page" jsonschema:"minimum=1"`
}

// A judge that nothing offends would make every door test say nothing: each of
// these answers and requests is wrong in one way, and each is caught.
func TestTheContractCatchesWhatIsWrong(t *testing.T) {
	var desk *backend.Desk
	seal, err := web.NewSealer(nil, web.SealKey{ID: 1})
	if err != nil {
		t.Fatal(err)
	}
	registry, err := web.NewRegistry(web.Config{Identity: identity{desk}, Recorder: recorder{}, Answers: desk, Seal: seal, Hosts: []string{"vedette.example"}})
	if err != nil {
		t.Fatal(err)
	}
	web.Register(registry, web.Case(), web.Operation{
		Method: "GET", Path: "/api/v1/things", Name: "get_thing", Summary: "A thing.", Who: web.Scoped, Scope: soc.ScopeCasesRead,
		MinRole: soc.RoleViewer, Rate: "read",
	}, func(context.Context, soc.Actor, contractInput) (web.Reply[contractAnswer], error) {
		return web.Reply[contractAnswer]{}, nil
	})
	if _, err := registry.Handler(nil); err != nil {
		t.Fatal(err)
	}
	c, err := contractOf(registry.Routes())
	if err != nil {
		t.Fatal(err)
	}
	if again, err := contractOf(registry.Routes()); err != nil || again != c {
		t.Errorf("equal routes were drawn twice: %v", err)
	}
	judge := func(query, body string, headers ...string) error {
		w := httptest.NewRecorder()
		w.Header().Set("Content-Type", "application/json")
		for _, header := range headers {
			name, value, _ := strings.Cut(header, ": ")
			w.Header().Set(name, value)
		}
		w.WriteHeader(200)
		fmt.Fprint(w, body)
		return c.check(httptest.NewRequest("GET", PublicURL+"/api/v1/things"+query, nil), "", w)
	}
	const right = `{"name":"abcde","kind":"host","count":null,"rank":1,"at":"2026-05-14T12:00:00Z","parts":[{"id":"0197aaaa-0000-7000-8000-000000000000"}]}`
	if err := judge("?kind=host&page=1", right); err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string][2]string{
		"a member is missing": {`"name":"abcde",`, ``}, "a member is too many": {`{"name"`, `{"extra":1,"name"`}, "too long": {`abcde`, `abcdef`},
		"another type": {`"abcde"`, `7`}, "no word of the set": {`"host"`, `"printer"`}, "null for a text": {`"abcde"`, `null`},
		"text for a number": {`null`, `"7"`}, "a fraction": {`null`, `1.5`}, "too small": {`"rank":1`, `"rank":0`}, "too large": {`"rank":1`, `"rank":10`},
		"no time": {`2026-05-14T12:00:00Z`, `yesterday`}, "too many items": {`}]`, `},{"id":"0197aaaa-0000-7000-8000-000000000001"}]`},
		"a member of a part is missing": {`"id"`, `"name"`}, "an object for a list": {`[{"id":"0197aaaa-0000-7000-8000-000000000000"}]`, `{}`}, "half a body": {`]}`, `]`},
	} {
		if err := judge("", strings.Replace(right, change[0], change[1], 1)); err == nil {
			t.Errorf("%s: nobody noticed", what)
		}
	}
	for _, query := range []string{"?kind=printer", "?page=0", "?page=x"} {
		if err := judge(query, right); err == nil {
			t.Errorf("%s was taken and nobody noticed", query)
		}
	}
	if err := judge("", right, "Set-Cookie: a=b"); err == nil {
		t.Error("a header that is not documented went unnoticed")
	}
	if err := judge("", right, "Content-Type: text/plain"); err == nil {
		t.Error("another media type went unnoticed")
	}
	if err := judgedInFull([]byte(`{"components":{"schemas":{"if":{"properties":{"const":{"const":1}}}}}}`)); err == nil {
		t.Error("a keyword that the judge passes over went unnoticed")
	}
	if err := judgedInFull([]byte(`{"components":{"schemas":{"if":{"properties":{"const":{"enum":["if"]}}}}}}`)); err != nil {
		t.Error(err)
	}
}
