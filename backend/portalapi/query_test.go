package portalapi_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"vedette/backend/soc"
	"vedette/backend/web/webtest"
)

// agentTool is the path of an agent tool that is about no incident.
func (p *portal) agentTool(rest string) string {
	return "/api/v2/workspaces/" + p.First + "/agent/tools" + rest
}

// toolAgent is a key that may use every agent tool.
func (p *portal) toolAgent() string {
	return p.Bearer(webtest.Key{Kind: soc.PrincipalAgent, Role: soc.RoleSenior, Scopes: []soc.Scope{soc.ScopeAgentToolsRead, soc.ScopeAgentToolsExecute}})
}

func kqlBody(query string) string {
	quoted, _ := json.Marshal(query) // a string always encodes
	return `{"query":` + string(quoted) + `}`
}

func TestAnswersOfKQL(t *testing.T) {
	p := open(t)
	agent := p.toolAgent()
	for name, body := range map[string]string{
		"kql-rows":      kqlBody(`SecurityIncident | where Source == "authored" | sort by IncidentNumber asc | project IncidentId, IncidentNumber, Title, Severity, TimeGenerated, Age = TimeGenerated - FirstActivityTime, Tactics | take 3`),
		"kql-groups":    kqlBody(`Evidence | summarize N = count(), First = min(TimeGenerated) by Type, Flagged | sort by N desc, Type asc | take 5`),
		"kql-none":      kqlBody(`Evidence | where Type == "nothing"`),
		"kql-clamped":   `{"query":"SecurityAlert | where false","max_rows":1000}`,
		"kql-truncated": `{"query":"SecurityAlert | project n = 1","max_rows":"1"}`,
		"kql-table":     kqlBody(`SigninLog | take 1`),
		"kql-column":    kqlBody(`Evidence | where Acount == "x"`),
		"kql-construct": kqlBody("Evidence\n| mv-expand Fields"),
		"kql-rows-0":    `{"query":"Evidence","max_rows":0}`,
		"kql-no-query":  `{"max_rows":5}`,
		"kql-long":      `{"query":"` + strings.Repeat("x", 16385) + `"}`,
		"kql-unknown":   `{"query":"Evidence","timespan":"P1D"}`,
	} {
		t.Run(name, func(t *testing.T) {
			webtest.Golden(t, *update, "tool/"+name+".golden", p.Ask("POST", p.agentTool("/kql/query"), body, agent))
		})
	}
	t.Run("kql-tables", func(t *testing.T) {
		webtest.Golden(t, *update, "tool/kql-tables.golden", p.Ask("GET", p.agentTool("/kql/tables"), "", agent))
	})
	t.Run("kql-columns", func(t *testing.T) {
		webtest.Golden(t, *update, "tool/kql-columns.golden", p.Ask("POST", p.agentTool("/kql/tables/columns"), `{"table_names":["Evidence","evidence","SecurityAlert"]}`, agent))
	})
	t.Run("kql-columns-none", func(t *testing.T) {
		webtest.Golden(t, *update, "tool/kql-columns-none.golden", p.Ask("POST", p.agentTool("/kql/tables/columns"), `{"table_names":[]}`, agent))
	})
}

// custom is a time filter over all of the demonstration's time.
const custom = "TimeFilteringType=Custom&StartDate=2026-04-20T00:00:00Z&EndDate=2026-06-01T00:00:00Z"

func TestAnswersOfTheReadingTools(t *testing.T) {
	p := open(t)
	agent := p.toolAgent()
	scan := p.byID(t, "authored-2")
	for name, target := range map[string]string{
		"user":             p.agentTool("/users/alyssat%40vnevado.alpineskihouse.co"),
		"user-none":        p.agentTool("/users/nobody%40corp.example"),
		"signins":          p.agentTool("/users/m.rossi%40corp.example/signin-logs?" + custom + "&EntityName=m.rossi"),
		"signins-none":     p.agentTool("/users/m.rossi%40corp.example/signin-logs"),
		"signins-nobody":   p.agentTool("/users/nobody/signin-logs"),
		"signins-token":    p.agentTool("/users/nobody/signin-logs?cursor=Gd41"),
		"timeline":         p.agentTool("/devices/lt-0412/timeline?alertTime=2026-05-18T08:00:00Z"),
		"timeline-none":    p.agentTool("/devices/none/timeline?alertTime=2026-05-18T08:00:00Z"),
		"timeline-no-time": p.agentTool("/devices/lt-0412/timeline"),
		"related":          p.tool(scan, "/related-by-entity?EntityKind=account&EntityFilter=m.rossi%40corp.example&"+custom),
		"related-kind":     p.tool(scan, "/related-by-entity?EntityKind=Printer&EntityFilter=x"),
		"related-incident": p.tool(soc.Incident{Source: "authored", ExternalID: "none"}, "/related-by-entity?EntityKind=Host&EntityFilter=x"),
	} {
		t.Run(name, func(t *testing.T) {
			webtest.Golden(t, *update, "tool/"+name+".golden", p.Ask("GET", target, "", agent))
		})
	}
}

// Pages of a timeline hold every row once, and folding loses nothing.
func TestTimelinePagesHoldEveryRowOnce(t *testing.T) {
	p := open(t)
	agent := p.toolAgent()
	count := webtest.Decode[struct {
		Data struct {
			Rows []struct{ N int }
		}
	}](t, p.Ask("POST", p.agentTool("/kql/query"), kqlBody(`DeviceProcessEvents | where TimeGenerated between (datetime(2024-06-20T08:51:07Z) - 12h .. 24h) | where DeviceName =~ "vnevado-win10v.vnevado.alpineskihouse.co" | summarize N = count()`), agent), 200)
	type page struct {
		Data struct {
			RowCount     int               `json:"row_count"`
			Truncated    bool              `json:"truncated"`
			Columns      []string          `json:"columns"`
			Rows         [][]string        `json:"rows"`
			Constants    map[string]string `json:"constants"`
			NextPageLink *string           `json:"next_page_link"`
		}
	}
	seen := map[string]bool{}
	last, cursor, processes := "", "", 0
	for {
		got := webtest.Decode[page](t, p.Ask("GET", p.agentTool("/devices/vnevado-win10v.vnevado.alpineskihouse.co/timeline?alertTime=2024-06-20T08:51:07Z"+cursor), "", agent), 200)
		for _, row := range got.Data.Rows {
			cells := map[string]string{}
			for name, value := range got.Data.Constants {
				cells[name] = value
			}
			for n, name := range got.Data.Columns {
				cells[name] = row[n]
			}
			key := cells["IncidentId"] + cells["EvidenceId"]
			if seen[key] || cells["TimeGenerated"] < last || cells["Summary"] == "" {
				t.Fatalf("%v after %s", cells, last)
			}
			seen[key], last = true, cells["TimeGenerated"]
			if cells["Type"] == "process" {
				processes++
			}
		}
		if got.Data.RowCount != len(got.Data.Rows) || got.Data.Truncated != (got.Data.NextPageLink != nil) {
			t.Fatalf("%+v", got.Data)
		}
		if got.Data.NextPageLink == nil {
			break
		}
		cursor = "&cursor=" + url.QueryEscape(*got.Data.NextPageLink)
	}
	if len(seen) < 100 || processes == 0 || processes != count.Data.Rows[0].N {
		t.Errorf("%d rows, %d processes, %d asked for", len(seen), processes, count.Data.Rows[0].N)
	}
}
