package connector_test

import (
	"net/http"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"vedette/backend/connector"
)

func TestEndpointURLKeepsItsShape(t *testing.T) {
	e := connector.Endpoint{Method: http.MethodGet, Path: "/api/things/{id}/parts/{part}"}
	rapid.Check(t, func(t *rapid.T) {
		id, part := rapid.String().Draw(t, "id"), rapid.String().Draw(t, "part")
		text, err := e.URL("https://product.example", id, part)
		if err != nil {
			if id != "" && id != "." && id != ".." && part != "" && part != "." && part != ".." {
				t.Fatalf("%q, %q: %v", id, part, err)
			}
			return
		}
		req, err := http.NewRequest(http.MethodGet, text, nil)
		if err != nil {
			t.Fatal(err)
		}
		segments := strings.Split(req.URL.EscapedPath(), "/")
		if len(segments) != 6 || req.URL.Host != "product.example" || req.URL.RawQuery != "" || req.URL.Fragment != "" || segments[2] != "things" || segments[4] != "parts" {
			t.Fatalf("%q and %q changed the URL to %s", id, part, text)
		}
	})
}

func TestEndpointURLWantsItsValues(t *testing.T) {
	e := connector.Endpoint{Path: "/api/things/{id}"}
	for _, values := range [][]string{nil, {"a", "b"}, {""}, {"."}, {".."}} {
		if got, err := e.URL("https://product.example", values...); err == nil {
			t.Errorf("%q gave %s", values, got)
		}
	}
}

func TestExplainNamesThePermission(t *testing.T) {
	declined := connector.Refusedf(nil, "The product declined the request with status 403.")
	for status, want := range map[int]string{401: "credential", 403: "Hosts: Write", 429: "limits", 404: "declined"} {
		err := connector.Explain(connector.Answer{Status: status}, declined, "Hosts: Write")
		if connector.OutcomeOf(err) != connector.Refused || !strings.Contains(err.Error(), want) {
			t.Errorf("%d: %v", status, err)
		}
		if connector.Missing(err) != (status == 403) {
			t.Errorf("%d is for want of a permission: %v", status, connector.Missing(err))
		}
	}
	lost := connector.Unknownf(nil, "The product answered with status 502.")
	if err := connector.Explain(connector.Answer{Status: 502}, lost, "Hosts: Write"); err != error(lost) {
		t.Errorf("502: %v", err)
	}
}
