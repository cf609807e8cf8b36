package backend

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// GetCase returns an incident with everything that the case family shows of it,
// from one snapshot, each list cut at its bound.
func (d *Desk) GetCase(ctx context.Context, by soc.Actor, ref soc.IncidentRef) (c soc.CaseDetail, err error) {
	if err := by.May(soc.ScopeCasesRead, soc.RoleViewer); err != nil {
		return c, err
	}
	err = d.store.View(ctx, func(r *store.Reader) error {
		if c.Incident, err = d.incident(r, by, ref); err != nil {
			return err
		}
		return d.loadCase(r, &c)
	})
	if err != nil {
		return soc.CaseDetail{}, err
	}
	rows := 1 + len(c.Alerts) + len(c.Entities) + len(c.Evidence) + len(c.Comments) + len(c.Gamebooks) + len(c.Attachments)
	if err := serve(by, c.Incident, rows, true, len(c.Incident.Flags) > 0); err != nil {
		return soc.CaseDetail{}, err
	}
	return c, serveEvidence(by, c.Incident, c.Evidence)
}

// loadCase reads everything about an incident that was found.
func (d *Desk) loadCase(r *store.Reader, c *soc.CaseDetail) (err error) {
	i := c.Incident
	detail := soc.IncidentDetail{Incident: i}
	for _, part := range []struct {
		limit int
		parts soc.IncidentParts
	}{
		{soc.CaseAlerts, soc.IncidentParts{Alerts: true}},
		{soc.CaseObservables, soc.IncidentParts{Entities: true}},
		{soc.CaseEvidence, soc.IncidentParts{Evidence: true}},
		{soc.CaseComments, soc.IncidentParts{Comments: true}},
		{50, soc.IncidentParts{Gamebooks: true}},
	} {
		part.parts.Limit = part.limit
		if err := loadParts(r, &detail, part.parts); err != nil {
			return err
		}
	}
	c.Alerts, c.Entities, c.Evidence, c.Comments, c.Gamebooks = detail.Alerts, detail.Entities, detail.Evidence, detail.Comments, detail.Gamebooks
	c.Techniques = techniquesOf(c.Alerts)
	if c.Sightings, err = r.SightingCounts(i.Workspace, i.ID, soc.CaseObservables); err != nil {
		return err
	}
	if c.Attachments, err = r.Attachments(i.Workspace, i.ID, d.attachments.Files); err != nil {
		return err
	}
	if c.Clock, err = r.Clock(i.Workspace, i.ID); err != nil {
		return err
	}
	if c.SLA, err = slaOf(r, i.Workspace); err != nil {
		return err
	}
	entries, err := r.Timeline(i.Workspace, i.ID, 0, soc.CaseTimeline)
	if err != nil {
		return err
	}
	c.Timeline = drawTimeline(entries)
	if c.Entries, err = r.TimelineLength(i.Workspace, i.ID, 10*soc.CaseTimeline); err != nil {
		return err
	}
	report, found, err := r.Report(i.Workspace, i.ID, 0)
	if found {
		c.Report = &report
	}
	return err
}

func techniquesOf(alerts []soc.Alert) (found []soc.CaseTechnique) {
	seen := map[string]bool{}
	for _, a := range alerts {
		for _, id := range a.Techniques {
			if seen[id] {
				continue
			}
			seen[id] = true
			t := soc.CaseTechnique{ID: id, Alert: a}
			if known, ok := technique(id); ok {
				t.Tactics = known.Tactics
			}
			found = append(found, t)
		}
	}
	return found
}

func drawTimeline(entries []soc.AuditEntry) (timeline []soc.TimelineEntry) {
	for _, e := range entries {
		if entry, shown := soc.ReadTimeline(e); shown {
			timeline = append(timeline, entry)
		}
	}
	return timeline
}

// CaseTimeline lists what happened on an incident, newest first. It is drawn
// from the record, which is only ever added to.
func (d *Desk) CaseTimeline(ctx context.Context, by soc.Actor, ref soc.IncidentRef, after *soc.Keyset, limit int) (timeline []soc.TimelineEntry, next *soc.Keyset, err error) {
	if err := by.May(soc.ScopeCasesRead, soc.RoleViewer); err != nil {
		return nil, nil, err
	}
	limit = min(max(limit, 1), listLimit)
	before := int64(0)
	if after != nil {
		before, _ = strconv.ParseInt(after.Value, 10, 64)
	}
	var i soc.Incident
	err = d.store.View(ctx, func(r *store.Reader) error {
		if i, err = d.incident(r, by, ref); err != nil {
			return err
		}
		entries, err := r.Timeline(i.Workspace, i.ID, before, limit+1)
		if len(entries) > limit {
			entries = entries[:limit]
			next = &soc.Keyset{Value: strconv.FormatInt(entries[limit-1].Position, 10)}
		}
		timeline = drawTimeline(entries)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	return timeline, next, serve(by, i, len(timeline), false, false)
}

// GetReport returns a version of what an incident was closed with, the latest
// for 0.
func (d *Desk) GetReport(ctx context.Context, by soc.Actor, ref soc.IncidentRef, version int) (p soc.StoredReport, err error) {
	if err := by.May(soc.ScopeCasesRead, soc.RoleViewer); err != nil {
		return p, err
	}
	var i soc.Incident
	err = d.store.View(ctx, func(r *store.Reader) error {
		if i, err = d.incident(r, by, ref); err != nil {
			return err
		}
		var found bool
		if p, found, err = r.Report(i.Workspace, i.ID, version); err == nil && !found {
			err = soc.NotFoundf("There is no such report.").WithFix("A report is made when a case is resolved; leave version out for the latest.")
		}
		return err
	})
	if err != nil {
		return soc.StoredReport{}, err
	}
	return p, serve(by, i, 1, true, len(i.Flags) > 0)
}

// closingReport is the id of the report that a change of an incident calls for:
// whoever closes it, a person, the triage or its source, leaves one. It is empty
// where the change closes nothing.
func (d *Desk) closingReport(before, after soc.Incident) (id string, err error) {
	if before.Status == soc.StatusClosed || after.Status != soc.StatusClosed {
		return "", nil
	}
	return d.newUUID()
}

// storeReport makes the report of an incident that this transaction closes. by
// and the entry are how it ends: the entry gets its place in the record with
// the commit.
func (d *Desk) storeReport(tx *store.Tx, i soc.Incident, id string, ending soc.AuditEntry) (soc.StoredReport, error) {
	c := soc.CaseDetail{Incident: i}
	if err := d.loadCase(&tx.Reader, &c); err != nil {
		return soc.StoredReport{}, err
	}
	version := 1
	if c.Report != nil {
		version = c.Report.Version + 1
	}
	cited, err := tx.Cited(i.Workspace, i.ID, listLimit)
	if err != nil {
		return soc.StoredReport{}, err
	}
	cited = append(cited, soc.Cited(i.ClosingComment)...)
	for _, comment := range c.Comments {
		cited = append(cited, soc.Cited(comment.Body)...)
	}
	evidence, err := tx.EvidenceByNumber(i.Workspace, i.ID, soc.EvidenceNumbers(cited, soc.CaseEvidence))
	if err != nil {
		return soc.StoredReport{}, err
	}
	in := soc.ReportInput{Case: c, Version: version, Cited: evidence}
	if in.AuditFrom, in.AuditTo, in.AuditHash, err = tx.AuditRange(i.Workspace, i.ID); err != nil {
		return soc.StoredReport{}, err
	}
	if end, shown := soc.ReadTimeline(ending); shown {
		in.Ending = &end
	}
	for n := range c.Gamebooks {
		if c.Gamebooks[n].Approvals, err = tx.Approvals(c.Gamebooks[n].ID); err != nil {
			return soc.StoredReport{}, err
		}
	}
	body, err := json.Marshal(soc.MakeReport(in))
	if err != nil {
		return soc.StoredReport{}, err
	}
	p := soc.StoredReport{ID: id, Workspace: i.Workspace, Incident: i.ID, Version: version, SHA256: soc.HexSHA256(body), Body: body, CreatedAt: d.clock()}
	return p, tx.InsertReport(p)
}

// CreateCase makes an incident by hand, with one alert that holds what was said.
// An ATT&CK technique that nobody knows is refused.
func (d *Desk) CreateCase(ctx context.Context, by soc.Actor, in soc.NewCase, assignee *soc.Assignee) (soc.CreatedIncident, error) {
	if err := by.May(soc.ScopeCasesWrite, soc.RoleAnalyst); err != nil {
		return soc.CreatedIncident{}, d.refused(ctx, by, "incident_created", err, nil)
	}
	var tactics []string
	for n, id := range in.Techniques {
		known, ok := technique(id)
		if !ok {
			return soc.CreatedIncident{}, soc.InvalidField("techniques["+strconv.Itoa(n)+"]", "is no technique of ATT&CK")
		}
		for _, tactic := range known.Tactics {
			if !slices.Contains(tactics, tactic) {
				tactics = append(tactics, tactic)
			}
		}
	}
	alert, err := in.Alert(tactics, d.clock())
	if err != nil {
		return soc.CreatedIncident{}, err
	}
	return d.CreateIncident(ctx, by, soc.NewIncident{Alert: alert, Assignee: assignee})
}
