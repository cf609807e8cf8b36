package agent

import (
	"context"
	"testing"
	"time"

	"vedette/agent/fakellm"
	"vedette/backend/soc"
)

// triage asks as a service would, and lets the worker carry out the job.
func (h *house) triage(force bool) soc.Triage {
	h.t.Helper()
	by := h.Host
	by.Workspace = h.First
	t, err := h.Desk.TriageIncident(context.Background(), by, soc.TriageRequest{Incident: soc.IncidentRef{Workspace: h.First, ID: h.incident.ID}, Force: force})
	h.must(err)
	h.must(h.Desk.RunTriage(context.Background(), soc.TriageJob{Workspace: h.First, Triage: t.ID}))
	return t
}

func (h *house) triaged(id string) soc.Triage {
	h.t.Helper()
	t, _, err := h.read().Triage(h.First, id)
	h.must(err)
	return t
}

// TestT2TriageAsksTheLoop: a triage that is asked for is the loop's where it has a
// model at work, else the floor's, and the answer says which.
func TestT2TriageAsksTheLoop(t *testing.T) {
	h := openHouse(t, nil)
	asked := h.triage(false)
	if asked.Engine != "model" || h.triaged(asked.ID).State.Ended() {
		t.Fatalf("%+v", asked)
	}
	lease, err := h.work() // the run that the queue had made already
	h.must(err)
	done := h.triaged(asked.ID)
	if u := h.run(lease.Run); u.Triage != asked.ID || u.Trigger != soc.TriggerOnQueue {
		t.Errorf("%+v", u)
	}
	if done.State != soc.RunDone || done.Engine != "model" || done.Verdict != soc.VerdictTruePositive || len(done.EvidenceIDs) == 0 || done.Investigation == "" {
		t.Fatalf("%+v", done)
	}
	if again := h.triage(false); again.ID != asked.ID || !again.Cached {
		t.Errorf("the same evidence is triaged twice: %+v", again)
	}

	// Forced, there is no run to join: the new one only looks, whoever asks, and is
	// the loop's own.
	forced := h.triage(true)
	h.llm.Answer(func(r fakellm.Request) fakellm.Reply {
		if r.Stage() == "verdict" {
			return fakellm.Reply{Refusal: "no"}
		}
		return alarm().Answer(r)
	})
	lease, err = h.work()
	h.must(err)
	if u := h.run(lease.Run); u.Trigger != soc.TriggerInvestigateOnly || u.StartedBy != "" || u.Triage != forced.ID || u.State != soc.RunFailed {
		t.Errorf("%+v", u)
	}
	// No model finished: the floor's position is the answer, and it stands.
	done = h.triaged(forced.ID)
	if done.Engine != "deterministic" || !done.State.Ended() || done.Verdict == "" {
		t.Errorf("%+v", done)
	}
}

// TestT2TriageOutlivesTheLoop: a run that nobody works on does not keep a triage
// open for ever, and a spent day is the floor's at once.
func TestT2TriageOutlivesTheLoop(t *testing.T) {
	h := openHouse(t, func(l *soc.Loop) { l.Day = soc.LoopDay{Tokens: 1} })
	asked := h.triage(true)
	if asked.Engine != "model" {
		t.Fatalf("%+v", asked)
	}
	// New evidence meanwhile is judged by the floor all the same.
	before, err := h.read().LastFloor(h.First, h.incident.ID)
	h.must(err)
	h.Advance(time.Minute)
	by := h.Host
	by.Workspace = h.First
	_, err = h.Desk.ChangeIncident(context.Background(), by, soc.IncidentChange{Incident: soc.IncidentRef{Workspace: h.First, ID: h.incident.ID}, Severity: soc.SeverityCritical})
	h.must(err)
	h.floor()
	if after, err := h.read().LastFloor(h.First, h.incident.ID); err != nil || after.ID == before.ID || after.Severity != soc.SeverityCritical {
		t.Errorf("%+v (%v)", after, err)
	}
	h.Advance(31 * time.Minute)
	woken, err := h.Desk.WakeTriages(context.Background())
	h.must(err)
	h.must(h.Desk.RunTriage(context.Background(), soc.TriageJob{Workspace: h.First, Triage: asked.ID}))
	if done := h.triaged(asked.ID); woken != 1 || done.Engine != "deterministic" || !done.State.Ended() || done.Severity != soc.SeverityCritical {
		t.Errorf("%d woken: %+v", woken, done)
	}
	_, err = h.work()
	h.must(err)
	if again := h.triage(true); again.Engine != "deterministic" || !h.triaged(again.ID).State.Ended() {
		t.Errorf("a spent day: %+v", again)
	}
}
