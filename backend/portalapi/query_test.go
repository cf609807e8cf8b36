package portalapi_test

import (
	"encoding/json"
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
