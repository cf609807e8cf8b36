package eval

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"vedette/agent/measure"
	"vedette/backend/soc"
)

// shelf answers searches: by type, else everything; asked for all words, it
// gives the rows that hold them.
type shelf [][3]string // id, type, text

func (s shelf) Call(_ context.Context, _ string, arguments any) (string, error) {
	in := arguments.(Search)
	rows := [][]string{}
	for _, row := range s {
		if in.Type != "" && in.Type != row[1] || in.Match == "" && !strings.Contains(strings.ToLower(row[2]), strings.ToLower(in.Query)) {
			continue
		}
		rows = append(rows, []string{row[0], "", "", row[1], "", row[2]})
	}
	raw, err := json.Marshal(map[string]any{"rows": rows})
	return string(raw), err
}

// TestT28EvidenceAnswers: what counts as found, and where a miss would have been.
func TestT28EvidenceAnswers(t *testing.T) {
	rows := shelf{
		{"E1", "network", "address=192.0.2.7"},
		{"E2", "file", `path=C:\Temp\Drop\a.exe`},
		{"E3", "registry", "key=HKLM run"},
		{"E4", "network", strings.Repeat("filler ", 4*LookupTokens/7) + "198.51.100.9"},
	}
	set := Questions{Questions: []Question{
		{"found", "1", "", "Which IP address?", "192.0.2.7"},
		{"folded", "1", "", "Which file?", `c:\temp\DROP\ a.exe`},
		{"cut", "1", "", "Which IP address?", "198.51.100.9"},
		{"nowhere", "1", "", "Which host?", "ws-99"},
	}}
	lookups, err := Ask(context.Background(), set, map[string]string{"1": "INC-1"}, rows, func(int, int) {})
	if err != nil {
		t.Fatal(err)
	}
	for i, why := range []string{"", "", "in the answer, beyond its budget", "in no evidence row by its words"} {
		if got := lookups[i]; got.Found != (why == "") || got.Why != why || len(got.Asked) != LookupCalls || got.Characters > 4*LookupCalls*LookupTokens {
			t.Errorf("%s: %+v, want %q", got.ID, got, why)
		}
	}
	report := measure.LookupReport{Set: "excytin", Split: "dev", Calls: LookupCalls, Tokens: LookupTokens}.Assemble(lookups)
	if report.Rate.N != 2 || report.Rate.Of != 4 || !strings.Contains(string(report.Markdown()), "| in no evidence row by its words | 1 |") {
		t.Errorf("%+v\n%s", report.Rate, report.Markdown())
	}
	if _, err := report.HTML(); err != nil {
		t.Error(err)
	}
	if _, err := Ask(context.Background(), set, nil, rows, func(int, int) {}); err == nil {
		t.Error("a question about an incident that was not ingested is answered")
	}
}

// TestPlanReadsNoLabel: the calls are made of the question alone, three of them,
// within what the tool takes.
func TestPlanReadsNoLabel(t *testing.T) {
	q := Question{Text: "What is the IP address of the `mail` sender?", Context: strings.Repeat("long context words ", 60), Answer: "192.0.2.7"}
	calls := Plan(q, "INC-1")
	q.Answer, q.ID = "another", "another"
	if fmt.Sprint(Plan(q, "INC-1")) != fmt.Sprint(calls) || len(calls) != LookupCalls {
		t.Errorf("%v", calls)
	}
	if calls[0].Type != "network" || calls[0].Query != "ip address mail sender" || calls[1].Type != "mail" || calls[2].Type != "" {
		t.Errorf("%+v", calls)
	}
	for _, call := range calls {
		if len(call.Query) > queryWidth || call.Match != "any" {
			t.Errorf("%+v", call)
		}
	}
}

func TestReadQuestions(t *testing.T) {
	folder := t.TempDir()
	o := Options{Split: "dev", Data: folder, Delay: time.Hour}
	refuse := func(want string) {
		t.Helper()
		_, err := ReadQuestions(o)
		if err == nil || !strings.Contains(fmt.Sprint(err, soc.AsError(err).Fields), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	refuse("evidence_qa.dev.jsonl")
	write(t, folder, "evidence_qa.train.jsonl", `{"id":"1","incident":"5","question":"Q"}`)
	refuse("line 1")
	row := `{"id":"%s","incident":"5","context":{"a":"b"},"question":"Q?","answer":"A","answerable_from_alerts":%t}` + "\n"
	write(t, folder, "evidence_qa.train.jsonl", fmt.Sprintf(row, "1", false))
	refuse("no question that can be asked (1 read)")
	write(t, folder, "evidence_qa.train.jsonl", fmt.Sprintf(row+row, "1", false, "2", true))
	refuse("security_incidents.jsonl")
	write(t, folder, "security_incidents.jsonl", `{"IncidentNumber":"5"}`)
	write(t, folder, "security_alerts.jsonl", "{}\n{}")
	set, err := ReadQuestions(o)
	if err != nil || len(set.Questions) != 1 || set.Read != 2 || len(set.Alerts) != 2 || fmt.Sprint(set.Numbers) != "[5]" || set.Questions[0].Context != `{"a":"b"}` {
		t.Errorf("%+v, %v", set, err)
	}
}
