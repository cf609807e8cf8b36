package backend

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/google/uuid"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// suppressionReason bounds the words of a suppression, in characters.
const suppressionReason = 1000

// maySuppress are the rules of every change of a suppression that need no row.
// It hides what is still to come, so it takes a senior and never an agent (S35).
func (d *Desk) maySuppress(by soc.Actor) error {
	if by.Kind == soc.PrincipalAgent {
		return soc.Errorf(soc.Denied, soc.CodeForbidden, "An agent credential never suppresses observables.").
			WithFix("Say in a comment what should be suppressed; a person decides.")
	}
	if err := by.May(soc.ScopeObservablesWrite, soc.RoleSenior); err != nil {
		return err
	}
	return d.mayWrite()
}

// SuppressObservable keeps new alerts that declare nothing but suppressed values
// out of the queue until a moment. One of the same value and scope that is
// active gets the new end.
func (d *Desk) SuppressObservable(ctx context.Context, by soc.Actor, in soc.NewSuppression) (receipt soc.SuppressionReceipt, err error) {
	const event = "observable_suppressed"
	if err := d.maySuppress(by); err != nil {
		return receipt, d.refused(ctx, by, event, err, nil)
	}
	now := d.clock()
	value, err := suppressible(in, now)
	if err != nil {
		return receipt, err
	}
	in.Value = value
	err = d.write(ctx, func(tx *store.Tx) error {
		if err := d.unlocked(tx, by.Workspace); err != nil {
			return err
		}
		if receipt, err = d.suppressObservable(tx, by, in, now); err != nil {
			return err
		}
		return d.settleIdempotency(tx, by, receipt)
	})
	if err != nil {
		return soc.SuppressionReceipt{}, d.refused(ctx, by, event, err, nil)
	}
	return receipt, nil
}

// suppressible checks what may be suppressed and returns its canonical value:
// one exact value, for a limited time.
func suppressible(in soc.NewSuppression, now time.Time) (string, error) {
	value, valid := soc.CanonicalValue(in.Kind, in.Value)
	switch {
	case in.Kind == soc.KindOther:
		return "", soc.InvalidField("type", "must not be other: only values with a type of their own can be suppressed")
	case !valid:
		return "", soc.InvalidField("value", "is not a valid value of its type")
	case strings.ContainsAny(value, "*?") && in.Kind != soc.KindURL && in.Kind != soc.KindRegistryKey && in.Kind != soc.KindRegistryValue:
		return "", soc.InvalidField("value", "must be one exact value: wildcards and ranges are not accepted")
	case !in.Until.After(now):
		return "", soc.InvalidField("until", "must be in the future")
	case in.Until.After(now.Add(soc.MaxSuppression)):
		return "", soc.InvalidField("until", "must be at most 366 days ahead")
	case len([]rune(in.Reason)) > suppressionReason:
		return "", soc.InvalidField("reason", "must be at most %d characters", suppressionReason)
	}
	return value, nil
}

func (d *Desk) suppressObservable(tx *store.Tx, by soc.Actor, in soc.NewSuppression, now time.Time) (receipt soc.SuppressionReceipt, err error) {
	s, found, err := tx.StandingSuppression(by.Workspace, in.Kind, in.Value, in.Source)
	if err != nil {
		return receipt, err
	}
	if found && s.Active(now) {
		s.Until, s.NoticeAt = in.Until, time.Time{} // a new end is told of anew
		if in.Reason != "" {
			s.Reason = in.Reason
		}
		err = tx.UpdateSuppression(s)
	} else {
		var id uuid.UUID
		if id, err = uuid.NewV7(); err != nil {
			return receipt, err
		}
		receipt.Created = true
		s = soc.Suppression{
			ID: id.String(), Workspace: by.Workspace, Kind: in.Kind, Value: in.Value, Source: in.Source, Until: in.Until, Reason: in.Reason,
			CreatedBy: by.ID, CreatedKind: by.Kind, CreatedAt: now,
		}
		err = tx.InsertSuppression(s)
	}
	if err != nil {
		return receipt, err
	}
	receipt.Suppression, receipt.KnownSource = s, true
	if in.Source != "" {
		if receipt.KnownSource, err = tx.SourceSeen(by.Workspace, in.Source); err != nil {
			return receipt, err
		}
	}
	receipt.WouldHaveMatched, err = tx.AlertsDeclaring(by.Workspace, in.Kind, in.Value, in.Source, now.Add(-24*time.Hour))
	e := d.entry(by, "observable_suppressed")
	e.Target, e.Detail = s.ID, suppressionDetail(s)
	tx.Audit(e)
	return receipt, err
}

// suppressionDetail names what a suppression is about; its value was chosen by
// the person who suppresses it.
func suppressionDetail(s soc.Suppression) string {
	text, err := json.Marshal(map[string]any{"kind": s.Kind, "value": soc.DisplayName(s.Value), "source": s.Source, "until": s.Until.UTC().Format(time.RFC3339)})
	if err != nil {
		return ""
	}
	return string(text)
}

// ListSuppressions lists the suppressions of the workspace, newest first, also
// those that ended. active filters; nil is all.
func (d *Desk) ListSuppressions(ctx context.Context, by soc.Actor, active *bool, after *soc.Keyset, limit int) (found []soc.Suppression, next *soc.Keyset, err error) {
	if err := by.May(soc.ScopeObservablesRead, soc.RoleViewer); err != nil {
		return nil, nil, err
	}
	limit = min(max(limit, 1), listLimit)
	before := ""
	if after != nil {
		before = after.ID
	}
	err = d.store.View(ctx, func(r *store.Reader) error {
		found, err = r.Suppressions(by.Workspace, active, d.clock(), before, limit+1)
		return err
	})
	if err == nil && len(found) > limit {
		found = found[:limit]
		next = &soc.Keyset{ID: found[limit-1].ID}
	}
	return found, next, err
}

// SuppressionActive reports whether a suppression suppresses now.
func (d *Desk) SuppressionActive(s soc.Suppression) bool { return s.Active(d.clock()) }

// LiftSuppression ends a suppression now; it is kept as history. One that has
// ended stays as it is.
func (d *Desk) LiftSuppression(ctx context.Context, by soc.Actor, id string) (s soc.Suppression, err error) {
	const event = "suppression_lifted"
	named := func(e *soc.AuditEntry) { e.Target = id }
	if err := d.maySuppress(by); err != nil {
		return s, d.refused(ctx, by, event, err, named)
	}
	err = d.write(ctx, func(tx *store.Tx) error {
		var found bool
		if s, found, err = tx.Suppression(by.Workspace, id); err != nil || !found {
			return orNotFound(err, "There is no such suppression.")
		}
		now := d.clock()
		if !s.Active(now) {
			return nil
		}
		if err := d.unlocked(tx, by.Workspace); err != nil {
			return err
		}
		s.EndedAt, s.EndedBy = now, by.ID
		e := d.entry(by, event)
		e.Target, e.Detail = s.ID, suppressionDetail(s)
		tx.Audit(e)
		if err := tx.UpdateSuppression(s); err != nil {
			return err
		}
		return d.settleIdempotency(tx, by, s)
	})
	if err != nil {
		return soc.Suppression{}, d.refused(ctx, by, event, err, named)
	}
	return s, nil
}

// noticePage bounds how many suppressions one sweep looks at.
const noticePage = 500

// NoteEndingSuppressions puts on record, seven days before, that a suppression
// ends, so that managers hear of it before its alerts come back. The server asks
// every few minutes; each suppression is told of once.
func (d *Desk) NoteEndingSuppressions(ctx context.Context) error {
	now := d.clock()
	ending, err := d.store.Read(ctx).EndingSuppressions(now, now.Add(soc.SuppressionNotice), noticePage)
	if err != nil || len(ending) == 0 {
		return err
	}
	return d.store.Write(ctx, func(tx *store.Tx) error {
		for _, s := range ending {
			s, found, err := tx.Suppression(s.Workspace, s.ID)
			if err != nil {
				return err
			}
			if !found || !s.Active(now) || !s.NoticeAt.IsZero() || s.Until.After(now.Add(soc.SuppressionNotice)) {
				continue // another replica was first, or somebody moved its end
			}
			s.NoticeAt = now
			by := soc.Actor{Kind: soc.PrincipalSystem, ID: "clock", Workspace: s.Workspace, Call: soc.Call{Door: "worker"}}
			e := d.entry(by, "suppression_ending")
			e.Target, e.Detail = s.ID, suppressionDetail(s)
			tx.Audit(e)
			if err := tx.UpdateSuppression(s); err != nil {
				return err
			}
		}
		return nil
	})
}
