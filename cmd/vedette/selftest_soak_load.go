package main

import (
	"context"
	"encoding/json"
	"fmt"
	mathrand "math/rand/v2"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// soakLoad is what a soak does beside the writes of the crash test: it works
// through the doors of all families, each with its own key.
type soakLoad struct {
	workspace                   string
	portal, triage, cases, keys *client
	writes                      *crashLoad

	mu       sync.Mutex
	answered map[string]int
	broken   error
}

func newSoakLoad(base string, credentials demoFile, writes *crashLoad) *soakLoad {
	return &soakLoad{
		workspace: credentials.Workspaces[0].ID, writes: writes, answered: map[string]int{},
		portal: newClient(base, credentials.Keys.AgentReadonly), triage: newClient(base, credentials.Keys.Triage),
		cases: newClient(base, credentials.Keys.Case), keys: newClient(base, credentials.Keys.OpsAdmin),
	}
}

func (l *soakLoad) close() {
	for _, c := range []*client{l.portal, l.triage, l.cases, l.keys} {
		c.close()
	}
}

func (l *soakLoad) fault() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.broken
}

// run works until the context ends.
func (l *soakLoad) run(ctx context.Context, seed uint64) {
	var running sync.WaitGroup
	for n, work := range []func(context.Context, *mathrand.Rand){l.readPortal, l.readTriage, l.runTriage, l.readCases, l.postAlerts, l.operate} {
		running.Go(func() {
			dice := mathrand.New(mathrand.NewPCG(seed, uint64(100+n)))
			for ctx.Err() == nil && l.fault() == nil {
				work(ctx, dice)
				pause(ctx, time.Duration(20+dice.IntN(60))*time.Millisecond)
			}
		})
	}
	running.Wait()
}

// ask sends one request to its end, also when the time is up meanwhile. A 429
// is manners; a 5xx, and silence, break the soak.
func (l *soakLoad) ask(ctx context.Context, name string, c *client, method, path string, body any) answer {
	a, err := c.send(context.WithoutCancel(ctx), method, path, body)
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err != nil:
		l.broken = violated("%s %s: %v", method, path, err)
	case a.status >= 500:
		l.broken = violated("%s %s: %v", method, path, a.problem(name))
	default:
		l.answered[name]++
	}
	return a
}

func (l *soakLoad) readPortal(ctx context.Context, dice *mathrand.Rand) {
	path := "/api/v2/workspaces/" + l.workspace + "/incidents/"
	switch dice.IntN(3) {
	case 0:
		l.ask(ctx, "portal", l.portal, http.MethodGet, path+"Sentinel/by-entity?EntityKind=Ip&EntityFilter="+fmt.Sprintf("203.0.113.%d", dice.IntN(255)), nil)
	case 1:
		l.ask(ctx, "portal", l.portal, http.MethodGet, path+"Sentinel/none", nil)
	default:
		for _, rest := range []string{"", "/evidence?pageSize=20", "/comments"} {
			l.ask(ctx, "portal", l.portal, http.MethodGet, path+"edge_sensor/"+url.PathEscape(l.known(dice))+rest, nil)
		}
	}
}

// known is the key of an alert that was acknowledged, which names its incident.
func (l *soakLoad) known(dice *mathrand.Rand) string {
	l.writes.mu.Lock()
	defer l.writes.mu.Unlock()
	if len(l.writes.alerts) == 0 {
		return "none"
	}
	return l.writes.alerts[dice.IntN(len(l.writes.alerts))]
}

func (l *soakLoad) readTriage(ctx context.Context, dice *mathrand.Rand) {
	if i := l.anIncident(ctx, dice); i != "" {
		l.ask(ctx, "triage", l.triage, http.MethodGet, "/api/incidents/"+i, nil)
	}
}

// anIncident is one of a page.
func (l *soakLoad) anIncident(ctx context.Context, dice *mathrand.Rand) string {
	a := l.ask(ctx, "triage", l.triage, http.MethodGet, fmt.Sprintf("/api/incidents?per_page=20&page=%d&sort=-created_at", 1+dice.IntN(5)), nil)
	var list struct {
		Data []struct {
			ID string `json:"id"`
		} `json:"data"`
	}
	if json.Unmarshal(a.body, &list) != nil || len(list.Data) == 0 {
		return ""
	}
	return list.Data[dice.IntN(len(list.Data))].ID
}

func (l *soakLoad) runTriage(ctx context.Context, dice *mathrand.Rand) {
	if i := l.anIncident(ctx, dice); i != "" {
		l.ask(ctx, "triage run", l.triage, http.MethodPost, "/api/incidents/"+i+"/triage", map[string]any{"force": true})
	}
	pause(ctx, 2*time.Second)
}

func (l *soakLoad) readCases(ctx context.Context, dice *mathrand.Rand) {
	for _, path := range []string{"/api/v1/alerts?limit=20", "/api/v1/cases?limit=20", "/api/v1/alerts?status=triage&severity=high&limit=5"} {
		l.ask(ctx, "case", l.cases, http.MethodGet, path, nil)
	}
}

// postAlerts sends an alert, and every third one twice: it must be stored once.
func (l *soakLoad) postAlerts(ctx context.Context, dice *mathrand.Rand) {
	id := fmt.Sprintf("soak-%d", dice.Int64())
	body := map[string]any{
		"source": "soak", "external_id": id, "severity": "low", "title": "Soak " + id,
		"observables": []map[string]string{{"type": "ip", "value": fmt.Sprintf("198.51.100.%d", dice.IntN(255))}},
	}
	for range 1 + dice.IntN(3)/2 {
		if a := l.ask(ctx, "case alert", l.cases, http.MethodPost, "/api/v1/alerts", body); !a.ok() {
			return
		}
	}
	l.writes.mu.Lock()
	defer l.writes.mu.Unlock()
	l.writes.alerts = append(l.writes.alerts, id)
}

func (l *soakLoad) operate(ctx context.Context, dice *mathrand.Rand) {
	for _, path := range []string{"/approvals", "/gamebooks?pageSize=20", "/held", "/kill-switch"} {
		l.ask(ctx, "ops", l.keys, http.MethodGet, "/api/ops/v1"+path, nil)
	}
	l.ask(ctx, "documents", l.keys, http.MethodGet, "/openapi.json", nil)
}
