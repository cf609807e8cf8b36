package backend

import (
	"context"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// GetReceipt signs what a gamebook that has ended was, who decided it and what
// became of it (S66). Its steps are all over: one under way has no receipt.
func (d *Desk) GetReceipt(ctx context.Context, by soc.Actor, id string) (signed soc.SignedReceipt, err error) {
	if err := mayReadOps(by); err != nil {
		return signed, err
	}
	if !soc.CheckID(soc.PrefixGamebook, id) {
		return signed, soc.NotFoundf("There is no such gamebook.")
	}
	err = d.store.View(ctx, func(r *store.Reader) error {
		g, found, err := r.Gamebook(by.Workspace, id)
		if err != nil {
			return err
		}
		if !found {
			return soc.NotFoundf("There is no such gamebook.")
		}
		if !over(g) {
			return stateConflict(g)
		}
		if d.signer == nil {
			return soc.Errorf(soc.Unavailable, soc.CodeServiceUnavailable, "This process has no key to sign with.")
		}
		var record soc.AuditCheckpoint
		if record.Position, record.Hash, err = r.AuditHead(); err != nil {
			return err
		}
		signed, err = d.signer.SignReceipt(soc.NewReceipt(g, record))
		return err
	})
	return signed, err
}

// over reports whether a gamebook has ended and nothing of it is under way.
func over(g soc.Gamebook) bool {
	for _, s := range g.Steps {
		if s.Status == soc.StepDispatched || s.Status == soc.StepQueued {
			return false
		}
	}
	return g.Status.Ended()
}

// SignHead vouches for the record as it is now (S55). It is for the server's
// own clock.
func (d *Desk) SignHead(ctx context.Context) (signed soc.SignedCheckpoint, err error) {
	if d.signer == nil {
		return signed, soc.Errorf(soc.Unavailable, soc.CodeServiceUnavailable, "This process has no key to sign with.")
	}
	var head soc.AuditCheckpoint
	if head.Position, head.Hash, err = d.store.Read(ctx).AuditHead(); err != nil {
		return signed, err
	}
	return d.signer.SignCheckpoint(head, soc.CardTime(d.clock()))
}
