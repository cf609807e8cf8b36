package caseapi

import (
	"context"
	"net/http"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

func (d *door) registerObservables() {
	search := reading("/observables/search", "search_observable", "Where a value was seen: alerts and cases.", soc.ScopeObservablesRead)
	search.OwnPages = true
	web.Register(d.registry, d.family, search, d.searchObservable)
	web.Register(d.registry, d.family, reading("/observables/suppressions", "list_suppressions", "Suppressions, newest first.", soc.ScopeObservablesRead), d.listSuppressions)
	write := func(method, path, name, summary string) web.Operation {
		op := writing(method, path, name, summary, soc.ScopeObservablesWrite, soc.RoleSenior)
		op.Kinds = []soc.PrincipalKind{soc.PrincipalPerson, soc.PrincipalService} // hiding is never an agent's
		op.Errors = []soc.Code{soc.CodeLocked}
		return op
	}
	suppress := write("POST", "/observables/suppress", "suppress_observable", "Keep alerts of known values out of the queue for a while.")
	suppress.Status, suppress.Also = http.StatusCreated, []int{http.StatusOK}
	web.Register(d.registry, d.family, suppress, d.suppressObservable)
	lift := write("DELETE", "/observables/suppressions/{id}", "lift_suppression", "End a suppression now.")
	lift.Status, lift.Errors = http.StatusNoContent, []soc.Code{soc.CodeNotFound, soc.CodeLocked}
	web.Register(d.registry, d.family, lift, d.liftSuppression)
}

// searchFilter is what a search is about; a cursor is bound to it.
type searchFilter struct {
	Type  string `query:"type,required" jsonschema:"enum=user,enum=hostname,enum=ip,enum=url,enum=domain,enum=filename,enum=hash,enum=process,enum=email,enum=message_id,enum=registry_key,enum=registry_value,enum=cloud_resource,enum=application,enum=other"`
	Value string `query:"value,required" jsonschema:"minLength=1,maxLength=8192" jsonschema_description:"The value, also defanged; no wildcards."`
}

type searchInput struct {
	searchFilter
	pageInput
}

// seen is where a value was seen. Alerts and cases are paged together.
type seen struct {
	Observable *observable `json:"observable"`
	Alerts     seenAlerts  `json:"alerts"`
	Cases      seenCases   `json:"cases"`
	NextCursor *string     `json:"next_cursor"`
	HasMore    bool        `json:"has_more"`
}

type observable struct {
	ID         string              `json:"id"`
	Type       string              `json:"type"`
	Value      string              `json:"value"`
	FirstSeen  schemas.SecondsTime `json:"first_seen"`
	LastSeen   schemas.SecondsTime `json:"last_seen"`
	Sightings  int                 `json:"sightings"`
	Suppressed []suppression       `json:"suppressed"`
	AlsoSeenAs []string            `json:"also_seen_as"`
}

type seenAlerts struct {
	Items []seenAlert `json:"items"`
	Total int         `json:"total"`
}

type seenAlert struct {
	ID         string              `json:"id"`
	Title      string              `json:"title"`
	Severity   string              `json:"severity"`
	Status     string              `json:"status"`
	Source     string              `json:"source"`
	DetectedAt schemas.SecondsTime `json:"detected_at"`
}

type seenCases struct {
	Items []seenCase `json:"items"`
	Total int        `json:"total"`
}

type seenCase struct {
	ID       string  `json:"id"`
	Title    string  `json:"title"`
	Severity string  `json:"severity"`
	Status   string  `json:"status"`
	Verdict  *string `json:"verdict"`
}

func (d *door) searchObservable(ctx context.Context, by soc.Actor, in searchInput) (web.Reply[seen], error) {
	none := web.Reply[seen]{}
	bound := binding(by, "observables", in.searchFilter)
	after, err := open[soc.ObservablePosition](d, in.pageInput, bound)
	if err != nil {
		return none, err
	}
	kind, _ := soc.CaseEntityKind.Core(in.Type)
	found, err := d.desk.SearchObservable(ctx, by, soc.ObservableQuery{Kind: kind, Value: in.Value, After: after, Limit: in.limit()})
	if err != nil {
		return none, err
	}
	data := seen{
		Alerts: seenAlerts{Items: make([]seenAlert, len(found.Alerts)), Total: found.AlertTotal},
		Cases:  seenCases{Items: make([]seenCase, len(found.Incidents)), Total: found.IncidentTotal},
	}
	for n, a := range found.Alerts {
		data.Alerts.Items[n] = seenAlert{
			soc.CaseID(soc.CasePrefixAlert, a.UID), a.Title, string(a.Severity), string(a.Status), soc.FamilySource(a.Source), schemas.SecondsTime(a.DetectedAt()),
		}
	}
	for n, i := range found.Incidents {
		data.Cases.Items[n] = seenCase{soc.CaseID(soc.CasePrefixCase, i.ID), i.Title, string(i.Severity), soc.CaseStatus.Word(i.Status), caseVerdict(i)}
	}
	if found.Next != nil {
		token, err := d.seal.SealJSON(bound, found.Next)
		if err != nil {
			return none, err
		}
		data.NextCursor, data.HasMore = &token, true
	}
	if o := found.Observable; o != nil {
		data.Observable = &observable{
			ID: soc.CaseID(soc.CasePrefixObservable, o.ID), Type: soc.CaseEntityKind.Word(o.Kind), Value: o.Value, FirstSeen: schemas.SecondsTime(o.FirstSeen),
			LastSeen: schemas.SecondsTime(o.LastSeen), Sightings: o.Sightings, AlsoSeenAs: soc.CaseEntityKind.Spell(o.AlsoSeenAs), Suppressed: make([]suppression, len(o.Suppressed)),
		}
		for n, s := range o.Suppressed {
			data.Observable.Suppressed[n] = d.drawSuppression(s)
		}
	}
	return web.OK(data), nil
}
