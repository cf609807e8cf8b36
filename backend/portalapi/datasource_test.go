package portalapi_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"vedette/backend/soc"
	"vedette/backend/web/webtest"
)

const (
	sourcesTarget   = "/api/v2/datasources/across-workspaces"
	anomaliesTarget = "/api/v2/datasources/across-workspaces/anomalies"
)

func TestAnswersOfDataSources(t *testing.T) {
	p := open(t)
	p.Ingest(p.Second, "generic", []byte(`{"external_id":"s-1","source":"odd","title":"x","severity":"low"}`))
	p.Ingest(p.Foreign, "generic", []byte(`{"external_id":"s-1","source":"theirs","title":"x","severity":"low"}`))
	unseen := "6eca0b1e-3c1a-4a6e-9a57-0c7f0c1f2d3e"
	for name, c := range map[string]struct{ method, target, body string }{
		"workspace":         {"GET", p.workspace("/datasources"), ""},
		"across":            {"GET", sourcesTarget, ""},
		"across-one":        {"GET", sourcesTarget + "?workspaceIds=" + p.Second, ""},
		"across-unseen":     {"GET", sourcesTarget + "?workspaceIds=" + p.Second + "&workspaceIds=" + unseen, ""},
		"across-no-guid":    {"GET", sourcesTarget + "?workspaceIds=second", ""},
		"anomalies-none":    {"POST", anomaliesTarget, `{}`},
		"anomalies-unseen":  {"POST", anomaliesTarget, `{"workspaceIds":["` + unseen + `"]}`},
		"anomalies-no-guid": {"POST", anomaliesTarget, `{"workspaceIds":["x"]}`},
		"anomalies-dates":   {"POST", anomaliesTarget, `{"timeFilterSelection":{"type":"Custom","customEndUtc":"2026-05-14T01:00:00Z"}}`},
		"anomalies-unknown": {"POST", anomaliesTarget, `{"types":["Silent"]}`},
	} {
		t.Run(name, func(t *testing.T) {
			webtest.Golden(t, *update, "datasource/"+name+".golden", p.Ask(c.method, c.target, c.body, p.manager()))
		})
	}
}

// TestAnomaliesOfRealRows: five days of one source, then a flood of what cannot
// be read, then nothing.
func TestAnomaliesOfRealRows(t *testing.T) {
	p := open(t)
	n := 0
	send := func(items, broken int) {
		var batch []string
		for range items {
			n++
			batch = append(batch, fmt.Sprintf(`{"external_id":"f-%d","source":"odd","title":"x","severity":"low"}`, n))
		}
		for range broken {
			batch = append(batch, `{"source":"odd"}`)
		}
		p.Ingest(p.First, "generic", []byte("["+strings.Join(batch, ",")+"]"))
	}
	for range 5 * 24 {
		send(6, 0)
		p.Advance(time.Hour)
	}
	send(60, 30)
	p.Advance(time.Hour)
	webtest.Golden(t, *update, "datasource/anomalies-flood.golden", p.Ask("POST", anomaliesTarget, `{"timeFilterSelection":{"type":"SixHours"}}`, p.manager()))
	p.Bearer(webtest.Key{Role: soc.RoleViewer, Scopes: []soc.Scope{soc.ScopeAlertsWrite}, Expired: true})
	p.Advance(23 * time.Hour)
	webtest.Golden(t, *update, "datasource/anomalies-silent.golden", p.Ask("POST", anomaliesTarget, `{"workspaceIds":["`+p.First+`"]}`, p.manager()))
	second := p.Bearer(webtest.Key{Role: soc.RoleManager, Workspaces: []string{p.Second}, Scopes: soc.AllScopes})
	if w := p.Ask("POST", anomaliesTarget, `{}`, second); !strings.Contains(w.Body.String(), `"anomalies":[]`) {
		t.Errorf("of another workspace: %s", w.Body)
	}
}

// TestASourceWithoutALiveKeyIsReported, until it has one again.
func TestASourceWithoutALiveKeyIsReported(t *testing.T) {
	p := open(t)
	p.Ingest(p.Second, "generic", []byte(`{"external_id":"s-1","source":"odd","title":"x","severity":"low"}`))
	told := func() string {
		return p.Ask("POST", anomaliesTarget, `{"workspaceIds":["`+p.Second+`"]}`, p.manager()).Body.String()
	}
	key := webtest.Key{Role: soc.RoleViewer, Workspaces: []string{p.Second}, Source: "odd", Scopes: []soc.Scope{soc.ScopeAlertsWrite}}
	if strings.Contains(told(), "AuthFailure") {
		t.Error("a source that never had a key")
	}
	expired := key
	expired.Expired = true
	p.Bearer(expired)
	if !strings.Contains(told(), `"type":"AuthFailure"`) {
		t.Error(told())
	}
	other := key
	other.Source = "even"
	p.Bearer(other)
	if !strings.Contains(told(), `"type":"AuthFailure"`) {
		t.Error("the key of another source counts")
	}
	p.Bearer(key)
	if strings.Contains(told(), "AuthFailure") {
		t.Error(told())
	}
}
