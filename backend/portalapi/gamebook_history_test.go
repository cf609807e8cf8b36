package portalapi_test

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"vedette/backend/portalapi"
	"vedette/backend/soc"
	"vedette/backend/web/webtest"
)

const acrossHistory = "/api/v2/gamebooks/across-workspaces/history"

func TestAnswersOfGamebookHistories(t *testing.T) {
	p := open(t)
	i := p.byID(t, "authored-2")
	p.startGamebook(t, i)
	p.Ingest(p.First, "generic", []byte(`{"external_id":"authored-2","source":"odd","title":"x","severity":"low"}`))
	unseen := "6eca0b1e-3c1a-4a6e-9a57-0c7f0c1f2d3e"
	for name, target := range map[string]string{
		"across":                acrossHistory,
		"across-past-the-end":   acrossHistory + "?currentPage=200",
		"across-status":         acrossHistory + "?statuses=Rejected,Expired&statuses=Pending&workspaces=" + p.First,
		"across-pending":        acrossHistory + "?statuses=Pending",
		"across-no-page":        acrossHistory + "?currentPage=201",
		"across-unknown-status": acrossHistory + "?statuses=rejected",
		"across-unseen":         acrossHistory + "?workspaces=" + unseen + "," + p.First,
		"across-no-guid":        acrossHistory + "?workspaces=first",
		"history":               p.workspace("/gamebooks/history"),
		"history-status":        p.workspace("/gamebooks/history?statuses=Completed"),
		"history-token":         p.workspace("/gamebooks/history?pageToken=Gd41"),
		"steps":                 p.workspace("/gamebooks/history/GB-7K2M9Q4S/playbooks?year=2026&tenantId=" + p.First),
		"steps-of-another-year": p.workspace("/gamebooks/history/GB-7K2M9Q4S/playbooks?year=2025"),
		"steps-unknown":         p.workspace("/gamebooks/history/GB-0000000A/playbooks"),
		"steps-tenant":          p.workspace("/gamebooks/history/GB-7K2M9Q4S/playbooks?tenantId=" + p.Second),
		"by-incident":           p.workspace("/gamebooks/by-incident/authored-2?source=authored"),
		"by-incident-ambiguous": p.workspace("/gamebooks/by-incident/authored-2"),
		"by-incident-none":      p.workspace("/gamebooks/by-incident/authored-2?source=odd"),
		"by-incident-unknown":   p.workspace("/gamebooks/by-incident/none"),
		"by-incident-source":    p.workspace("/gamebooks/by-incident/authored-2?source=Odd"),
	} {
		t.Run(name, func(t *testing.T) {
			webtest.Golden(t, *update, "history/"+name+".golden", p.Ask("GET", target, "", p.reader))
		})
	}
}

// TestHistoryFindsWhatWasSubmitted: a gamebook is found by its id, what it
// does, to whom, and its incident, together with any of them.
func TestHistoryFindsWhatWasSubmitted(t *testing.T) {
	p := open(t)
	i := p.byID(t, "authored-2")
	body := `{"playbooks":[{"playbook_id":"isolate_host","entity_id":"` + p.targets(t, i)["SEC-SCAN01"] + `"}]}`
	id := webtest.Decode[struct {
		Data struct {
			GamebookID string `json:"gamebook_id"`
		} `json:"data"`
	}](t, p.Ask("POST", p.tool(i, "/gamebooks"), body, p.agent()), 200).Data.GamebookID
	for query, want := range map[string]int{
		id: 1, "isolate": 1, "ISOLATE+endpoint": 1, "sec-scan01": 1, strings.ReplaceAll(i.Title, " ", "+"): 1, "10": 1, "isolate+" + id: 1,
		"isolate+quarantine": 0, "GB-0000000A": 0, "quarantine": 0, "%25": 0,
	} {
		if query == "10" && i.Number != 10 {
			t.Fatalf("number %d", i.Number)
		}
		got := webtest.Decode[struct {
			Data struct {
				Items      []struct{ ID string } `json:"items"`
				TotalCount int                   `json:"totalCount"`
			} `json:"data"`
		}](t, p.Ask("GET", acrossHistory+"?query="+query, "", p.reader), 200).Data
		if len(got.Items) != want || got.TotalCount != want {
			t.Errorf("%s: %d of %d, want %d", query, len(got.Items), got.TotalCount, want)
		}
	}
}

// TestS44HistoriesOfAnotherWorkspace: a key of another workspace sees nothing,
// and a foreign gamebook is as unknown as a random one.
func TestS44HistoriesOfAnotherWorkspace(t *testing.T) {
	p := open(t)
	p.startGamebook(t, p.byID(t, "authored-2"))
	second := p.Bearer(webtest.Key{Role: soc.RoleManager, Workspaces: []string{p.Second}, Scopes: soc.AllScopes})
	foreign := p.Bearer(webtest.Key{Role: soc.RoleManager, Workspaces: []string{p.Foreign}, Scopes: soc.AllScopes})
	for _, by := range []string{second, foreign} {
		w := p.Ask("GET", acrossHistory, "", by)
		if w.Code != 200 || !strings.Contains(w.Body.String(), `"items":[]`) {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		for _, id := range []string{p.First, "6eca0b1e-3c1a-4a6e-9a57-0c7f0c1f2d3e"} {
			if w := p.Ask("GET", acrossHistory+"?workspaces="+id, "", by); w.Code != 403 || webtest.CodeOf(t, w) != "INSUFFICIENT_WORKSPACE_ROLE" {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		}
	}
	path := "/api/v2/workspaces/" + p.Second + "/gamebooks/history/"
	a, b := p.Ask("GET", path+"GB-7K2M9Q4S/playbooks", "", second), p.Ask("GET", path+"GB-0000000A/playbooks", "", second)
	mask := func(text string) string { return regexp.MustCompile(`GB-\w+|\(GB \d\)`).ReplaceAllString(text, "(id)") }
	if a.Code != 404 || mask(webtest.Masked(t, a)) != mask(webtest.Masked(t, b)) {
		t.Errorf("%d %s %s", a.Code, a.Body, b.Body)
	}
}

// TestStatusFiltersAreTheClosedSet: the words of the filters are the states of
// gamebooks, and Pending.
func TestStatusFiltersAreTheClosedSet(t *testing.T) {
	want := []string{"Pending"}
	for _, status := range soc.AllGamebookStatuses {
		want = append(want, string(status))
	}
	for _, in := range portalapi.HistoryInputs {
		field, _ := reflect.TypeOf(in).FieldByName("Statuses")
		var got []string
		for _, word := range strings.Split(field.Tag.Get("jsonschema"), ",") {
			got = append(got, strings.TrimPrefix(word, "enum="))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%T: %v, want %v", in, got, want)
		}
	}
}
