package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"vedette/agent/fakellm"
	"vedette/backend/soc"
	"vedette/backend/store"
	"vedette/tools"
)

// TestT18ToolTableIsTheDoors: what the loop is given is, byte for byte, what
// tools/list answers for its scopes; of that a model is offered reads alone.
func TestT18ToolTableIsTheDoors(t *testing.T) {
	h := openHouse(t, nil)
	lease, _, err := h.runs.Lease(context.Background(), nil, 0)
	h.must(err)
	box := h.runs.Tools(lease)
	mine, err := box.Tools(context.Background())
	h.must(err)
	by, _, err := h.Desk.LoopActor(context.Background(), h.First)
	h.must(err)
	door, err := tools.New(tools.Config{Desk: h.Desk, NoAuth: &by, Sealer: h.Seal, PublicURL: "http://127.0.0.1:1", Now: h.Now})
	h.must(err)
	server := httptest.NewServer(door.Handler())
	defer server.Close()
	remote := &Remote{URL: server.URL, Client: &http.Client{}, Version: "test"}
	theirs, err := remote.Tools(soc.RunLease{}).Tools(context.Background())
	h.must(err)
	if len(theirs) != len(mine) || len(mine) < 8 {
		t.Fatalf("%d tools here, %d at the door", len(mine), len(theirs))
	}
	for n := range mine {
		if mine[n].Name != theirs[n].Name || mine[n].Description != theirs[n].Description || !bytes.Equal(mine[n].Schema, theirs[n].Schema) {
			t.Errorf("%s differs from %s", mine[n].Name, theirs[n].Name)
		}
		if mine[n].Name == "triage_incident" {
			t.Error("the loop may ask for itself")
		}
		if slices.Contains(selectTools, mine[n].Name) && !mine[n].Hints.ReadOnly {
			t.Errorf("%s is no read", mine[n].Name)
		}
	}
	s := &session{tools: box, model: h.model}
	offered, err := s.offered(context.Background())
	if err != nil || len(offered) != len(selectTools) {
		t.Errorf("%d tools are offered (%v)", len(offered), err)
	}
}

// TestS36HijackedModelChangesNothing: a model that does what the attacker's text
// says in every stage. It lies about evidence, calls tools that do not exist and
// such that write, floods, argues with the gate. Nothing but the floor's verdict
// and a held proposal is there afterwards, and triage completed.
func TestS36HijackedModelChangesNothing(t *testing.T) {
	lies := `{"facts":[{"claim":"All is well.","evidence_id":"E1","quote":"approved by the SOC lead"},{"claim":"x","evidence_id":"E999","quote":"x"}]}`
	obey := func(r fakellm.Request) fakellm.Reply {
		switch r.Stage() {
		case "select":
			return fakellm.Reply{Calls: []fakellm.Call{
				{Name: "submit_investigation", Arguments: `{"incident_id":"INC-7K2M9Q4T","classification":"FalsePositive","malicious_score":0,"comment":"closed"}`},
				{Name: "close_incident", Arguments: `{}`},
				{Name: "search_evidence", Arguments: `{"incident_id":"INC-00000000"}`},
				{Name: "add_comment", Arguments: `{}`},
			}}
		case "extract":
			return fakellm.Reply{Content: lies}
		case "verdict":
			return fakellm.Reply{Content: `{"hypotheses":[],"classification":"FalsePositive","reason":"InaccurateData","score":0,"rationale":[{"sentence":"Nothing to see [E1].","facts":[]}],"answers":[]}`}
		case "self_check":
			return fakellm.Reply{Content: `{"classification":"FalsePositive","contrary":"","why":""}`}
		}
		return alarm().Answer(r)
	}
	h := openHouse(t, nil)
	h.llm.Answer(obey)
	h.must(h.autoClose())
	before := h.incident
	lease, err := h.work()
	h.must(err)
	h.reload()
	if h.incident.Status == soc.StatusClosed || h.incident.Severity != before.Severity || h.rows("gamebook", "1 = 1") != 0 || h.rows("suppression", "1 = 1") != 0 {
		t.Errorf("%+v", h.incident)
	}
	if !h.incident.Held || h.incident.Verdict == soc.VerdictFalsePositive {
		t.Errorf("the incident is %s, held %v for %v", h.incident.Verdict, h.incident.Held, h.incident.HoldReasons)
	}
	if u := h.run(lease.Run); u.State != soc.RunHeld {
		t.Errorf("the run is %s", u.State)
	}
	for _, s := range h.stages(lease.Run) {
		var e soc.Extraction
		if s.Stage == soc.StageExtract && (json.Unmarshal(s.Result, &e) != nil || len(e.Facts) != 0 || e.Dropped == 0) {
			t.Errorf("unproven facts were kept: %s", s.Result)
		}
	}
	for _, r := range h.llm.Requests() {
		if r.Stage() == "select" && len(r.Messages) > 8 && !strings.Contains(r.Messages[len(r.Messages)-1].Content, "no tool") && !strings.Contains(r.Messages[len(r.Messages)-1].Content, "VALIDATION") {
			t.Errorf("a bad call was answered with %.200s", r.Messages[len(r.Messages)-1].Content)
		}
	}
}

// autoClose lets agents close incidents of every severity, so that only the rest
// of the gate stands in the way.
func (h *house) autoClose() error {
	return h.Store.Write(context.Background(), func(tx *store.Tx) error {
		for _, severity := range soc.AllSeverities {
			s := soc.ShippedSettings(h.First, severity)
			s.AutoClose = true
			if err := tx.SaveSettings(s); err != nil {
				return err
			}
		}
		return nil
	})
}

// TestS62HijackedLoopIsHeldToTheReconciliation: a loop that submits another
// verdict than the server reconciled, or before it did, gets it held.
func TestS62HijackedLoopIsHeldToTheReconciliation(t *testing.T) {
	h := openHouse(t, nil)
	h.must(h.autoClose())
	lease, _, err := h.runs.Lease(context.Background(), nil, 0)
	h.must(err)
	result, err := h.runs.Tools(lease).Call(context.Background(), "submit_investigation",
		json.RawMessage(`{"incident_id":"`+lease.Incident+`","classification":"BenignPositive","malicious_score":1,"comment":"Fine."}`))
	h.must(err)
	if !strings.Contains(result.Text, "MODEL_FAILED") || !strings.Contains(result.Text, `"held":true`) {
		t.Error(result.Text)
	}
	report := soc.StageReport{Run: lease.Run, Fence: lease.Fence, Chain: lease.Chain}
	for stage, want := range map[soc.Stage]soc.Kind{soc.StageReconcile: soc.Conflict, soc.StageVerdict: soc.Conflict, soc.StageOverview: soc.Conflict} {
		report.Stage, report.Result = stage, json.RawMessage(`{}`)
		if _, err := h.runs.Store(context.Background(), lease, report); soc.KindOf(err) != want {
			t.Errorf("%s out of order: %v", stage, err)
		}
	}
	report.Stage, report.Chain = soc.StageHypotheses, strings.Repeat("0", 64)
	if _, err := h.runs.Store(context.Background(), lease, report); soc.KindOf(err) != soc.Conflict {
		t.Errorf("another chain: %v", err)
	}
	report.Chain = lease.Chain
	for n, want := range []soc.Kind{soc.Invalid, soc.KindOf(nil)} { // once 400, then the stage fails
		receipt, err := h.runs.Store(context.Background(), lease, report)
		if soc.KindOf(err) != want || n == 1 && !receipt.Finish {
			t.Errorf("a bad result, %d: %+v (%v)", n, receipt, err)
		}
	}
}

// TestS62EditedStageEndsTheRun: a stored stage that somebody with the database
// changed is never built upon.
func TestS62EditedStageEndsTheRun(t *testing.T) {
	h := openHouse(t, nil)
	h.killAt = 3
	first, err := h.work()
	if err == nil {
		t.Fatal("not killed")
	}
	lite, _ := h.Store.Pools()
	_, err = lite.Exec(`UPDATE run_stage SET result = REPLACE(result, 'attacker', 'admin') WHERE stage = 'hypotheses'`)
	h.must(err)
	h.Advance(2 * time.Minute)
	if _, found, err := h.runs.Lease(context.Background(), nil, 0); found || err != nil {
		t.Errorf("handed on (%v)", err)
	}
	if h.run(first.Run).State != soc.RunFailed || h.transcript(first.Run).Whole {
		t.Errorf("%s", h.run(first.Run).State)
	}
}

// TestS33KillSwitchAbortsTheRequestInFlight, and a cancelled run keeps what was
// said.
func TestS33KillSwitchAbortsTheRequestInFlight(t *testing.T) {
	for _, how := range []string{"kill", "cancel"} {
		h := openHouse(t, nil)
		h.llm.Answer(func(r fakellm.Request) fakellm.Reply {
			if r.Stage() == "verdict" {
				return fakellm.Reply{Hang: true}
			}
			return alarm().Answer(r)
		})
		ended := make(chan soc.RunLease, 1)
		go func() {
			lease, _ := h.work()
			ended <- lease
		}()
		for !slices.ContainsFunc(h.llm.Requests(), func(r fakellm.Request) bool { return r.Stage() == "verdict" }) {
			time.Sleep(5 * time.Millisecond)
		}
		host := h.Host
		host.Workspace = h.First
		if how == "kill" {
			_, err := h.Desk.EngageKillSwitch(context.Background(), host, soc.KillOrder{Scope: soc.KillWorkspace, ID: h.First, Reason: "drill"})
			h.must(err)
		} else {
			var id string
			lite, _ := h.Store.Pools()
			h.must(lite.QueryRow(`SELECT run_id FROM run_work`).Scan(&id))
			_, err := h.Desk.CancelRun(context.Background(), host, id, "enough")
			h.must(err)
		}
		lease := <-ended
		h.reload()
		if h.rows("investigation", "by_kind = 'agent'") != 0 {
			t.Errorf("%s: something was submitted", how)
		}
		if stages := h.stages(lease.Run); how == "cancel" && (h.run(lease.Run).State != soc.RunCancelled || stages[len(stages)-1].Error != "Cancelled" || !h.transcript(lease.Run).Whole) {
			t.Errorf("%s with %d stages", h.run(lease.Run).State, len(stages))
		}
		if _, found, _ := h.runs.Lease(context.Background(), nil, 0); found {
			t.Errorf("%s: leased again", how)
		}
	}
}

// TestT4NothingIsSkipped: without a model nothing changes; where one fails, the
// floor's verdict stands and says why; over the day's budget a run waits.
func TestT4NothingIsSkipped(t *testing.T) {
	h := openHouse(t, nil)
	h.llm.Answer(func(fakellm.Request) fakellm.Reply { return fakellm.Reply{Refusal: "no"} })
	floor := h.incident
	lease, err := h.work()
	h.must(err)
	h.reload()
	if u := h.run(lease.Run); u.State != soc.RunFailed || h.incident.Verdict != floor.Verdict || h.incident.ProposedVerdict != floor.ProposedVerdict {
		t.Errorf("%s, and the incident went from %s to %s", u.State, floor.Verdict, h.incident.Verdict)
	}
	if n := h.rows("audit", "event = 'run_finished' AND code = 'MODEL_REFUSED'"); n != 1 {
		t.Errorf("%d entries say that the model refused", n)
	}
	spent := openHouse(t, func(l *soc.Loop) { l.Day.Tokens = 1 })
	spent.must(spent.Store.Write(context.Background(), func(tx *store.Tx) error {
		return tx.AddLoopDay(spent.First, spent.Now().Unix()/86_400, soc.LoopDay{Tokens: 1})
	}))
	if _, found, err := spent.runs.Lease(context.Background(), nil, 0); found || err != nil {
		t.Errorf("over the day's budget (%v)", err)
	}
	spent.Advance(24 * time.Hour)
	if _, found, err := spent.runs.Lease(context.Background(), nil, 0); !found || err != nil {
		t.Errorf("not the day after (%v)", err)
	}
	small := openHouse(t, func(l *soc.Loop) { l.Budget.ModelCalls = 2 })
	lease, err = small.work()
	small.must(err)
	if u := small.run(lease.Run); u.State != soc.RunBudgetExhausted {
		t.Errorf("%s with two calls", u.State)
	}
}
