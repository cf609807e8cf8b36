package agent

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vedette/agent/fakellm"
	"vedette/backend"
	"vedette/backend/connector/generic"
	"vedette/backend/soc"
	"vedette/backend/store"
	"vedette/backend/web/webtest"
	"vedette/prompts"
	"vedette/tools"
)

// house is a real desk with the agent door, the loop in its process and a
// scripted endpoint over HTTP.
type house struct {
	*webtest.House
	t        *testing.T
	llm      *fakellm.Server
	model    *Model
	runs     *InProcess
	incident soc.Incident
	killAt   int
}

func alarm() fakellm.Analyst {
	return fakellm.Analyst{Verdict: "TruePositive", Check: "TruePositive", Score: 91, Respond: true}
}

// openHouse ingests one incident and lets the floor judge it, which queues the
// run.
func openHouse(t *testing.T, change func(*soc.Loop)) *house {
	t.Helper()
	h := &house{t: t, killAt: -1}
	loop := soc.Loop{Hash: prompts.LoopHash(), Budget: soc.ShippedLoopBudget, Day: soc.ShippedLoopDay, Concurrent: 4, Local: true}
	for _, p := range prompts.Stages() {
		loop.Prompts = append(loop.Prompts, soc.LoopPrompt{Name: p.Name, SHA256: p.SHA256, Text: p.System, Schema: p.Schema})
	}
	if change != nil {
		change(&loop)
	}
	h.House = webtest.Open(t, func(c *backend.Config) {
		c.Mappers = map[string]backend.Mapper{"generic": {Split: generic.Split, Map: generic.Map}}
		c.Loop, c.Chain = &loop, soc.NewStageChain(soc.SecretKey{ID: 1, Key: [32]byte{9}})
		c.Connectors = []backend.Connector{{
			ID: "range", Kind: "range", Simulation: true, Carries: func(soc.Playbook) bool { return true },
			Resolve: func(_ soc.Playbook, e soc.Entity) (string, string) { return e.Value, "" },
		}}
	})
	door, err := tools.New(tools.Config{
		Desk: h.Desk, Authenticator: h.Identity(), Sealer: h.Seal, PublicURL: "http://127.0.0.1:1", Now: h.Now, Limits: tools.Limits{CallsPerMinute: 100_000, InFlight: 1000},
	})
	h.must(err)
	h.runs = NewInProcess(h.Desk, door.Tools())
	h.llm = fakellm.New(alarm().Answer)
	t.Cleanup(h.llm.Close)
	endpoint, err := NewEndpoint(Settings{BaseURL: h.llm.URL, Key: "sk-test-0123456789abcdef", Client: &http.Client{}})
	h.must(err)
	h.model = &Model{Endpoint: endpoint, Name: "scripted", Now: h.Now, Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }, Timeout: 10 * time.Second}
	h.ingest()
	return h
}

// ingest stores the example incident and runs the floor on it.
func (h *house) ingest() {
	h.t.Helper()
	body, err := os.ReadFile("../backend/connector/generic/example.json")
	h.must(err)
	h.Ingest(h.First, "generic", body)
	h.floor()
}

func (h *house) floor() {
	h.t.Helper()
	page, err := h.read().ListIncidents(soc.IncidentFilter{Workspace: h.First, Limit: 5}, nil)
	h.must(err)
	h.incident = page.Incidents[0]
	h.must(h.Desk.RunFloor(context.Background(), soc.FloorJob{Workspace: h.First, Incidents: []string{h.incident.ID}}))
	h.reload()
}

func (h *house) reload() {
	h.t.Helper()
	i, _, err := h.read().Incident(h.First, h.incident.ID)
	h.must(err)
	h.incident = i
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err, soc.AsError(err).Fields, soc.AsError(err).Cause)
	}
}

func (h *house) read() *store.Reader { return h.Store.Read(context.Background()) }

// killable are the runs as a worker sees them that dies at a moment of the test:
// as after kill -9, nothing it does from then on reaches the server.
type killable struct {
	*InProcess
	mu     sync.Mutex
	stored int
	killAt int // moves that change something before it dies; below 0 never
}

var errKilled = errors.New("killed")

func (k *killable) dies() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.stored++
	return k.stored-1 == k.killAt
}

func (k *killable) Store(ctx context.Context, lease soc.RunLease, report soc.StageReport) (soc.StageReceipt, error) {
	if k.dies() {
		return soc.StageReceipt{}, errKilled
	}
	return k.InProcess.Store(ctx, lease, report)
}

func (k *killable) Finish(ctx context.Context, lease soc.RunLease, end soc.RunEnd) error {
	if k.dies() {
		return errKilled
	}
	return k.InProcess.Finish(ctx, lease, end)
}

// rows counts rows of a table.
func (h *house) rows(table, where string) (n int) {
	h.t.Helper()
	lite, _ := h.Store.Pools()
	h.must(lite.QueryRow("SELECT COUNT(*) FROM " + table + " WHERE " + where).Scan(&n))
	return n
}

// work leases one run and works on it; the error is the worker's.
func (h *house) work() (soc.RunLease, error) {
	h.t.Helper()
	w := &Worker{Runs: &killable{InProcess: h.runs, killAt: h.killAt}, Model: h.model, Tools: h.runs.Tools, Beat: 20 * time.Millisecond}
	lease, found, err := h.runs.Lease(context.Background(), []string{"scripted"}, 0)
	h.must(err)
	if !found {
		h.t.Fatal("no run is queued")
	}
	return lease, w.Work(context.Background(), lease)
}

func (h *house) run(id string) soc.Run {
	h.t.Helper()
	u, _, err := h.read().Run(h.First, id)
	h.must(err)
	return u
}

func (h *house) stages(id string) []soc.RunStage {
	h.t.Helper()
	stages, err := h.read().RunStages(h.First, id)
	h.must(err)
	return stages
}

// TestT18WholeInvestigation: from ingest to a recorded verdict, over the real
// desk, the real tools and a real HTTP endpoint.
func TestT18WholeInvestigation(t *testing.T) {
	h := openHouse(t, nil)
	lease, err := h.work()
	h.must(err)
	u := h.run(lease.Run)
	stages := h.stages(lease.Run)
	var order []soc.Stage
	for _, s := range stages {
		order = append(order, s.Stage)
	}
	if !slices.Equal(order, soc.AllStages) || u.State != soc.RunDone {
		t.Fatalf("%s after %v", u.State, order)
	}
	h.reload()
	if h.incident.Verdict != soc.VerdictTruePositive || h.incident.VerdictBy != soc.PrincipalAgent {
		t.Errorf("the incident is %s by %s", h.incident.Verdict, h.incident.VerdictBy)
	}
	var outcome soc.LoopOutcome
	h.must(json.Unmarshal(stages[6].Result, &outcome))
	if len(soc.Cited(outcome.Comment)) == 0 || outcome.Confidence.Precision != 1 {
		t.Errorf("%+v", outcome)
	}
	var end soc.Submission
	h.must(json.Unmarshal(stages[8].Result, &end))
	if end.Investigation == "" || !strings.HasPrefix(end.Gamebook, "GB-") {
		t.Errorf("%+v", end)
	}
	ledger, err := h.read().Ledger(h.First, lease.Run, 100)
	h.must(err)
	if len(ledger) < 4 {
		t.Errorf("%d calls in the ledger", len(ledger))
	}
	if taint, err := h.read().Taint(u.Agent, h.incident.ID); err != nil || taint == soc.TaintClean {
		t.Errorf("the run is %s (%v)", taint, err)
	}
	tokens := 0
	for _, r := range h.llm.Requests() {
		tokens += r.Bytes / 4
		if slices.Contains([]string{"self_check"}, r.Stage()) && (strings.Contains(r.Messages[1].Content, "history") || len(r.Messages) != 2) {
			t.Error("the self-check sees more than facts")
		}
		if r.Stage() != "select" && len(r.Tools) > 0 {
			t.Errorf("%s is offered tools", r.Stage())
		}
	}
	if tokens > 25_000 {
		t.Errorf("%d input tokens", tokens)
	}
	t.Logf("%d requests, %d input tokens as sent", len(h.llm.Requests()), tokens)
	if _, found, err := h.runs.Lease(context.Background(), nil, 0); found || err != nil {
		t.Errorf("another run is queued (%v)", err)
	}
}

// TestT23CrashInEveryStage: the worker dies as its stage is done and not yet
// stored, in each stage; its successor ends with one investigation and at most
// one gamebook.
func TestT23CrashInEveryStage(t *testing.T) {
	for n := range 8 { // seven stores and the finish
		h := openHouse(t, nil)
		h.killAt = n
		first, err := h.work()
		if !errors.Is(err, errKilled) {
			t.Fatalf("%d: %v", n, err)
		}
		if _, found, _ := h.runs.Lease(context.Background(), nil, 0); found {
			t.Fatalf("%d: two workers hold one run", n)
		}
		h.Advance(2 * time.Minute)
		h.killAt = -1
		second, err := h.work()
		h.must(err)
		if second.Run != first.Run || second.Fence != first.Fence+1 || h.run(first.Run).State != soc.RunDone {
			t.Fatalf("%d: %s after fences %d and %d", n, h.run(first.Run).State, first.Fence, second.Fence)
		}
		if _, err := h.runs.Store(context.Background(), first, soc.StageReport{Run: first.Run, Fence: first.Fence, Stage: soc.StageSubmit, Result: []byte(`{}`)}); soc.KindOf(err) != soc.Conflict {
			t.Errorf("%d: the dead worker may still store: %v", n, err)
		}
		if inv, books := h.rows("investigation", "by_kind = 'agent'"), h.rows("gamebook", "1 = 1"); inv != 1 || books > 1 {
			t.Errorf("%d: %d investigations and %d gamebooks", n, inv, books)
		}
	}
}
