package caseapi

import (
	"context"
	"net/http"
	"time"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

func (d *door) registerCases() {
	create := writing("POST", "/cases", "create_case", "Make a case by hand.", soc.ScopeCasesWrite, soc.RoleAnalyst)
	create.Status = http.StatusCreated
	create.Kinds = []soc.PrincipalKind{soc.PrincipalPerson, soc.PrincipalService}
	web.Register(d.registry, d.family, create, d.createCase)
	web.Register(d.registry, d.family, reading("/cases", "list_cases", "Cases, newest first.", soc.ScopeCasesRead), d.listCases)
	web.Register(d.registry, d.family, reading("/cases/{id}", "get_case", "One case with everything on it.", soc.ScopeCasesRead), d.getCase)
	web.Register(d.registry, d.family, reading("/cases/{id}/timeline", "get_timeline", "What happened on a case, newest first.", soc.ScopeCasesRead), d.getTimeline)
	change := writing("POST", "/cases/{id}/transition", "transition_case", "Move a case between its open states, or reopen it.", soc.ScopeCasesWrite, soc.RoleAnalyst)
	change.Errors = []soc.Code{soc.CodeInvalidState, soc.CodeHeldForReview, soc.CodeForbidden, soc.CodeKillSwitchEngaged}
	web.Register(d.registry, d.family, change, d.transition)
	resolve := writing("POST", "/cases/{id}/resolve", "resolve_case", "Close a case with a verdict and a report.", soc.ScopeCasesWrite, soc.RoleAnalyst)
	resolve.Also = []int{http.StatusAccepted}
	resolve.Errors = append(change.Errors, soc.CodeOpenActions, soc.CodeConflict)
	web.Register(d.registry, d.family, resolve, d.resolve)
}

type createCaseInput struct {
	Body newCase `body:"json"`
}

type newCase struct {
	Severity    string          `json:"severity" jsonschema:"enum=informational,enum=low,enum=medium,enum=high,enum=critical"`
	Title       string          `json:"title" jsonschema:"minLength=1,maxLength=512"`
	Description string          `json:"description,omitempty" jsonschema:"maxLength=16384"`
	Asset       *newAsset       `json:"asset,omitempty"`
	Observables []newObservable `json:"observables,omitempty" jsonschema:"maxItems=200"`
	Techniques  []string        `json:"techniques,omitempty" jsonschema:"maxItems=50"`
	Assignee    string          `json:"assignee,omitempty" jsonschema:"maxLength=64"`
}

type newAsset struct {
	Hostname string `json:"hostname,omitempty" jsonschema:"maxLength=256"`
	Owner    string `json:"owner,omitempty" jsonschema:"maxLength=256"`
	ID       string `json:"id,omitempty" jsonschema:"maxLength=256"`
	IP       string `json:"ip,omitempty" jsonschema:"maxLength=256"`
}

type newObservable struct {
	Type  string `json:"type" jsonschema:"enum=user,enum=hostname,enum=ip,enum=url,enum=domain,enum=filename,enum=hash,enum=process,enum=email,enum=message_id,enum=registry_key,enum=registry_value,enum=cloud_resource,enum=application,enum=other"`
	Value string `json:"value" jsonschema:"minLength=1,maxLength=8192"`
}

type createdCase struct {
	ID        string              `json:"id"`
	Number    string              `json:"number"`
	Status    string              `json:"status"`
	Severity  string              `json:"severity"`
	CreatedAt schemas.SecondsTime `json:"created_at"`
}

func (d *door) createCase(ctx context.Context, by soc.Actor, in createCaseInput) (web.Reply[createdCase], error) {
	b := in.Body
	made := soc.NewCase{Title: b.Title, Severity: soc.Severity(b.Severity), Description: b.Description, Techniques: b.Techniques}
	if b.Asset != nil {
		made.Hostname, made.Owner, made.AssetID, made.IP = b.Asset.Hostname, b.Asset.Owner, b.Asset.ID, b.Asset.IP
	}
	for _, o := range b.Observables {
		kind, _ := soc.CaseEntityKind.Core(o.Type)
		made.Observables = append(made.Observables, soc.NewCaseObservable{Kind: kind, Value: o.Value})
	}
	var assignee *soc.Assignee
	if b.Assignee != "" {
		assignee = &soc.Assignee{Person: uuidOf(soc.CasePrefixUser, b.Assignee)}
	}
	draw := func(c soc.CreatedIncident) web.Reply[createdCase] {
		i := c.Incident
		return web.Reply[createdCase]{Location: casePath(i.ID), Data: createdCase{
			ID: soc.CaseID(soc.CasePrefixCase, i.ID), Number: soc.IncidentNumber(i), Status: soc.CaseStatus.Word(i.Status), Severity: string(i.Severity),
			CreatedAt: schemas.SecondsTime(i.CreatedAt),
		}}
	}
	c, err := d.desk.CreateCase(ctx, web.Answering(by, draw), made, assignee)
	if err != nil {
		return web.Reply[createdCase]{}, renamed(err, "userId", "assignee")
	}
	return draw(c), nil
}

// caseFilter is what a list is about; a cursor is bound to it.
type caseFilter struct {
	Status   []string      `query:"status" jsonschema:"enum=open,enum=investigating,enum=contained,enum=eradicated,enum=recovered,enum=resolved"`
	Severity []string      `query:"severity" jsonschema:"enum=informational,enum=low,enum=medium,enum=high,enum=critical"`
	Assignee []string      `query:"assignee" jsonschema_description:"Ids of people: one or a comma list."`
	Verdict  []string      `query:"verdict" jsonschema:"enum=true_positive,enum=false_positive,enum=benign,enum=duplicate"`
	Source   []string      `query:"source" jsonschema:"pattern=^[a-z0-9][a-z0-9_-]{0\\,62}$"`
	Held     *bool         `query:"held"`
	Query    string        `query:"q" jsonschema:"minLength=1,maxLength=256"`
	After    *schemas.Time `query:"created_after"`
	Before   *schemas.Time `query:"created_before"`
}

type listCasesInput struct {
	caseFilter
	pageInput
}

func (in caseFilter) core() (f soc.IncidentFilter, err error) {
	f.Query, f.Held = in.Query, in.Held
	for _, word := range in.Status {
		f.Statuses = append(f.Statuses, soc.CaseStatus.Cores(word)...)
	}
	for _, word := range in.Severity {
		f.Severities = append(f.Severities, soc.Severity(word))
	}
	for _, word := range in.Source {
		f.Sources = append(f.Sources, soc.FromFamilySource(word))
	}
	for _, id := range in.Assignee {
		f.AssigneeIDs = append(f.AssigneeIDs, uuidOf(soc.CasePrefixUser, id))
	}
	for _, word := range in.Verdict {
		verdict, duplicate, _ := soc.FromCaseVerdict(word)
		f.Verdicts = append(f.Verdicts, soc.VerdictMark{Verdict: verdict, Duplicate: duplicate})
	}
	if in.After != nil {
		f.CreatedAfter = time.Time(*in.After)
	}
	if in.Before != nil {
		f.CreatedBefore = time.Time(*in.Before)
		if in.After != nil && !f.CreatedAfter.Before(f.CreatedBefore) {
			return f, soc.InvalidField("created_after", "must be earlier than created_before")
		}
	}
	return f, nil
}

func (d *door) listCases(ctx context.Context, by soc.Actor, in listCasesInput) (web.Reply[[]caseItem], error) {
	none := web.Reply[[]caseItem]{}
	f, err := in.core()
	if err != nil {
		return none, err
	}
	bound := binding(by, "cases", in.caseFilter)
	if f.After, err = open[soc.Keyset](d, in.pageInput, bound); err != nil {
		return none, err
	}
	f.Limit = in.limit()
	found, err := d.desk.ListIncidents(ctx, by, f)
	if err != nil {
		return none, err
	}
	items := make([]caseItem, len(found.Incidents))
	for n, i := range found.Incidents {
		items[n] = drawCaseItem(i)
	}
	next, err := page(d, bound, found.Next)
	return web.Reply[[]caseItem]{Data: items, Page: next}, err
}

func (d *door) getCase(ctx context.Context, by soc.Actor, in caseInput) (web.Reply[caseDetail], error) {
	c, err := d.desk.GetCase(ctx, by, in.ref(by))
	if err != nil {
		return web.Reply[caseDetail]{}, err
	}
	return web.Reply[caseDetail]{Data: drawCase(c), Revision: c.Incident.Version}, nil
}

type timelineInput struct {
	caseInput
	pageInput
}

func (d *door) getTimeline(ctx context.Context, by soc.Actor, in timelineInput) (web.Reply[[]timelineEntry], error) {
	none := web.Reply[[]timelineEntry]{}
	bound := binding(by, "timeline", in.ID)
	after, err := open[soc.Keyset](d, in.pageInput, bound)
	if err != nil {
		return none, err
	}
	found, next, err := d.desk.CaseTimeline(ctx, by, in.ref(by), after, in.limit())
	if err != nil {
		return none, err
	}
	paged, err := page(d, bound, next)
	return web.Reply[[]timelineEntry]{Data: drawTimeline(found), Page: paged}, err
}
