package backend

import (
	"context"
	"slices"
	"strings"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// GetOrganization is the organization that a signed-in person belongs to, with
// how many who may decide something have no second factor: a banner stands until
// there are none (S49).
func (d *Desk) GetOrganization(ctx context.Context, by soc.Actor) (o soc.Organization, without int64, err error) {
	if err := maySession(by); err != nil {
		return o, 0, err
	}
	err = d.store.View(ctx, func(r *store.Reader) (err error) {
		found := false
		if o, found, err = r.Organization(by.Organization); err != nil {
			return err
		}
		if !found {
			return soc.NotFoundf("There is no such organization.")
		}
		without, err = r.ApproversWithoutSecondFactor(by.Organization)
		return err
	})
	return o, without, err
}

// RequireSecondFactor says which roles have to have a second factor (S49). To
// ask it of more roles is for an admin of the organization, and counts for live
// sessions at their next request; to ask it of fewer takes the host.
func (d *Desk) RequireSecondFactor(ctx context.Context, by soc.Actor, organization string, roles []soc.Role) (soc.Organization, error) {
	const event = "organization_changed"
	o, err := d.requireSecondFactor(ctx, by, event, organization, roles)
	if err != nil {
		return soc.Organization{}, d.refused(ctx, by, event, err, func(e *soc.AuditEntry) { e.Target = soc.DisplayName(organization) })
	}
	return o, nil
}

func (d *Desk) requireSecondFactor(ctx context.Context, by soc.Actor, event, organization string, roles []soc.Role) (o soc.Organization, err error) {
	if err := mayAdminister(by, organization); err != nil {
		return o, err
	}
	if err := d.mayWrite(); err != nil {
		return o, err
	}
	if roles, err = wholeRoles(roles); err != nil {
		return o, err
	}
	err = d.store.Write(ctx, func(tx *store.Tx) error {
		found := false
		if o, found, err = tx.Organization(organization); err != nil || !found {
			if err == nil {
				err = soc.NotFoundf("There is no such organization.")
			}
			return err
		}
		for _, role := range o.SecondFactorRoles {
			if !slices.Contains(roles, role) {
				if err := mayLoosen(by); err != nil {
					return err
				}
			}
		}
		e := d.entry(by, event)
		e.Target, e.Before, e.After = o.ID, roleText(o.SecondFactorRoles), roleText(roles)
		tx.Audit(e)
		o.SecondFactorRoles = roles
		return tx.SetOrganization(o)
	})
	return o, err
}

// wholeRoles is a list of roles in rising order, each once.
func wholeRoles(roles []soc.Role) ([]soc.Role, error) {
	whole := []soc.Role{}
	for _, role := range roles {
		if !slices.Contains(soc.AllRoles, role) {
			return nil, soc.InvalidField("secondFactorRoles", "Must hold roles: viewer, analyst, senior, manager or admin.")
		}
	}
	for _, role := range soc.AllRoles {
		if slices.Contains(roles, role) {
			whole = append(whole, role)
		}
	}
	return whole, nil
}

func roleText(roles []soc.Role) string {
	words := make([]string, len(roles))
	for i, role := range roles {
		words[i] = string(role)
	}
	return "second factor: " + strings.Join(words, " ")
}
