package backend

import (
	"context"
	"encoding/hex"
	"io"
	"slices"
	"time"
	"unicode/utf8"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// Bounds of a submitted gamebook (portal-api.md section 7, ops-api.md section 6).
const (
	maxSteps     = 50
	maxRationale = 4000
)

// SubmitGamebook proposes a response. A refusal is a receipt with Success
// false, an audit entry and nothing else; an error is about the request itself
// (malformed, no right, no such incident). Nothing in the request approves
// anything (S19).
func (d *Desk) SubmitGamebook(ctx context.Context, by soc.Actor, in soc.SubmitGamebook) (receipt soc.GamebookReceipt, err error) {
	event := submitEvent(in)
	if err := d.maySubmit(by, in); err != nil {
		return receipt, d.refused(ctx, by, event, err, nil)
	}
	marker := d.killFileStands()
	var stored soc.Gamebook
	err = d.write(ctx, func(tx *store.Tx) error {
		p := proposal{desk: d, tx: tx, by: by, in: in, event: event}
		receipt, err = p.submit(marker)
		stored = p.stored
		return err
	})
	if err != nil {
		return soc.GamebookReceipt{}, d.refused(ctx, by, event, err, nil)
	}
	if stored.ID != "" {
		d.wake(stored)
	}
	if !in.DryRun {
		d.count(FigureGate, string(receipt.Code))
	}
	return receipt, nil
}

func submitEvent(in soc.SubmitGamebook) string {
	if in.DryRun {
		return "gamebook_simulated"
	}
	return "gamebook_submitted"
}

// maySubmit asks who and whether the request is whole.
func (d *Desk) maySubmit(by soc.Actor, in soc.SubmitGamebook) error {
	if err := d.mayAsk(by); err != nil {
		return err
	}
	return checkSubmit(in)
}

func checkSubmit(in soc.SubmitGamebook) error {
	if in.Trigger != "" && !slices.Contains(soc.AllTriggers, in.Trigger) {
		return soc.InvalidField("trigger_type", "must be one of the triggers")
	}
	if len(in.Steps) < 1 || len(in.Steps) > maxSteps {
		return soc.InvalidField("playbooks", "must hold 1 to %d entries", maxSteps)
	}
	if utf8.RuneCountInString(in.Rationale) > maxRationale {
		return soc.InvalidField("rationale", "must hold at most %d characters", maxRationale)
	}
	stated := 0
	for i, s := range in.Steps {
		if s.Sequence == nil {
			continue
		}
		stated++
		if *s.Sequence < 1 {
			return soc.InvalidField(entryPath(i, "sequence"), "must be at least 1")
		}
	}
	if stated != 0 && stated != len(in.Steps) {
		return soc.InvalidField("playbooks", "state sequence in every entry or in none")
	}
	return nil
}

// proposal is one submit on its way through the transaction.
type proposal struct {
	desk   *Desk
	tx     *store.Tx
	by     soc.Actor
	in     soc.SubmitGamebook
	event  string
	stored soc.Gamebook
	// original is the gamebook this one repeats, or undoes (recover).
	original string
	recover  bool

	incident soc.Incident
	reading  *gateReading
	steps    []plannedStep
	record   soc.GateRecord
	result   soc.GateResult
}

// submit decides and stores. It answers with an error only where nothing of
// the transaction may stand.
func (p *proposal) submit(marker bool) (soc.GamebookReceipt, error) {
	d := p.desk
	err := p.tx.LockActions(p.by.Workspace)
	if err != nil {
		return soc.GamebookReceipt{}, err
	}
	if p.incident, err = d.incident(&p.tx.Reader, p.by, p.in.Incident); err != nil {
		return soc.GamebookReceipt{}, err
	}
	if p.reading, err = d.readGate(&p.tx.Reader, p.incident, marker); err != nil {
		return soc.GamebookReceipt{}, err
	}
	var report soc.EntryReport
	if p.steps, report, err = p.reading.plan(p.in.IncidentNumber, p.in.Steps); err != nil {
		return soc.GamebookReceipt{}, err
	}
	if err := p.judge(report); err != nil {
		return soc.GamebookReceipt{}, err
	}
	if p.result.Downgraded {
		e := p.entry("trigger_claim_downgraded")
		e.Decision, e.Code = "refused", soc.CodeTriggerDowngraded
		e.Before, e.After = string(p.in.Trigger), string(p.result.EffectiveTrigger)
		p.tx.Audit(e)
	}
	if p.result.Outcome == soc.OutcomeDeny {
		return p.refuse(report)
	}
	return p.accept()
}

// judge asks the gate.
func (p *proposal) judge(report soc.EntryReport) error {
	d := p.desk
	run, found, err := d.runFor(p.tx, p.by, p.incident.ID, p.in.DryRun)
	if err != nil {
		return err
	}
	question := gateQuestion{
		phase: soc.PhaseSubmit, requester: p.by.ID, claim: p.in.Trigger, entries: report, steps: p.steps,
		principal: soc.GatePrincipal{Kind: p.by.Kind, Role: askingRole(p.by), Suspended: p.by.Suspended},
	}
	if p.in.DryRun {
		question.phase = soc.PhaseSimulate
	}
	if found {
		if question.run, err = p.gateRun(run); err != nil {
			return err
		}
	}
	input, err := p.reading.input(question)
	if err != nil {
		return err
	}
	p.record = soc.GateRecord{Credential: p.by.Credential, Input: input}
	if p.by.Call.Door == "mcp" {
		p.record.NaturalKey = p.by.Idempotency
	}
	p.result = soc.Gate(input)
	p.stored.Run, p.stored.StartedBy = run.ID, run.StartedBy
	return nil
}

// gateRun is what the gate may know of a run: its authority counts only by a
// token, its taint always (S38).
func (p *proposal) gateRun(run soc.Run) (*soc.GateRun, error) {
	served, err := p.tx.Taint(run.Agent, p.incident.ID)
	return &soc.GateRun{
		TokenValid: p.by.Run != nil && p.by.Run.ID == run.ID, Trigger: run.Trigger, Taint: soc.MaxTaint(run.Taint, served),
		Envelope: soc.Ceiling{Class: run.EnvelopeClass, Impact: run.EnvelopeImpact}, EnvelopeEntities: run.EnvelopeEntities,
	}, err
}

// runFor is the run a submit belongs to. People act without one, and of other
// principals but agents nobody records what they read, so they have none
// either. A simulation makes no row.
func (d *Desk) runFor(tx *store.Tx, by soc.Actor, incident string, simulated bool) (soc.Run, bool, error) {
	if by.Run != nil && by.Run.Incident == incident {
		return *by.Run, true, nil
	}
	if by.Kind != soc.PrincipalAgent {
		return soc.Run{}, false, nil
	}
	if !simulated {
		run, err := d.runOf(tx, by, incident)
		return run, true, err
	}
	run, found, err := tx.ImplicitRun(by.Workspace, by.ID, incident)
	if err == nil && !found {
		run = soc.Run{Agent: by.ID, Trigger: soc.TriggerOnQueue, Taint: soc.TaintClean}
	}
	return run, true, err
}

// askingRole is the role that counts for a request: what an organization's
// admin was granted, since to be admin is to configure.
func askingRole(by soc.Actor) soc.Role {
	if by.Kind == soc.PrincipalPerson && by.Role == soc.RoleAdmin && by.Granted != soc.RoleNone {
		return by.Granted
	}
	return by.Role
}

// accept stores the gamebook, or finds the unfinished one that is the same.
func (p *proposal) accept() (soc.GamebookReceipt, error) {
	g, err := p.build()
	if err != nil {
		return soc.GamebookReceipt{}, err
	}
	open, found, err := p.tx.OpenGamebookByPlan(g.Workspace, g.Incident, g.PlanHash)
	if err != nil {
		return soc.GamebookReceipt{}, err
	}
	switch {
	case found:
		return p.duplicate(open), nil
	case p.in.DryRun:
		return p.simulated(), nil
	}
	if err := p.desk.openBreakers(p.tx, p.by, p.record.Input); err != nil {
		return soc.GamebookReceipt{}, err
	}
	if err := p.store(g); err != nil {
		return soc.GamebookReceipt{}, err
	}
	p.stored = g
	receipt := p.receipt(g)
	return receipt, p.desk.settleIdempotency(p.tx, p.by, receipt)
}

// build makes the gamebook's rows from what the store holds (D1).
func (p *proposal) build() (soc.Gamebook, error) {
	d, now, limits := p.desk, p.desk.clock().Truncate(time.Millisecond), p.reading.limits
	nonce, err := d.nonce()
	if err != nil {
		return soc.Gamebook{}, err
	}
	id, err := soc.NewID(soc.PrefixGamebook, d.random)
	if err != nil {
		return soc.Gamebook{}, err
	}
	g := soc.Gamebook{
		ID: id, Workspace: p.by.Workspace, Incident: p.incident.ID, Version: 1, Status: soc.GamebookQueued,
		NeedsApproval: p.result.Outcome == soc.OutcomeQueue, AutoRun: p.result.Outcome == soc.OutcomeRun,
		QueueReasons: p.result.Reasons, Class: p.result.Class, Impact: p.result.Impact, Need: p.result.Need,
		PolicyVersion: p.reading.policy.Version, Nonce: nonce, RequestedBy: p.by.ID, RequestedKind: p.by.Kind,
		RequestedName: p.by.Name, RequestedOwner: p.by.Owner, Run: p.stored.Run, StartedBy: p.stored.StartedBy,
		ClaimedTrigger: claimed(p.in.Trigger), EffectiveTrigger: p.result.EffectiveTrigger, Taint: p.result.Taint,
		Rationale: p.in.Rationale, Flags: p.incident.Flags, Rules: p.result.Rules, Facts: p.record.Text(), RequestedAt: now,
		ApprovalExpiresAt: now.Add(time.Duration(limits.ApprovalClock(p.incident.GateSeverities())) * time.Second),
		ExecutionWindow:   time.Duration(limits.ExecutionWindow) * time.Second,
		OriginalGamebook:  p.original, Recover: p.recover,
	}
	if g.AutoRun {
		g.ApprovedAt, g.ExecutionExpires = now, now.Add(g.ExecutionWindow)
	}
	if g.Steps, err = p.buildSteps(g); err != nil {
		return g, err
	}
	if g.PlanHash, err = soc.PlanHash(g.Incident, g.Steps); err != nil {
		return g, err
	}
	world, err := p.reading.world(g.Steps, nil)
	if err != nil {
		return g, err
	}
	g.World = world.Text()
	err = seal(&g)
	return g, err
}

func claimed(t soc.Trigger) soc.Trigger {
	if t == "" {
		return soc.TriggerOnQueue
	}
	return t
}

// seal puts the canonical action and its digest on a gamebook.
func seal(g *soc.Gamebook) (err error) {
	if g.Canonical, err = g.Action().Canonical(); err != nil {
		return err
	}
	g.Digest = soc.Digest(g.Canonical)
	return nil
}

func (p *proposal) buildSteps(g soc.Gamebook) ([]soc.Step, error) {
	steps := make([]soc.Step, len(p.steps))
	for i, planned := range p.steps {
		id, err := soc.NewID(soc.PrefixStep, p.desk.random)
		if err != nil {
			return nil, err
		}
		key, err := p.desk.nonce()
		if err != nil {
			return nil, err
		}
		steps[i] = soc.Step{
			ID: id, Workspace: g.Workspace, Gamebook: g.ID, Sequence: planned.sequence, Playbook: planned.playbook.ID,
			PlaybookVersion: planned.playbook.Version, PlaybookHash: planned.playbook.Hash, Entity: planned.entity.ID,
			EntityKind: planned.entity.Kind, EntityName: planned.entity.Display, Provenance: planned.entity.Provenance,
			Connector: planned.connector, NativeID: planned.nativeID, Parameters: planned.parameters,
			Status: soc.StepQueued, IdempotencyKey: "vedette-" + key,
		}
	}
	soc.SetOrdinals(steps)
	return steps, nil
}

// nonce draws 128 random bits (D7).
func (d *Desk) nonce() (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(d.random, b[:]); err != nil {
		return "", err
	}
	return hex.EncodeToString(b[:]), nil
}

// store writes the rows, the grants of what runs alone and its job.
func (p *proposal) store(g soc.Gamebook) error {
	err := p.tx.InsertGamebook(g)
	if err == nil {
		err = p.tx.IndexGamebook(g, p.desk.historyWords(p.incident, g))
	}
	if err != nil {
		return err
	}
	e := p.entry(p.event)
	e.Gamebook, e.Digest, e.PolicyVersion, e.Rules = g.ID, g.Digest, g.PolicyVersion, ruleIDs(g.Rules)
	e.Decision, e.Code = "allowed", p.result.Code
	if err := p.watch(g, &e); err != nil {
		return err
	}
	if g.NeedsApproval {
		e.Decision = "queued"
	}
	p.tx.Audit(e)
	if g.NeedsApproval {
		return p.desk.announceGamebook(p.tx, p.by, g)
	}
	return p.desk.grant(p.tx, g)
}

// grant counts what may run without people (S30) and enqueues it.
func (d *Desk) grant(tx *store.Tx, g soc.Gamebook) error {
	for _, s := range g.Steps {
		if d.changesWorld(s) {
			id, err := d.newUUID()
			if err != nil {
				return err
			}
			if err := tx.InsertGrant(id, g, s, d.clock()); err != nil {
				return err
			}
		}
	}
	return tx.Enqueue(soc.GamebookJob{Workspace: g.Workspace, Gamebook: g.ID}, d.clock())
}

// changesWorld reports whether a step is more than a read.
func (d *Desk) changesWorld(s soc.Step) bool {
	p, known := d.catalogue.Lookup(s.Playbook)
	return !known || p.Class != soc.ClassReadOnly
}

func (p *proposal) entry(event string) soc.AuditEntry {
	e := p.desk.entry(p.by, event)
	e.Incident = p.incident.ID
	if e.Run == "" {
		e.Run = p.stored.Run
	}
	return e
}

func ruleIDs(rules []soc.RuleHit) []string {
	ids := make([]string, 0, len(rules))
	for _, r := range rules {
		if !slices.Contains(ids, r.ID) {
			ids = append(ids, r.ID)
		}
	}
	return ids
}
