package backend

import (
	"context"
	"slices"
	"strconv"
	"time"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// mayReadPolicy is the right to read the policy of a workspace; the workspace
// is the actor's, or the one the host names.
func mayReadPolicy(by soc.Actor, workspace string) (string, error) {
	if by.Kind == soc.PrincipalHost {
		return workspace, nil
	}
	return by.Workspace, may(by, soc.ScopeOpsRead, soc.RoleViewer)
}

// ListPolicyVersions lists who made which version of the policy, newest first,
// below `before` (0: all).
func (d *Desk) ListPolicyVersions(ctx context.Context, by soc.Actor, workspace string, before int64, limit int) (found []soc.PolicyVersion, more bool, err error) {
	if workspace, err = mayReadPolicy(by, workspace); err != nil {
		return nil, false, err
	}
	limit = min(max(limit, 1), 200)
	found, err = d.store.Read(ctx).PolicyVersions(workspace, before, limit+1)
	if len(found) > limit {
		return found[:limit], true, err
	}
	return found, false, err
}

// GetPolicyVersion returns one version with its document.
func (d *Desk) GetPolicyVersion(ctx context.Context, by soc.Actor, workspace string, version int64) (v soc.PolicyVersion, err error) {
	if workspace, err = mayReadPolicy(by, workspace); err != nil {
		return v, err
	}
	err = d.store.View(ctx, func(r *store.Reader) error {
		v, err = policyVersion(r, workspace, version)
		return err
	})
	return v, err
}

func policyVersion(r *store.Reader, workspace string, version int64) (soc.PolicyVersion, error) {
	v, found, err := r.PolicyVersion(workspace, version)
	if err == nil && !found {
		err = soc.NotFoundf("There is no such version of the policy.").WithFix("List the versions and use a number as shown.")
	}
	return v, err
}

// ComparePolicyVersions is what differs from one version to another; `to` 0 is
// what is in force.
func (d *Desk) ComparePolicyVersions(ctx context.Context, by soc.Actor, workspace string, from, to int64) (diff []soc.PolicyDifference, err error) {
	if workspace, err = mayReadPolicy(by, workspace); err != nil {
		return nil, err
	}
	err = d.store.View(ctx, func(r *store.Reader) error {
		before, err := policyVersion(r, workspace, from)
		if err != nil {
			return err
		}
		if to != 0 {
			after, err := policyVersion(r, workspace, to)
			diff = soc.DiffPolicy(before.Document, after.Document)
			return err
		}
		now, err := r.Policy(workspace)
		if err == nil && (!now.PolicyLoaded || !now.ProtectedLoaded) {
			err = soc.PolicyDamaged(now.Faults)
		}
		if err == nil {
			diff = soc.DiffPolicy(before.Document, now.Document())
		}
		return err
	})
	return diff, err
}

// ComparePolicy is what a document would change of what is in force, checked as
// an edit would check it; nothing is stored.
func (d *Desk) ComparePolicy(ctx context.Context, by soc.Actor, workspace string, doc soc.PolicyDocument) ([]soc.PolicyDifference, error) {
	now, err := d.GetPolicy(ctx, by, workspace)
	if err != nil {
		return nil, err
	}
	if !now.PolicyLoaded || !now.ProtectedLoaded {
		return nil, soc.PolicyDamaged(now.Faults)
	}
	if err := doc.Check(); err != nil {
		return nil, err
	}
	if err := d.rulesCompiled(doc.Rules); err != nil {
		return nil, err
	}
	return soc.DiffPolicy(now.Document(), adopted(now.Document(), doc)), nil
}

// adopted gives entries of a file without an id the id they have already.
func adopted(before, after soc.PolicyDocument) soc.PolicyDocument {
	after.Protected = slices.Clone(after.Protected)
	for i, entry := range after.Protected {
		at := slices.IndexFunc(before.Protected, func(o soc.ProtectedRecord) bool { return o.Match == entry.Match })
		if entry.ID == "" && at >= 0 {
			after.Protected[i].ID = before.Protected[at].ID
		}
	}
	return after
}

// ApplyPolicy replaces the whole policy of a workspace by a document.
func (d *Desk) ApplyPolicy(ctx context.Context, by soc.Actor, workspace string, doc soc.PolicyDocument, reason string) (soc.PolicyOutcome, error) {
	return d.EditPolicy(ctx, by, soc.PolicyEdit{
		Workspace: workspace, Part: soc.PartPolicy, Event: "policy_applied", Reason: reason,
		Edit: func(now soc.PolicyDocument) (soc.PolicyDocument, error) { return adopted(now, doc), nil },
	})
}

// RestorePolicy makes a new version that equals an old one.
func (d *Desk) RestorePolicy(ctx context.Context, by soc.Actor, workspace string, version int64, match soc.IfMatch, reason string) (soc.PolicyOutcome, error) {
	if by.Kind != soc.PrincipalHost {
		workspace = by.Workspace
	}
	return d.EditPolicy(ctx, by, soc.PolicyEdit{
		Workspace: workspace, Part: soc.PartPolicy, Event: "policy_restored", Target: strconv.FormatInt(version, 10), Reason: reason, IfMatch: match,
		Edit: func(soc.PolicyDocument) (soc.PolicyDocument, error) {
			old, err := policyVersion(d.store.Read(ctx), workspace, version)
			return old.Document, err
		},
	})
}

// ruleLogLimit is how many gamebooks of a rule's log are shown.
const ruleLogLimit = 200

// RuleLog lists the newest gamebooks that a rule in log-only mode would have
// decided otherwise; a zero time does not bound.
func (d *Desk) RuleLog(ctx context.Context, by soc.Actor, rule string, since, until time.Time) ([]soc.RuleLogEntry, error) {
	workspace, err := mayReadPolicy(by, by.Workspace)
	if err != nil {
		return nil, err
	}
	if until.IsZero() {
		until = d.clock().Add(time.Second)
	}
	return d.store.Read(ctx).RuleLog(workspace, rule, since, until, ruleLogLimit)
}
