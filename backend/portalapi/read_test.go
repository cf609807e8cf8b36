package portalapi_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vedette/backend/soc"
	"vedette/backend/store"
	"vedette/backend/web/webtest"
)

type table struct {
	Data struct {
		Columns   []string   `json:"columns"`
		Rows      [][]string `json:"rows"`
		TotalRows int        `json:"totalRows"`
	} `json:"data"`
	Pagination struct {
		ContinuationToken *string `json:"continuationToken"`
		HasMore           bool    `json:"hasMore"`
	} `json:"pagination"`
}

func TestAnswersOfTheReads(t *testing.T) {
	p := open(t)
	scan := p.byID(t, "authored-2")
	if _, err := p.Desk.AddComment(t.Context(), p.by(), soc.IncidentRef{ID: scan.ID}, soc.NewComment{Body: "First <b>note</b>\r\nof [E1] "}); err != nil {
		t.Fatal(err)
	}
	p.startGamebook(t, scan)
	custom := "TimeFilteringType=Custom&StartDate=2024-01-01T00:00:00Z&EndDate=2024-12-31T00:00:00%2B02:00"
	for name, target := range map[string]string{
		"incident":         p.incident(scan, "?withDetails=true"),
		"incident-source":  p.incident(p.find(t, "Sentinel"), "/evidence?pageSize=2"),
		"evidence":         p.incident(scan, "/evidence"),
		"evidence-none":    p.incident(p.bare(t), "/evidence"),
		"comments":         p.incident(scan, "/comments"),
		"comments-none":    p.incident(p.find(t, "Sentinel"), "/comments"),
		"last-gamebook":    p.incident(scan, "/last-gamebook"),
		"by-entity":        p.list("authored", "EntityKind=HOST&EntityFilter=ep-2001"),
		"by-entity-none":   p.list("authored", "EntityKind=Ip&EntityFilter=192.0.2.77"),
		"by-entity-window": p.list("Sentinel", "entitykind=Host&entityfilter=vnevado-win11a&"+custom),
		"unknown-incident": p.incident(soc.Incident{Source: "Sentinel", ExternalID: "none"}, ""),
		"unknown-source":   p.incident(soc.Incident{Source: "sentinel", ExternalID: "none"}, ""),
		"unknown-query":    p.incident(scan, "?details=1&withDetails=yes"),
		"bad-token":        p.incident(scan, "/evidence?continuationToken=Gd41"),
		"no-gamebook":      p.incident(p.find(t, "Sentinel"), "/last-gamebook"),
	} {
		t.Run(name, func(t *testing.T) {
			webtest.Golden(t, *update, "read/"+name+".golden", p.Ask("GET", target, "", p.reader))
		})
	}
}

// list is the path of by-entity.
func (p *portal) list(source, query string) string {
	return "/api/v2/workspaces/" + p.First + "/incidents/" + source + "/by-entity?" + query
}

func (p *portal) byID(t testing.TB, externalID string) soc.Incident {
	t.Helper()
	for _, i := range p.incidents(t) {
		if i.ExternalID == externalID {
			return i
		}
	}
	t.Fatalf("no incident %s", externalID)
	return soc.Incident{}
}

// bare is an incident that has nothing but itself.
func (p *portal) bare(t testing.TB) soc.Incident {
	p.Ingest(p.First, "generic", []byte(`{"kind":"incident","external_id":"a/b c%41é","source":"odd","title":"x","severity":"low"}`))
	return p.byID(t, "a/b c%41é")
}

func TestAnIncidentIdMayHoldAnything(t *testing.T) {
	p := open(t)
	path := p.incident(p.bare(t), "")
	if !strings.Contains(path, "a%2Fb%20c%2541%C3%A9") {
		t.Fatalf("%s holds no escapes", path)
	}
	got := webtest.Decode[struct {
		Data struct{ Incident struct{ ID string } }
	}](t, p.Ask("GET", path, "", p.reader), 200)
	if got.Data.Incident.ID != "a/b c%41é" {
		t.Errorf("got %q", got.Data.Incident.ID)
	}
	for _, other := range []string{"/odd/a%2Fb%20cA%C3%A9", "/odd/A%2Fb%20c%2541%C3%A9", "/odd/a%2Fb%20c%2541e%CC%81"} {
		if w := p.Ask("GET", "/api/v2/workspaces/"+p.First+"/incidents"+other, "", p.reader); w.Code != 404 {
			t.Errorf("%s: %d, ids are compared byte for byte", other, w.Code)
		}
	}
}

func TestEvidencePagesHoldEveryRowOnce(t *testing.T) {
	p := open(t)
	i := p.find(t, "Sentinel")
	whole := webtest.Decode[table](t, p.Ask("GET", p.incident(i, "/evidence?pageSize=500"), "", p.reader), 200)
	if len(whole.Data.Rows) != i.EvidenceCount || whole.Pagination.HasMore || whole.Data.TotalRows != i.EvidenceCount {
		t.Fatalf("%d rows of %d, total %d", len(whole.Data.Rows), i.EvidenceCount, whole.Data.TotalRows)
	}
	var rows [][]string
	next := ""
	for {
		page := webtest.Decode[table](t, p.Ask("GET", p.incident(i, "/evidence?pageSize=7"+next), "", p.reader), 200)
		if diff := cmp.Diff(whole.Data.Columns, page.Data.Columns); diff != "" {
			t.Fatal(diff)
		}
		rows = append(rows, page.Data.Rows...)
		if !page.Pagination.HasMore {
			break
		}
		next = "&continuationToken=" + *page.Pagination.ContinuationToken
	}
	if diff := cmp.Diff(whole.Data.Rows, rows); diff != "" {
		t.Error(diff)
	}
}

func TestS41CellsAreCutVisibly(t *testing.T) {
	p := open(t)
	long := strings.Repeat("é", 5000)
	p.Ingest(p.First, "generic", []byte(fmt.Sprintf(
		`{"external_id":"long","source":"odd","title":"x","severity":"low","evidence":[{"type":"note","fields":{"body":%q,"Provenance":"SensorAsserted","exact":%q}}]}`,
		long, long[:2*4096])))
	got := webtest.Decode[table](t, p.Ask("GET", p.incident(p.byID(t, "long"), "/evidence"), "", p.reader), 200)
	cells := map[string]string{}
	for _, row := range got.Data.Rows {
		for n, cell := range row {
			if cells[got.Data.Columns[n]] == "" {
				cells[got.Data.Columns[n]] = cell
			}
		}
	}
	if want := strings.Repeat("é", 4096) + "…[cut 904]"; cells["body"] != want {
		t.Errorf("body ends in %q", cells["body"][max(0, len(cells["body"])-20):])
	}
	if cells["exact"] != strings.Repeat("é", 4096) {
		t.Error("a cell of the longest length was cut")
	}
	if cells["Provenance"] != "Parsed" || cells["Fields.Provenance"] != "SensorAsserted" {
		t.Errorf("a field of the payload speaks for the server: %q %q", cells["Provenance"], cells["Fields.Provenance"])
	}
}

func TestS45PageTokensAreBound(t *testing.T) {
	p := open(t)
	i, other := p.find(t, "Sentinel"), p.byID(t, "909f13db-13ce-4584-a4b5-6aa0e67397c6")
	token := func() string {
		page := webtest.Decode[table](t, p.Ask("GET", p.incident(i, "/evidence?pageSize=1"), "", p.reader), 200)
		return "?continuationToken=" + *page.Pagination.ContinuationToken
	}
	first := token()
	somebody := p.Bearer(webtest.Key{Role: soc.RoleAdmin, Scopes: soc.AllScopes})
	for name, w := range map[string]int{
		"itself":         p.Ask("GET", p.incident(i, "/evidence"+first), "", p.reader).Code - 200,
		"another caller": p.Ask("GET", p.incident(i, "/evidence"+first), "", somebody).Code - 400,
		"another object": p.Ask("GET", p.incident(other, "/evidence"+first), "", p.reader).Code - 400,
		"another route":  p.Ask("GET", p.incident(i, "/comments"+first), "", p.reader).Code - 400,
		"altered":        p.Ask("GET", p.incident(i, "/evidence"+first+"A"), "", p.reader).Code - 400,
	} {
		if w != 0 {
			t.Errorf("%s: off by %d", name, w)
		}
	}
	p.Advance(24 * time.Hour)
	if w := p.Ask("GET", p.incident(i, "/evidence"+first), "", p.reader); w.Code != 400 || webtest.CodeOf(t, w) != "VALIDATION_ERROR" {
		t.Errorf("expired: %d %s", w.Code, w.Body)
	}
}

type related struct {
	Data struct {
		Incidents []struct {
			ID       string           `json:"id"`
			Entities []map[string]any `json:"entities"`
		} `json:"incidents"`
	} `json:"data"`
	Pagination struct {
		ContinuationToken *string `json:"continuationToken"`
	} `json:"pagination"`
}

func TestByEntityMatchesEveryIdentity(t *testing.T) {
	p := open(t)
	item := `{"external_id":"e-%d","source":"odd","title":"x","severity":"low","created_at":"2026-05-14T%02d:00:00Z","entities":[
		{"kind":"host","value":"WS-042.corp.example","properties":{"device_id":"DEV-1"}},
		{"kind":"account","value":"Ana@Corp.example","properties":{"object_id":"8D1C0000-0000-4000-8000-000000000001","mail":"ana.b@corp.example"}},
		{"kind":"file","value":"C:\\Temp\\A.exe","properties":{"sha256":"E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"}},
		{"kind":"ip","value":"::ffff:192.0.2.9"}]}`
	for n := range 3 {
		p.Ingest(p.First, "generic", []byte(fmt.Sprintf(item, n, 9+n)))
	}
	for query, want := range map[string]int{
		"EntityKind=Host&EntityFilter=ws-042.CORP.example":                                        3,
		"EntityKind=host&EntityFilter=ws-042":                                                     3,
		"EntityKind=Host&EntityFilter=dev-1":                                                      3,
		"EntityKind=Account&EntityFilter=ANA@corp.example":                                        3,
		"EntityKind=Account&EntityFilter=ana.b@corp.example":                                      3,
		"EntityKind=Account&EntityFilter=8d1c0000-0000-4000-8000-000000000001":                    3,
		"EntityKind=IP&EntityFilter=192.0.2.9":                                                    3,
		"EntityKind=File&EntityFilter=" + strings.ToLower(fileHash):                               3,
		"EntityKind=File&EntityFilter=c:%5Ctemp%5Ca.exe":                                          3,
		"EntityKind=Host&EntityFilter=ws-042&IncidentId=e-1":                                      2,
		"EntityKind=Host&EntityFilter=ws-042&IncidentId=unknown":                                  3,
		"EntityKind=Host&EntityFilter=ws-042&TimeFilteringType=ThreeHours":                        3,
		"EntityKind=Host&EntityFilter=ws":                                                         0,
		"EntityKind=Url&EntityFilter=192.0.2.9":                                                   0,
		"EntityKind=Host&EntityFilter=ws-042&EntityName=WS-042&ResourceId=x":                      3,
		"ENTITYKIND=Host&entityfilter=ws-042&timefilteringtype=FortyEightHours":                   3,
		"EntityKind=Host&EntityFilter=ws-042&TimeFilteringType=Custom&" + hours("10:30", "11:30"): 1,
	} {
		got := webtest.Decode[related](t, p.Ask("GET", p.list("odd", query), "", p.reader), 200)
		if len(got.Data.Incidents) != want {
			t.Errorf("%s: %d incidents, want %d", query, len(got.Data.Incidents), want)
		}
		for _, i := range got.Data.Incidents {
			if len(i.Entities) != 4 {
				t.Errorf("%s: %d entities", query, len(i.Entities))
			}
		}
	}
	if got := webtest.Decode[related](t, p.Ask("GET", p.list("Sentinel", "EntityKind=Host&EntityFilter=ws-042"), "", p.reader), 200); len(got.Data.Incidents) != 0 {
		t.Error("incidents of another source")
	}
}

const fileHash = "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"

func hours(from, to string) string {
	return "StartDate=2026-05-14T" + from + ":00Z&EndDate=" + url.QueryEscape("2026-05-14T"+to+":00+00:00")
}

func TestByEntityKeepsItsWindowFromPageToPage(t *testing.T) {
	p := open(t)
	for n := range 60 {
		p.Ingest(p.First, "generic", []byte(fmt.Sprintf(
			`{"external_id":"e-%d","source":"odd","title":"x","severity":"low","created_at":"2026-05-14T09:30:00Z","entities":[{"kind":"ip","value":"192.0.2.9"}]}`, n)))
	}
	query := "EntityKind=Ip&EntityFilter=192.0.2.9&TimeFilteringType=ThreeHours"
	first := webtest.Decode[related](t, p.Ask("GET", p.list("odd", query), "", p.reader), 200)
	p.Advance(2 * time.Hour) // all would be out of a window of their own
	next := "&ContinuationToken=" + *first.Pagination.ContinuationToken
	second := webtest.Decode[related](t, p.Ask("GET", p.list("odd", query+next), "", p.reader), 200)
	seen := map[string]bool{}
	for _, i := range append(first.Data.Incidents, second.Data.Incidents...) {
		seen[i.ID] = true
	}
	if len(first.Data.Incidents) != 50 || len(second.Data.Incidents) != 10 || len(seen) != 60 || second.Pagination.ContinuationToken != nil {
		t.Errorf("%d and %d, %d different", len(first.Data.Incidents), len(second.Data.Incidents), len(seen))
	}
	other := "EntityKind=Ip&EntityFilter=192.0.2.9&TimeFilteringType=SixHours"
	if w := p.Ask("GET", p.list("odd", other+next), "", p.reader); w.Code != 400 {
		t.Errorf("a token for other filters: %d", w.Code)
	}
}

func TestS44ForeignReadsLikeRandom(t *testing.T) {
	p := open(t)
	p.Ingest(p.Foreign, "generic", []byte(`{"external_id":"theirs","source":"odd","title":"x","severity":"low"}`))
	p.Ingest(p.First, "generic", []byte(`{"external_id":"ours","source":"odd","title":"x","severity":"low"}`))
	p.Ingest(p.First, "generic", []byte(`{"external_id":"elsewhere","source":"even","title":"x","severity":"low"}`))
	for _, rest := range []string{"", "/evidence", "/comments", "/last-gamebook"} {
		bodies := map[string]bool{}
		for _, id := range []string{"theirs", "random", "elsewhere"} {
			w := p.Ask("GET", p.incident(soc.Incident{Source: "odd", ExternalID: id}, rest), "", p.reader)
			if w.Code != 404 {
				t.Errorf("%s%s: %d", id, rest, w.Code)
			}
			bodies[strings.ReplaceAll(webtest.Masked(t, w), id, "(id)")] = true
		}
		if len(bodies) != 1 {
			t.Errorf("%q: the 404s differ: %v", rest, bodies)
		}
	}
	unknown := strings.Replace(p.incident(soc.Incident{Source: "odd", ExternalID: "ours"}, ""), p.First, "6eca0b1e-3c1a-4a6e-9a57-0c7f0c1f2d3e", 1)
	foreign := strings.Replace(unknown, "6eca0b1e-3c1a-4a6e-9a57-0c7f0c1f2d3e", p.Foreign, 1)
	a, b := webtest.Masked(t, p.Ask("GET", unknown, "", p.reader)), webtest.Masked(t, p.Ask("GET", foreign, "", p.reader))
	if a = strings.ReplaceAll(a, "6eca0b1e-3c1a-4a6e-9a57-0c7f0c1f2d3e", "(uuid 1)"); a != b {
		t.Error(cmp.Diff(a, b))
	}
}

func TestS38WhatAnAgentReadIsOnRecord(t *testing.T) {
	p := open(t)
	i := p.byID(t, "authored-2")
	agent := p.Bearer(webtest.Key{Kind: soc.PrincipalAgent, Role: soc.RoleViewer, Scopes: []soc.Scope{soc.ScopeIncidentsRead}})
	webtest.Decode[table](t, p.Ask("GET", p.incident(i, "/evidence?pageSize=2"), "", agent), 200)
	p.Ask("GET", p.list("authored", "EntityKind=Host&EntityFilter=ep-2001&EntityName=SEC"), "", agent)
	var ledger []soc.LedgerEntry
	var entries []soc.AuditEntry
	err := p.Store.View(t.Context(), func(r *store.Reader) (err error) {
		if entries, err = r.AuditEntries(store.AuditFilter{Workspace: p.First, Event: "agent_call", Limit: 10}); err != nil {
			return err
		}
		ledger, err = r.Ledger(p.First, entries[1].Run, 10)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 2 || !strings.Contains(entries[0].Detail, `"claims":{"EntityName":"SEC"}`) || entries[1].Run == "" {
		t.Errorf("%+v", entries)
	}
	if len(ledger) == 0 || len(ledger[0].Evidence) != 2 || ledger[0].Tool != "search_evidence" {
		t.Errorf("%+v", ledger)
	}
}

func (p *portal) startGamebook(t testing.TB, i soc.Incident) {
	t.Helper()
	at := webtest.Epoch.Add(-time.Hour)
	g := soc.Gamebook{
		ID: "GB-7K2M9Q4S", Workspace: i.Workspace, Incident: i.ID, Version: 3, Status: soc.GamebookCompleted, Class: soc.ClassReversible,
		Impact: soc.ImpactHigh, Need: soc.Need{Count: 1, Roles: []soc.Role{soc.RoleSenior}}, Digest: "sha256:9f2c", Canonical: []byte("{}"),
		QueueReasons: []soc.Code{soc.CodeCapabilityOff}, RequestedBy: "0197aaaa-0000-7000-8000-000000000001", RequestedKind: soc.PrincipalAgent,
		RequestedName: "triage-agent", ClaimedTrigger: soc.TriggerOnQueue, EffectiveTrigger: soc.TriggerOnQueue, Taint: soc.TaintClean,
		RequestedAt: at, ApprovedAt: at.Add(time.Minute), StartedAt: at.Add(2 * time.Minute), FinishedAt: at.Add(3 * time.Minute), World: "{}", Facts: "{}",
		Steps: []soc.Step{
			{
				ID: "ACT-9D3TX1PW", Workspace: i.Workspace, Gamebook: "GB-7K2M9Q4S", Ordinal: 1, Sequence: 1, Playbook: "isolate_host", PlaybookVersion: 1,
				Entity: "ENT-4F7KQN2B", EntityKind: soc.KindHost, EntityName: "SEC-SCAN01", Provenance: soc.ProvenanceSensorAsserted, Connector: "range",
				Parameters: map[string]any{"mode": "full"}, Status: soc.StepConfirmed, IdempotencyKey: "0197aaaa-0000-7000-8000-000000000002",
				DispatchedAt: at.Add(2 * time.Minute), FinishedAt: at.Add(2*time.Minute + 4260*time.Millisecond),
			},
			{
				ID: "ACT-3H8W5DQT", Workspace: i.Workspace, Gamebook: "GB-7K2M9Q4S", Ordinal: 2, Sequence: 2, Playbook: "scan_host", PlaybookVersion: 1,
				Entity: "ENT-4F7KQN2B", EntityKind: soc.KindHost, EntityName: "SEC-SCAN01", Provenance: soc.ProvenanceParsed, Connector: "range",
				Status: soc.StepNotRun, FinishedAt: at.Add(3 * time.Minute),
			},
		},
	}
	queued := g
	queued.ID, queued.Status, queued.StartedAt, queued.FinishedAt, queued.Steps, queued.PlanHash, queued.Nonce = "GB-3H8W5DQT", soc.GamebookRejected, time.Time{}, at, nil, "other", "other"
	err := p.Store.Write(t.Context(), func(tx *store.Tx) error {
		if err := tx.InsertGamebook(g); err != nil {
			return err
		}
		return tx.InsertGamebook(queued)
	})
	if err != nil {
		t.Fatal(err)
	}
}
