package agent

import (
	"context"
	"testing"
	"time"

	"vedette/agent/fakellm"
	"vedette/backend/soc"
	"vedette/backend/store"
)

func (h *house) view(run string) soc.RunView {
	h.t.Helper()
	by := h.Host
	by.Workspace = h.First
	v, err := h.Desk.GetRun(context.Background(), by, run)
	h.must(err)
	return v
}

// TestT22OutageBurnsNoRun: a run whose endpoint dies in any stage waits with that
// as its reason, keeps what is stored and its budget, and goes on behind it when
// the endpoint answers; the transcript keeps the attempts and still replays.
func TestT22OutageBurnsNoRun(t *testing.T) {
	h := openHouse(t, nil)
	dies := soc.Stage("")
	h.llm.Answer(func(r fakellm.Request) fakellm.Reply {
		if r.Stage() == string(dies) {
			return fakellm.Reply{Status: 503}
		}
		return alarm().Answer(r)
	})
	id := ""
	for n, stage := range []soc.Stage{soc.StageHypotheses, soc.StageExtract, soc.StageSelfCheck, soc.StageSelfCheck} {
		dies = stage
		lease, err := h.work()
		h.must(err)
		if id == "" {
			id = lease.Run
		}
		v := h.view(id)
		if lease.Run != id || v.State != soc.RunQueued || v.Wait != soc.WaitModel || v.Work.Stage != stage {
			t.Fatalf("%s: %s waits for %q in %s", stage, v.State, v.Wait, v.Work.Stage)
		}
		if _, found, err := h.runs.Lease(context.Background(), nil, 0); found || err != nil {
			t.Fatalf("%s: the endpoint is not left alone (%v)", stage, err)
		}
		if _, err := h.runs.Store(context.Background(), lease, soc.StageReport{Run: id, Fence: lease.Fence, Stage: stage, Chain: v.Work.Chain}); soc.KindOf(err) != soc.Conflict {
			t.Errorf("%s: who gave the run back may still store: %v", stage, err)
		}
		h.Advance(time.Duration(10+n) * time.Minute) // the model's circuit closes, the pause ends
	}
	dies = ""
	before := h.view(id).Work.Used
	lease, err := h.work()
	h.must(err)
	v := h.view(id)
	if lease.Run != id || v.State != soc.RunDone || v.Wait != "" || v.Work.Used.ModelCalls <= before.ModelCalls || v.Work.Used.ModelCalls > 6 {
		t.Errorf("%s after %+v", v.State, v.Work.Used)
	}
	if inv, books := h.rows("investigation", "by_kind = 'agent'"), h.rows("gamebook", "1 = 1"); inv != 1 || books > 1 {
		t.Errorf("%d investigations and %d gamebooks", inv, books)
	}
	if n := h.rows("audit", "event = 'run_waits' AND code = 'MODEL_UNAVAILABLE'"); n != 4 {
		t.Errorf("%d entries say that it waited", n)
	}
	if differences, err := Replay(context.Background(), h.transcript(id), shippedPrompts(), soc.ShippedLoopBudget); err != nil || len(differences) > 0 {
		t.Errorf("%+v (%v)", differences, err)
	}
}

// TestT4WaitIsExplained: each reason for waiting is shown, an overdue run ends
// with the floor's verdict, and a severity has a budget of its own.
func TestT4WaitIsExplained(t *testing.T) {
	high := soc.ShippedLoopBudget
	high.ModelCalls = 7
	h := openHouse(t, func(l *soc.Loop) {
		l.Day, l.Concurrent, l.Severities = soc.LoopDay{Tokens: 10}, 1, map[soc.Severity]soc.LoopBudget{soc.SeverityHigh: high}
	})
	var id string
	lite, _ := h.Store.Pools()
	h.must(lite.QueryRow("SELECT run_id FROM run_work").Scan(&id))
	is := func(want soc.WaitReason) {
		t.Helper()
		if v := h.view(id); v.Wait != want || want != "" && v.Wait.Text() == "" {
			t.Errorf("waits for %q, want %q", v.Wait, want)
		}
	}
	if got := h.view(id).Work.Budget.ModelCalls; got != 7 {
		t.Errorf("%d model calls for a high incident", got)
	}
	is(soc.WaitTurn)
	h.must(h.Store.Write(context.Background(), func(tx *store.Tx) error {
		return tx.SetLoopWorker(h.view(id).Agent, soc.LoopWorker{AskedAt: h.Now()}.Failed(h.Now()))
	}))
	is(soc.WaitModel)
	h.must(h.Store.Write(context.Background(), func(tx *store.Tx) error {
		return tx.AddLoopDay(h.First, h.Now().Unix()/86_400, soc.LoopDay{Tokens: 10})
	}))
	is(soc.WaitDayBudget)
	h.Advance(8 * 24 * time.Hour)
	ended, err := h.Desk.EndOverdueRuns(context.Background())
	h.must(err)
	if v := h.view(id); ended != 1 || v.State != soc.RunFailed || v.Work.Error != soc.CodeModelUnavailable {
		t.Errorf("%d ended: %s, %s", ended, v.State, v.Work.Error)
	}
	is("")
}
