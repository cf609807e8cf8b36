package backend

import (
	"context"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// bulkLimit is how many alerts one request may move.
const bulkLimit = 100

// BulkMoveAlerts moves alerts one by one under the rules of each single move: what
// cannot be moved says why and keeps no other from moving. Escalating without an
// incident makes one for all that can be.
//
// All of it is one transaction, so that the answer and what was stored agree
// when the request is repeated with its key.
func (d *Desk) BulkMoveAlerts(ctx context.Context, by soc.Actor, in soc.BulkAlerts) (results []soc.BulkResult, err error) {
	const event = "alerts_moved"
	if err := d.mayTriage(by); err != nil {
		return nil, d.refused(ctx, by, event, err, nil)
	}
	if len(in.Alerts) == 0 || len(in.Alerts) > bulkLimit {
		return nil, soc.InvalidField("ids", "must hold 1 to %d ids", bulkLimit)
	}
	err = d.write(ctx, func(tx *store.Tx) error {
		results = make([]soc.BulkResult, len(in.Alerts))
		moved, into := false, in.Incident
		for n, uid := range in.Alerts {
			result, changed, err := d.moveOne(tx, by, in, uid, &into)
			switch kind := soc.KindOf(err); kind {
			case "", soc.NotFound, soc.Conflict, soc.Invalid, soc.Denied:
			default:
				return err // not about this alert
			}
			moved = moved || changed
			results[n] = soc.BulkResult{Alert: uid, Created: result, Err: err}
		}
		if !moved {
			return nil
		}
		if err := d.unlocked(tx, by.Workspace); err != nil {
			return err
		}
		return d.settleIdempotency(tx, by, results)
	})
	if err != nil {
		return nil, d.refused(ctx, by, event, err, nil)
	}
	return results, nil
}

// moveOne moves one alert. into is the incident to escalate to; it is set to the
// one that the first alert made.
func (d *Desk) moveOne(tx *store.Tx, by soc.Actor, in soc.BulkAlerts, uid string, into *string) (created, changed bool, err error) {
	a, err := d.alert(&tx.Reader, by, uid)
	if err != nil {
		return false, false, err
	}
	switch in.Operation {
	case "dismiss":
		_, changed, err = d.dismiss(tx, by, a, in.Dismiss)
	case "link":
		_, changed, err = d.link(tx, by, a, in.Incident)
	default:
		var out soc.EscalatedAlert
		out, changed, err = d.escalate(tx, by, a, *into)
		if err == nil && out.Created {
			*into = out.Incident.ID
		}
		created = out.Created
	}
	return created, changed, err
}
