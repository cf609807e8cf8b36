package backend

import (
	"context"
	"time"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// FloorReliability compares what the deterministic triage said with what
// people then decided, over the decisions of a time (T14).
func (d *Desk) FloorReliability(ctx context.Context, by soc.Actor, from, to time.Time) (r soc.Reliability, err error) {
	if err := by.May(soc.ScopeOpsRead, soc.RoleViewer); err != nil {
		return r, err
	}
	if !from.Before(to) {
		return r, soc.InvalidField("from", "must be before to")
	}
	err = d.store.View(ctx, func(reader *store.Reader) error {
		outcomes, err := reader.FloorOutcomes(by.Workspace, from, to)
		r = soc.ReliabilityOf(outcomes)
		return err
	})
	return r, err
}
