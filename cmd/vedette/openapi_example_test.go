package main

import (
	"encoding/json"
	"strings"
	"testing"

	"vedette/backend/opsapi"
	"vedette/backend/web"
	"vedette/backend/web/openapi"
	"vedette/backend/web/webtest"
)

// TestEveryOperationHasExamples looks for a body or an answer in JSON that the
// documents of the four families show no example of.
func TestEveryOperationHasExamples(t *testing.T) {
	d := openDoors(t, func(d *doors) { opsapi.Register(d.Registry, webtest.PublicURL, d.Desk, d.Seal) })
	documents, err := openapi.Draw(d.Registry.Routes(), openapi.Facts{Version: "test", PublicURL: webtest.PublicURL, Cookie: web.CookieSecure})
	if err != nil {
		t.Fatal(err)
	}
	type media map[string]struct {
		Example json.RawMessage
	}
	var document struct {
		Paths map[string]map[string]struct {
			RequestBody struct{ Content media }
			Responses   map[string]struct{ Content media }
		}
	}
	if err := json.Unmarshal(documents.All, &document); err != nil {
		t.Fatal(err)
	}
	shown := 0
	look := func(where string, content media) {
		body, found := content["application/json"]
		switch {
		case !found:
		case len(body.Example) > 0:
			shown++
		case !strings.Contains(where, "/ingest/") && !strings.Contains(where, "/report"): // bodies of other products, and a file
			t.Errorf("%s has no example", where)
		}
	}
	for path, methods := range document.Paths {
		for method, operation := range methods {
			look(method+" "+path+" request", operation.RequestBody.Content)
			for status, response := range operation.Responses {
				if status < "300" {
					look(method+" "+path+" "+status, response.Content)
				}
			}
		}
	}
	if shown < 100 {
		t.Errorf("%d examples: the documents are not the product's", shown)
	}
}
