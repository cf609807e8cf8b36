package backend

import (
	"cmp"
	"context"
	"strings"
	"time"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// triageLease is how long a worker may hold a triage before another takes it
// over; the deterministic engine needs milliseconds.
const triageLease = time.Minute

// triageWait is the longest that a call waits for the end of a triage.
const triageWait = 25 * time.Second

// wokenTriages bounds how many triages one sweep wakes.
const wokenTriages = 500

// triageRescue is when a triage that its caller works on inline is taken up by
// the worker, should the process die in between.
const triageRescue = 20 * time.Second

// The engines as the wire names them: the floor, and the loop with a model.
const (
	deterministicEngine = "deterministic"
	modelEngine         = "model"
)

// TriageIncident asks for the triage of an incident and, unless the request
// waits for nothing, carries it out. One triage of an incident runs at a time
// and a second request joins it; a result for unchanged evidence is given
// again; Force repeats work and skips no gate. A verdict that would close is
// held or gated like any other (S34). A server whose loop has a model at work
// has that investigate, as itself and to look only, whoever asks; where it
// cannot, the floor's answer is the answer, and Engine says which it is.
func (d *Desk) TriageIncident(ctx context.Context, by soc.Actor, in soc.TriageRequest) (t soc.Triage, err error) {
	if err := by.May(soc.ScopeTriageRun, soc.RoleAnalyst); err != nil {
		return t, d.refused(ctx, by, "triage_requested", err, nil)
	}
	if err := d.mayWrite(); err != nil {
		return t, err
	}
	made := false
	err = d.write(ctx, func(tx *store.Tx) error {
		t, made, err = d.requestTriage(tx, by, in)
		return err
	})
	if err != nil {
		return soc.Triage{}, d.refusedTriage(ctx, by, in, err)
	}
	if in.Wait > 0 && !t.State.Ended() && t.State == soc.RunQueued {
		if err := d.RunTriage(context.WithoutCancel(ctx), soc.TriageJob{Workspace: t.Workspace, Triage: t.ID}); err != nil {
			return t, err
		}
	}
	if t, err = d.awaitTriage(ctx, t, in.Wait); err != nil {
		return t, err
	}
	if made && by.Idempotency != nil {
		// The one answer that is stored after its effect: it is the answer of the
		// wait. Should it be lost in between, the same request joins the triage
		// it made, or gets its result as cached, and makes no second one.
		err := d.store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error { return d.settleIdempotency(tx, by, t) })
		if err != nil {
			return t, err
		}
	}
	return t, d.serveTriage(ctx, by, t)
}

func (d *Desk) refusedTriage(ctx context.Context, by soc.Actor, in soc.TriageRequest, err error) error {
	return d.refused(ctx, by, "triage_requested", err, func(e *soc.AuditEntry) { e.Target = soc.DisplayName(in.Incident.ID) })
}

// requestTriage joins, repeats or makes the row; the job is enqueued with it.
func (d *Desk) requestTriage(tx *store.Tx, by soc.Actor, in soc.TriageRequest) (t soc.Triage, made bool, err error) {
	i, err := d.incident(&tx.Reader, by, in.Incident)
	if err != nil {
		return t, false, err
	}
	playbook, version, err := d.chosenPlaybook(&tx.Reader, i, in.Playbook)
	if err != nil {
		return t, false, err
	}
	kill, err := d.killFacts(&tx.Reader, by, i.Workspace)
	if err != nil {
		return t, false, err
	}
	if kill != (soc.KillFacts{}) {
		return t, false, soc.Errorf(soc.Refused, soc.CodeKillSwitchEngaged, "A kill switch is engaged; no triage starts.").WithFix("%s", soc.NextStep(soc.CodeKillSwitchEngaged))
	}
	open, found, err := tx.OpenTriage(i.Workspace, i.ID)
	if err != nil {
		return t, false, err
	}
	if found {
		if in.Playbook != "" && open.Playbook != playbook {
			e := soc.Errorf(soc.Conflict, soc.CodeConflict, "A triage of this incident with another playbook is under way.").WithFix("Wait for %s to end.", open.ID)
			e.Target = open.ID
			return t, false, e
		}
		return open, false, nil
	}
	if i.Status == soc.StatusClosed && !in.Force {
		return t, false, soc.Errorf(soc.Conflict, soc.CodeIncidentClosed, "The incident is closed.").WithFix("Send force to triage it all the same; the incident stays closed.")
	}
	engine, err := d.triageEngine(tx, by, i)
	if err != nil {
		return t, false, err
	}
	last, err := tx.LastTriage(i.Workspace, i.ID)
	if err != nil {
		return t, false, err
	}
	// An incident whose verdict was taken away is triaged anew.
	if last != nil && !in.Force && i.Phase() != soc.PhaseOpen && last.State != soc.RunFailed && last.State != soc.RunCancelled && last.EvidenceVersion == i.EvidenceVersion &&
		last.Severity == i.Severity && last.Playbook == playbook && last.PlaybookVersion == version && (engine == deterministicEngine || last.Engine == engine) {
		last.Cached = true
		return *last, false, nil
	}
	t, err = d.newTriage(tx, by, i, soc.Triage{Playbook: playbook, PlaybookVersion: version, Engine: engine, Force: in.Force}, in.Wait > 0)
	return t, err == nil, err
}

func (d *Desk) newTriage(tx *store.Tx, by soc.Actor, i soc.Incident, asked soc.Triage, inline bool) (t soc.Triage, err error) {
	id, err := soc.NewTriageID(d.random)
	if err != nil {
		return t, err
	}
	now := d.clock()
	t = soc.Triage{
		ID: id, Workspace: i.Workspace, Incident: i.ID, State: soc.RunQueued, Playbook: asked.Playbook, PlaybookVersion: asked.PlaybookVersion,
		Engine: cmp.Or(asked.Engine, deterministicEngine), Force: asked.Force, Requester: by.ID, EvidenceVersion: i.EvidenceVersion, Severity: i.Severity, CreatedAt: now,
	}
	if err := tx.InsertTriage(t); err != nil {
		return t, err
	}
	at := now
	if inline {
		at = now.Add(triageRescue)
	}
	if err := tx.Enqueue(soc.TriageJob{Workspace: i.Workspace, Triage: id}, at); err != nil {
		return t, err
	}
	e := d.entry(by, "triage_requested")
	e.Incident, e.Target = i.ID, id
	tx.Audit(e)
	return t, nil
}

// builtInPlaybook is the triage playbook of an incident that no procedure fits.
const builtInPlaybook = "built_in"

// playbookName spells a procedure's id as the triage family names playbooks.
func playbookName(s soc.SOP) string {
	return strings.ReplaceAll(strings.ReplaceAll(strings.ToLower(s.ID), "-", "_"), ".", "_")
}

// RunFloor triages incidents that came or changed, where the workspace lets
// the built-in triage run for their severity. It is what the floor job does,
// and doing it twice changes nothing.
func (d *Desk) RunFloor(ctx context.Context, job soc.FloorJob) error {
	by := floorActor(job.Workspace)
	for _, id := range job.Incidents {
		t, due, err := d.floorDue(ctx, by, id)
		if err != nil {
			return err
		}
		switch {
		case !due:
		case t.Fence == 0 && t.State == soc.RunInvestigating:
			err = d.runFloorTriage(ctx, t)
		default:
			err = d.RunTriage(ctx, soc.TriageJob{Workspace: job.Workspace, Triage: t.ID})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// floorDue makes the triage row of an incident whose evidence changed.
func (d *Desk) floorDue(ctx context.Context, by soc.Actor, id string) (t soc.Triage, due bool, err error) {
	err = d.write(ctx, func(tx *store.Tx) error {
		due = false
		i, found, err := tx.Incident(by.Workspace, id)
		if err != nil || !found || i.Status == soc.StatusClosed {
			return err
		}
		policy, err := tx.Policy(by.Workspace)
		if err != nil {
			return err
		}
		if !investigates(policy, i) {
			return nil
		}
		kill, err := d.killFacts(&tx.Reader, by, by.Workspace)
		if err != nil || kill != (soc.KillFacts{}) {
			return err
		}
		open, found, err := tx.OpenTriage(by.Workspace, id)
		if err != nil {
			return err
		}
		if found && open.Engine == modelEngine && open.State != soc.RunQueued {
			// It waits for the loop; what came in meanwhile does not.
			t, due, err = d.floorBeside(tx, open, i)
			return err
		}
		if found {
			t, due = open, true
			return nil
		}
		last, err := tx.LastTriage(by.Workspace, id)
		if err != nil || (last != nil && last.EvidenceVersion == i.EvidenceVersion && last.Severity == i.Severity) {
			return err
		}
		playbook, version, err := d.chosenPlaybook(&tx.Reader, i, "")
		if err != nil {
			return err
		}
		t, err = d.newTriage(tx, by, i, soc.Triage{Playbook: playbook, PlaybookVersion: version}, true)
		due = err == nil
		return err
	})
	return t, due, err
}

// investigates reports whether every severity that gates the incident lets the
// built-in triage run.
func investigates(policy soc.PolicyFacts, i soc.Incident) bool {
	for _, severity := range i.GateSeverities() {
		s, ok := policy.Settings[severity]
		if !ok || !s.Enabled || !s.Investigate {
			return false
		}
	}
	return true
}

// floorID names the deterministic triager as who did something.
const floorID = "floor"

// floorActor is the deterministic triager as an actor.
func floorActor(workspace string) soc.Actor {
	return soc.Actor{Kind: soc.PrincipalSystem, ID: floorID, Name: "Vedette triage", Workspace: workspace, Call: soc.Call{Door: "worker", Operation: "triage"}}
}

// GetTriage returns a triage of an incident, waiting up to wait for its end.
func (d *Desk) GetTriage(ctx context.Context, by soc.Actor, ref soc.IncidentRef, id string, wait time.Duration) (t soc.Triage, err error) {
	if err := by.May(soc.ScopeIncidentsRead, soc.RoleViewer); err != nil {
		return t, err
	}
	err = d.store.View(ctx, func(r *store.Reader) error {
		i, err := d.incident(r, by, ref)
		if err != nil {
			return err
		}
		found := false
		if t, found, err = r.Triage(by.Workspace, id); err != nil {
			return err
		}
		if !found || t.Incident != i.ID {
			return soc.NotFoundf("There is no such triage of this incident.").WithFix("Copy the handle exactly as the triage call gave it.")
		}
		return nil
	})
	if err != nil {
		return soc.Triage{}, err
	}
	if t, err = d.awaitTriage(ctx, t, wait); err != nil {
		return t, err
	}
	return t, d.serveTriage(ctx, by, t)
}

// awaitTriage waits for the end of a triage. It looks at the row, since the
// work may happen in another process; a caller that leaves stops waiting, not
// the work.
func (d *Desk) awaitTriage(ctx context.Context, t soc.Triage, wait time.Duration) (soc.Triage, error) {
	cached := t.Cached
	deadline := time.NewTimer(min(wait, triageWait))
	defer deadline.Stop()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !t.State.Ended() {
		now, found, err := d.store.Read(ctx).Triage(t.Workspace, t.ID)
		if err != nil {
			return t, err
		}
		if found {
			t = now
		}
		if t.State.Ended() || wait <= 0 {
			break
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			wait = 0
		case <-ctx.Done():
			return t, nil
		}
	}
	t.Cached = cached
	return t, nil
}

// serveTriage notes that an agent was given a verdict about the incident. The
// reasoning is the server's own; it cites evidence and quotes none.
func (d *Desk) serveTriage(ctx context.Context, by soc.Actor, t soc.Triage) error {
	if by.Kind != soc.PrincipalAgent {
		return nil
	}
	i, _, err := d.store.Read(ctx).Incident(by.Workspace, t.Incident)
	if err != nil {
		return err
	}
	return serve(by, i, 1, false, false)
}

// WakeTriages enqueues again triages that lost their worker in a crash.
func (d *Desk) WakeTriages(ctx context.Context) (woken int, err error) {
	now := d.clock()
	due, err := d.store.Read(ctx).DueTriages(now.Add(-triageRescue), now, wokenTriages)
	if err != nil || len(due) == 0 {
		return 0, err
	}
	err = d.store.Write(ctx, func(tx *store.Tx) error {
		for _, job := range due {
			if err := tx.Enqueue(job, now); err != nil {
				return err
			}
		}
		return nil
	})
	return len(due), err
}
