package caseapi

import (
	"vedette/backend"
	"vedette/backend/soc"
	"vedette/backend/web"
)

// Config is what the door is made of; both are required.
type Config struct {
	Desk *backend.Desk
	Seal *web.Sealer
}

type door struct {
	registry *web.Registry
	family   *web.Family
	desk     *backend.Desk
	seal     *web.Sealer
}

// prefix stands before every path of the family.
const prefix = "/api/v1"

// Register adds the family's routes. family is web.Case's.
func Register(registry *web.Registry, family *web.Family, c Config) {
	d := &door{registry: registry, family: family, desk: c.Desk, seal: c.Seal}
	d.registerAlerts()
	d.registerObservables()
	d.registerCases()
	d.registerComments()
	d.registerReports()
	d.registerSLA()
	d.registerAttachments()
}

// reading is a route that only reads.
func reading(path, name, summary string, scope soc.Scope) web.Operation {
	return web.Operation{
		Method: "GET", Path: prefix + path, Name: name, Summary: summary,
		Who: web.Scoped, Scope: scope, MinRole: soc.RoleViewer, Rate: "read",
	}
}

// writing is a route that changes something.
func writing(method, path, name, summary string, scope soc.Scope, least soc.Role) web.Operation {
	return web.Operation{
		Method: method, Path: prefix + path, Name: name, Summary: summary,
		Who: web.Scoped, Scope: scope, MinRole: least, Rate: "write", Write: true,
	}
}
