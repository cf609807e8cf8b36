package backend

import (
	"context"
	"strings"
	"time"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// actionWait is the longest that a request for an action waits for its end.
const actionWait = 25 * time.Second

// RequestAction asks for one action: a gamebook of one step through the same
// submit, gate and worker as any other. Nothing in the request approves anything.
// It waits up to wait for the end of what runs without people; a refusal is an
// error with the gate's code.
func (d *Desk) RequestAction(ctx context.Context, by soc.Actor, in soc.ActionRequest, wait time.Duration) (a soc.Action, err error) {
	if err := d.mayAsk(by); err != nil {
		return a, d.refused(ctx, by, "gamebook_submitted", err, nil)
	}
	p, known := d.catalogue.Lookup(in.Playbook)
	if !known {
		return a, soc.InvalidField("action", "must be one of %s", strings.Join(d.catalogue.IDs(), ", "))
	}
	entity, parameters, err := d.actionTarget(ctx, by, p, in)
	if err != nil {
		return a, d.refused(ctx, by, "gamebook_submitted", err, nil)
	}
	trigger := soc.TriggerOnQueue
	if by.Run != nil {
		trigger = by.Run.Trigger
	}
	receipt, err := d.SubmitGamebook(ctx, by, soc.SubmitGamebook{
		Incident: in.Incident, Trigger: trigger, Rationale: in.Reason,
		Steps: []soc.SubmitStep{{Playbook: p.ID, Entity: entity, Parameters: parameters}},
	})
	if err != nil {
		return a, entryless(err)
	}
	return d.requestedAction(ctx, by, receipt, wait)
}

// requestedAction is the action that a receipt is about, after the wait.
func (d *Desk) requestedAction(ctx context.Context, by soc.Actor, receipt soc.GamebookReceipt, wait time.Duration) (a soc.Action, err error) {
	if !receipt.Success {
		return a, refusedAction(receipt)
	}
	if a, err = d.awaitAction(ctx, by, receipt.GamebookID, wait); err != nil {
		return a, err
	}
	a.Deduplicated = receipt.Code == soc.CodeDuplicateGamebook
	return a, nil
}

// refusedAction is a receipt that says no, as an error.
func refusedAction(r soc.GamebookReceipt) error {
	kind := soc.Refused
	if r.Code == soc.CodeIncidentClosed {
		kind = soc.Conflict
	}
	e := soc.Errorf(kind, r.Code, "%s", r.Summary).WithFix("%s", r.Fix)
	e.Rule = r.Rule
	return e
}

// entryless takes the entry's number from the paths of a submit of one step.
func entryless(err error) error {
	e := soc.AsError(err)
	if e.Kind != soc.Invalid {
		return err
	}
	fields := map[string][]string{}
	for path, messages := range e.Fields {
		fields[strings.TrimPrefix(path, "playbooks[0].")] = messages
	}
	e.Fields = fields
	return e
}

// actionTarget finds the entity that the request names and the parameters that
// are the playbook's own.
func (d *Desk) actionTarget(ctx context.Context, by soc.Actor, p soc.Playbook, in soc.ActionRequest) (entity string, own map[string]any, err error) {
	own = map[string]any{}
	name, value := soc.TargetParameter(p), ""
	for key, v := range in.Parameters {
		if key != name || name == "" {
			own[key] = v
			continue
		}
		text, ok := v.(string)
		if !ok || text == "" {
			return "", nil, soc.InvalidField("parameters."+key, "must be the target's value, as text")
		}
		value = text
	}
	if value == "" {
		if in.Entity == "" {
			return "", nil, soc.InvalidField("parameters."+name, "is required: the target, or send entity_id")
		}
		return in.Entity, own, nil
	}
	var entities []soc.Entity
	err = d.store.View(ctx, func(r *store.Reader) error {
		i, err := d.incident(r, by, in.Incident)
		if err != nil {
			return err
		}
		after := ""
		for {
			page, err := r.IncidentEntities(i.Workspace, i.ID, after, listLimit)
			if err != nil {
				return err
			}
			entities = append(entities, page...)
			if len(page) < listLimit {
				return nil
			}
			after = page[len(page)-1].ID
		}
	})
	if err != nil {
		return "", nil, err
	}
	named := entities
	if in.Entity != "" {
		named = nil
		for _, e := range entities {
			if e.ID == in.Entity {
				named = append(named, e)
			}
		}
		if len(named) == 0 { // the gate says why
			return in.Entity, own, nil
		}
	}
	entity, err = soc.ResolveTarget(p, value, named)
	if err != nil && in.Entity != "" {
		return "", nil, soc.InvalidField("entity_id", "is not the target that %s names", name)
	}
	return entity, own, err
}

// awaitAction waits until the only step of a gamebook has ended or waits for
// people.
func (d *Desk) awaitAction(ctx context.Context, by soc.Actor, gamebook string, wait time.Duration) (a soc.Action, err error) {
	woken, end := d.notices.subscribe([]string{gamebook})
	defer end()
	limit := time.NewTimer(min(wait, actionWait))
	defer limit.Stop()
	again := time.NewTicker(reread)
	defer again.Stop()
	for {
		g, found, err := d.store.Read(ctx).Gamebook(by.Workspace, gamebook)
		if err != nil || !found || len(g.Steps) == 0 {
			return a, err
		}
		if a = d.actionOf(soc.Action{Gamebook: g, Step: g.Steps[0]}); !a.Waits() || wait <= 0 {
			return a, serve(by, soc.Incident{ID: g.Incident}, 1, false, false)
		}
		select {
		case <-woken:
		case <-again.C:
		case <-limit.C:
			wait = 0
		case <-ctx.Done():
			wait = 0
			ctx = context.WithoutCancel(ctx)
		}
	}
}

// PlaybookIDs lists the ids of the catalogue.
func (d *Desk) PlaybookIDs() []string { return d.catalogue.IDs() }

// actionOf adds what the catalogue says.
func (d *Desk) actionOf(a soc.Action) soc.Action {
	a.Playbook, _ = d.catalogue.Lookup(a.Step.Playbook)
	_, a.Reversible = d.catalogue.Inverse(a.Step.Playbook)
	return a
}

// ListActions lists actions, newest request first unless sorted otherwise, also
// the steps of longer gamebooks.
func (d *Desk) ListActions(ctx context.Context, by soc.Actor, ref *soc.IncidentRef, f soc.ActionFilter) (page soc.ActionPage, err error) {
	if err := by.May(soc.ScopeIncidentsRead, soc.RoleViewer); err != nil {
		return page, err
	}
	f.Workspace, f.Limit = by.Workspace, min(max(f.Limit, 1), listLimit)
	if by.Run != nil && ref == nil {
		f.Incident = by.Run.Incident // a run sees its own (S8)
	}
	err = d.store.View(ctx, func(r *store.Reader) error {
		if ref != nil {
			i, err := d.incident(r, by, *ref)
			if err != nil {
				return err
			}
			f.Incident = i.ID
		}
		if page, err = r.ListActions(f); err != nil {
			return err
		}
		n, err := r.CountActions(f, countLimit+1)
		page.Total, page.TotalCapped = min(n, countLimit), n > countLimit
		return err
	})
	if err != nil {
		return soc.ActionPage{}, err
	}
	for n, a := range page.Actions {
		page.Actions[n] = d.actionOf(a)
		if err := serve(by, soc.Incident{ID: a.Gamebook.Incident}, 1, false, false); err != nil {
			return soc.ActionPage{}, err
		}
	}
	return page, nil
}

// GetAction returns one action by its ACT- id. An unknown, foreign or malformed
// one, and one of a deleted incident, are the same 404.
func (d *Desk) GetAction(ctx context.Context, by soc.Actor, id string) (a soc.Action, err error) {
	if err := by.May(soc.ScopeIncidentsRead, soc.RoleViewer); err != nil {
		return a, err
	}
	if a, err = d.action(ctx, by, id); err != nil {
		return soc.Action{}, err
	}
	return a, serve(by, soc.Incident{ID: a.Gamebook.Incident}, 1, false, false)
}

func (d *Desk) action(ctx context.Context, by soc.Actor, id string) (a soc.Action, err error) {
	none := soc.NotFoundf("There is no such action.").WithFix("List the actions and copy the id exactly.")
	if !soc.CheckID(soc.PrefixStep, id) {
		return a, none
	}
	err = d.store.View(ctx, func(r *store.Reader) error {
		s, found, err := r.Step(by.Workspace, id)
		if err != nil || !found {
			return orNone(err, none)
		}
		if a.Gamebook, found, err = r.Gamebook(by.Workspace, s.Gamebook); err != nil || !found {
			return orNone(err, none)
		}
		if _, found, err = r.Incident(by.Workspace, a.Gamebook.Incident); err != nil || !found {
			return orNone(err, none)
		}
		a.Step = s
		return runScope(by, a.Gamebook.Incident)
	})
	return d.actionOf(a), err
}

func orNone(err error, none *soc.Error) error {
	if err != nil {
		return err
	}
	return none
}

// singleAction is an action that may be decided or undone by itself.
func (d *Desk) singleAction(ctx context.Context, by soc.Actor, id string) (soc.Action, error) {
	a, err := d.action(ctx, by, id)
	if err == nil && len(a.Gamebook.Steps) > 1 {
		e := soc.Errorf(soc.Conflict, soc.CodePartOfGamebook, "The action is a step of the gamebook %s and is decided with it.", a.Gamebook.ID).
			WithFix("Decide the gamebook at the operations API.")
		e.Target = a.Gamebook.ID
		return a, e
	}
	return a, err
}

// ApproveAction is a person's approval of an action: that of its gamebook. Where
// it completes the need, the answer waits for the execution.
func (d *Desk) ApproveAction(ctx context.Context, by soc.Actor, id, digest, comment string, wait time.Duration) (soc.Action, error) {
	if err := d.mayDecide(by); err != nil {
		return soc.Action{}, d.refused(ctx, by, "approval_given", err, nil)
	}
	a, err := d.singleAction(ctx, by, id)
	if err != nil {
		return soc.Action{}, d.refused(ctx, by, "approval_given", err, nil)
	}
	if _, err := d.Approve(ctx, by, soc.Decision{Workspace: by.Workspace, Gamebook: a.Gamebook.ID, Digest: digest, Comment: comment}); err != nil {
		return soc.Action{}, err
	}
	return d.awaitAction(ctx, by, a.Gamebook.ID, wait)
}

// RejectAction ends an action for good.
func (d *Desk) RejectAction(ctx context.Context, by soc.Actor, id, reason string) (soc.Action, error) {
	if err := d.mayDecide(by); err != nil {
		return soc.Action{}, d.refused(ctx, by, "approval_denied", err, nil)
	}
	a, err := d.singleAction(ctx, by, id)
	if err != nil {
		return soc.Action{}, d.refused(ctx, by, "approval_denied", err, nil)
	}
	if _, err := d.Deny(ctx, by, soc.Decision{Workspace: by.Workspace, Gamebook: a.Gamebook.ID, Comment: reason}); err != nil {
		return soc.Action{}, err
	}
	return d.awaitAction(ctx, by, a.Gamebook.ID, 0)
}

// RollBackAction asks for what undoes an action: a new action through the same
// gate.
func (d *Desk) RollBackAction(ctx context.Context, by soc.Actor, id, reason string, wait time.Duration) (soc.Action, error) {
	if err := d.mayAsk(by); err != nil {
		return soc.Action{}, d.refused(ctx, by, "gamebook_rollback_requested", err, nil)
	}
	a, err := d.singleAction(ctx, by, id)
	if err != nil {
		return soc.Action{}, d.refused(ctx, by, "gamebook_rollback_requested", err, nil)
	}
	receipt, err := d.RollBackGamebook(ctx, by, soc.GamebookOrder{Gamebook: a.Gamebook.ID, Reason: reason, Steps: []string{a.Step.ID}})
	if err != nil {
		return soc.Action{}, err
	}
	undo, err := d.requestedAction(ctx, by, receipt, wait)
	undo.Original = a.Step.ID
	return undo, err
}
