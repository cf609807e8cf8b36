package backend

import (
	"context"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// errLink is the one answer to a link that leads nowhere: wrong, used, replaced,
// expired, or of somebody who is disabled.
func errLink() *soc.Error {
	return soc.NotFoundf("The link does not work: it was used, or its time is over.").WithFix("Ask whoever sent it for another.")
}

// personLink finds the live link of a token and its person.
func (d *Desk) personLink(r *store.Reader, token string) (l soc.PersonLink, p soc.Person, err error) {
	if !soc.CheckLinkToken(token) {
		return l, p, errLink()
	}
	l, found, err := r.PersonLinkByToken(soc.HashSecret(token))
	if err == nil && (!found || !l.Live(d.clock())) {
		err = errLink()
	}
	if err != nil {
		return l, p, err
	}
	p, found, err = r.Person(l.Person)
	if err == nil && (!found || p.Disabled) {
		err = errLink()
	}
	return l, p, err
}

// OpenPersonLink says for whom a link is. It changes nothing.
func (d *Desk) OpenPersonLink(ctx context.Context, token string) (out soc.LinkFor, err error) {
	err = d.store.View(ctx, func(r *store.Reader) error {
		l, p, err := d.personLink(r, token)
		out = soc.LinkFor{Email: p.Email, Name: p.Name, Purpose: l.Purpose, ExpiresAt: l.ExpiresAt}
		return err
	})
	return out, err
}

// FollowPersonLink sets the password of the person whose link it is and uses the
// link up. The person signs in with it then, and enrols a second factor where the
// role demands one.
func (d *Desk) FollowPersonLink(ctx context.Context, by soc.Actor, token, password string) error {
	const event = "person_link_used"
	err := d.followLink(ctx, by, event, token, password)
	if err != nil {
		return d.refused(ctx, by, event, err, nil)
	}
	return nil
}

func (d *Desk) followLink(ctx context.Context, by soc.Actor, event, token, password string) error {
	_, person, err := d.personLink(d.store.Read(ctx), token)
	if err != nil {
		return err
	}
	if err := soc.CheckPassword("password", password, person.Email); err != nil {
		return err
	}
	hash, err := d.hashPassword(ctx, password)
	if err != nil {
		return err
	}
	return d.store.Write(ctx, func(tx *store.Tx) error {
		link, person, err := d.personLink(&tx.Reader, token)
		if err != nil {
			return err
		}
		first, err := tx.UsePersonLink(link.ID, d.clock())
		if err == nil && !first {
			err = errLink()
		}
		if err == nil {
			err = tx.EndSessions(person.ID, "")
		}
		if err == nil {
			err = tx.SetPassword(person.ID, hash)
		}
		if err != nil {
			return err
		}
		e := d.entry(soc.Actor{Kind: soc.PrincipalPerson, ID: person.ID, Name: person.Name, Call: by.Call}, event)
		e.Target, e.Detail = person.ID, auditDetail("purpose", string(link.Purpose))
		tx.Audit(e)
		return nil
	})
}

// LinkURL is where the holder of a token goes. Whoever makes the console's pages
// keeps them there.
func (d *Desk) LinkURL(token string) string { return d.publicURL + "/console/welcome/" + token }
