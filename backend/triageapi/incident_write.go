package triageapi

import (
	"context"
	"regexp"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

// newIncident is the body of POST /api/incidents.
type newIncident struct {
	IncidentType string           `json:"incident_type" jsonschema:"minLength=1,maxLength=64,pattern=^[a-z][a-z0-9_]{0\\,63}$"`
	Source       string           `json:"source" jsonschema:"minLength=1,maxLength=63" jsonschema_description:"A slug; the six known products in lower case."`
	Severity     string           `json:"severity" jsonschema:"enum=low,enum=medium,enum=high,enum=critical"`
	RawData      schemas.Verbatim `json:"raw_data,omitempty" jsonschema_description:"Kept byte for byte."`
	Title        string           `json:"title,omitempty" jsonschema:"maxLength=512"`
	ExternalID   string           `json:"external_id,omitempty" jsonschema:"minLength=1,maxLength=256" jsonschema_description:"With source the key of the alert; the same key again is the same incident."`
}

type createInput struct {
	Body newIncident `body:"json"`
}

// madeIncident is what POST answers.
type madeIncident struct {
	ID             string              `json:"id"`
	IncidentNumber string              `json:"incident_number"`
	Status         string              `json:"status"`
	CreatedAt      schemas.SecondsTime `json:"created_at"`
	Deduplicated   bool                `json:"deduplicated"`
}

type changeInput struct {
	incidentInput
	IfMatch web.IfMatch `header:"If-Match"`
	Body    struct {
		Severity   string `json:"severity,omitempty" jsonschema:"enum=low,enum=medium,enum=high,enum=critical"`
		Status     string `json:"status,omitempty" jsonschema:"enum=open,enum=triaged,enum=resolved"`
		Resolution string `json:"resolution,omitempty" jsonschema:"minLength=1,maxLength=4000" jsonschema_description:"Closing comment; never read as a verdict."`
		Verdict    string `json:"verdict,omitempty" jsonschema:"enum=malicious,enum=suspicious,enum=benign,enum=inconclusive" jsonschema_description:"Only with status resolved."`
	} `body:"json"`
}

// changedIncident is an incident after PUT; hold_reasons say why an agent's
// closing waits for a person.
type changedIncident struct {
	incidentDetail
	HoldReasons []string `json:"hold_reasons"`
}

type deleteInput struct {
	incidentInput
	IfMatch web.IfMatch `header:"If-Match"`
}

// registerWrites adds making, changing and deleting incidents (section 4).
func (d *door) registerWrites(registry *web.Registry, family *web.Family) {
	write := web.Operation{Who: web.Scoped, Scope: soc.ScopeIncidentsWrite, Rate: "write", Write: true}
	create := at(write, "/api/incidents", "create_incident", "Make an incident with its alert.")
	create.Method, create.MinRole, create.Status, create.Also = "POST", soc.RoleViewer, 201, []int{200}
	create.Kinds = []soc.PrincipalKind{soc.PrincipalPerson, soc.PrincipalService}
	create.JSON = soc.JSONLimits{Raw: []string{"raw_data"}}
	create.Errors = []soc.Code{soc.CodeConflict, soc.CodeLocked}
	web.Register(registry, family, create, d.createIncident)
	change := at(write, incidentPath, "change_incident", "Change severity, status, resolution or verdict.")
	change.Method, change.MinRole, change.Also = "PUT", soc.RoleAnalyst, []int{202}
	change.Errors = []soc.Code{
		soc.CodeInvalidState, soc.CodeHeldForReview, soc.CodeOpenActions, soc.CodeForbidden, soc.CodeLocked, soc.CodeRefused, soc.CodePreconditionFailed,
	}
	web.Register(registry, family, change, d.changeIncident)
	remove := at(write, incidentPath, "delete_incident", "Take an incident out of every list; a tombstone stays.")
	remove.Method, remove.Scope, remove.MinRole, remove.Status = "DELETE", soc.ScopeIncidentsDelete, soc.RoleAdmin, 204
	remove.Kinds = []soc.PrincipalKind{soc.PrincipalPerson, soc.PrincipalService}
	remove.Errors = []soc.Code{soc.CodeHeldForReview, soc.CodeOpenActions, soc.CodeLocked, soc.CodePreconditionFailed}
	web.Register(registry, family, remove, d.deleteIncident)
}

var sourceForm = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)

func (d *door) createIncident(ctx context.Context, by soc.Actor, in createInput) (web.Reply[madeIncident], error) {
	none := web.Reply[madeIncident]{}
	if !sourceForm.MatchString(in.Body.Source) {
		return none, soc.InvalidField("source", "must be a slug of 1 to 63 characters a-z, 0-9, _ and - that begins with a letter or digit")
	}
	severity, _ := soc.TriageSeverity.Core(in.Body.Severity)
	raw := []byte(in.Body.RawData)
	if len(raw) == 0 {
		raw = []byte("{}")
	}
	source := soc.FromFamilySource(in.Body.Source)
	alert, err := soc.ReadRawData(soc.InboundAlert{
		Source: source, ExternalID: in.Body.ExternalID, Type: in.Body.IncidentType, Title: in.Body.Title, Severity: severity, Raw: raw,
	}, by.Source == source, d.now())
	if err != nil {
		return none, err
	}
	out, err := d.desk.CreateIncident(ctx, web.Answering(by, drawMade), soc.NewIncident{Alert: alert})
	if err != nil {
		if e := soc.AsError(err); e.Code == soc.CodeConflict && e.Target != "" {
			err = web.WithDetails(err, map[string]any{"incident_id": e.Target})
		}
		return none, err
	}
	return drawMade(out), nil
}

func drawMade(out soc.CreatedIncident) web.Reply[madeIncident] {
	i := out.Incident
	reply := web.Reply[madeIncident]{Data: madeIncident{
		ID: i.ID, IncidentNumber: incidentNumber(i), Status: soc.TriageStatus(i.Status, i.Phase() == soc.PhaseTriaged),
		CreatedAt: schemas.SecondsTime(i.CreatedAt), Deduplicated: out.Deduplicated,
	}, Revision: i.Version}
	if out.Deduplicated {
		reply.Status = 200
		return reply
	}
	reply.Location = "/api/incidents/" + i.ID
	return reply
}

func (d *door) changeIncident(ctx context.Context, by soc.Actor, in changeInput) (web.Reply[changedIncident], error) {
	none := web.Reply[changedIncident]{}
	change, err := in.core(by)
	if err != nil {
		return none, err
	}
	out, err := d.desk.ChangeIncident(ctx, web.Answering(by, drawChanged), change)
	if err != nil {
		switch e := soc.AsError(err); e.Code {
		case soc.CodeOpenActions:
			err = web.WithDetails(err, map[string]any{"gamebook_ids": e.Hints})
		case soc.CodeInvalidState:
			err = web.WithDetails(err, map[string]any{"status": soc.TriageStatus(soc.Status(e.Target), false)})
		}
		return none, err
	}
	return drawChanged(out), nil
}

// core is the change in core words.
func (in changeInput) core(by soc.Actor) (soc.IncidentChange, error) {
	b := in.Body
	change := soc.IncidentChange{Incident: in.ref(by), IfMatch: in.IfMatch.IfMatch, Whole: true}
	if b.Severity == "" && b.Status == "" && b.Resolution == "" && b.Verdict == "" {
		return change, soc.InvalidField("", "must have at least one of severity, status, resolution, verdict")
	}
	if b.Verdict != "" && b.Status != "resolved" {
		return change, soc.InvalidField("verdict", "is given with the status resolved only")
	}
	change.Severity, _ = soc.TriageSeverity.Core(b.Severity)
	phases := map[string]soc.TriagePhase{"open": soc.PhaseOpen, "triaged": soc.PhaseTriaged, "resolved": soc.PhaseResolved}
	if phase, stated := phases[b.Status]; stated {
		change.Phase = &phase
	}
	if b.Verdict != "" {
		change.Verdict = &soc.VerdictChange{Word: b.Verdict}
	}
	if b.Resolution != "" {
		change.Closing = &soc.ClosingText{Text: b.Resolution, Amend: true}
	}
	return change, nil
}

func drawChanged(out soc.IncidentChanged) web.Reply[changedIncident] {
	data := changedIncident{incidentDetail: drawDetail(out.Incident, out.Raw, out.Verdict), HoldReasons: list(out.HoldReasons)}
	reply := web.Reply[changedIncident]{Data: data, Revision: out.Incident.Version}
	if out.Held {
		reply.Status = 202
	}
	return reply
}

func (d *door) deleteIncident(ctx context.Context, by soc.Actor, in deleteInput) (web.Reply[struct{}], error) {
	gone := web.Reply[struct{}]{Status: 204}
	draw := func(soc.Incident) web.Reply[struct{}] { return gone }
	return gone, d.desk.DeleteIncident(ctx, web.Answering(by, draw), in.ref(by), in.IfMatch.IfMatch)
}
