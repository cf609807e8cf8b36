package sentinelone

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"vedette/backend/connector"
	"vedette/backend/connector/connectortest"
)

const (
	token    = "service-user-token-for-tests"
	agentID  = "657613730168123595"
	otherID  = "657613730168123596"
	fileSHA1 = "3395856ce81f2b7382dee72602f798b642f14140"
)

// tenant is a fake of one SentinelOne tenant: agents, threats and a role.
type tenant struct {
	mu      sync.Mutex
	agents  map[string]string // id to network status
	threats []*fakeThreat
	denied  map[string]bool // paths the role does not permit
	perPage int
	// settling is how many reads of an agent still show it on its way.
	settling int
	effects  int
	clock    int
}

type fakeThreat struct {
	id, sha1, verdict, status string
	notes                     []string
	mitigations               []map[string]any
}

func newTenant() *tenant {
	return &tenant{
		agents:  map[string]string{agentID: "connected", otherID: "connected"},
		threats: []*fakeThreat{{id: "715718962991148224", sha1: fileSHA1, verdict: "undefined", status: "unresolved"}},
		denied:  map[string]bool{},
		perPage: 1000,
	}
}

// body is the API's list of errors.
func body(code int, title string) string {
	return fmt.Sprintf(`{"errors":[{"code":%d,"title":%q,"detail":%q}]}`, code, title, connectortest.Canary)
}

func (f *tenant) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	const root = "/web/api/v2.1"
	switch {
	case r.Header.Get("Authorization") != "ApiToken "+token:
		connectortest.Say(w, http.StatusUnauthorized, body(4010010, "Authentication Failed"))
		return
	case f.denied[r.URL.Path]:
		connectortest.Say(w, http.StatusForbidden, body(4030010, "Insufficient permissions"))
		return
	}
	if id, rest := strings.CutPrefix(r.URL.Path, root+"/threats/"); rest && r.Method == http.MethodGet && strings.HasSuffix(id, "/notes") {
		var items []any
		for _, t := range f.threats {
			for n, text := range t.notes {
				if t.id+"/notes" == id {
					items = append(items, map[string]any{"id": strconv.Itoa(n), "text": text})
				}
			}
		}
		f.page(w, r, items)
		return
	}
	switch r.Method + " " + r.URL.Path {
	case "GET " + root + "/agents":
		f.page(w, r, f.agentItems(r))
	case "GET " + root + "/threats":
		f.page(w, r, f.threatItems(r))
	case "POST " + root + "/agents/actions/disconnect":
		f.network(w, r, "disconnecting", "disconnected")
	case "POST " + root + "/agents/actions/connect":
		f.network(w, r, "connecting", "connected")
	case "POST " + root + "/threats/mitigate/quarantine":
		f.mitigate(w, r, "quarantine")
	case "POST " + root + "/threats/mitigate/un-quarantine":
		f.mitigate(w, r, "unquarantine")
	case "POST " + root + "/threats/analyst-verdict":
		f.change(w, r, func(t *fakeThreat, data map[string]string) { t.verdict = data["analystVerdict"] })
	case "POST " + root + "/threats/incident":
		f.change(w, r, func(t *fakeThreat, data map[string]string) { t.status = data["incidentStatus"] })
	case "POST " + root + "/threats/notes":
		f.change(w, r, func(t *fakeThreat, data map[string]string) { t.notes = append(t.notes, data["text"]) })
	default:
		connectortest.Say(w, http.StatusNotFound, body(4040010, "Resource not found"))
	}
}

// page cuts a list by cursor, as the API does.
func (f *tenant) page(w http.ResponseWriter, r *http.Request, items []any) {
	limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
	limit = min(limit, f.perPage)
	from, _ := strconv.Atoi(r.URL.Query().Get("cursor"))
	until := min(from+limit, len(items))
	var next any
	if until < len(items) {
		next = strconv.Itoa(until)
	}
	connectortest.Say(w, http.StatusOK, map[string]any{
		"pagination": map[string]any{"nextCursor": next, "totalItems": len(items)}, "data": append([]any{}, items[from:until]...),
	})
}

func (f *tenant) agentItems(r *http.Request) []any {
	var items []any
	for id, status := range f.agents {
		if want := r.URL.Query().Get("ids"); want != "" && want != id {
			continue
		}
		if onTheWay := map[string]string{"disconnecting": "disconnected", "connecting": "connected"}[status]; onTheWay != "" {
			if f.settling--; f.settling < 0 {
				f.agents[id], status = onTheWay, onTheWay
			}
		}
		items = append(items, map[string]any{"id": id, "networkStatus": status, "computerName": "HOST"})
	}
	return items
}

func (f *tenant) threatItems(r *http.Request) []any {
	var items []any
	for _, t := range f.threats {
		if want := r.URL.Query().Get("contentHashes"); want != "" && want != t.sha1 {
			continue
		}
		if want := r.URL.Query().Get("ids"); want != "" && want != t.id {
			continue
		}
		items = append(items, map[string]any{
			"id":               t.id,
			"threatInfo":       map[string]any{"sha1": t.sha1, "analystVerdict": t.verdict, "incidentStatus": t.status, "threatId": t.id},
			"mitigationStatus": t.mitigations,
		})
	}
	return items
}

// selected decodes an action; one without a filter is a mistake of the test.
func selected(w http.ResponseWriter, r *http.Request) (filter map[string][]string, data map[string]string, ok bool) {
	var in struct {
		Filter map[string][]string `json:"filter"`
		Data   map[string]string   `json:"data"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || len(in.Filter) == 0 {
		connectortest.Say(w, http.StatusBadRequest, body(4000010, "Validation Error"))
		return nil, nil, false
	}
	return in.Filter, in.Data, true
}

func (f *tenant) network(w http.ResponseWriter, r *http.Request, onTheWay, done string) {
	filter, _, ok := selected(w, r)
	if !ok {
		return
	}
	affected := 0
	for id, status := range f.agents {
		if slices.Contains(filter["ids"], id) && status != done && status != onTheWay {
			f.agents[id] = onTheWay
			affected++
		}
	}
	f.effects += affected
	connectortest.Say(w, http.StatusOK, map[string]any{"data": map[string]any{"affected": affected}})
}

func (f *tenant) mitigate(w http.ResponseWriter, r *http.Request, action string) {
	filter, _, ok := selected(w, r)
	if !ok {
		return
	}
	affected := 0
	for _, t := range f.threats {
		if !slices.Contains(filter["contentHashes"], t.sha1) {
			continue
		}
		f.clock++
		t.mitigations = slices.DeleteFunc(t.mitigations, func(m map[string]any) bool { return m["action"] == action })
		t.mitigations = append(t.mitigations, map[string]any{
			"action": action, "status": "success",
			"lastUpdate": time.Date(2026, 11, 2, 9, 0, f.clock, 0, time.UTC).Format("2006-01-02T15:04:05.000000Z"),
		})
		affected++
	}
	if affected > 0 {
		f.effects++
	}
	connectortest.Say(w, http.StatusOK, map[string]any{"data": map[string]any{"affected": affected}})
}

func (f *tenant) change(w http.ResponseWriter, r *http.Request, to func(*fakeThreat, map[string]string)) {
	filter, data, ok := selected(w, r)
	if !ok {
		return
	}
	affected := 0
	for _, t := range f.threats {
		if slices.Contains(filter["ids"], t.id) {
			to(t, data)
			affected++
		}
	}
	f.effects += affected
	connectortest.Say(w, http.StatusOK, map[string]any{"data": map[string]any{"affected": affected}})
}

// bench is a tenant and a connector to it.
type bench struct {
	*tenant
	*connectortest.Vendor
	*Connector
}

func open(t *testing.T, change func(*connector.Config)) bench {
	t.Helper()
	f := newTenant()
	v := connectortest.Start(t, f)
	made := connectortest.Make[*Connector](t, v, Kind(), connector.Config{
		Secrets: map[string]string{"api_token": token},
	}, change)
	return bench{f, v, made}
}

func (b bench) shared() connectortest.Bench {
	return connectortest.NewBench(b.Connector, b.Vendor, &b.mu, &b.effects)
}
