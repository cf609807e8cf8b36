package triageapi

import (
	"regexp"
	"strings"
	"time"

	"vedette/backend"
	"vedette/backend/soc"
	"vedette/backend/web"
)

// Config is what the door is made of; all but Now are required.
type Config struct {
	Desk *backend.Desk
	Seal *web.Sealer
	// Now is the clock, default time.Now.
	Now func() time.Time
}

type door struct {
	desk *backend.Desk
	seal *web.Sealer
	now  func() time.Time
}

// incidentPath is the path of one incident.
const incidentPath = "/api/incidents/{id}"

// Register adds the family's routes. family is web.Triage's.
func Register(registry *web.Registry, family *web.Family, c Config) {
	d := &door{desk: c.Desk, seal: c.Seal, now: c.Now}
	if d.now == nil {
		d.now = time.Now
	}
	read := web.Operation{Method: "GET", Who: web.Scoped, Scope: soc.ScopeIncidentsRead, MinRole: soc.RoleViewer, Rate: "read"}
	list := at(read, "/api/incidents", "list_incidents", "Incidents by status, severity, type and time.")
	list.Errors = []soc.Code{soc.CodePageTooDeep}
	web.Register(registry, family, list, d.listIncidents)
	web.Register(registry, family, at(read, incidentPath, "get_incident", "One incident with its payload and verdict."), d.getIncident)
	web.Register(registry, family, at(read, incidentPath+"/triage/{triage_id}", "get_triage", "A triage, running or ended."), d.getTriage)
	history := at(read, incidentPath+"/triage", "list_triages", "The triages of an incident, newest first.")
	history.Errors = []soc.Code{soc.CodePageTooDeep}
	web.Register(registry, family, history, d.listTriages)
	d.registerWrites(registry, family)
	d.registerActionReads(registry, family)
	d.registerPlaybooks(registry, family)
	d.registerActionRequests(registry, family)
	run := web.Operation{
		Method: "POST", Who: web.Scoped, Scope: soc.ScopeTriageRun, MinRole: soc.RoleAnalyst, Rate: "triage", Write: true, Also: []int{202},
		Errors: []soc.Code{soc.CodeConflict, soc.CodeIncidentResolved, soc.CodeKillSwitchEngaged},
	}
	web.Register(registry, family, at(run, incidentPath+"/triage", "triage_incident", "Triage an incident, waiting up to 25 s."), d.triageIncident)
}

func at(op web.Operation, path, name, summary string) web.Operation {
	op.Path, op.Name, op.Summary = path, name, summary
	return op
}

// incidentInput is the path of one incident: a UUID in either case.
type incidentInput struct {
	ID string `path:"id"`
}

var uuidForm = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// nobody is a well-formed id that no incident has (RFC 9562, section 5.9). A
// malformed id is looked up as this one, so that it is answered like an unknown
// one and costs the same.
const nobody = "00000000-0000-0000-0000-000000000000"

func (in incidentInput) ref(by soc.Actor) soc.IncidentRef {
	id := strings.ToLower(in.ID)
	if !uuidForm.MatchString(id) {
		id = nobody
	}
	return soc.IncidentRef{Workspace: by.Workspace, ID: id}
}
