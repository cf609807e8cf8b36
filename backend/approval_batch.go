package backend

import (
	"context"
	"fmt"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// Bounds of a batch.
const (
	minBatch = 2
	maxBatch = 50
)

// DecideBatch decides several gamebooks with one confirmation. Approving is
// only for what is harmless and alike (S21); each keeps its own digest, its own
// checks and its own audit entry, and one that fails its checks refuses all.
func (d *Desk) DecideBatch(ctx context.Context, by soc.Actor, in soc.BatchDecision) (receipts []soc.DecisionReceipt, err error) {
	event := "approval_denied"
	if in.Approve {
		event = "approval_given"
	}
	err = d.mayDecide(by)
	if err == nil && (len(in.Items) < minBatch || len(in.Items) > maxBatch) {
		err = soc.InvalidField("items", "must hold %d to %d entries", minBatch, maxBatch)
	}
	var after []soc.Gamebook
	if err == nil {
		err = d.write(ctx, func(tx *store.Tx) error {
			receipts, after = nil, nil
			group := ""
			for i, item := range in.Items {
				item.Approve, item.Comment = in.Approve, in.Comment
				c := decision{desk: d, tx: tx, by: by, in: item, event: event, batch: true}
				receipt, err := c.runInBatch(&group)
				if err != nil {
					return atItem(i, err)
				}
				receipts, after = append(receipts, receipt), append(after, c.after)
			}
			return d.settleIdempotency(tx, by, receipts)
		})
	}
	if err != nil {
		return nil, d.refused(ctx, by, event, err, nil)
	}
	for _, g := range after {
		d.wake(g)
	}
	return receipts, nil
}

// runInBatch is run for one of several: what would leave rows behind a refusal
// refuses the batch, and nothing of it stands.
func (c *decision) runInBatch(group *string) (soc.DecisionReceipt, error) {
	if err := checkDecision(c.in); err != nil {
		return soc.DecisionReceipt{}, err
	}
	if c.in.Digest == "" {
		return soc.DecisionReceipt{}, soc.InvalidField("digest", "is required: the digest the card showed")
	}
	receipt, err := c.run()
	if err == nil {
		err = c.late
	}
	if err != nil || !c.in.Approve {
		return receipt, err
	}
	harmless := batchGroup(c.m.g)
	if harmless == nil || *group != "" && *group != *harmless {
		return receipt, soc.Errorf(soc.Refused, soc.CodePolicyForbids, "Only harmless gamebooks of one playbook are approved together.").
			WithFix("Decide on this one by itself.")
	}
	*group = *harmless
	return receipt, nil
}

// atItem says which item of a batch an error is about.
func atItem(i int, err error) error {
	e := *soc.AsError(err)
	fields := map[string][]string{fmt.Sprintf("items[%d]", i): {e.Message}}
	for path, messages := range e.Fields {
		fields[fmt.Sprintf("items[%d].%s", i, path)] = messages
	}
	e.Fields = fields
	return &e
}
