package store

import (
	"context"
	"errors"
	"testing"

	"vedette/backend/soc/kql"
)

// FuzzCompile runs whatever passes the check: every statement made of it is
// understood, and what fails fails in a known way.
func FuzzCompile(f *testing.F) {
	for _, s := range []string{
		`Evidence | where Summary has "x" and TimeGenerated > ago(1d) | summarize count() by Type | sort by count_ desc`, `SecurityAlert | join kind=inner (SecurityIncident | project IncidentId, Title) on IncidentId | take 3`,
		`Evidence | extend a = tostring(Fields.b['c'][0]) | where a matches regex "(?i)x|y" | distinct a`, `SecurityIncident | project iff(AlertsCount > 1, 1.5, 2.5), bin(TimeGenerated, 1h), -AlertsCount % 7`,
		`SigninLogs | summarize make_set(IPAddress, 3), dcount(UserPrincipalName), avg(IncidentNumber) by bin(TimeGenerated, 1d)`, `Evidence | where IncidentId in ("INC-1") and Flagged == true or Source =~ 'sentinel' | count | count`,
	} {
		f.Add(s)
	}
	s := openSQLite(f)
	workspace, _ := queryWorkspace(f, s)
	f.Fuzz(func(t *testing.T, text string) {
		q, err := kql.Parse(text)
		if err != nil {
			return
		}
		plan, err := q.Check(QueryTables(), queryNow)
		if err != nil {
			return
		}
		pg := &queryBuilder{dialect: postgresDialect, workspace: workspace, lineage: true}
		if _, _, err := pg.statement(plan, 10); err != nil && !errors.Is(err, errTooComplex) {
			t.Fatalf("%q: %v", text, err)
		}
		for _, lineage := range []bool{false, true} {
			_, err = s.Query(context.Background(), plan, QueryScope{Workspace: workspace, Limit: 10, Lineage: lineage})
			if err != nil && !errors.Is(err, kql.ErrRange) && !errors.Is(err, ErrQuerySize) && !errors.Is(err, ErrQueryTime) {
				t.Fatalf("%q: %v", text, err)
			}
		}
	})
}
