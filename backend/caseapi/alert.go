package caseapi

import (
	"context"
	"net/http"
	"time"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

func (d *door) registerAlerts() {
	post := writing("POST", "/alerts", "post_alert", "Take in one alert, or recognise it.", soc.ScopeAlertsWrite, soc.RoleViewer)
	post.Rate, post.JSON, post.Kinds = "ingest", alertLimits, []soc.PrincipalKind{soc.PrincipalPerson, soc.PrincipalService}
	post.Errors = []soc.Code{soc.CodeConflict, soc.CodeForbidden, soc.CodeServiceUnavailable}
	dry := post
	post.Status, post.Also = http.StatusCreated, []int{http.StatusOK}
	web.Register(d.registry, d.family, post, d.postAlert)
	dry.Path, dry.Name, dry.Summary, dry.Write = prefix+"/alerts/dry-run", "dry_run_alert", "What taking in an alert would answer; nothing is stored.", false
	web.Register(d.registry, d.family, dry, d.dryRunAlert)
	web.Register(d.registry, d.family, reading("/alerts", "list_alerts", "Alerts, newest received first.", soc.ScopeAlertsRead), d.listAlerts)
	web.Register(d.registry, d.family, reading("/alerts/{id}", "get_alert", "One alert with its observables.", soc.ScopeAlertsRead), d.getAlert)
	web.Register(d.registry, d.family, moving("POST", "/alerts/{id}/dismiss", "dismiss_alert", "Put an alert aside."), d.dismissAlert)
	escalate := moving("POST", "/alerts/{id}/escalate", "escalate_alert", "Make a case of an alert, or add it to one.")
	escalate.Status, escalate.Also = http.StatusCreated, []int{http.StatusOK}
	web.Register(d.registry, d.family, escalate, d.escalateAlert)
	web.Register(d.registry, d.family, moving("POST", "/alerts/{id}/link", "link_alert", "Make an alert context of a case."), d.linkAlert)
	unlink := moving("DELETE", "/alerts/{id}/link", "unlink_alert", "Put a linked alert back into triage.")
	unlink.Status = http.StatusNoContent
	web.Register(d.registry, d.family, unlink, d.unlinkAlert)
	web.Register(d.registry, d.family, moving("POST", "/alerts/bulk", "move_alerts", "Dismiss, link or escalate up to 100 alerts."), d.bulkAlerts)
}

// moving is a route that changes where alerts stand: never an agent's.
func moving(method, path, name, summary string) web.Operation {
	op := writing(method, path, name, summary, soc.ScopeAlertsTriage, soc.RoleAnalyst)
	op.Kinds = []soc.PrincipalKind{soc.PrincipalPerson, soc.PrincipalService}
	op.Errors = []soc.Code{soc.CodeNotFound, soc.CodeInvalidState, soc.CodePreconditionFailed, soc.CodeLocked}
	return op
}

// alertFilter is what a list is about; a cursor is bound to it.
type alertFilter struct {
	Status     []string      `query:"status" jsonschema:"enum=triage,enum=deduplicated,enum=suppressed,enum=dismissed,enum=linked,enum=escalated"`
	Severity   []string      `query:"severity" jsonschema:"enum=informational,enum=low,enum=medium,enum=high,enum=critical"`
	Source     []string      `query:"source" jsonschema:"pattern=^[a-z0-9][a-z0-9_-]{0\\,62}$" jsonschema_description:"Up to 10 sources: one or a comma list."`
	ExternalID string        `query:"external_id" jsonschema:"minLength=1,maxLength=256"`
	Query      string        `query:"q" jsonschema:"minLength=1,maxLength=256" jsonschema_description:"Words of title, description, host or external id; all must occur."`
	After      *schemas.Time `query:"detected_after"`
	Before     *schemas.Time `query:"detected_before"`
}

type listAlertsInput struct {
	alertFilter
	pageInput
}

// core is the filter in core words.
func (in alertFilter) core() (f soc.AlertFilter, err error) {
	f.ExternalID, f.Query = in.ExternalID, in.Query
	for _, word := range in.Status {
		f.Statuses = append(f.Statuses, soc.AlertStatus(word))
	}
	for _, word := range in.Severity {
		f.Severities = append(f.Severities, soc.Severity(word))
	}
	for _, word := range in.Source {
		f.Sources = append(f.Sources, soc.FromFamilySource(word))
	}
	if in.After != nil {
		f.DetectedAfter = time.Time(*in.After)
	}
	if in.Before != nil {
		f.DetectedBefore = time.Time(*in.Before)
		if in.After != nil && !f.DetectedAfter.Before(f.DetectedBefore) {
			return f, soc.InvalidField("detected_after", "must be earlier than detected_before")
		}
	}
	return f, nil
}

func (d *door) listAlerts(ctx context.Context, by soc.Actor, in listAlertsInput) (web.Reply[[]alertItem], error) {
	none := web.Reply[[]alertItem]{}
	f, err := in.core()
	if err != nil {
		return none, err
	}
	bound := binding(by, "alerts", in.alertFilter)
	if f.After, err = open[soc.Keyset](d, in.pageInput, bound); err != nil {
		return none, err
	}
	f.Limit = in.limit()
	found, err := d.desk.ListAlerts(ctx, by, f)
	if err != nil {
		return none, err
	}
	items := make([]alertItem, len(found.Alerts))
	for n, a := range found.Alerts {
		items[n] = drawAlertItem(a)
	}
	next, err := page(d, bound, found.Next)
	return web.Reply[[]alertItem]{Data: items, Page: next}, err
}

// alertItem is an alert in a list.
type alertItem struct {
	ID          string              `json:"id"`
	Source      string              `json:"source"`
	ExternalID  string              `json:"external_id"`
	Severity    string              `json:"severity"`
	Title       string              `json:"title"`
	Status      string              `json:"status"`
	DetectedAt  schemas.SecondsTime `json:"detected_at"`
	RepeatCount int                 `json:"repeat_count"`
	CaseID      *string             `json:"case_id"`
}

func drawAlertItem(a soc.Alert) alertItem {
	return alertItem{
		ID: soc.CaseID(soc.CasePrefixAlert, a.UID), Source: soc.FamilySource(a.Source), ExternalID: a.ExternalID, Severity: string(a.Severity),
		Title: a.Title, Status: string(a.Status), DetectedAt: schemas.SecondsTime(a.DetectedAt()), RepeatCount: a.RepeatCount,
		CaseID: idOrNull(soc.CasePrefixCase, a.CaseOf()),
	}
}
