package openapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/backend/web/openapi"
)

type item struct {
	Name  string  `json:"name"`
	Owner *person `json:"owner"`
}

type person struct {
	Mail string `json:"mail"`
}

type listInput struct {
	Kind  []string `query:"kind" jsonschema:"enum=host,enum=account" jsonschema_description:"What it is."`
	Token string   `query:"continuationToken"`
}

type changeInput struct {
	ID      string      `path:"id"`
	IfMatch web.IfMatch `header:"If-Match"`
	Body    struct {
		Name  string  `json:"name" jsonschema:"minLength=1"`
		Owner *person `json:"owner,omitempty"`
	} `body:"json"`
}

// registry has two routes of the operations family and none of any house.
func registry(t *testing.T) *web.Registry {
	t.Helper()
	r, err := web.NewRegistry(web.Config{
		Identity: struct{ web.Authenticator }{}, Recorder: struct{ web.Recorder }{}, Answers: struct{ web.Answers }{},
		Seal: &web.Sealer{}, Hosts: []string{"vedette.example"},
	})
	if err != nil {
		t.Fatal(err)
	}
	family := web.Ops("https://vedette.example")
	web.Register(r, family, web.Operation{
		Method: "GET", Path: "/api/ops/v1/items", Name: "list_items", Summary: "Items.",
		Who: web.Scoped, Scope: soc.ScopeOpsRead, MinRole: soc.RoleViewer, Rate: "read",
	}, func(context.Context, soc.Actor, listInput) (web.Reply[[]item], error) { return web.OK([]item{}), nil })
	web.Register(r, family, web.Operation{
		Method: "PUT", Path: "/api/ops/v1/items/{id}", Name: "change_item", Summary: "Change one.",
		Who: web.Person, MinRole: soc.RoleManager, Rate: "write", Write: true, Also: []int{202}, Errors: []soc.Code{soc.CodeInvalidState},
	}, func(context.Context, soc.Actor, changeInput) (web.Reply[item], error) { return web.OK(item{}), nil })
	return r
}

func draw(t *testing.T) *openapi.Documents {
	t.Helper()
	documents, err := openapi.Draw(registry(t).Routes(), openapi.Facts{Version: "1", PublicURL: "https://vedette.example", Cookie: web.CookieSecure})
	if err != nil {
		t.Fatal(err)
	}
	return documents
}

func TestDocumentsAreValidAndAlwaysTheSame(t *testing.T) {
	documents := draw(t)
	if again := draw(t); !bytes.Equal(documents.All, again.All) {
		t.Error("two drawings of one table differ")
	}
	for name, document := range map[string][]byte{"all": documents.All, "ops": documents.ByFamily["ops"]} {
		spec, err := openapi3.NewLoader().LoadFromData(document)
		if err != nil {
			t.Fatal(err)
		}
		if err := spec.Validate(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheDocumentSaysWhatTheRouteSays(t *testing.T) {
	var document struct {
		Paths      map[string]map[string]json.RawMessage
		Components struct{ Schemas map[string]json.RawMessage }
	}
	if err := json.Unmarshal(draw(t).All, &document); err != nil {
		t.Fatal(err)
	}
	var change struct {
		OperationID string `json:"operationId"`
		Parameters  []map[string]any
		RequestBody struct{ Required bool }
		Security    []map[string][]string
		Responses   map[string]map[string]any
	}
	if err := json.Unmarshal(document.Paths["/api/ops/v1/items/{id}"]["put"], &change); err != nil {
		t.Fatal(err)
	}
	if change.OperationID != "opsChangeItem" || !change.RequestBody.Required || len(change.Security) != 1 || change.Security[0]["session"] == nil {
		t.Errorf("%+v", change)
	}
	if got := change.Parameters[2]["$ref"]; got != "#/components/parameters/IfMatch" {
		t.Errorf("the third parameter is %v", got)
	}
	for _, status := range []string{"200", "202", "400", "401", "403", "404", "409", "412", "413", "415", "422", "423", "429", "431", "500", "503"} {
		if change.Responses[status] == nil {
			t.Errorf("%s is not documented", status)
		}
	}
	for _, name := range []string{"OpsItem", "OpsPerson", "OpsProblem", "OpsChangeItemRequest", "OpsListItemsAnswer"} {
		if document.Components.Schemas[name] == nil {
			t.Errorf("there is no schema %s", name)
		}
	}
}

func TestWhoHasTheDocumentIsNotSentItAgain(t *testing.T) {
	handler := draw(t).Handlers()["/openapi/ops.json"]
	ask := func(method, have string) *httptest.ResponseRecorder {
		req := httptest.NewRequest(method, "/openapi/ops.json", nil)
		if have != "" {
			req.Header.Set("If-None-Match", have)
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, req)
		return w
	}
	first := ask("GET", "")
	tag := first.Header().Get("ETag")
	if first.Code != 200 || tag == "" || !json.Valid(first.Body.Bytes()) || first.Header().Get("Content-Type") != "application/json" {
		t.Fatalf("%d %v", first.Code, first.Header())
	}
	for have, want := range map[string]int{tag: 304, "W/" + tag: 304, `"other", ` + tag: 304, "*": 304, `"other"`: 200} {
		if w := ask("GET", have); w.Code != want || want == 304 && w.Body.Len() > 0 {
			t.Errorf("%s: %d", have, w.Code)
		}
	}
	if w := ask("POST", ""); w.Code != 405 || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

func TestTwoOperationsOfOneNameAreRefused(t *testing.T) {
	routes := registry(t).Routes()
	if _, err := openapi.Draw(append(routes, routes[0]), openapi.Facts{Version: "1", Cookie: web.CookieSecure}); err == nil {
		t.Error("drawn")
	}
}

// TestWhatIsMountedIsWhatIsDrawn: no path is missing or too many, though paths
// are named before anything is drawn, and a fault shows at these paths alone.
func TestWhatIsMountedIsWhatIsDrawn(t *testing.T) {
	routes, facts := registry(t).Routes(), openapi.Facts{Version: "1", PublicURL: "https://vedette.example", Cookie: web.CookieSecure}
	documents := draw(t)
	pages, err := documents.Pages()
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(pages, documents.Handlers())
	mounted := openapi.Mount(routes, facts, slog.New(slog.DiscardHandler))
	if got, want := slices.Sorted(maps.Keys(mounted)), slices.Sorted(maps.Keys(pages)); !slices.Equal(got, want) {
		t.Errorf("mounted at\n%v, want\n%v", got, want)
	}
	for path, handler := range pages {
		want, got := httptest.NewRecorder(), httptest.NewRecorder()
		handler.ServeHTTP(want, httptest.NewRequest("GET", path, nil))
		mounted[path].ServeHTTP(got, httptest.NewRequest("GET", path, nil))
		if got.Code != 200 || !bytes.Equal(got.Body.Bytes(), want.Body.Bytes()) || got.Header().Get("ETag") != want.Header().Get("ETag") {
			t.Errorf("%s answers %d with %d bytes, want %d", path, got.Code, got.Body.Len(), want.Body.Len())
		}
	}
	broken := httptest.NewRecorder()
	openapi.Mount(append(routes, routes[0]), facts, slog.New(slog.DiscardHandler))["/openapi.json"].ServeHTTP(broken, httptest.NewRequest("GET", "/openapi.json", nil))
	if broken.Code != 500 {
		t.Errorf("documents that cannot be drawn: %d", broken.Code)
	}
}

// TestAnExampleThatDoesNotMatchItsSchemaFails: the judge that every door test
// asks looks at the examples, too.
func TestAnExampleThatDoesNotMatchItsSchemaFails(t *testing.T) {
	document := draw(t).All
	for _, c := range []struct{ method, path, part string }{
		{"put", "/api/ops/v1/items/{id}", "request"}, {"get", "/api/ops/v1/items", "answer"},
	} {
		spec, err := openapi3.NewLoader().LoadFromData(document)
		if err != nil {
			t.Fatal(err)
		}
		operation := spec.Paths.Value(c.path).GetOperation(strings.ToUpper(c.method))
		media := operation.Responses.Status(200).Value.Content.Get("application/json")
		if c.part == "request" {
			media = operation.RequestBody.Value.Content.Get("application/json")
		}
		if media.Example == nil {
			t.Fatalf("the %s of %s has no example", c.part, c.path)
		}
		media.Example = map[string]any{"surprise": 1}
		if err := spec.Validate(t.Context()); err == nil {
			t.Errorf("a wrong example of the %s of %s passes", c.part, c.path)
		}
	}
}
