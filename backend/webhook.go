package backend

import (
	"context"
	"crypto/rand"
	"net/url"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// webhookPage is how many webhooks a page holds.
const webhookPage = 50

// mayWebhooks lets in a key that holds the scope, an organization's admin in
// person, and the host. An agent never: where events go is not its business.
func mayWebhooks(by soc.Actor, scope soc.Scope) error {
	if err := by.May(scope, soc.RoleNone); err != nil {
		return err
	}
	if by.Kind == soc.PrincipalAgent || by.Session && !by.OrganizationAdmin {
		return soc.Errorf(soc.Denied, soc.CodeForbidden, "Only an admin of the organization, or a key made for it, may do this.").
			WithFix("Ask an admin of the organization.")
	}
	return nil
}

// errNoWebhook is the one answer for an unknown and a foreign webhook.
func errNoWebhook() error {
	return soc.NotFoundf("There is no such webhook.").WithFix("List the webhooks and copy the id exactly.")
}

// ListWebhooks lists the webhooks of the organization, oldest first, 50 a page.
func (d *Desk) ListWebhooks(ctx context.Context, by soc.Actor, after *soc.Keyset) (found []soc.Webhook, next *soc.Keyset, err error) {
	if err := mayWebhooks(by, soc.ScopeWebhooksRead); err != nil {
		return nil, nil, err
	}
	err = d.store.View(ctx, func(r *store.Reader) error {
		if found, err = r.Webhooks(by.Organization, after, webhookPage+1); err != nil {
			return err
		}
		reach, err := webhookReach(r, by)
		found = slices.DeleteFunc(found, func(w soc.Webhook) bool { return !reach.covers(w.Workspaces) })
		return err
	})
	if err != nil || len(found) <= webhookPage {
		return found, nil, err
	}
	found = found[:webhookPage]
	last := found[webhookPage-1]
	return found, &soc.Keyset{Value: strconv.FormatInt(last.CreatedAt.UnixMicro(), 10), ID: last.ID}, nil
}

// GetWebhook returns one webhook of the organization.
func (d *Desk) GetWebhook(ctx context.Context, by soc.Actor, id string) (soc.Webhook, error) {
	if err := mayWebhooks(by, soc.ScopeWebhooksRead); err != nil {
		return soc.Webhook{}, err
	}
	var w soc.Webhook
	err := d.store.View(ctx, func(r *store.Reader) (err error) {
		w, err = webhookOf(r, by, id)
		return err
	})
	return w, err
}

// webhookReach is which workspaces' events an actor may send anywhere, or read in
// a delivery log: those its key is good for. A key that is good for every
// workspace there is may name none.
func webhookReach(r *store.Reader, by soc.Actor) (workspaceReach, error) {
	if by.Session || by.Kind == soc.PrincipalHost {
		return workspaceReach{all: true}, nil
	}
	all, err := r.Workspaces(by.Organization)
	reach := workspaceReach{all: true, some: by.Grants}
	for _, w := range all {
		if _, granted := by.Grants[w.ID]; !granted {
			reach.all = false
		}
	}
	return reach, err
}

type workspaceReach struct {
	all  bool
	some map[string]soc.Role
}

// covers reports whether a webhook of these workspaces, none being all, tells
// nothing of others.
func (r workspaceReach) covers(workspaces []string) bool {
	beyond := func(id string) bool { _, granted := r.some[id]; return !granted }
	return r.all || len(workspaces) > 0 && !slices.ContainsFunc(workspaces, beyond)
}

// webhookOf finds a webhook of the actor's organization. One that tells of a
// workspace beyond the actor's reach is none to it: whoever moves its address, or
// reads its log, has that workspace's events.
func webhookOf(r *store.Reader, by soc.Actor, id string) (soc.Webhook, error) {
	if by.Organization == "" && by.Kind != soc.PrincipalHost {
		return soc.Webhook{}, errNoWebhook()
	}
	w, found, err := r.Webhook(by.Organization, id)
	if err != nil {
		return w, err
	}
	reach, err := webhookReach(r, by)
	if err == nil && (!found || !reach.covers(w.Workspaces)) {
		return soc.Webhook{}, errNoWebhook()
	}
	return w, err
}

// CreateWebhook makes a webhook and returns it with its signing secret, which is
// shown this once.
func (d *Desk) CreateWebhook(ctx context.Context, by soc.Actor, in soc.WebhookDraft, proof soc.WebhookCredentials) (soc.IssuedWebhook, error) {
	var out soc.IssuedWebhook
	err := d.changeWebhooks(ctx, by, "webhook_created", "", func() (err error) {
		if in, err = in.Whole(); err != nil {
			return err
		}
		if proof.Authentication == "" {
			proof.Authentication = soc.AuthenticationNone
		}
		if err := proof.Check(); err != nil {
			return err
		}
		if err := d.mayCall(in.URL); err != nil {
			return err
		}
		out, err = d.newWebhook(by, in, proof)
		return err
	}, func(tx *store.Tx) (string, any, error) {
		if err := workspacesOf(tx, by, by.Organization, in.Workspaces); err != nil {
			return "", nil, err
		}
		have, err := tx.Webhooks(by.Organization, nil, soc.MaxWebhooks)
		if err != nil {
			return "", nil, err
		}
		if len(have) >= soc.MaxWebhooks {
			return "", nil, soc.Errorf(soc.Conflict, soc.CodeConflict, "The organization has %d webhooks, the most there may be.", soc.MaxWebhooks).WithFix("Delete one first.")
		}
		return out.Webhook.ID, out, tx.InsertWebhook(out.Webhook)
	})
	return out, err
}

func (d *Desk) newWebhook(by soc.Actor, in soc.WebhookDraft, proof soc.WebhookCredentials) (out soc.IssuedWebhook, err error) {
	id, err := uuid.NewV7()
	if err != nil {
		return out, err
	}
	now := d.clock()
	w := stated(soc.Webhook{
		ID: id.String(), Organization: by.Organization, Status: soc.WebhookActive, Authentication: proof.Authentication,
		CreatedBy: by.ID, CreatedAt: now, UpdatedAt: now, Version: 1,
	}, in)
	if out.Secret, err = soc.NewWebhookSecret(rand.Reader); err != nil {
		return out, err
	}
	if w.Sealed.Secret, err = d.secrets.Seal(purposeSecret, w.ID, out.Secret); err != nil {
		return out, err
	}
	out.Webhook, err = d.sealProof(w, proof)
	return out, err
}

// stated is a webhook as a draft states it.
func stated(w soc.Webhook, in soc.WebhookDraft) soc.Webhook {
	w.Name, w.URL, w.EventTypes, w.Workspaces = in.Name, in.URL, in.EventTypes, in.Workspaces
	w.SignatureFormat, w.PayloadFormat = in.SignatureFormat, in.PayloadFormat
	return w
}

// UpdateWebhook replaces what people state of a webhook. Another scheme, host or
// port erases the stored credentials, so that they cannot be sent elsewhere.
func (d *Desk) UpdateWebhook(ctx context.Context, by soc.Actor, id string, match soc.IfMatch, in soc.WebhookDraft) (out soc.Webhook, err error) {
	err = d.changeWebhook(ctx, by, "webhook_updated", id, match, &out, func() error {
		if in, err = in.Whole(); err != nil {
			return err
		}
		return d.mayCall(in.URL)
	}, func(tx *store.Tx, w soc.Webhook) (soc.Webhook, error) {
		if err := workspacesOf(tx, by, w.Organization, in.Workspaces); err != nil {
			return w, err
		}
		if !sameOrigin(w.URL, in.URL) {
			w.Authentication, w.Sealed.Authorization, w.Sealed.SigningToken = soc.AuthenticationNone, nil, nil
		}
		return stated(w, in), nil
	})
	return out, err
}

// sameOrigin compares scheme, host and port.
func sameOrigin(a, b string) bool {
	left, err := url.Parse(a)
	right, other := url.Parse(b)
	if err != nil || other != nil {
		return false
	}
	return left.Scheme == right.Scheme && left.Hostname() == right.Hostname() && portOf(left) == portOf(right)
}

func portOf(u *url.URL) string {
	if port := u.Port(); port != "" {
		return port
	}
	return map[string]string{"https": "443", "http": "80"}[u.Scheme]
}

// workspacesOf refuses workspaces that are not the organization's, or beyond the
// actor's reach; unknown and foreign ones get one answer.
func workspacesOf(tx *store.Tx, by soc.Actor, organization string, ids []string) error {
	reach, err := webhookReach(&tx.Reader, by)
	if err != nil {
		return err
	}
	if len(ids) == 0 && !reach.covers(nil) {
		return soc.InvalidField("workspaceIds", "must name workspaces, since the credential is not good for every one of the organization")
	}
	all, err := tx.Workspaces(organization)
	if err != nil {
		return err
	}
	for _, id := range ids {
		known := slices.ContainsFunc(all, func(w soc.Workspace) bool { return w.ID == id })
		if !known || !reach.covers([]string{id}) {
			return soc.InvalidField("workspaceIds", "must hold workspaces of the organization that the credential is good for")
		}
	}
	return nil
}

// DeleteWebhook ends a webhook; what waits for it is skipped. Its secrets are
// gone at once.
func (d *Desk) DeleteWebhook(ctx context.Context, by soc.Actor, id string, match soc.IfMatch) error {
	var out soc.Webhook
	return d.changeWebhook(ctx, by, "webhook_deleted", id, match, &out, nil, func(_ *store.Tx, w soc.Webhook) (soc.Webhook, error) {
		w.DeletedAt, w.Authentication, w.Sealed = d.clock(), soc.AuthenticationNone, soc.SealedWebhook{}
		return w, nil
	})
}
