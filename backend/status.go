package backend

import (
	"context"
	"slices"
	"time"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// Bounds of GetStatus.
const (
	maxHandles    = 20
	maxStatusWait = 20 * time.Second
	// reread is how often a waiting call looks at the rows without a notice:
	// another process may have changed them.
	reread = time.Second
)

// GetStatus returns the state of GB-, ACT- and triage- handles, in the order
// asked. With Wait it answers as soon as one of them changes or all have ended.
// It holds no transaction while it waits.
func (d *Desk) GetStatus(ctx context.Context, by soc.Actor, q soc.StatusQuery) ([]soc.HandleStatus, error) {
	if err := by.May(soc.ScopeIncidentsRead, soc.RoleViewer); err != nil {
		return nil, err
	}
	if len(q.IDs) < 1 || len(q.IDs) > maxHandles {
		return nil, soc.InvalidField("ids", "must hold 1 to %d handles", maxHandles)
	}
	woken, end := d.notices.subscribe(q.IDs)
	defer end()
	states, err := d.awaitStatuses(ctx, by, q, woken)
	if err != nil {
		return nil, err
	}
	return states, d.serveStatuses(by, states)
}

func (d *Desk) awaitStatuses(ctx context.Context, by soc.Actor, q soc.StatusQuery, woken <-chan struct{}) ([]soc.HandleStatus, error) {
	states, err := d.statuses(ctx, by, q.IDs)
	if err != nil || q.Wait <= 0 || allEnded(states) {
		return states, err
	}
	first := fingerprint(states)
	limit := time.NewTimer(min(q.Wait, maxStatusWait))
	defer limit.Stop()
	again := time.NewTicker(reread)
	defer again.Stop()
	for {
		select {
		case <-woken:
		case <-again.C:
		case <-limit.C:
			return states, nil
		case <-ctx.Done():
			return states, nil
		}
		states, err = d.statuses(ctx, by, q.IDs)
		if err != nil || allEnded(states) || !slices.Equal(first, fingerprint(states)) {
			return states, err
		}
	}
}

// fingerprint is what makes a state another one.
func fingerprint(states []soc.HandleStatus) []string {
	var parts []string
	for _, s := range states {
		if s.Gamebook != nil {
			parts = append(parts, s.ID, string(s.Gamebook.Status), s.Gamebook.Digest)
			if s.Gamebook.NeedsApproval {
				parts = append(parts, "waits")
			}
			for _, step := range s.Gamebook.Steps {
				parts = append(parts, string(step.Status))
			}
			for range s.Gamebook.Approvals {
				parts = append(parts, "decided")
			}
		}
		if s.Triage != nil {
			parts = append(parts, s.ID, string(s.Triage.State))
		}
	}
	return parts
}

func allEnded(states []soc.HandleStatus) bool {
	return !slices.ContainsFunc(states, func(s soc.HandleStatus) bool {
		return s.Gamebook != nil && !s.Gamebook.Status.Ended() || s.Triage != nil && !s.Triage.State.Ended()
	})
}

func (d *Desk) statuses(ctx context.Context, by soc.Actor, ids []string) (states []soc.HandleStatus, err error) {
	err = d.store.View(ctx, func(r *store.Reader) error {
		states = make([]soc.HandleStatus, 0, len(ids))
		for _, id := range ids {
			state, err := handleStatus(r, by.Workspace, id)
			if err != nil {
				return err
			}
			if err := runScope(by, state.incident()); err != nil && state.Found {
				return err
			}
			states = append(states, state.HandleStatus)
		}
		return nil
	})
	return states, err
}

type handle struct{ soc.HandleStatus }

func (h handle) incident() string {
	switch {
	case h.Gamebook != nil:
		return h.Gamebook.Incident
	case h.Triage != nil:
		return h.Triage.Incident
	}
	return ""
}

func handleStatus(r *store.Reader, workspace, id string) (handle, error) {
	state := handle{soc.HandleStatus{ID: id}}
	switch {
	case soc.CheckID(soc.PrefixGamebook, id):
		return state.withGamebook(r, workspace, id)
	case soc.CheckID(soc.PrefixStep, id):
		step, found, err := r.Step(workspace, id)
		if err != nil || !found {
			return state, err
		}
		state.Step = &step
		return state.withGamebook(r, workspace, step.Gamebook)
	case soc.CheckTriageID(id):
		triage, found, err := r.Triage(workspace, id)
		if found {
			state.Found, state.Triage = true, &triage
		}
		return state, err
	}
	return state, nil
}

func (h handle) withGamebook(r *store.Reader, workspace, id string) (handle, error) {
	g, found, err := r.Gamebook(workspace, id)
	if found {
		h.Found, h.Gamebook = true, &g
	}
	return h, err
}

// serveStatuses notes what was read. States are the server's own words and
// names of targets only where a product vouches for them, so they taint nobody.
func (d *Desk) serveStatuses(by soc.Actor, states []soc.HandleStatus) error {
	for _, s := range states {
		if incident := (handle{s}).incident(); incident != "" {
			if err := serve(by, soc.Incident{ID: incident}, 1, false, false); err != nil {
				return err
			}
		}
	}
	return nil
}
