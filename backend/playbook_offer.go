package backend

import (
	"context"
	"slices"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// ListPlaybooks lists what may be asked for. With an incident each playbook
// carries the targets it can act on and what the gate would say of each; that
// is a simulation and promises nothing.
func (d *Desk) ListPlaybooks(ctx context.Context, by soc.Actor, q soc.PlaybookQuery) (offers []soc.PlaybookOffer, err error) {
	if err := by.May("", soc.RoleViewer); err != nil {
		return nil, err
	}
	if !by.Has(soc.ScopeIncidentsRead) {
		if err := by.MayScope(soc.ScopeAgentToolsRead); err != nil {
			return nil, err
		}
	}
	marker := d.killFileStands()
	var incident soc.Incident
	err = d.store.View(ctx, func(r *store.Reader) error {
		policy, err := r.Policy(by.Workspace)
		if err != nil {
			return err
		}
		for _, p := range d.catalogue.All() {
			if q.Playbook != "" && p.ID != q.Playbook || q.Kind != "" && !slices.Contains(p.EntityKinds, q.Kind) {
				continue
			}
			offers = append(offers, d.offer(by.Workspace, policy, p))
		}
		if q.Playbook != "" && len(offers) == 0 && !slices.Contains(d.catalogue.IDs(), q.Playbook) {
			e := soc.NotFoundf("There is no such playbook.").WithFix("Call list_playbooks without an id and use one exactly as listed.")
			e.Hints = soc.NearestIDs(q.Playbook, d.catalogue.IDs(), 3)
			return e
		}
		if q.Incident == "" {
			return nil
		}
		if incident, err = d.incident(r, by, soc.IncidentRef{Workspace: by.Workspace, ID: q.Incident}); err != nil {
			return err
		}
		reading, err := d.readGate(r, incident, marker)
		if err != nil {
			return err
		}
		return reading.offerTargets(by, q.Kind, offers)
	})
	if err != nil {
		return nil, err
	}
	// Names are given of vouched-for targets only, so nothing here taints.
	return offers, serve(by, incident, len(offers), false, false)
}

func (d *Desk) offer(workspace string, policy soc.PolicyFacts, p soc.Playbook) soc.PlaybookOffer {
	enabled := func(id string) bool { _, off := policy.Disabled[id]; return !off }
	p.Class = d.catalogue.Class(p.ID, enabled)
	offer := soc.PlaybookOffer{Playbook: p, Enabled: enabled(p.ID), Need: soc.NeedOne(p.Class, p.Impact, soc.SeverityMedium)}
	switch p.Class {
	case soc.ClassIrreversible:
		offer.Need = soc.NeedTwo()
	case soc.ClassReadOnly:
		offer.Need = soc.Need{}
	}
	for _, c := range d.ways() {
		if (len(c.Workspaces) == 0 || slices.Contains(c.Workspaces, workspace)) && c.Carries(p) {
			offer.Connectors = append(offer.Connectors, c.ID)
		}
	}
	return offer
}

// offerTargets asks the gate about every playbook on every entity it fits.
func (g *gateReading) offerTargets(by soc.Actor, kind soc.EntityKind, offers []soc.PlaybookOffer) error {
	entities, err := g.entities()
	if err != nil {
		return err
	}
	run, err := g.readRun(by)
	if err != nil {
		return err
	}
	for i := range offers {
		for _, e := range entities {
			if kind != "" && e.Kind != kind || !slices.Contains(offers[i].Playbook.EntityKinds, e.Kind) {
				continue
			}
			target, err := g.offerTarget(by, run, offers[i].Playbook.ID, e)
			if err != nil {
				return err
			}
			offers[i].Targets = append(offers[i].Targets, target)
		}
	}
	return nil
}

func (g *gateReading) offerTarget(by soc.Actor, run *soc.GateRun, id string, e soc.Entity) (soc.PlaybookTarget, error) {
	steps, report, err := g.plan(0, []soc.SubmitStep{{Playbook: id, Entity: e.ID}})
	if err != nil {
		return soc.PlaybookTarget{}, err
	}
	claim := soc.TriggerOnQueue
	if run != nil && run.TokenValid {
		claim = run.Trigger
	}
	input, err := g.input(gateQuestion{
		phase: soc.PhaseSimulate, requester: by.ID, claim: claim, entries: report, steps: steps, run: run,
		principal: soc.GatePrincipal{Kind: by.Kind, Role: askingRole(by), Suspended: by.Suspended},
	})
	if err != nil {
		return soc.PlaybookTarget{}, err
	}
	result := soc.Gate(input)
	return soc.PlaybookTarget{Entity: e.ID, Name: targetName(e), Outcome: result.Outcome.String(), Reasons: result.Reasons}, nil
}

// readRun is the run a submit by this caller would belong to.
func (g *gateReading) readRun(by soc.Actor) (*soc.GateRun, error) {
	run := soc.Run{Agent: by.ID, Trigger: soc.TriggerOnQueue, Taint: soc.TaintClean}
	valid := by.Run != nil && by.Run.Incident == g.incident.ID
	switch {
	case valid:
		run = *by.Run
	case by.Kind != soc.PrincipalAgent:
		return nil, nil
	default:
		if found, ok, err := g.reader.ImplicitRun(by.Workspace, by.ID, g.incident.ID); err != nil {
			return nil, err
		} else if ok {
			run = found
		}
	}
	served, err := g.reader.Taint(run.Agent, g.incident.ID)
	return &soc.GateRun{
		TokenValid: valid, Trigger: run.Trigger, Taint: soc.MaxTaint(run.Taint, served),
		Envelope: soc.Ceiling{Class: run.EnvelopeClass, Impact: run.EnvelopeImpact}, EnvelopeEntities: run.EnvelopeEntities,
	}, err
}
