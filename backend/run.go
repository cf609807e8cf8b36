package backend

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// Bounds of a run (ops-api.md section 8.1).
const (
	runMinutes     = 30
	runMinutesMost = 120
	runEntities    = 10
)

const eventRunStarted = "run_started"

// StartRun mints a run of an agent on an incident: only a person's click does,
// and the token is given once (S2). An analyst starts one that looks; one that
// may respond takes a senior who has just proved who they are. Without an agent
// it is the built-in triage, which looks and does nothing else: the loop where
// this server has a model at work, else the floor.
func (d *Desk) StartRun(ctx context.Context, by soc.Actor, in soc.NewRun) (v soc.RunView, err error) {
	if err = d.mayStartRun(by, in.Trigger); err == nil {
		in, err = wholeRun(in)
	}
	if err == nil {
		err = d.write(ctx, func(tx *store.Tx) error {
			if v, err = d.startRun(tx, by, in); err != nil {
				return err
			}
			return d.settleIdempotency(tx, by, v)
		})
	}
	if err != nil {
		return soc.RunView{}, d.refused(ctx, by, eventRunStarted, err, func(e *soc.AuditEntry) { e.Target = soc.DisplayName(in.Incident.ID) })
	}
	return v, nil
}

func (d *Desk) mayStartRun(by soc.Actor, trigger soc.Trigger) error {
	if err := maySession(by); err != nil {
		return err
	}
	if err := by.May("", soc.RoleAnalyst); err != nil {
		return err
	}
	if trigger == soc.TriggerInvestigateAndRespond {
		least := soc.StarterRole(trigger)
		if !by.DecidingRole().AtLeast(least) {
			e := soc.Errorf(soc.Denied, soc.CodeInsufficientWorkspaceRole, "A run that may respond needs the role %s in the workspace.", least).
				WithFix("Ask a %s to start it, or start one that only investigates.", least)
			e.Roles = []soc.Role{least}
			return e
		}
		if err := d.mayFresh(by); err != nil {
			return err
		}
	}
	if d.runs == nil {
		return soc.Errorf(soc.Unavailable, soc.CodeServiceUnavailable, "This process has no key for run tokens.")
	}
	return d.mayWrite()
}

// wholeRun checks what needs no row and fills in what was left out.
func wholeRun(in soc.NewRun) (soc.NewRun, error) {
	in.Minutes = cmp.Or(in.Minutes, runMinutes)
	switch {
	case in.Trigger == soc.TriggerOnQueue:
		return in, soc.InvalidField("trigger", "must be ManualInvestigateOnly or ManualInvestigateAndRespond: OnQueue is the server's alone")
	case in.Trigger != soc.TriggerInvestigateOnly && in.Trigger != soc.TriggerInvestigateAndRespond:
		return in, soc.InvalidField("trigger", "must be ManualInvestigateOnly or ManualInvestigateAndRespond")
	case in.Minutes < 1 || in.Minutes > runMinutesMost:
		return in, soc.InvalidField("minutes", "must be from 1 to %d", runMinutesMost)
	case in.Trigger == soc.TriggerInvestigateOnly && in.Envelope != nil:
		return in, soc.InvalidField("envelope", "belongs to ManualInvestigateAndRespond; leave it out")
	case in.Trigger == soc.TriggerInvestigateOnly:
		return in, nil
	case in.Agent == "":
		return in, soc.InvalidField("agentId", "must name an agent: the built-in triage responds to nothing")
	}
	envelope := soc.ShippedEnvelope
	if in.Envelope != nil {
		envelope.Class, envelope.Impact = cmp.Or(in.Envelope.Class, envelope.Class), cmp.Or(in.Envelope.Impact, envelope.Impact)
		envelope.Entities = cmp.Or(in.Envelope.Entities, envelope.Entities)
	}
	in.Envelope = &envelope
	switch {
	case envelope.Class == soc.ClassIrreversible:
		return in, soc.InvalidField("envelope.class", "must not be Irreversible: what cannot be undone takes two people each time")
	case !slices.Contains(soc.AllClasses, envelope.Class):
		return in, soc.InvalidField("envelope.class", "must be ReadOnly, Reversible or ExternallyReversible")
	case !slices.Contains(soc.AllImpacts, envelope.Impact):
		return in, soc.InvalidField("envelope.impact", "must be low or high")
	case envelope.Entities < 1 || envelope.Entities > runEntities:
		return in, soc.InvalidField("envelope.maxEntities", "must be from 1 to %d", runEntities)
	}
	return in, nil
}

func (d *Desk) startRun(tx *store.Tx, by soc.Actor, in soc.NewRun) (v soc.RunView, err error) {
	if err := d.unlocked(tx, by.Workspace); err != nil {
		return v, err
	}
	i, err := d.incident(&tx.Reader, by, in.Incident)
	if err != nil {
		return v, err
	}
	if in.Agent == "" {
		if in.Agent, err = d.loopReady(tx, by, i); err != nil {
			return v, err
		}
	}
	u := soc.Run{
		Workspace: i.Workspace, Incident: i.ID, Agent: cmp.Or(in.Agent, floorID), Trigger: in.Trigger, StartedBy: by.ID, State: soc.RunQueued, Taint: soc.TaintClean,
	}
	if in.Envelope != nil {
		u.EnvelopeClass, u.EnvelopeImpact, u.EnvelopeEntities = in.Envelope.Class, in.Envelope.Impact, in.Envelope.Entities
	}
	agent, err := d.runAgent(tx, by, in.Agent)
	if err != nil {
		return v, err
	}
	open, found, err := tx.OpenRun(i.Workspace, u.Agent, i.ID, d.clock())
	if err != nil {
		return v, err
	}
	if found {
		return d.joinRun(tx, open, u)
	}
	if err := d.runAllowed(tx, by, i, u); err != nil {
		return v, err
	}
	if err := d.mintRun(tx, by, i, &u, in); err != nil {
		return v, err
	}
	v = soc.RunView{Run: u, IncidentShortID: i.ShortID, AgentName: agent}
	_, queued, err := tx.RunWork(u.Workspace, u.ID)
	if err != nil {
		return v, err
	}
	// The loop gets its token with the lease; an outside agent here, once.
	if in.Agent != "" && !queued {
		v.Token, err = d.runs.Token(u)
	}
	return v, err
}

// runAgent is the name of the agent; one in bad standing starts nothing.
func (d *Desk) runAgent(tx *store.Tx, by soc.Actor, id string) (string, error) {
	if id == "" {
		return floorActor("").Name, nil
	}
	agent, found, err := tx.Agent(by.Organization, id)
	switch {
	case err != nil:
		return "", err
	case !found:
		return "", soc.NotFoundf("There is no such agent.")
	case !agent.SuspendedAt.IsZero():
		return "", soc.Errorf(soc.Denied, soc.CodeAgentSuspended, "This agent is suspended.").WithFix("A senior looks at the agent and lifts the suspension first.")
	}
	return agent.Name, nil
}

// joinRun gives an equal run that is open; its token is not shown again.
func (d *Desk) joinRun(tx *store.Tx, open, asked soc.Run) (soc.RunView, error) {
	// A run off the queue may do all that one which only looks may.
	same := (open.Trigger == asked.Trigger || open.Trigger == soc.TriggerOnQueue && asked.Trigger == soc.TriggerInvestigateOnly) && open.EnvelopeClass == asked.EnvelopeClass && open.EnvelopeImpact == asked.EnvelopeImpact &&
		open.EnvelopeEntities == asked.EnvelopeEntities
	ended, err := d.triageOf(&tx.Reader, &open)
	if err != nil {
		return soc.RunView{}, err
	}
	if !same && !ended {
		e := soc.Errorf(soc.Conflict, soc.CodeConflict, "A run of this agent on this incident is open, with another authority.").
			WithFix("Cancel the run %s first, or wait for its end.", open.ID)
		e.Target = open.ID
		return soc.RunView{}, e
	}
	v, err := d.viewRun(&tx.Reader, open)
	v.Joined = true
	return v, err
}

// runAllowed asks the switches and the settings, as of now.
func (d *Desk) runAllowed(tx *store.Tx, by soc.Actor, i soc.Incident, u soc.Run) error {
	kill, err := d.killFacts(&tx.Reader, soc.Actor{Kind: soc.PrincipalAgent, ID: u.Agent, Workspace: by.Workspace}, i.Workspace)
	if err != nil {
		return err
	}
	policy, err := tx.Policy(i.Workspace)
	if err != nil {
		return err
	}
	no := func(code soc.Code, text string) error {
		return soc.Errorf(soc.Refused, code, "%s", text).WithFix("%s", soc.NextStep(code))
	}
	settings := settingsOf(policy, i)
	off := func(s soc.AgentSettings) bool { return !s.Enabled || !s.Investigate }
	switch {
	case kill != (soc.KillFacts{}):
		return no(soc.CodeKillSwitchEngaged, "A kill switch is engaged; no run starts.")
	case !i.Open():
		return no(soc.CodeIncidentClosed, "The incident is closed; no run starts.")
	case len(settings) == 0 || slices.ContainsFunc(settings, off):
		return no(soc.CodeAgentDisabled, "Agents do not work incidents of this severity.")
	}
	return nil
}

// mintRun stores the run, and the triage of a run that is the built-in one's.
func (d *Desk) mintRun(tx *store.Tx, by soc.Actor, i soc.Incident, u *soc.Run, in soc.NewRun) (err error) {
	if u.ID, err = d.newUUID(); err != nil {
		return err
	}
	if u.Nonce, err = soc.NewRunNonce(d.random); err != nil {
		return err
	}
	now := d.clock()
	u.CreatedAt, u.UpdatedAt, u.ExpiresAt = now, now, now.Add(time.Duration(in.Minutes)*time.Minute)
	if u.Hashes, err = d.runHashes(&tx.Reader, i.Workspace); err != nil {
		return err
	}
	if in.Agent == "" {
		t, _, err := d.requestTriage(tx, by, soc.TriageRequest{Incident: in.Incident, Force: true})
		if err != nil {
			return err
		}
		u.Triage = t.ID
	}
	if err := tx.InsertRun(*u); err != nil {
		return err
	}
	if d.loop != nil {
		investigator, err := d.loopAgent(tx, u.Workspace)
		if err == nil && investigator == u.Agent {
			err = d.insertWork(tx, *u, i)
		}
		if err != nil {
			return err
		}
	}
	e := d.entry(by, eventRunStarted)
	e.Incident, e.Run, e.Target, e.PolicyVersion, e.After = i.ID, u.ID, u.Agent, u.Hashes.Policy, string(u.Trigger)
	e.Detail = auditDetail("reason", in.Reason)
	tx.Audit(e)
	return nil
}

// runHashes name what the run works with (S43).
func (d *Desk) runHashes(r *store.Reader, workspace string) (h soc.RunHashes, err error) {
	sops, err := r.SOPs(workspace, noTime)
	if err != nil {
		return h, err
	}
	w, _, err := r.Workspace(workspace)
	if err != nil {
		return h, err
	}
	var lines strings.Builder
	for _, s := range sops {
		fmt.Fprintf(&lines, "%s %d %s\n", s.ID, s.Version, s.Hash)
	}
	h = soc.RunHashes{Catalogue: d.catalogue.Hash(), SOPs: soc.DigestOf("vedette-sops-v1", []byte(lines.String())), Policy: w.PolicyVersion}
	if d.loop != nil {
		h.Prompts, h.Tools = d.loop.Hash, d.loop.Tools
	}
	return h, nil
}

// GetRun returns one run of the workspace.
func (d *Desk) GetRun(ctx context.Context, by soc.Actor, id string) (v soc.RunView, err error) {
	if err := by.May(soc.ScopeOpsRead, soc.RoleViewer); err != nil {
		return v, err
	}
	err = d.store.View(ctx, func(r *store.Reader) error {
		u, found, err := r.Run(by.Workspace, id)
		if err != nil || !found {
			return orNotFound(err, "There is no such run.")
		}
		if v, err = d.viewRun(r, u); err != nil || v.Work == nil {
			return err
		}
		v.Position, err = d.positionOf(r, *v.Work)
		return err
	})
	return v, err
}

// positionOf is what a run of the loop came to, by its stored stages.
func (d *Desk) positionOf(r *store.Reader, w soc.RunWork) (*soc.LoopPosition, error) {
	stages, err := r.RunStages(w.Workspace, w.Run)
	if err != nil || d.chain == nil || !d.chain.Proves(stages) {
		return nil, err // what was changed behind the server's back is nobody's position
	}
	done, err := investigatedOf(stages)
	if err != nil {
		return nil, err
	}
	return soc.PositionOf(done, w), nil
}

// ListRuns lists runs newest first; next is the id to go on behind, empty at
// the end.
func (d *Desk) ListRuns(ctx context.Context, by soc.Actor, f soc.RunFilter) (views []soc.RunView, next string, err error) {
	if err := by.May(soc.ScopeOpsRead, soc.RoleViewer); err != nil {
		return nil, "", err
	}
	limit := min(max(f.Limit, 1), listLimit)
	f.Workspace, f.Limit = by.Workspace, limit+1
	err = d.store.View(ctx, func(r *store.Reader) error {
		if f.Incident != "" {
			i, err := d.incident(r, by, soc.IncidentRef{Workspace: by.Workspace, ID: f.Incident})
			if err != nil {
				return err
			}
			f.Incident = i.ID
		}
		found, err := r.Runs(f)
		if err != nil {
			return err
		}
		if len(found) > limit {
			found, next = found[:limit], found[limit-1].ID
		}
		for _, u := range found {
			v, err := d.viewRun(r, u)
			if err != nil {
				return err
			}
			views = append(views, v)
		}
		return nil
	})
	return views, next, err
}

// viewRun is a run as people see it: with the names of what it is about, what
// its agent was served, and the state of its triage.
func (d *Desk) viewRun(r *store.Reader, u soc.Run) (soc.RunView, error) {
	if _, err := d.triageOf(r, &u); err != nil {
		return soc.RunView{}, err
	}
	served, err := r.Taint(u.Agent, u.Incident)
	if err != nil {
		return soc.RunView{}, err
	}
	u.Taint = soc.MaxTaint(u.Taint, served)
	v := soc.RunView{Run: u, AgentName: floorActor("").Name}
	i, _, err := r.Incident(u.Workspace, u.Incident)
	if err != nil {
		return v, err
	}
	v.IncidentShortID = i.ShortID
	w, worked, err := r.RunWork(u.Workspace, u.ID)
	if err != nil {
		return v, err
	}
	if worked {
		v.Work = &w
		if v.Wait, err = d.waitOf(r, u, w); err != nil {
			return v, err
		}
	}
	if agent, found, err := r.Agent("", u.Agent); err != nil {
		return v, err
	} else if found {
		v.AgentName = agent.Name
	}
	return v, nil
}

// triageOf gives a run of the floor the state of its triage; one of the loop that
// answers a triage has its own. ended reports whether nothing of the run is left to do.
func (d *Desk) triageOf(r *store.Reader, u *soc.Run) (ended bool, err error) {
	if u.Triage != "" && u.Agent == floorID && !u.State.Ended() {
		t, found, err := r.Triage(u.Workspace, u.Triage)
		if err != nil {
			return false, err
		}
		if found {
			u.State, u.UpdatedAt = t.State, later(u.UpdatedAt, t.FinishedAt)
		}
	}
	return u.State.Ended(), nil
}
