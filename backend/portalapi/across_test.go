package portalapi_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vedette/backend/soc"
	"vedette/backend/web/webtest"
)

const acrossTarget = "/api/v2/incidents/across-workspaces"

type pageTokens struct {
	WorkspaceID  string            `json:"workspaceId"`
	SourceTokens map[string]string `json:"sourceTokens"`
}

type acrossAnswer struct {
	Data struct {
		Incidents []struct {
			ID, WorkspaceID, Source string
			CreationTime            time.Time
		} `json:"incidents"`
		SourcePageTokens       []pageTokens `json:"sourcePageTokens"`
		MoreIncidentsAvailable bool         `json:"moreIncidentsAvailable"`
		UnavailableWorkspaces  []string     `json:"unavailableWorkspaces"`
	} `json:"data"`
}

// manager is a service account of both workspaces of the organization.
func (p *portal) manager() string {
	return p.Bearer(webtest.Key{Role: soc.RoleAnalyst, Basic: true, Workspaces: []string{p.First, p.Second}, Scopes: []soc.Scope{
		soc.ScopeIncidentsRead, soc.ScopeIncidentsComments, soc.ScopeIncidentsWrite, soc.ScopeGamebooksRead, soc.ScopeDatasourcesRead,
	}})
}

// spread ingests incidents of three sources into every workspace, many of them
// of one time.
func (p *portal) spread(count int) {
	for n, workspace := range []string{p.First, p.Second, p.Foreign} {
		var batch []string
		for k := range count {
			at := webtest.Epoch.Add(-time.Duration(k%7*(n+1)) * 17 * time.Minute)
			severity := soc.AllSeverities[(k+n)%len(soc.AllSeverities)]
			source := []string{"Sentinel", "odd", "wazuh"}[(k+n)%3]
			batch = append(batch, fmt.Sprintf(`{"external_id":"s-%d-%d","source":%q,"title":"Spread %d word%d","severity":%q,"created_at":%q}`,
				n, k, source, k, k%5, severity, at.Format(time.RFC3339)))
		}
		p.Ingest(workspace, "generic", []byte("["+strings.Join(batch, ",")+"]"))
	}
}

func (p *portal) across(body map[string]any, by string) *httptest.ResponseRecorder {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	return p.Ask("POST", acrossTarget, string(text), by)
}

// TestAcrossWorkspacesGivesEachOnceNewestFirst draws filters: the pages put
// together are what the lists of the visible workspaces hold, in order.
func TestAcrossWorkspacesGivesEachOnceNewestFirst(t *testing.T) {
	p := open(t)
	p.spread(70)
	by := p.manager()
	var all []soc.Incident
	for _, workspace := range []string{p.First, p.Second} {
		host := p.Host
		host.Workspace = workspace
		page, err := p.Desk.ListIncidents(t.Context(), host, soc.IncidentFilter{Limit: 500})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page.Incidents...)
	}
	rapid.Check(t, func(r *rapid.T) {
		p.Advance(time.Second) // the bucket refills
		body := map[string]any{}
		keep := func(soc.Incident) bool { return true }
		narrow := func(name string, words []string, of func(soc.Incident) string) {
			if rapid.Bool().Draw(r, name) {
				chosen := rapid.SliceOfNDistinct(rapid.SampledFrom(words), 1, len(words), rapid.ID[string]).Draw(r, name+" words")
				body[name] = chosen
				also := keep
				keep = func(i soc.Incident) bool { return also(i) && slices.Contains(chosen, of(i)) }
			}
		}
		narrow("sources", []string{"Sentinel", "odd", "wazuh", "QRadar"}, func(i soc.Incident) string { return i.Source })
		narrow("severities", soc.PortalSeverity.All(), func(i soc.Incident) string { return soc.PortalSeverity.Word(i.Severity) })
		narrow("statuses", soc.PortalStatus.All(), func(i soc.Incident) string { return soc.PortalStatus.Word(i.Status) })
		hours := rapid.SampledFrom([]time.Duration{3, 24}).Draw(r, "hours")
		body["timeFilterSelection"] = map[string]any{"type": map[time.Duration]string{3: "ThreeHours", 24: "TwentyFourHours"}[hours]}
		since := p.Now().Add(-hours * time.Hour)
		if rapid.IntRange(0, 3).Draw(r, "query") == 0 {
			body["query"] = "SPREAD word1"
			also := keep
			keep = func(i soc.Incident) bool { return also(i) && strings.HasSuffix(i.Title, " word1") }
		}
		if rapid.IntRange(0, 4).Draw(r, "unassigned") == 0 {
			body["includeUnassigned"] = true
		}
		var want []string
		for _, i := range all {
			if keep(i) && !i.CreatedAt.Before(since) && !i.CreatedAt.After(p.Now()) {
				want = append(want, i.ExternalID)
			}
		}
		slices.Sort(want)
		var got []string
		var last time.Time
		for {
			w := p.across(body, by)
			if w.Code != 200 {
				r.Fatalf("%d %s", w.Code, w.Body)
			}
			var a acrossAnswer
			if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
				r.Fatal(err)
			}
			for _, i := range a.Data.Incidents {
				if !last.IsZero() && i.CreationTime.After(last) {
					r.Fatalf("%s of %s comes after one of %s", i.ID, i.CreationTime, last)
				}
				last = i.CreationTime
				got = append(got, i.ID)
			}
			if a.Data.MoreIncidentsAvailable != (len(a.Data.SourcePageTokens) > 0) || len(a.Data.Incidents) > 50 ||
				a.Data.MoreIncidentsAvailable && len(a.Data.Incidents) != 50 || len(got) > len(all) {
				r.Fatalf("%d incidents, more %v, tokens %v", len(a.Data.Incidents), a.Data.MoreIncidentsAvailable, a.Data.SourcePageTokens)
			}
			if !a.Data.MoreIncidentsAvailable {
				break
			}
			body["workspacePageTokens"], body["isFirstCall"] = a.Data.SourcePageTokens, false
		}
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			r.Fatalf("%v (-want +got):\n%s", body, diff)
		}
	})
}

func TestS45TokensAcrossWorkspacesAreTakenAsGivenOnly(t *testing.T) {
	p := open(t)
	p.spread(150)
	by := p.manager()
	first := webtest.Decode[acrossAnswer](t, p.across(map[string]any{}, by), 200).Data.SourcePageTokens
	second := webtest.Decode[acrossAnswer](t, p.across(map[string]any{"workspacePageTokens": first}, by), 200).Data.SourcePageTokens
	if len(first) != 2 || len(first[0].SourceTokens) < 2 || len(second) == 0 {
		t.Fatalf("%d, %d", len(first), len(second))
	}
	with := func(change func(tokens []pageTokens) []pageTokens) []pageTokens {
		var copied []pageTokens
		text, _ := json.Marshal(first)
		_ = json.Unmarshal(text, &copied)
		return change(copied)
	}
	source := func(tokens []pageTokens, n int, source string) *pageTokens {
		tokens[n].SourceTokens[source] = tokens[n].SourceTokens["odd"]
		return &tokens[n]
	}
	alone := p.Bearer(webtest.Key{Role: soc.RoleAnalyst, Basic: true, Workspaces: []string{p.First}, Scopes: []soc.Scope{soc.ScopeIncidentsRead}})
	for name, c := range map[string]struct {
		tokens []pageTokens
		by     string
		more   map[string]any
		status int
	}{
		"as given":         {tokens: first, status: 200},
		"one dropped":      {tokens: first[:1], status: 200},
		"a source dropped": {tokens: with(func(t []pageTokens) []pageTokens { delete(t[0].SourceTokens, "odd"); return t }), status: 200},
		"repeated":         {tokens: append(with(func(t []pageTokens) []pageTokens { return t }), first[0]), status: 400},
		"for another source": {tokens: with(func(t []pageTokens) []pageTokens {
			return []pageTokens{*source(t, 0, "wazuh")}
		}), status: 400},
		"for another workspace": {tokens: with(func(t []pageTokens) []pageTokens {
			t[0].SourceTokens, t[1].SourceTokens = t[1].SourceTokens, t[0].SourceTokens
			return t
		}), status: 400},
		"altered": {tokens: with(func(t []pageTokens) []pageTokens {
			t[0].SourceTokens["odd"] = "Gd41" + t[0].SourceTokens["odd"][4:]
			return t
		}), status: 400},
		"empty": {tokens: with(func(t []pageTokens) []pageTokens { t[0].SourceTokens = map[string]string{}; return t }), status: 400},
		"one of an earlier answer": {tokens: with(func(t []pageTokens) []pageTokens {
			return append(t[:1], second[len(second)-1])
		}), status: 400},
		"another caller's": {tokens: first[:1], by: alone, status: 400},
		"other filters":    {tokens: first, more: map[string]any{"severities": []string{"High"}}, status: 400},
		"first call":       {tokens: first, more: map[string]any{"isFirstCall": true}, status: 400},
		"no tokens":        {more: map[string]any{"isFirstCall": false}, status: 400},
	} {
		body := map[string]any{"workspacePageTokens": c.tokens}
		for name, value := range c.more {
			body[name] = value
		}
		if c.by == "" {
			c.by = by
		}
		if w := p.across(body, c.by); w.Code != c.status {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	p.Advance(25 * time.Hour)
	if w := p.across(map[string]any{"workspacePageTokens": first}, by); w.Code != 400 {
		t.Errorf("after a day: %d", w.Code)
	}
}

func TestAnswersAcrossWorkspaces(t *testing.T) {
	p := open(t)
	p.Ingest(p.First, "generic", []byte(`{"external_id":"a-1","source":"odd","title":"Beacon","severity":"high","created_at":"2026-05-14T11:00:00Z","entities":[{"kind":"ip","value":"192.0.2.9"}]}`))
	p.Ingest(p.Second, "generic", []byte(`{"external_id":"a-2","source":"wazuh","title":"Login","severity":"low","created_at":"2026-05-14T11:30:00Z"}`))
	p.Ingest(p.Foreign, "generic", []byte(`{"external_id":"theirs","source":"theirs","title":"Beacon","severity":"low","created_at":"2026-05-14T11:30:00Z"}`))
	for name, body := range map[string]string{
		"found":          `{"isFirstCall":true,"workspacePageTokens":[],"timeFilterSelection":{"type":"ThreeHours"}}`,
		"query":          `{"query":"BEACON a 1","timeFilterSelection":{"type":"ThreeHours"}}`,
		"none":           `{"query":"nothing"}`,
		"unknown-source": `{"sources":["sentinel"]}`,
		"foreign-source": `{"sources":["theirs"]}`,
		"unknown-word":   `{"severities":["high"],"statuses":["Open"]}`,
		"dates":          `{"timeFilterSelection":{"type":"Custom","customStartUtc":"2026-05-14T01:00:00Z"}}`,
		"dates-beside":   `{"timeFilterSelection":{"type":"SixHours","customEndUtc":"2026-05-14T01:00:00Z"}}`,
		"first-call":     `{"isFirstCall":false}`,
		"bad-token":      `{"workspacePageTokens":[{"workspaceId":"` + p.First + `","sourceTokens":{"odd":"Gd41"}}]}`,
		"unknown-member": `{"pageSize":5}`,
		"empty-text":     `{"assigneeIds":[""]}`,
	} {
		t.Run(name, func(t *testing.T) {
			webtest.Golden(t, *update, "across/"+name+".golden", p.Ask("POST", acrossTarget, body, p.manager()))
		})
	}
}

// TestAcrossWorkspacesSaysWhatItCouldNotRead damages a row of one workspace.
func TestAcrossWorkspacesSaysWhatItCouldNotRead(t *testing.T) {
	p := open(t)
	p.spread(3)
	lite, _ := p.Store.Pools()
	if _, err := lite.Exec(`UPDATE incident SET tactics = 'x' WHERE workspace_id = ?`, p.Second); err != nil {
		t.Fatal(err)
	}
	a := webtest.Decode[acrossAnswer](t, p.across(map[string]any{}, p.manager()), 200)
	if !slices.Equal(a.Data.UnavailableWorkspaces, []string{p.Second}) || len(a.Data.Incidents) == 0 || a.Data.MoreIncidentsAvailable {
		t.Errorf("%+v", a.Data)
	}
	for _, i := range a.Data.Incidents {
		if i.WorkspaceID != p.First {
			t.Errorf("%+v", i)
		}
	}
	alone := p.Bearer(webtest.Key{Role: soc.RoleViewer, Basic: true, Workspaces: []string{p.Second}, Scopes: []soc.Scope{soc.ScopeIncidentsRead}})
	if w := p.across(map[string]any{}, alone); w.Code != 500 {
		t.Errorf("nothing could be read: %d", w.Code)
	}
}

// TestS38ServedAcrossWorkspacesTaints: one incident in the answer makes no run
// in no workspace.
func TestS38ServedAcrossWorkspacesTaints(t *testing.T) {
	p := open(t)
	p.Ingest(p.First, "generic", []byte(`{"external_id":"a-1","source":"odd","title":"Beacon","severity":"high","created_at":"2026-05-14T11:00:00Z"}`))
	agent := p.Bearer(webtest.Key{Kind: soc.PrincipalAgent, Role: soc.RoleViewer, Scopes: []soc.Scope{soc.ScopeIncidentsRead}})
	a := webtest.Decode[acrossAnswer](t, p.across(map[string]any{"sources": []string{"odd"}}, agent), 200)
	if len(a.Data.Incidents) != 1 {
		t.Errorf("%+v", a.Data)
	}
}
