package console

import (
	"context"
	"net/http"
	"time"

	"vedette/backend/soc"
)

// keyForm is a key or a service account as people state it. It reaches the
// workspace of the page.
type keyForm struct {
	// Kind of the key; an account is a service account.
	Kind    string   `form:"kind" enum:"agent,service,account,person"`
	Name    string   `form:"name" max:"400"`
	Role    string   `form:"role" enum:"viewer,analyst,senior,manager,admin"`
	Scopes  []string `form:"scope" max:"64"`
	Source  string   `form:"source" max:"64"`
	Agent   string   `form:"agent" max:"64"`
	Owner   string   `form:"owner" max:"64"`
	Expires day      `form:"expires" max:"10"`
	Reason  string   `form:"reason" max:"1000"`
}

type rotateForm struct {
	Key string `path:"key" max:"64"`
	// Overlap is how many hours the present secret works on.
	Overlap int `form:"overlap"`
}

// keyChoice is what the form of a new key offers.
type keyChoice struct {
	Scopes []soc.Scope
	Roles  []soc.Role
}

// registerKeys adds making a key, renewing its secret and collecting one that two
// people let through. A secret is told once, on the page that answers.
func (c *Console) registerKeys() {
	page := func(p Page) Page {
		p.Who, p.Role, p.Admin, p.Section = Member, soc.RoleViewer, true, "/keys"
		return p
	}
	add(c, page(Page{Method: http.MethodGet, Path: "/keys/new", Name: "new_key_page", Fresh: true}), c.newKey)
	add(c, page(Page{Method: http.MethodPost, Path: "/keys/new", Name: "create_key", Back: "/keys/new", Fresh: true}), c.createKey)
	add(c, page(Page{Method: http.MethodPost, Path: "/keys/{key}/rotate", Name: "rotate_key", Back: "/keys", Fresh: true}), c.rotateKey)
	add(c, page(Page{Method: http.MethodPost, Path: "/keys/{key}/collect", Name: "collect_key", Back: "/keys", Fresh: true}), c.collectKey)
	add(c, page(Page{Method: http.MethodPost, Path: "/keys/{key}/revoke", Name: "revoke_key", Back: "/keys"}), c.revokeKey)
}

func (c *Console) newKey(context.Context, soc.Actor, struct{}) (View, error) {
	return View{Template: "key-new", Title: "New key", Data: keyChoice{soc.AllScopes, soc.AllRoles}}, nil
}

func (f keyForm) order(by soc.Actor) soc.NewCredential {
	in := soc.NewCredential{
		Name: f.Name, Kind: soc.PrincipalKind(f.Kind), Role: soc.Role(f.Role), Workspaces: []string{by.Workspace},
		Source: f.Source, Agent: f.Agent, Owner: f.Owner,
	}
	if f.Kind == "account" {
		in.Kind, in.ServiceAccount = soc.PrincipalService, true
	}
	for _, scope := range f.Scopes {
		in.Scopes = append(in.Scopes, soc.Scope(scope))
	}
	if !f.Expires.IsZero() {
		in.ExpiresAt = f.Expires.AddDate(0, 0, 1) // its last day is whole
	}
	return in
}

// createKey tells the secret of a viewer's key at once, and leads to the change
// that any other waits as.
func (c *Console) createKey(ctx context.Context, by soc.Actor, in keyForm) (View, error) {
	out, err := c.desk.OrderKey(ctx, by, in.order(by), in.Reason)
	if err == nil && out.Change != nil {
		return View{Redirect: c.at(by, "/changes", out.Change.ID), Notice: "change-asked"}, nil
	}
	return c.tellKey(out.Issued, err)
}

func (c *Console) rotateKey(ctx context.Context, by soc.Actor, in rotateForm) (View, error) {
	return c.tellKey(c.desk.RotateKey(ctx, by, in.Key, time.Duration(in.Overlap)*time.Hour))
}

func (c *Console) collectKey(ctx context.Context, by soc.Actor, in oneKey) (View, error) {
	return c.tellKey(c.desk.CollectKey(ctx, by, in.Key))
}

// tellKey is the one page that a secret stands on; no address holds it.
func (c *Console) tellKey(issued soc.IssuedCredential, err error) (View, error) {
	return View{Template: "key-secret", Title: "Secret of a key", Data: issued}, err
}

func (c *Console) revokeKey(ctx context.Context, by soc.Actor, in oneKey) (View, error) {
	err := c.desk.RevokeKey(ctx, by, in.Key)
	return View{Redirect: c.at(by, "/keys"), Notice: "key-revoked"}, err
}
