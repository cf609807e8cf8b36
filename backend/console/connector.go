package console

import (
	"context"
	"net/http"
	"time"

	"vedette/backend/soc"
)

type oneConnector struct {
	Connector string `path:"connector" max:"64"`
}

type connectorReason struct {
	Connector string `path:"connector" max:"64"`
	Version   int64  `form:"version"`
	Reason    string `form:"reason" max:"1000"`
}

// checkedConnector is a connector with what asking the product came to.
type checkedConnector struct {
	View  soc.ConnectorView
	Check soc.ConnectorCheck
}

// connectorList are the ways out of a workspace, and what sends to it.
type connectorList struct {
	Connectors []soc.ConnectorView
	Sources    []soc.DataSource
	// More is true where only the first sources by name are shown.
	More bool
	Now  time.Time
}

// shownSources is how many sources the page lists; the API lists all.
const shownSources = 100

// registerConnectors adds the ways out to real products, as they stand; stating
// them is registerConnectorForms.
func (c *Console) registerConnectors() {
	one := "/connectors/{connector}"
	add(c, Page{
		Method: http.MethodGet, Path: "/connectors", Name: "connectors_page", Who: Member, Role: soc.RoleViewer,
		Nav: &Nav{Title: "Connectors", Key: "x", Order: 75},
	}, c.connectors)
	add(c, Page{Method: http.MethodGet, Path: one, Name: "connector_page", Who: Member, Role: soc.RoleViewer, Section: "/connectors"}, c.connector)
	add(c, Page{Method: http.MethodPost, Path: one + "/check", Name: "check_connector", Who: Member, Role: soc.RoleManager, Back: one, Section: "/connectors"}, c.checkConnector)
	add(c, Page{Method: http.MethodPost, Path: one + "/enable", Name: "enable_connector", Who: Member, Role: soc.RoleAdmin, Fresh: true, Back: one}, c.enableConnector)
	add(c, Page{Method: http.MethodPost, Path: one + "/disable", Name: "disable_connector", Who: Member, Role: soc.RoleManager, Back: one}, c.disableConnector)
}

func (c *Console) connectors(ctx context.Context, by soc.Actor, _ struct{}) (View, error) {
	all, err := c.desk.ListConnectors(ctx, by)
	if err != nil {
		return View{}, err
	}
	sources, more, err := c.desk.ListSources(ctx, by, nil, shownSources)
	return View{Template: "connectors", Title: "Connectors", Data: connectorList{all, sources, more != nil, c.desk.Now()}}, err
}

// checkConnector shows what the product answered; it reads only.
func (c *Console) checkConnector(ctx context.Context, by soc.Actor, in oneConnector) (View, error) {
	found, err := c.desk.CheckConnector(ctx, by, in.Connector)
	if err != nil {
		return View{}, err
	}
	view, err := c.desk.GetConnector(ctx, by, in.Connector)
	return View{Template: "connector-check", Title: "Check", Data: checkedConnector{view, found}}, err
}

func (c *Console) enableConnector(ctx context.Context, by soc.Actor, in connectorReason) (View, error) {
	view, err := c.desk.EnableConnector(ctx, by, in.Connector, soc.IfMatch{Given: true, Revisions: []int64{in.Version}}, in.Reason)
	notice := "connector-asked"
	if view.Connector.State == soc.ConnectorEnabled {
		notice = "connector-enabled"
	}
	return View{Redirect: c.at(by, "/connectors", in.Connector), Notice: notice}, err
}

func (c *Console) disableConnector(ctx context.Context, by soc.Actor, in connectorReason) (View, error) {
	_, err := c.desk.DisableConnector(ctx, by, in.Connector, in.Reason)
	return View{Redirect: c.at(by, "/connectors", in.Connector), Notice: "connector-disabled"}, err
}
