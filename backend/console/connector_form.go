package console

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"vedette/backend/soc"
)

// maxConnectorForm is the most bytes of a form that may hold a declaration.
const maxConnectorForm = 512 << 10

type newConnectorQuery struct {
	Kind string `query:"kind" max:"64"`
}

// connectorForm is a connector as people state it.
type connectorForm struct {
	Kind    string `form:"kind" max:"64"`
	Name    string `form:"name" max:"256"`
	BaseURL string `form:"base_url" max:"2048"`
	// Settings are the members of the kind that are no secret.
	Settings map[string]string `form:"setting." max:"4096"`
	// Narrow leaves only Playbooks in use; without it everything is.
	Narrow    bool     `form:"narrow"`
	Playbooks []string `form:"playbook" max:"64"`
	// Rate is calls a second; empty takes the kind's.
	Rate        string `form:"rate" max:"16"`
	Burst       int    `form:"burst"`
	Declaration string `form:"declaration" max:"262144"`
	Reason      string `form:"reason" max:"1000"`
}

type connectorChange struct {
	Connector string `path:"connector" max:"64"`
	Version   int64  `form:"version"`
	connectorForm
}

type connectorSecretsForm struct {
	Connector string            `path:"connector" max:"64"`
	Secrets   map[string]string `form:"secret." max:"8192"`
	// Remove are the names of secrets that are erased.
	Remove []string `form:"remove" max:"64"`
}

// connectorPage is a connector with its kind; of a new one, or one whose kind the
// process does not know, parts are empty.
type connectorPage struct {
	View  soc.ConnectorView
	Kind  soc.ConnectorKind
	Kinds []soc.ConnectorKind
}

// registerConnectorForms adds stating, changing and ending a connector. What
// loosens leaves it waiting for a second admin; secrets are never shown again.
func (c *Console) registerConnectorForms() {
	page := func(p Page) Page {
		p.Who, p.Role, p.Section = Member, soc.RoleAdmin, "/connectors"
		return p
	}
	one := "/connectors/{connector}"
	add(c, page(Page{Method: http.MethodGet, Path: "/connectors/new", Name: "new_connector_page", Fresh: true}), c.newConnector)
	add(c, page(Page{Method: http.MethodPost, Path: "/connectors/new", Name: "create_connector", Back: "/connectors/new", Fresh: true, MaxBody: maxConnectorForm}), c.createConnector)
	add(c, page(Page{Method: http.MethodPost, Path: one + "/edit", Name: "update_connector", Back: one, Fresh: true, MaxBody: maxConnectorForm}), c.updateConnector)
	add(c, page(Page{Method: http.MethodPost, Path: one + "/secrets", Name: "set_connector_secrets", Back: one, Fresh: true}), c.setConnectorSecrets)
	add(c, page(Page{Method: http.MethodPost, Path: one + "/delete", Name: "delete_connector", Back: one}), c.deleteConnector)
}

func (c *Console) newConnector(_ context.Context, by soc.Actor, in newConnectorQuery) (View, error) {
	kinds, err := c.desk.ConnectorKinds(by)
	page := connectorPage{Kind: connectorKind(kinds, in.Kind), Kinds: kinds}
	return View{Template: "connector-new", Title: "New connector", Data: page}, err
}

func connectorKind(kinds []soc.ConnectorKind, name string) soc.ConnectorKind {
	if at := slices.IndexFunc(kinds, func(k soc.ConnectorKind) bool { return k.Name == name }); at >= 0 {
		return kinds[at]
	}
	return soc.ConnectorKind{}
}

func (c *Console) connector(ctx context.Context, by soc.Actor, in oneConnector) (View, error) {
	view, err := c.desk.GetConnector(ctx, by, in.Connector)
	if err != nil {
		return View{}, err
	}
	kinds, err := c.desk.ConnectorKinds(by)
	return View{Template: "connector", Title: view.Connector.Name, Data: connectorPage{View: view, Kind: connectorKind(kinds, view.Connector.Kind)}}, err
}

func (f connectorForm) draft() (soc.ConnectorDraft, error) {
	in := soc.ConnectorDraft{
		Kind: f.Kind, Name: f.Name, BaseURL: f.BaseURL, Settings: f.Settings, Burst: f.Burst, Declaration: f.Declaration, Reason: f.Reason,
	}
	if f.Narrow {
		in.Playbooks = append([]string{}, f.Playbooks...)
	}
	if f.Rate != "" {
		perSecond, err := strconv.ParseFloat(f.Rate, 64)
		if err != nil || !(perSecond >= 0.01 && perSecond <= 1000) {
			return in, soc.InvalidField("rate", "must be 0.01 to 1000 calls a second")
		}
		in.Rate = int64(perSecond * 1000)
	}
	return in, nil
}

func (c *Console) createConnector(ctx context.Context, by soc.Actor, in connectorForm) (View, error) {
	draft, err := in.draft()
	if err != nil {
		return View{}, err
	}
	view, err := c.desk.CreateConnector(ctx, by, draft)
	return View{Redirect: c.at(by, "/connectors", view.Connector.ID), Notice: "connector-made"}, err
}

func (c *Console) updateConnector(ctx context.Context, by soc.Actor, in connectorChange) (View, error) {
	draft, err := in.draft()
	if err != nil {
		return View{}, err
	}
	view, err := c.desk.UpdateConnector(ctx, by, in.Connector, soc.IfMatch{Given: true, Revisions: []int64{in.Version}}, draft)
	notice := "connector-saved"
	if view.Connector.State == soc.ConnectorProposed {
		notice = "connector-asked"
	}
	return View{Redirect: c.at(by, "/connectors", in.Connector), Notice: notice}, err
}

func (c *Console) setConnectorSecrets(ctx context.Context, by soc.Actor, in connectorSecretsForm) (View, error) {
	for _, name := range in.Remove {
		if in.Secrets[name] != "" {
			return View{}, soc.InvalidField("secret."+soc.EscapeVisible(name), "is to be set and removed at once")
		}
		in.Secrets[name] = ""
	}
	_, err := c.desk.SetConnectorSecrets(ctx, by, in.Connector, in.Secrets)
	return View{Redirect: c.at(by, "/connectors", in.Connector), Notice: "connector-secrets"}, err
}

func (c *Console) deleteConnector(ctx context.Context, by soc.Actor, in connectorReason) (View, error) {
	err := c.desk.DeleteConnector(ctx, by, in.Connector, in.Reason)
	return View{Redirect: c.at(by, "/connectors"), Notice: "connector-deleted"}, err
}
