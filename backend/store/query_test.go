package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"vedette/backend/soc"
	"vedette/backend/soc/kql"
)

// queryNow is what now() means in these tests.
var queryNow = fixtureTime.Add(time.Hour)

func queryPlan(t testing.TB, text string) *kql.Plan {
	t.Helper()
	q, err := kql.Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	plan, err := q.Check(QueryTables(), queryNow)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return plan
}

// ask runs a query and writes its rows as lines.
func ask(t testing.TB, s *Store, workspace, text string) string {
	t.Helper()
	answer, err := s.Query(context.Background(), queryPlan(t, text), QueryScope{Workspace: workspace, Limit: kql.MaxRows})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return lines(answer)
}

func lines(answer QueryAnswer) string {
	var b strings.Builder
	for n, row := range answer.Rows {
		if n > 0 {
			b.WriteByte('\n')
		}
		for i, v := range row {
			if i > 0 {
				b.WriteByte('|')
			}
			fmt.Fprint(&b, v)
		}
	}
	return b.String()
}

// queryWorkspace is two incidents with four rows of evidence and three alerts.
func queryWorkspace(t testing.TB, s *Store) (workspace string, incidents []soc.Incident) {
	workspace = makeWorkspace(t, s)
	for n := range 2 {
		i := newIncident(workspace)
		i.Title, i.Severity = []string{"Quiet", "Loud <b>"}[n], []soc.Severity{soc.SeverityLow, soc.SeverityHigh}[n]
		i.CreatedAt = fixtureTime.Add(time.Duration(n) * time.Minute)
		incidents = append(incidents, insertIncident(t, s, i))
	}
	write(t, s, func(tx *Tx) error {
		for n, e := range []soc.Evidence{
			{Type: "process", Text: "powershell.exe -enc SQBFAFgA", Fields: []soc.Field{{Name: "command_line", Value: `powershell.exe -enc "SQ" <&> {"name":"x","value":"y"}`}, {Name: "process_id", Value: "4711"}, {Name: "host", Value: "WS-042"}}},
			{Type: "network", Text: "10.0.0.5 to 192.0.2.7", Fields: []soc.Field{{Name: "dest_ip", Value: "192.0.2.7"}, {Name: "dest_ip", Value: "192.0.2.8"}, {Name: "json", Value: `{"a": [1, {"b": "c\u00e9"}], "n": null, "a": [2]}`}}},
			{Type: "process", Text: "cmd.exe /c WHOAMI", Fields: nil, Flags: []soc.Flag{{Rule: "r"}}},
			{Type: "logon", Text: "Logon of Ünal", Fields: []soc.Field{{Name: "account", Value: "ünal@corp.example"}}},
		} {
			e.Workspace, e.Incident, e.Number = workspace, incidents[n/2].ID, n%2+1
			e.Source, e.Provenance, e.At = "Sentinel", soc.ProvenanceParsed, fixtureTime.Add(time.Duration(n)*time.Minute)
			if err := tx.InsertEvidence(e); err != nil {
				return err
			}
		}
		for n := range 3 {
			a := soc.Alert{
				ID: fmt.Sprintf("ALR-%d-%d", n, incidents[0].Number), Workspace: workspace, Source: "Sentinel", ExternalID: fmt.Sprint("x", n), Title: fmt.Sprint("Alert ", n), Severity: soc.SeverityHigh,
				Product: "Defender", Tactics: []string{"Execution"}, CreatedAt: fixtureTime.Add(time.Duration(n) * time.Second), IngestedAt: fixtureTime, Raw: []byte("{}"),
				Status: soc.AlertTriage, SentSeverity: soc.SeverityHigh, RepeatCount: 1, UID: uuid.NewString(),
			}
			if n < 2 {
				a.Incident, a.Status = incidents[0].ID, soc.AlertEscalated
			}
			if err := tx.InsertAlert(a); err != nil {
				return err
			}
		}
		return nil
	})
	return workspace, incidents
}

func TestQueriesOnBothEngines(t *testing.T) {
	engines(t, func(t *testing.T, s *Store) {
		workspace, incidents := queryWorkspace(t, s)
		for text, want := range map[string]string{
			`Evidence | count`:                    "4",
			`Evidence | project EvidenceId, Type`: "E2|logon\nE1|process\nE2|network\nE1|process",
			`Evidence | sort by Type asc, Summary desc | project Type, Summary | take 3`:                                                                                                                   "logon|Logon of Ünal\nnetwork|10.0.0.5 to 192.0.2.7\nprocess|powershell.exe -enc SQBFAFgA",
			`Evidence | where Summary has "whoami"` + ` | project Summary`:                                                                                                                                 "cmd.exe /c WHOAMI",
			`Evidence | where Summary has "exe" and Summary !has "powershell" | project EvidenceId`:                                                                                                        "E1",
			`Evidence | where Summary contains "ÜNALx" | count`:                                                                                                                                            "0",
			`Evidence | where Summary contains "ün" | count`:                                                                                                                                               "0",
			`Evidence | where Summary contains "NAL" | count`:                                                                                                                                              "1",
			`Evidence | where Summary startswith "POWER" or Summary endswith "ünal" | count`:                                                                                                               "1",
			`Evidence | where Summary matches regex @"(?i)^(power|CMD)\.?\w+.*\b(SQ\w+|whoami)$" | count`:                                                                                                  "2",
			`Evidence | where Summary matches regex @"\d+\.\d+\.\d+\.\d+" | project Type`:                                                                                                                  "network",
			`Evidence | where TimeGenerated > ago(58m) | count`:                                                                                                                                            "1",
			`Evidence | where TimeGenerated between (ago(1h) .. 1m) | count`:                                                                                                                               "2",
			`Evidence | extend M = bin(TimeGenerated, 1h) | summarize n = count() by M | project n, M == datetime(2026-03-14T09:00:00Z)`:                                                                   "4|true",
			`Evidence | summarize N = count(), T = make_set(Type) by IncidentId | sort by IncidentId asc | project N, T`:                                                                                   "2|[\"network\",\"process\"]\n2|[\"logon\",\"process\"]",
			`Evidence | summarize dcount(Type), countif(Type == "process"), max(Summary), min(Summary)`:                                                                                                    "3|2|powershell.exe -enc SQBFAFgA|10.0.0.5 to 192.0.2.7",
			`Evidence | where Type == "network" | project tostring(Fields.dest_ip), Fields.nothing, tostring(parse_json(tostring(Fields.json)).a[0])`:                                                      "192.0.2.7; 192.0.2.8|<nil>|2",
			`Evidence | where Type == "process" and isnotempty(tostring(Fields.process_id)) | project toint(tostring(Fields.process_id)) + 1, tostring(Fields.command_line)`:                               `4712|powershell.exe -enc "SQ" <&> {"name":"x","value":"y"}`,
			`Evidence | distinct Type | sort by Type asc`:                                                                                                                                                  "logon\nnetwork\nprocess",
			`Evidence | where Type in ("logon", "x") | project strcat(Type, "-", strlen(Summary), "-", true), toupper(Summary)`:                                                                            "logon-13-true|LOGON OF ÜNAL",
			`Evidence | where Flagged | project Flagged, 7 / 2, -7 % 3, 7.0 / 2, 1 / 0`:                                                                                                                    "true|3|2|3.5|<nil>",
			`SecurityIncident | project IncidentNumber > 0, Title, Severity, Status`:                                                                                                                       "true|Loud <b>|High|New\ntrue|Quiet|Low|New",
			`SecurityAlert | where AlertSeverity == "High" | top 2 by AlertName asc | project AlertName, isempty(IncidentId)`:                                                                              "Alert 0|false\nAlert 1|false",
			`SecurityAlert | join kind=leftouter (SecurityIncident | project IncidentId, Title, IncidentNumber) on IncidentId | sort by AlertName asc | project AlertName, Title, isnull(IncidentNumber1)`: "Alert 0|Quiet|false\nAlert 1|Quiet|false\nAlert 2||true",
			`SecurityAlert | join kind=inner (SecurityIncident | project Id = IncidentId, Title) on $left.IncidentId == $right.Id | summarize count() by Title`:                                            "Quiet|2",
			`let id = "` + incidents[1].ShortID + `"; Evidence | where IncidentId == id | count`:                                                                                                           "2",
			`Evidence | where false | summarize count(), sum(IncidentNumber), avg(IncidentNumber), min(Summary), max(TimeGenerated), make_set(Type)`:                                                       "0|0|<nil>||<nil>|[]",
			`Evidence | where false | summarize count() by Type`:                                                                                                                                           "",
		} {
			got := ask(t, s, workspace, text)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s\n%s", text, diff)
			}
		}
	})
}

// Kusto's page "Null values", on rows where IncidentNumber is null for one
// alert of three.
func TestNullsAreKustos(t *testing.T) {
	engines(t, func(t *testing.T, s *Store) {
		workspace, incidents := queryWorkspace(t, s)
		n := fmt.Sprint(incidents[0].Number)
		for expression, want := range map[string]string{
			`IncidentNumber == ` + n: "false true true", `IncidentNumber != ` + n: "true false false",
			`IncidentNumber == long(null)`: "<nil> false false", `IncidentNumber != long(null)`: "<nil> true true",
			`not(IncidentNumber == ` + n + `)`: "true false false", `IncidentNumber > 0`: "<nil> true true", `not(IncidentNumber > 0)`: "<nil> false false",
			`IncidentNumber in (` + n + `)`: "false true true", `IncidentNumber !in (` + n + `)`: "true false false",
			`IncidentNumber == IncidentNumber`: "<nil> true true", `IncidentNumber != IncidentNumber + 1`: "<nil> true true",
			`isnull(IncidentNumber)`: "true false false", `IncidentNumber > 0 or true`: "true true true", `IncidentNumber > 0 and false`: "false false false",
			`iff(IncidentNumber > 0, 1, 2)`: "2 1 1", `tostring(IncidentNumber) == ""`: "true false false", `StartTime - TimeGenerated`: "<nil> <nil> <nil>",
		} {
			got := strings.ReplaceAll(ask(t, s, workspace, `SecurityAlert | project x = `+expression), "\n", " ")
			if got != want {
				t.Errorf("%s: %s, want %s", expression, got, want)
			}
		}
		if got := ask(t, s, workspace, `SecurityAlert | where IncidentNumber != `+n+` | count`); got != "1" {
			t.Errorf("where with a null: %s", got)
		}
		if got := ask(t, s, workspace, `SecurityAlert | sort by IncidentNumber asc nulls last | project isnull(IncidentNumber)`); got != "false\nfalse\ntrue" {
			t.Errorf("nulls last: %s", got)
		}
	})
}

func TestQueriesSayWhatIsTooMuch(t *testing.T) {
	engines(t, func(t *testing.T, s *Store) {
		workspace, _ := queryWorkspace(t, s)
		scope := QueryScope{Workspace: workspace, Limit: 2, Scan: 3}
		run := func(text string) (QueryAnswer, error) {
			return s.Query(context.Background(), queryPlan(t, text), scope)
		}
		for text, refused := range map[string]bool{
			`Evidence | count`: true, `Evidence | sort by Type`: true, `Evidence | where Type == "network"`: true,
			`Evidence`: false, `Evidence | take 1 | where Type == "x"`: false, `Evidence | where Type == "process" | take 1`: true,
			`Evidence | where Type in ("process", "logon") | project Type`: true,
			`Evidence | where TimeGenerated > ago(59m) | count`:            false,
		} {
			_, err := run(text)
			var e *QueryScanError
			if errors.As(err, &e) != refused || !refused && err != nil {
				t.Errorf("%s: %v", text, err)
			}
			if refused && (e.Table != "Evidence" || !e.Since.Equal(fixtureTime.Truncate(time.Microsecond))) {
				t.Errorf("%s: %+v", text, e)
			}
		}
		if answer, err := run(`Evidence | project Type`); err != nil || !answer.More || len(answer.Rows) != 2 {
			t.Errorf("%+v %v", answer, err)
		}
		scope.Scan = 0
		if _, err := run(`Evidence | extend x = 9223372036854775807 | where IncidentNumber + x > 0`); !errors.Is(err, kql.ErrRange) {
			t.Errorf("overflow: %v", err)
		}
		if _, err := run(`Evidence | extend x = 4611686018427387904 | summarize sum(x)`); !errors.Is(err, kql.ErrRange) {
			t.Errorf("overflow of a sum: %v", err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if _, err := s.Query(ctx, queryPlan(t, `Evidence | count`), scope); !errors.Is(err, ErrQueryTime) {
			t.Errorf("cancelled: %v", err)
		}
	})
}
