package backend

import (
	"context"
	"strconv"
	"time"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// SearchObservable tells where a value was seen in this workspace: among alerts,
// whichever family brought them, and among incidents. The value is read as it
// is when an alert comes in; one that does not parse is looked for by its exact
// text. Alerts and incidents are paged together, newest first.
func (d *Desk) SearchObservable(ctx context.Context, by soc.Actor, q soc.ObservableQuery) (page soc.ObservablePage, err error) {
	if err := by.May(soc.ScopeObservablesRead, soc.RoleViewer); err != nil {
		return page, err
	}
	value, valid := soc.CanonicalValue(q.Kind, q.Value)
	q.Limit = min(max(q.Limit, 1), listLimit)
	err = d.store.View(ctx, func(r *store.Reader) error {
		page, err = d.searchObservable(r, by, q, value, valid)
		return err
	})
	if err != nil {
		return soc.ObservablePage{}, err
	}
	for _, a := range page.Alerts {
		if err := serveAlert(by, a); err != nil {
			return soc.ObservablePage{}, err
		}
	}
	for n, i := range page.Incidents {
		if err := serve(by, i, 1, true, len(i.Flags) > 0); err != nil {
			return soc.ObservablePage{}, err
		}
		page.Incidents[n] = narrowed(by, i)
	}
	return page, nil
}

func (d *Desk) searchObservable(r *store.Reader, by soc.Actor, q soc.ObservableQuery, value string, valid bool) (page soc.ObservablePage, err error) {
	after := soc.ObservablePosition{}
	if q.After != nil {
		after = *q.After
	}
	before, _ := strconv.ParseInt(after.Alerts, 10, 64)
	alerts, err := r.AlertsWith(by.Workspace, q.Kind, value, before, q.Limit+1)
	if err != nil {
		return page, err
	}
	related := soc.RelatedQuery{Workspace: by.Workspace, Kind: q.Kind, Value: value, Limit: q.Limit + 1}
	if after.Cases != "" {
		related.After = &soc.Keyset{Value: after.Cases}
	}
	cases, err := r.Related(related)
	if err != nil {
		return page, err
	}
	page = newestFirst(alerts, cases.Rows, after, q.Limit)
	seen, err := r.SightingsOfValue(by.Workspace, q.Kind, value)
	if err != nil {
		return page, err
	}
	page.AlertTotal, page.IncidentTotal = seen.Alerts, cases.Incidents
	if seen.Alerts+cases.Incidents == 0 {
		return page, nil
	}
	o := &soc.SeenObservable{
		ID: soc.ObservableID(by.Workspace, q.Kind, value), Kind: q.Kind, Value: value, Sightings: max(seen.Alerts, cases.Incidents),
		FirstSeen: earlier(seen.FirstSeen, cases.FirstSeen), LastSeen: later(seen.LastSeen, cases.LastSeen),
	}
	page.Observable = o
	if valid {
		o.Suppressed, err = r.SuppressionsOf(by.Workspace, []soc.Observable{{Kind: q.Kind, Value: value}}, d.clock())
		if err != nil {
			return page, err
		}
	}
	o.AlsoSeenAs, err = r.KindsHolding(by.Workspace, otherKinds(q.Kind, q.Value))
	return page, err
}

// newestFirst fills a page from two lists, each newest first. Both stop where the
// page does, so nothing is shown twice and nothing left out.
func newestFirst(alerts []soc.Alert, incidents []soc.Incident, after soc.ObservablePosition, limit int) (page soc.ObservablePage) {
	for len(page.Alerts)+len(page.Incidents) < limit {
		a, i := len(page.Alerts), len(page.Incidents)
		switch {
		case a == len(alerts) && i == len(incidents):
			return page
		case i == len(incidents), a < len(alerts) && !alerts[a].IngestedAt.Before(incidents[i].IngestedAt):
			page.Alerts = append(page.Alerts, alerts[a])
			after.Alerts = strconv.FormatInt(soc.ArrivalPosition(alerts[a].UID), 10)
		default:
			page.Incidents = append(page.Incidents, incidents[i])
			after.Cases = strconv.FormatInt(incidents[i].Seq, 10)
		}
	}
	if len(page.Alerts) < len(alerts) || len(page.Incidents) < len(incidents) {
		page.Next = &after
	}
	return page
}

// otherKinds is what a text is in every other kind.
func otherKinds(kind soc.EntityKind, text string) map[soc.EntityKind]string {
	values := map[soc.EntityKind]string{}
	for _, other := range soc.AllEntityKinds {
		if other != kind {
			values[other], _ = soc.CanonicalValue(other, text)
		}
	}
	return values
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
