package backend

import (
	"context"
	"slices"
	"time"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// gamebookPage bounds one page of gamebooks.
const gamebookPage = 200

// ListGamebooks lists the gamebooks of the workspace, newest request first.
func (d *Desk) ListGamebooks(ctx context.Context, by soc.Actor, f soc.GamebookFilter) (records []soc.GamebookRecord, next *soc.Keyset, err error) {
	if err := mayReadOps(by); err != nil {
		return nil, nil, err
	}
	f.Workspace, f.Limit = by.Workspace, min(max(f.Limit, 1), gamebookPage)
	err = d.store.View(ctx, func(r *store.Reader) error {
		if f.Incident != "" {
			i, found, err := r.Incident(by.Workspace, f.Incident)
			if err != nil || !found {
				return err
			}
			f.Incident = i.ID
		}
		var found []soc.Gamebook
		if found, next, err = r.ListGamebooks(f); err != nil {
			return err
		}
		for _, g := range found {
			record, err := d.recordOf(r, g)
			if err != nil {
				return err
			}
			records = append(records, record)
		}
		return nil
	})
	return records, next, err
}

func (d *Desk) recordOf(r *store.Reader, g soc.Gamebook) (soc.GamebookRecord, error) {
	i, found, err := r.Incident(g.Workspace, g.Incident)
	if err != nil {
		return soc.GamebookRecord{}, err
	}
	if !found { // deleted; the gamebook is still told
		i = soc.Incident{ID: g.Incident, Workspace: g.Workspace}
	}
	return d.gamebookRecord(r, i, g)
}

// GetGamebook returns a gamebook with its execution. With wait it answers when
// it changes or ends, at the latest after that time.
func (d *Desk) GetGamebook(ctx context.Context, by soc.Actor, id string, wait time.Duration) (detail soc.GamebookDetail, err error) {
	if err := mayReadOps(by); err != nil {
		return detail, err
	}
	if !soc.CheckID(soc.PrefixGamebook, id) {
		return detail, soc.NotFoundf("There is no such gamebook.")
	}
	if wait > 0 {
		woken, end := d.notices.subscribe([]string{id})
		defer end()
		if _, err := d.awaitStatuses(ctx, by, soc.StatusQuery{IDs: []string{id}, Wait: wait}, woken); err != nil {
			return detail, err
		}
	}
	err = d.store.View(ctx, func(r *store.Reader) error {
		g, found, err := r.Gamebook(by.Workspace, id)
		if err != nil {
			return err
		}
		if !found {
			return soc.NotFoundf("There is no such gamebook.")
		}
		if detail.GamebookRecord, err = d.recordOf(r, g); err != nil {
			return err
		}
		if detail.Locks, err = r.Locks(by.Workspace, id); err != nil {
			return err
		}
		owed, err := r.Reverts(by.Workspace, id)
		if at := slices.IndexFunc(owed, func(v soc.Revert) bool { return v.State == soc.RevertWaiting || v.State == soc.RevertAsked }); at >= 0 {
			detail.AutoRevertAt = owed[at].DueAt
		}
		return err
	})
	return detail, err
}

// VerifyGamebook asks for one more read-back of what is unproven; nothing is
// dispatched by it.
func (d *Desk) VerifyGamebook(ctx context.Context, by soc.Actor, id string) (g soc.Gamebook, err error) {
	if by.Session {
		err = by.May("", soc.RoleAnalyst)
	} else {
		err = by.May(soc.ScopeOpsTighten, soc.RoleAnalyst)
	}
	if err == nil {
		err = d.mayWrite()
	}
	if err == nil {
		err = d.write(ctx, func(tx *store.Tx) error {
			if g, err = d.endedGamebook(tx, by, id); err != nil {
				return err
			}
			if err := tx.Enqueue(soc.VerifyJob{Workspace: g.Workspace, Gamebook: g.ID, Round: len(verifyRounds)}, d.clock()); err != nil {
				return err
			}
			tx.Audit(d.gamebookEntry(by, "gamebook_verify_requested", g))
			return d.settleIdempotency(tx, by, g)
		})
	}
	if err != nil {
		return soc.Gamebook{}, d.refused(ctx, by, "gamebook_verify_requested", err, func(e *soc.AuditEntry) { e.Gamebook = id })
	}
	return g, nil
}
