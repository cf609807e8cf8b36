package backend

import (
	"context"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// OrderKey makes a key or service account at the word of an admin of the
// organization. One of role viewer lives at once, its secret in the answer. What
// is more waits for a second person of its workspace (S60); its secret is then
// collected by whoever asked (CollectKey).
func (d *Desk) OrderKey(ctx context.Context, by soc.Actor, in soc.NewCredential, reason string) (out soc.KeyOutcome, err error) {
	event := "key_created"
	if in.ServiceAccount {
		event = "service_account_created"
	}
	in.Organization = by.Organization
	if err = mayAdminister(by, by.Organization); err == nil {
		err = d.mayWrite()
	}
	if err == nil {
		err = in.Check(d.clock())
	}
	if err == nil {
		err = d.write(ctx, func(tx *store.Tx) error {
			for _, workspace := range in.Workspaces {
				if err := inOrganization(tx, in.Organization, workspace); err != nil {
					return err
				}
			}
			if in.Role == soc.RoleViewer {
				out.Issued, err = d.issueKey(tx, by, event, in)
			} else {
				out.Change, err = d.askKey(tx, by, event, in, reason)
			}
			if err != nil {
				return err
			}
			return d.settleIdempotency(tx, by, out)
		})
	}
	if err != nil {
		return soc.KeyOutcome{}, d.refused(ctx, by, event, err, nil)
	}
	return out, nil
}

// issueKey makes a credential whose secret is told now.
func (d *Desk) issueKey(tx *store.Tx, by soc.Actor, event string, in soc.NewCredential) (soc.IssuedCredential, error) {
	issued, err := d.drawCredential(by, in)
	if err != nil {
		return soc.IssuedCredential{}, err
	}
	if err := d.tieCredential(tx, by, in, &issued.Credential); err != nil {
		return soc.IssuedCredential{}, err
	}
	e := d.entry(by, event)
	e.Target, e.After = issued.Credential.ID, credentialText(issued.Credential)
	tx.Audit(e)
	return issued, tx.InsertCredential(issued.Credential)
}

func (d *Desk) askKey(tx *store.Tx, by soc.Actor, event string, in soc.NewCredential, reason string) (*soc.PolicyChange, error) {
	if len(in.Workspaces) != 1 {
		return nil, soc.InvalidField("workspaceIds", "Must be one where the role is above viewer, since the people of that one confirm it.")
	}
	workspace := in.Workspaces[0]
	if err := tx.LockPolicy(workspace); err != nil {
		return nil, err
	}
	return d.askChange(tx, by, by.Fresh(d.clock()), soc.PolicyChange{
		Workspace: workspace, Kind: soc.PartKey, Event: event, Target: in.Owner, Reason: reason,
		Diff: []soc.PolicyDifference{{Path: "/keys", To: in.Order(), Direction: soc.DirectionLoosening}},
	})
}

// applyKey makes the credential that a change asked for, under the change's id.
// Its secret is drawn and forgotten: the one who asked draws another.
func (d *Desk) applyKey(tx *store.Tx, by soc.Actor, c soc.PolicyChange) error {
	in, err := c.KeyOrder(by.Organization)
	if err != nil {
		return err
	}
	if err := in.Check(d.clock()); err != nil {
		return err
	}
	issued, err := d.drawCredential(by, in)
	if err != nil {
		return err
	}
	key := issued.Credential
	key.ID, key.CreatedBy, key.Prefix = c.ID, c.By, ""
	if err := d.tieCredential(tx, by, in, &key); err != nil {
		return err
	}
	e := d.entry(by, c.Event)
	e.Workspace, e.Target, e.Digest, e.After = c.Workspace, key.ID, c.Digest, credentialText(key)
	tx.Audit(e)
	return tx.InsertCredential(key)
}

// CollectKey draws the secret of a key that two people let through, once, for
// whoever asked for it, within a day.
func (d *Desk) CollectKey(ctx context.Context, by soc.Actor, id string) (issued soc.IssuedCredential, err error) {
	const event = "key_secret_collected"
	if err = mayAdminister(by, by.Organization); err == nil {
		err = d.mayWrite()
	}
	if err == nil {
		err = d.write(ctx, func(tx *store.Tx) error {
			issued, err = d.collectKey(tx, by, event, id)
			return err
		})
	}
	if err != nil {
		return soc.IssuedCredential{}, d.refused(ctx, by, event, err, func(e *soc.AuditEntry) { e.Target = soc.DisplayName(id) })
	}
	return issued, nil
}

func (d *Desk) collectKey(tx *store.Tx, by soc.Actor, event, id string) (issued soc.IssuedCredential, err error) {
	unknown := soc.NotFoundf("There is no such key.")
	key, found, err := tx.Credential(by.Organization, id)
	if err != nil {
		return issued, err
	}
	if !found || key.Revoked() || len(key.Workspaces) == 0 {
		return issued, unknown
	}
	c, found, err := tx.PolicyChange(key.Workspaces[0], id)
	switch {
	case err != nil:
		return issued, err
	case !found || c.Kind != soc.PartKey:
		return issued, unknown
	case c.By != by.ID:
		return issued, soc.Errorf(soc.Denied, soc.CodeForbidden, "Only whoever asked for a key collects its secret.").WithFix("Ask for a key of your own.")
	case d.clock().After(c.DecidedAt.Add(soc.CollectFor)):
		return issued, soc.Errorf(soc.Conflict, soc.CodeApprovalExpired, "The day to collect the secret is over.").WithFix("Revoke the key and ask for another.")
	}
	if issued.Secret, err = d.drawSecret(key); err != nil {
		return issued, err
	}
	key.SecretHash, key.Prefix = soc.HashSecret(issued.Secret), soc.SecretPrefix(issued.Secret)
	first, err := tx.CollectCredential(key.ID, key.Prefix, key.SecretHash)
	if err == nil && !first {
		err = soc.Errorf(soc.Conflict, soc.CodeInvalidState, "The secret has been collected.").WithFix("Rotate the key for a new one.")
	}
	if err != nil {
		return issued, err
	}
	issued.Credential = key
	e := d.entry(by, event)
	e.Target = key.ID
	tx.Audit(e)
	return issued, d.settleIdempotency(tx, by, issued)
}
