package backend_test

import (
	"slices"
	"strings"
	"testing"

	"vedette/backend/soc"
)

func (o *office) query(by soc.Actor, text string) soc.QueryResult {
	o.t.Helper()
	out, err := o.desk.ExecuteKQL(o.t.Context(), by, soc.Query{Text: text, MaxRows: 200})
	must(o.t, err)
	return out
}

// column are the values of the first column, each once.
func column(r soc.QueryResult) (out []string) {
	for _, row := range r.Rows {
		if text, _ := row[0].(string); !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return out
}

// Under a run token the evidence and alerts are those of its incident, and of
// other incidents a query shows what the lists show.
func TestS8QueryUnderARunSeesItsIncident(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		o.ingestDemo()
		by := o.agent("runner")
		own := o.openIncident()
		by.Run = &soc.Run{ID: "run", Workspace: o.home, Incident: own.ID, Agent: by.ID, Trigger: soc.TriggerOnQueue}
		by.Served = &soc.Served{}
		for _, table := range []string{"Evidence", "SecurityAlert", "DeviceProcessEvents", "SigninLogs"} {
			for _, id := range column(o.query(by, table+" | distinct IncidentId")) {
				if id != own.ShortID {
					t.Errorf("%s shows rows of %s", table, id)
				}
			}
		}
		shown := o.query(by, `SecurityIncident | project IncidentId, Title, Description, Tactics, ClassificationReason, AlertsCount, OwnerEmail, Severity`)
		if len(shown.Rows) < 2 {
			t.Fatal("only one incident")
		}
		for _, row := range shown.Rows {
			whole := row[2] != "" || row[3] != nil || row[4] != "" || row[5] != nil || row[6] != ""
			if whole != (row[0] == own.ShortID) || row[1] == "" || row[7] == "" {
				t.Errorf("of %v: %v", row[0], row)
			}
		}
		others := o.query(by, `SecurityIncident | where AlertsCount > 0 or isnotempty(Description) | project IncidentId`)
		if got := column(others); len(got) != 1 || got[0] != own.ShortID {
			t.Errorf("conditions look behind the veil: %v", got)
		}
		looker := host()
		looker.Workspace = o.home
		looked := 0
		for _, kind := range []soc.EntityKind{soc.KindAccount, soc.KindHost} {
			for _, i := range o.allIncidents() {
				detail, err := o.desk.GetIncident(t.Context(), looker, soc.IncidentRef{ID: i.ID}, soc.IncidentParts{Entities: true})
				must(t, err)
				for _, e := range detail.Entities {
					if e.Kind != kind || i.ID == own.ID {
						continue
					}
					looked++
					by.Served = &soc.Served{}
					if kind == soc.KindAccount {
						_, _ = o.desk.GetUserDetails(t.Context(), by, e.Value)
					} else {
						_, _ = o.desk.GetDeviceTimeline(t.Context(), by, soc.EntityRows{Value: e.Value, To: o.clock.Now(), Limit: 5})
					}
					if slices.ContainsFunc(by.Served.Incidents, func(id string) bool { return id != own.ID }) {
						t.Fatalf("%s %s was looked up in %v", kind, e.Value, by.Served.Incidents)
					}
				}
			}
		}
		if looked < 10 {
			t.Errorf("only %d entities of other incidents", looked)
		}
	})
}

// What a query hands out taints the incidents it came from, however it was
// grouped; numbers do not.
func TestS38QueryMarksWhatItServed(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		o.ingestDemo()
		own := o.openIncident()
		served := func(text string) *soc.Served {
			by := o.agent("asker")
			by.Served = &soc.Served{}
			o.query(by, text)
			return by.Served
		}
		one := `Evidence | where IncidentId == "` + own.ShortID + `"`
		for text, tainted := range map[string]bool{
			one + ` | project EvidenceId, Summary`: true, one + ` | project EvidenceId, Type`: false, one + ` | count`: false,
			one + ` | summarize make_set(Summary)`: true, one + ` | summarize max(Summary) by Type | summarize make_set(max_Summary) by Type`: true,
			one + ` | project x = strlen(Summary)`: false, one + ` | project strcat("a", tolower(Summary))`: true, one + ` | extend f = tostring(Fields.host) | distinct f`: true,
			one + ` | join kind=inner (SecurityIncident | project IncidentId, Title) on IncidentId | project Title`: true,
			one + ` | summarize n = count() by Summary | project n`:                                                 false, one + ` | where Summary has "a" | project iff(Summary has "b", "x", "y")`: false,
		} {
			got := served(text)
			if (got.Taint[own.ID] == soc.TaintTainted || got.Taint[own.ID] == soc.TaintFlagged) != tainted {
				t.Errorf("%s\ntaints %v", text, got.Taint)
			}
			if slices.ContainsFunc(got.Incidents, func(id string) bool { return id != own.ID }) {
				t.Errorf("%s\nnames %v", text, got.Incidents)
			}
		}
		rows := served(one + ` | take 2 | project Summary, EvidenceId`)
		if len(rows.Evidence[own.ID]) != 2 || rows.Rows != 2 || !strings.HasPrefix(rows.Evidence[own.ID][0], "E") {
			t.Errorf("%+v", rows)
		}
		if grouped := served(one + ` | summarize make_set(Summary)`); len(grouped.Evidence) != 0 {
			t.Errorf("a set counts as rows read: %v", grouped.Evidence)
		}
	})
}

// An answer without a record of it is none, and who may not execute may not ask.
func TestS7QueryNeedsScopeRoleAndRecord(t *testing.T) {
	o := newOffice(t)
	o.ingestDemo()
	by := o.agent("x")
	by.Served = nil
	if out, err := o.desk.ExecuteKQL(t.Context(), by, soc.Query{Text: "Evidence | count"}); soc.KindOf(err) != soc.Internal || len(out.Rows) > 0 {
		t.Errorf("%v %v", out, err)
	}
	by = o.agent("x")
	by.Role = soc.RoleAnalyst
	if _, err := o.desk.ExecuteKQL(t.Context(), by, soc.Query{Text: "Evidence | count"}); soc.KindOf(err) != soc.Denied {
		t.Errorf("an analyst: %v", err)
	}
	by = o.agent("x")
	by.Scopes = []soc.Scope{soc.ScopeAgentToolsRead}
	if _, err := o.desk.ExecuteKQL(t.Context(), by, soc.Query{Text: "Evidence | count"}); soc.KindOf(err) != soc.Denied {
		t.Errorf("without the scope: %v", err)
	}
}
