package backend

import (
	"bytes"
	"context"
	"slices"
	"time"
	"unicode/utf8"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// ChangeKey puts a key or service account on other terms, at the word of an admin
// of the organization in person. Terms that only take away are in force with the
// answer; all others wait for a second person of its workspace (S60).
func (d *Desk) ChangeKey(ctx context.Context, by soc.Actor, noun soc.CredentialNoun, id string, in soc.CredentialChange) (out soc.ChangedKey, err error) {
	const event = "key_changed"
	if err = maySession(by); err == nil {
		err = mayAdminister(by, by.Organization)
	}
	if err == nil && utf8.RuneCountInString(in.Reason) > maxComment {
		err = soc.InvalidField("reason", "must hold at most %d characters", maxComment)
	}
	if err == nil {
		err = d.mayWrite()
	}
	if err == nil {
		err = d.write(ctx, func(tx *store.Tx) error {
			c, err := ownCredential(tx, by, noun, id)
			if err != nil {
				return err
			}
			out, err = d.changeTerms(tx, by, event, c, in)
			return err
		})
	}
	if err != nil {
		return soc.ChangedKey{}, d.refused(ctx, by, event, err, func(e *soc.AuditEntry) { e.Target = soc.DisplayName(id) })
	}
	return out, nil
}

func (d *Desk) changeTerms(tx *store.Tx, by soc.Actor, event string, c soc.Credential, in soc.CredentialChange) (out soc.ChangedKey, err error) {
	before := c.Terms()
	after := in.On(before)
	if err := after.Check(d.clock()); err != nil {
		return out, err
	}
	for _, workspace := range after.Workspaces {
		if err := inOrganization(tx, c.Organization, workspace); err != nil {
			return out, err
		}
	}
	out.Credential = c
	if after.Widens(before) {
		out.Change, err = d.askTerms(tx, by, event, c, before, after, in.Reason)
	} else {
		out.Credential, err = d.applyTerms(tx, c, after)
		e := d.entry(by, event)
		e.Target, e.Before, e.After, e.Detail = c.ID, credentialText(c), credentialText(out.Credential), auditDetail("reason", in.Reason)
		tx.Audit(e)
	}
	if err != nil {
		return out, err
	}
	return out, d.settleIdempotency(tx, by, out)
}

func (d *Desk) applyTerms(tx *store.Tx, c soc.Credential, n soc.NewCredential) (soc.Credential, error) {
	c.Name, c.Scopes, c.Workspaces, c.Role, c.Source, c.ExpiresAt = n.Name, n.Scopes, n.Workspaces, n.Role, n.Source, n.ExpiresAt
	return c, tx.ChangeCredential(c)
}

// askTerms makes a change that the people of the workspace confirm which the key
// reaches anew, or the only one it has.
func (d *Desk) askTerms(tx *store.Tx, by soc.Actor, event string, c soc.Credential, before, after soc.NewCredential, reason string) (*soc.PolicyChange, error) {
	workspace := after.Workspaces[0]
	added := slices.DeleteFunc(slices.Clone(after.Workspaces), func(w string) bool { return slices.Contains(before.Workspaces, w) })
	if len(added) == 1 {
		workspace = added[0]
	}
	if len(added) > 1 || after.Role != soc.RoleViewer && len(after.Workspaces) > 1 {
		return nil, soc.InvalidField("workspaceIds", "Must be one where the key is given more, since the people of that one confirm it.")
	}
	if err := tx.LockPolicy(workspace); err != nil {
		return nil, err
	}
	return d.askChange(tx, by, by.Fresh(d.clock()), soc.PolicyChange{
		Workspace: workspace, Kind: soc.PartKey, Event: event, Target: c.Owner, Reason: reason,
		Diff: []soc.PolicyDifference{{Path: "/keys/" + c.ID, From: before.Order(), To: after.Order(), Direction: soc.DirectionLoosening}},
	})
}

// applyKeyChange puts in force the terms that a change asked for. Terms that are
// no longer those the change was about stay.
func (d *Desk) applyKeyChange(tx *store.Tx, by soc.Actor, c soc.PolicyChange) error {
	after, err := c.KeyOrder(by.Organization)
	if err != nil {
		return err
	}
	key, err := ownCredential(tx, by, soc.AnyCredential, c.KeyID())
	if err != nil {
		return err
	}
	was, err := soc.CanonicalRecord(c.Diff[0].From)
	if err != nil {
		return err
	}
	is, err := soc.CanonicalRecord(key.Terms().Order())
	if err != nil {
		return err
	}
	if !bytes.Equal(was, is) {
		return soc.Errorf(soc.Conflict, soc.CodeInvalidState, "The key has been changed since.").WithFix("Reject this change and ask again.")
	}
	after.OAuthClient = key.OAuthClient
	if err := after.Check(d.clock()); err != nil {
		return err
	}
	for _, workspace := range after.Workspaces {
		if err := inOrganization(tx, key.Organization, workspace); err != nil {
			return err
		}
	}
	changed, err := d.applyTerms(tx, key, after)
	e := d.entry(by, c.Event)
	e.Workspace, e.Target, e.Digest, e.Before, e.After = c.Workspace, key.ID, c.Digest, credentialText(key), credentialText(changed)
	tx.Audit(e)
	return err
}

// sweptKeys is how many keys one turn of the clock ends.
const sweptKeys = 100

// RevokeUncollected ends keys that two people let through and whose secret nobody
// collected within a day. The worker asks every minute.
func (d *Desk) RevokeUncollected(ctx context.Context) error {
	now := d.clock()
	due, err := d.store.Read(ctx).UncollectedCredentials(now.Add(-soc.CollectFor), sweptKeys)
	if err != nil || len(due) == 0 {
		return err
	}
	return d.store.Write(ctx, func(tx *store.Tx) error {
		for _, c := range due {
			if err := d.revokeUncollected(tx, c.Organization, c.ID, now); err != nil {
				return err
			}
		}
		return nil
	})
}

// revokeUncollected ends one key, unless its secret was collected meanwhile.
func (d *Desk) revokeUncollected(tx *store.Tx, organization, id string, now time.Time) error {
	c, found, err := tx.Credential(organization, id)
	if err != nil || !found || c.Prefix != "" {
		return err
	}
	live, err := tx.RevokeCredential(c.ID, now)
	if err != nil || !live {
		return err
	}
	e := d.entry(workerActor(c.Workspaces[0]), "key_revoked")
	e.Target, e.Detail = c.ID, auditDetail("reason", "its secret was not collected within a day")
	tx.Audit(e)
	return nil
}
