package backend

import (
	"context"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// ResolveRun is the run that a token names, for the agent that it was minted
// for, in this workspace, as long as it is live and who started it might still
// start it. Any other token counts as absent, which is the authority of the
// queue and no more (S2), and is put on record with the reason.
func (d *Desk) ResolveRun(ctx context.Context, by soc.Actor, token string) (run *soc.Run, err error) {
	why := ""
	err = d.store.View(ctx, func(r *store.Reader) error {
		var u soc.Run
		if u, why, err = d.provenRun(r, by, token); err == nil && why == "" {
			run = &u
		}
		return err
	})
	if err != nil || run != nil {
		return run, err
	}
	e := d.entry(by, "run_token_refused")
	e.Decision, e.Detail = "refused", auditDetail("reason", why)
	return nil, d.store.Write(ctx, func(tx *store.Tx) error { tx.Audit(e); return nil })
}

// provenRun reads the run of a token; why says what is wrong with it, in the
// server's own words.
func (d *Desk) provenRun(r *store.Reader, by soc.Actor, token string) (u soc.Run, why string, err error) {
	id, made := soc.RunTokenID(token)
	if !made || d.runs == nil {
		return u, "no run token of this server", nil
	}
	u, found, err := r.Run(by.Workspace, id)
	switch {
	case err != nil:
		return u, "", err
	case !found:
		return u, "no run of this workspace", nil
	case !d.runs.Proves(token, u):
		return u, "altered", nil
	case by.Kind != soc.PrincipalAgent || u.Agent != by.ID:
		return u, "the run of another agent", nil
	case u.State.Ended():
		return u, "the run has ended", nil
	case !u.Live(d.clock()):
		return u, "expired", nil
	}
	stands, err := starterStands(r, u)
	if err == nil && !stands {
		why = "who started it may not any more"
	}
	return u, why, err
}

// starterStands reports whether the person who started a run might start it now.
// One that the queue or a triage request of a program started needs nobody: it
// may do no more than the queue's.
func starterStands(r *store.Reader, u soc.Run) (bool, error) {
	if u.StartedBy == "" && u.Trigger != soc.TriggerInvestigateAndRespond {
		return true, nil
	}
	person, found, err := r.Person(u.StartedBy)
	if err != nil || !found || person.Disabled {
		return false, err
	}
	role := person.Grants[u.Workspace]
	if u.Trigger == soc.TriggerInvestigateAndRespond {
		return role != soc.RoleAdmin && role.AtLeast(soc.StarterRole(u.Trigger)), nil
	}
	return person.OrganizationAdmin || role.AtLeast(soc.StarterRole(u.Trigger)), nil
}
