package opsapi_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/backend/web/webtest"
)

// TestS43AnAgentChangesNoConfiguration: an agent's key with every scope there is
// and the highest role is refused by every route of this family that changes
// anything, read from the route table so that a new one is asked too.
func TestS43AnAgentChangesNoConfiguration(t *testing.T) {
	h := openKeyDoor(t)
	agent := h.Bearer(webtest.Key{Kind: soc.PrincipalAgent, Role: soc.RoleAdmin, Scopes: soc.AllScopes})
	filled := regexp.MustCompile(`\{[a-zA-Z]+\}`)
	words := strings.NewReplacer("{population}", "host", "{severity}", "High", "{format}", "generic")
	asked := 0
	for _, route := range h.Registry.Routes() {
		// The loop's own routes move its run and nothing else (section 8.2).
		if !route.Write || route.Path == session || route.Scope == soc.ScopeRunsWork {
			continue
		}
		h.Advance(20 * time.Minute) // and the agent is contained no longer
		before := h.Count()
		w := h.Ask(route.Method, filled.ReplaceAllString(words.Replace(route.Path), unknownID), "", agent, "Content-Type: "+mediaOf(route))
		if w.Code != http.StatusForbidden || h.Count().Jobs != before.Jobs {
			t.Errorf("%s %s: %d %s", route.Method, route.Path, w.Code, w.Body)
		}
		asked++
	}
	if asked < 40 {
		t.Errorf("only %d routes asked", asked)
	}
}

// mediaOf is a media type that a route takes.
func mediaOf(route web.Route) string {
	if len(route.Media) == 0 {
		return "application/json"
	}
	return route.Media[0] + "; boundary=b"
}
