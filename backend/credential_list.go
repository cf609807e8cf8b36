package backend

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"vedette/backend/soc"
)

// reach is how far somebody looks into what an organization has: all of it, or
// what belongs to some workspaces.
type reach struct {
	all        bool
	workspaces []string
}

// within are the workspaces of a list that a reach covers, in order.
func (r reach) within(workspaces []string) []string {
	return slices.DeleteFunc(slices.Clone(workspaces), func(w string) bool { return !r.covers(w) })
}

func (r reach) covers(workspace string) bool {
	return r.all || slices.Contains(r.workspaces, workspace)
}

// mayOversee lets an admin of the organization look into all of it, and
// managers and keys of that role into what belongs to their workspaces. An
// agent sees neither people nor keys: they are what it would want to copy.
func mayOversee(by soc.Actor) (reach, error) {
	by.Workspace = "" // the answer is about no single one
	if err := by.May(soc.ScopeOpsRead, soc.RoleNone); err != nil {
		return reach{}, err
	}
	switch by.Kind {
	case soc.PrincipalHost:
		return reach{all: true}, nil
	case soc.PrincipalPerson, soc.PrincipalService:
	default:
		return reach{}, soc.Errorf(soc.Denied, soc.CodeForbidden, "This kind of credential may never do this.")
	}
	r := reach{all: by.Session && by.OrganizationAdmin}
	for workspace, role := range by.Grants {
		if role.AtLeast(soc.RoleManager) {
			r.workspaces = append(r.workspaces, workspace)
		}
	}
	if !r.all && len(r.workspaces) == 0 {
		return reach{}, by.May("", soc.RoleManager)
	}
	return r, nil
}

// ListCredentials lists one page of the keys or service accounts that the
// caller oversees, oldest first, ended ones too, without secrets. Of the
// workspaces of each, those the caller does not oversee are left out. A filter
// by a workspace that is unknown or foreign is NotFound.
func (d *Desk) ListCredentials(ctx context.Context, by soc.Actor, f soc.CredentialFilter) ([]soc.Credential, *soc.Keyset, error) {
	r, err := mayOversee(by)
	if err != nil {
		return nil, nil, d.refused(ctx, by, "keys_listed", err, nil)
	}
	reader := d.store.Read(ctx)
	if f.Workspace != "" {
		w, found, err := reader.Workspace(f.Workspace)
		if err != nil {
			return nil, nil, err
		}
		if !found || w.Organization != by.Organization || !r.covers(w.ID) {
			return nil, nil, soc.NotFoundf("There is no such workspace.")
		}
	}
	all, err := reader.Credentials(by.Organization)
	if err != nil {
		return nil, nil, err
	}
	now := d.clock()
	var page []soc.Credential
	for _, c := range all {
		if !f.Fits(c, now) || f.After != nil && !afterKeyset(c, *f.After) {
			continue
		}
		if c.Workspaces = r.within(c.Workspaces); len(c.Workspaces) == 0 {
			continue
		}
		if len(page) == f.Limit {
			last := page[len(page)-1]
			return page, &soc.Keyset{Value: keysetTime(last.CreatedAt), ID: last.ID}, nil
		}
		c.SecretHash, c.FormerHash = nil, nil
		page = append(page, c)
	}
	return page, nil, nil
}

// keysetTime is a time as a position in a list.
func keysetTime(at time.Time) string { return strconv.FormatInt(at.UnixMicro(), 10) }

// keysetMicros is the time of a position, 0 where it has none.
func keysetMicros(position soc.Keyset) int64 {
	micros, err := strconv.ParseInt(position.Value, 10, 64)
	if err != nil {
		return 0
	}
	return micros
}

// afterKeyset reports whether a credential stands behind a position.
func afterKeyset(c soc.Credential, position soc.Keyset) bool {
	micros, err := strconv.ParseInt(position.Value, 10, 64)
	if err != nil {
		return false
	}
	return cmp.Or(cmp.Compare(c.CreatedAt.UnixMicro(), micros), cmp.Compare(c.ID, position.ID)) > 0
}
