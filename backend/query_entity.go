package backend

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"vedette/backend/soc"
	"vedette/backend/soc/kql"
	"vedette/backend/store"
)

// namedEntities is the most incidents' entities that one question looks at, and
// seenAtOnce the most rows of one instant that pages can lie between.
const (
	namedEntities = 100
	seenAtOnce    = 5000
)

// entitiesNamed finds the entities of a name that the actor may read.
func (d *Desk) entitiesNamed(ctx context.Context, by soc.Actor, kind soc.EntityKind, value string) (found []soc.Entity, partial bool, err error) {
	if canonical, valid := soc.CanonicalValue(kind, value); valid {
		value = canonical
	}
	only := ""
	if by.Run != nil {
		only = by.Run.Incident
	}
	found, err = d.store.Read(ctx).EntitiesNamed(by.Workspace, kind, value, only, namedEntities+1)
	if len(found) > namedEntities {
		return found[:namedEntities], true, err
	}
	return found, false, err
}

// ListSigninLogs lists the sign-ins of a user that the evidence of the
// workspace holds, newest first. No directory is asked: none is connected.
func (d *Desk) ListSigninLogs(ctx context.Context, by soc.Actor, q soc.EntityRows) (soc.EntityRowsPage, error) {
	return d.entityRows(ctx, by, soc.KindAccount, q, "SigninLogs", true)
}

// GetDeviceTimeline lists the rows of evidence about a device, oldest first.
func (d *Desk) GetDeviceTimeline(ctx context.Context, by soc.Actor, q soc.EntityRows) (soc.EntityRowsPage, error) {
	return d.entityRows(ctx, by, soc.KindHost, q, "Evidence", false)
}

// entityRows asks a table of evidence for the rows that name an entity.
func (d *Desk) entityRows(ctx context.Context, by soc.Actor, kind soc.EntityKind, q soc.EntityRows, table string, newest bool) (page soc.EntityRowsPage, err error) {
	if err := by.May(soc.ScopeAgentToolsRead, soc.RoleViewer); err != nil {
		return page, err
	}
	q.Limit = min(max(q.Limit, 1), kql.MaxRows)
	entities, partial, err := d.entitiesNamed(ctx, by, kind, q.Value)
	if err != nil {
		return page, err
	}
	page.Known, page.Partial = len(entities) > 0, partial
	if !page.Known {
		return page, serveRun(by, 0)
	}
	var names, incidents []string
	for n, e := range entities {
		names = append(names, fmt.Sprint("entity", n))
		if !slices.Contains(incidents, e.Incident) {
			incidents = append(incidents, e.Incident)
		}
	}
	order := ""
	if !newest {
		order = " | sort by TimeGenerated asc, IncidentNumber asc, strlen(EvidenceId) asc, EvidenceId asc"
	}
	query, err := kql.Parse(table + " | where TimeGenerated between (from .. to) and EntityIds has_any (" + strings.Join(names, ", ") + ") | project-away EntityIds, Fields" + order)
	if err != nil {
		return page, err
	}
	skip := 0
	if q.After != nil {
		skip = q.After.Seen
		if newest {
			q.To = q.After.At
		} else {
			q.From = q.After.At
		}
	}
	query.Set("from", kql.Datetime, q.From.UnixMicro())
	query.Set("to", kql.Datetime, q.To.UnixMicro())
	for n, e := range entities {
		query.Set(names[n], kql.String, e.ID)
	}
	plan, err := query.Check(store.QueryTables(), d.clock())
	if err != nil {
		return page, err
	}
	scope := d.queryScope(by, skip+q.Limit)
	scope.Incidents, scope.Skip = incidents, skip
	if page.QueryResult, err = d.answer(ctx, by, plan, scope); err != nil {
		return page, err
	}
	page.Next = nextRow(page, q.After)
	return page, nil
}

// nextRow is where a page ends: behind so many rows of its last instant.
func nextRow(page soc.EntityRowsPage, after *soc.RowPosition) *soc.RowPosition {
	if !page.More && !page.Cut || len(page.Rows) == 0 {
		return nil
	}
	at, _ := page.Rows[len(page.Rows)-1][0].(time.Time)
	next := &soc.RowPosition{At: at}
	for _, row := range page.Rows {
		if same, ok := row[0].(time.Time); ok && same.Equal(at) {
			next.Seen++
		}
	}
	if after != nil && after.At.Equal(at) {
		next.Seen += after.Seen
	}
	if next.Seen > seenAtOnce {
		return nil
	}
	return next
}

// GetUserDetails tells what the alerts of the workspace say of an account. It
// is no directory: what no alert said is empty.
func (d *Desk) GetUserDetails(ctx context.Context, by soc.Actor, user string) (out soc.UserDetails, err error) {
	if err := by.May(soc.ScopeAgentToolsRead, soc.RoleViewer); err != nil {
		return out, err
	}
	entities, _, err := d.entitiesNamed(ctx, by, soc.KindAccount, user)
	if err != nil {
		return out, err
	}
	if len(entities) == 0 {
		if err := serveRun(by, 0); err != nil {
			return out, err
		}
		return out, soc.Errorf(soc.Refused, soc.CodeUpstreamError, "No directory is connected, and no alert of this workspace names such a user.").
			WithFix("Take the user's UPN, mail or object id from an incident's entities.")
	}
	first := func(value *string, texts ...string) {
		for _, text := range texts {
			if *value == "" {
				*value = text
			}
		}
	}
	incidents := map[string]bool{}
	for _, e := range entities {
		incidents[e.Incident] = true
		first(&out.ID, e.Properties[soc.PropertyObjectID])
		first(&out.UPN, e.Properties[soc.PropertyUPN])
		first(&out.Mail, e.Properties[soc.PropertyMail])
		first(&out.DisplayName, e.Display, e.Value)
		if err := serve(by, soc.Incident{ID: e.Incident}, 0, true, len(e.Flags) > 0); err != nil {
			return soc.UserDetails{}, err
		}
	}
	first(&out.ID, out.UPN, entities[0].Value)
	out.Incidents = len(incidents)
	return out, serveRun(by, 1)
}

// RelatedIncidents lists the incidents of the workspace, but for one, in which
// a value was seen, for an agent that works on that one.
func (d *Desk) RelatedIncidents(ctx context.Context, by soc.Actor, ref soc.IncidentRef, q soc.RelatedQuery) (page soc.RelatedPage, err error) {
	if err := by.May(soc.ScopeAgentToolsRead, soc.RoleViewer); err != nil {
		return page, err
	}
	err = d.store.View(ctx, func(r *store.Reader) error {
		own, err := d.incident(r, by, ref)
		q.ExcludeIncident = own.ID
		return err
	})
	if err != nil {
		return page, err
	}
	return d.relatedWithEntities(ctx, by, q)
}
