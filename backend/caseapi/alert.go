package caseapi

import (
	"context"
	"time"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

func (d *door) registerAlerts() {
	web.Register(d.registry, d.family, reading("/alerts", "list_alerts", "Alerts, newest received first.", soc.ScopeAlertsRead), d.listAlerts)
}

// alertFilter is what a list is about; a cursor is bound to it.
type alertFilter struct {
	Status     []string      `query:"status" jsonschema:"enum=triage,enum=deduplicated,enum=suppressed,enum=dismissed,enum=linked,enum=escalated"`
	Severity   []string      `query:"severity" jsonschema:"enum=informational,enum=low,enum=medium,enum=high,enum=critical"`
	Source     []string      `query:"source" jsonschema:"pattern=^[a-z0-9][a-z0-9_-]{0\\,62}$" jsonschema_description:"Up to 10 sources: one or a comma list."`
	ExternalID string        `query:"external_id" jsonschema:"minLength=1,maxLength=256"`
	After      *schemas.Time `query:"detected_after"`
	Before     *schemas.Time `query:"detected_before"`
}

type listAlertsInput struct {
	alertFilter
	pageInput
}

// core is the filter in core words.
func (in alertFilter) core() (f soc.AlertFilter, err error) {
	f.ExternalID = in.ExternalID
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
