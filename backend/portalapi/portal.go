package portalapi

import (
	"slices"
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

// The stems of the family's paths.
const (
	workspacePath = "/api/v2/workspaces/{workspaceId}"
	sourcePath    = workspacePath + "/incidents/{source}"
	incidentPath  = sourcePath + "/{incidentId}"
	toolsPath     = workspacePath + "/agent/tools"
	toolPath      = toolsPath + "/incidents/{source}/{incidentId}"
)

// Register adds the family's routes. family is web.Portal's.
func Register(registry *web.Registry, family *web.Family, c Config) {
	d := &door{desk: c.Desk, seal: c.Seal, now: c.Now}
	if d.now == nil {
		d.now = time.Now
	}
	read := web.Operation{Method: "GET", Who: web.Scoped, Scope: soc.ScopeIncidentsRead, MinRole: soc.RoleViewer, Rate: "read"}
	web.Register(registry, family, at(read, incidentPath, "get_incident", "One incident with its entities, alerts, evidence and catalogue."), d.getIncident)
	web.Register(registry, family, at(read, incidentPath+"/evidence", "search_evidence", "The evidence of an incident as a table."), d.evidence)
	web.Register(registry, family, at(read, incidentPath+"/comments", "list_comments", "The comments of an incident, oldest first."), d.comments)
	web.Register(registry, family, at(read, sourcePath+"/by-entity", "find_related", "Incidents of a source in which a value was seen."), d.byEntity)
	gamebooks := read
	gamebooks.Scope = soc.ScopeGamebooksRead
	web.Register(registry, family, at(gamebooks, incidentPath+"/last-gamebook", "last_gamebook", "The gamebook of an incident that started last."), d.lastGamebook)

	web.Register(registry, family, at(gamebooks, workspacePath+"/gamebooks/history", "list_gamebooks", "The gamebooks of a workspace, newest first."), d.gamebookHistory)
	web.Register(registry, family, at(gamebooks, workspacePath+"/gamebooks/history/{gamebookId}/playbooks", "list_gamebook_steps", "The steps of a gamebook submitted in a year."), d.gamebookSteps)
	web.Register(registry, family, failing(at(gamebooks, workspacePath+"/gamebooks/by-incident/{incidentId}", "list_incident_gamebooks", "The gamebooks of an incident, newest first."), soc.CodeConflict), d.gamebooksByIncident)
	gamebooks = across(gamebooks)
	web.Register(registry, family, at(gamebooks, "/api/v2/gamebooks/across-workspaces/history", "list_gamebooks_across_workspaces", "The gamebooks of every visible workspace, newest first."), d.gamebookHistoryAcross)

	sources := web.Operation{Method: "GET", Who: web.Scoped, Scope: soc.ScopeDatasourcesRead, MinRole: soc.RoleViewer, Rate: "read"}
	web.Register(registry, family, at(sources, workspacePath+"/datasources", "list_data_sources", "What sends to a workspace, and through what it acts."), d.dataSources)
	web.Register(registry, family, across(at(sources, "/api/v2/datasources/across-workspaces", "list_data_sources_across_workspaces", "The data sources of every visible workspace.")), d.dataSourcesAcross)
	sources.Method = "POST"
	web.Register(registry, family, across(at(sources, "/api/v2/datasources/across-workspaces/anomalies", "list_anomalies", "Data sources that are not as they were.")), d.anomaliesAcross)

	list := across(web.Operation{Method: "POST", Who: web.Scoped, Scope: soc.ScopeIncidentsRead, Rate: "read"})
	web.Register(registry, family, at(list, "/api/v2/incidents/across-workspaces", "list_incidents_across_workspaces", "Incidents of every visible workspace, newest first."), d.incidentsAcross)

	note := web.Operation{Method: "POST", Who: web.Scoped, Scope: soc.ScopeIncidentsComments, MinRole: soc.RoleAnalyst, Rate: "write", Write: true, Status: 201}
	web.Register(registry, family, at(note, incidentPath+"/comments", "add_comment", "Post a comment on an incident."), d.addComment)

	d.registerWrites(registry, family)
	d.registerLogs(registry, family)

	execute := web.Operation{
		Method: "POST", Who: web.Scoped, Scope: soc.ScopeAgentToolsExecute, MinRole: soc.RoleSenior, Rate: "agent-tools", Write: true,
	}
	web.Register(registry, family, at(execute, toolPath+"/gamebooks", "submit_gamebook", "Propose an ordered response."), d.submitGamebook)
	web.Register(registry, family, at(execute, toolPath+"/investigation", "submit_investigation", "Close out an investigation with a verdict."), d.submitInvestigation)
	d.registerQuery(registry, family)
	d.registerWebhooks(registry, family)
}

func at(op web.Operation, path, name, summary string) web.Operation {
	op.Path, op.Name, op.Summary = path, name, summary
	return op
}

// registerWrites adds what changes incidents (portal-api.md section 10).
func (d *door) registerWrites(registry *web.Registry, family *web.Family) {
	change := web.Operation{Method: "PUT", Who: web.Scoped, Scope: soc.ScopeIncidentsWrite, MinRole: soc.RoleAnalyst, Rate: "write", Write: true, Status: 204}
	change = failing(change, soc.CodeForbidden, soc.CodeConflict, soc.CodeRefused)
	web.Register(registry, family, at(change, incidentPath+"/status", "change_status", "Change the status of an incident; Closed needs a classification pair."), d.putStatus)
	web.Register(registry, family, at(change, incidentPath+"/assignee", "change_assignee", "Give an incident to a member of the workspace, or to nobody."), d.putAssignee)
	change.Method, change.Status = "POST", 200
	web.Register(registry, family, at(change, workspacePath+"/tickets/link", "link_ticket", "Note that an incident has a ticket in another system."), d.linkTicket)
	web.Register(registry, family, across(at(change, "/api/v2/incidents/across-workspaces/bulk-update", "change_incidents", "Change several incidents, each judged alone.")), d.bulkUpdate)
}

// across makes an operation one over every workspace that the caller may look
// into; those it names have to be among them.
func across(op web.Operation) web.Operation {
	op.Organization, op.MinRole = true, soc.RoleNone
	return failing(op, soc.CodeInsufficientWorkspaceRole)
}

// failing names codes of an operation beyond those of every route.
func failing(op web.Operation, codes ...soc.Code) web.Operation {
	op.Errors = append(slices.Clone(op.Errors), codes...)
	return op
}

// incidentInput is the path of one incident. The id is compared byte for byte
// after percent-decoding.
type incidentInput struct {
	Source   string `path:"source" jsonschema:"maxLength=63"`
	Incident string `path:"incidentId" jsonschema:"minLength=1,maxLength=256"`
}

func (in incidentInput) ref(by soc.Actor) soc.IncidentRef {
	return soc.IncidentRef{Workspace: by.Workspace, Source: in.Source, ExternalID: in.Incident}
}
