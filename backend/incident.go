package backend

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// listLimit is the most rows one page of incidents or evidence may hold.
const listLimit = 500

// ListIncidents returns one page of the workspace's incidents. Sort is checked
// here; the other members are closed sets that the door has checked. A run
// token does not narrow it (S8): it shows id, title and verdict only.
func (d *Desk) ListIncidents(ctx context.Context, by soc.Actor, f soc.IncidentFilter) (page soc.IncidentPage, err error) {
	return d.listIncidents(ctx, by, f, nil, false)
}

// ListIncidentsByPhase is ListIncidents for the triage family, whose three
// statuses are phases (0 open, 1 triaged, 2 resolved), with a total.
func (d *Desk) ListIncidentsByPhase(ctx context.Context, by soc.Actor, f soc.IncidentFilter, phases []int) (soc.IncidentPage, error) {
	return d.listIncidents(ctx, by, f, phases, true)
}

func (d *Desk) listIncidents(ctx context.Context, by soc.Actor, f soc.IncidentFilter, phases []int, total bool) (page soc.IncidentPage, err error) {
	if err := by.May(soc.ScopeIncidentsRead, soc.RoleViewer); err != nil {
		return page, err
	}
	f.Workspace = by.Workspace
	f.Limit = min(max(f.Limit, 1), listLimit)
	err = d.store.View(ctx, func(r *store.Reader) error {
		if page, err = r.ListIncidents(f, phases); err != nil || !total {
			return err
		}
		page.Total, page.TotalCapped, err = r.CountIncidents(f, phases)
		return err
	})
	if err != nil {
		return page, err
	}
	for n, i := range page.Incidents {
		// Titles are attacker-writable: they taint whoever reads them (S38).
		if err := serve(by, i, 1, true, len(i.Flags) > 0); err != nil {
			return soc.IncidentPage{}, err
		}
		page.Incidents[n] = narrowed(by, i)
	}
	return page, nil
}

// narrowedTitle is the longest title, in characters, that a run is shown of an
// incident that is not its own.
const narrowedTitle = 200

// narrowed is what the caller may see of an incident in a list. A run sees of
// incidents that are not its own which they are, their title and verdict (S8).
func narrowed(by soc.Actor, i soc.Incident) soc.Incident {
	if runScope(by, i.ID) == nil {
		return i
	}
	title := []rune(i.Title)
	return soc.Incident{
		Seq: i.Seq, ID: i.ID, ShortID: i.ShortID, Workspace: i.Workspace, Source: i.Source, ExternalID: i.ExternalID, Number: i.Number,
		Type: i.Type, Title: string(title[:min(len(title), narrowedTitle)]), Severity: i.Severity, Status: i.Status, Verdict: i.Verdict,
		VerdictBy: i.VerdictBy, ProposedVerdict: i.ProposedVerdict, Held: i.Held, Flags: i.Flags, CreatedAt: i.CreatedAt,
		UpdatedAt: i.UpdatedAt, Version: i.Version,
	}
}

// FindIncident resolves a reference for a door that needs the incident's keys.
func (d *Desk) FindIncident(ctx context.Context, by soc.Actor, ref soc.IncidentRef) (i soc.Incident, err error) {
	if err := by.May(soc.ScopeIncidentsRead, soc.RoleViewer); err != nil {
		return i, err
	}
	err = d.store.View(ctx, func(r *store.Reader) error {
		i, err = d.incident(r, by, ref)
		return err
	})
	return i, err
}

// incident finds the incident of a reference in the actor's workspace. An
// unknown, deleted or foreign one is the same 404 (S44). A run reads its own
// incident only (S8).
func (d *Desk) incident(r *store.Reader, by soc.Actor, ref soc.IncidentRef) (soc.Incident, error) {
	var i soc.Incident
	var found bool
	var err error
	if ref.ID != "" {
		i, found, err = r.Incident(by.Workspace, ref.ID)
	} else {
		i, found, err = r.IncidentBySource(by.Workspace, ref.Source, ref.ExternalID)
	}
	if err != nil {
		return i, err
	}
	if !found {
		return i, d.unknownIncident(r, by, ref)
	}
	return i, runScope(by, i.ID)
}

// runScope keeps a run on its incident.
func runScope(by soc.Actor, incident string) error {
	if by.Run == nil || by.Run.Incident == incident {
		return nil
	}
	return soc.Errorf(soc.Denied, soc.CodeRunScope, "This run belongs to another incident.").
		WithFix("Work on the run's own incident, or call without the run token.")
}

// unknownIncident is the 404, with ids the caller may have meant. Only visible
// ids are ever named, and none of them is acted on.
func (d *Desk) unknownIncident(r *store.Reader, by soc.Actor, ref soc.IncidentRef) error {
	e := soc.NotFoundf("There is no such incident.").WithFix("List the incidents and copy the id exactly.")
	if by.Run != nil {
		return e
	}
	if number, ok := incidentNumber(ref.ID); ok {
		i, found, err := r.IncidentByNumber(by.Workspace, number)
		if err == nil && found {
			e.Hints = []string{i.ShortID}
		}
		return e
	}
	if !strings.HasPrefix(ref.ID, soc.PrefixIncident) {
		return e
	}
	page, err := r.ListIncidents(soc.IncidentFilter{Workspace: by.Workspace, Limit: 200}, nil)
	if err != nil {
		return e
	}
	visible := make([]string, 0, len(page.Incidents))
	for _, i := range page.Incidents {
		visible = append(visible, i.ShortID)
	}
	e.Hints = soc.NearestIDs(ref.ID, visible, 3)
	return e
}

// incidentNumber reads "INC-2024-0042", the triage family's number.
func incidentNumber(s string) (int64, bool) {
	rest, ok := strings.CutPrefix(s, "INC-")
	year, number, cut := strings.Cut(rest, "-")
	if !ok || !cut || len(year) != 4 {
		return 0, false
	}
	n, err := strconv.ParseInt(number, 10, 64)
	return n, err == nil && n > 0
}

// GetIncident returns an incident with the parts asked for.
func (d *Desk) GetIncident(ctx context.Context, by soc.Actor, ref soc.IncidentRef, parts soc.IncidentParts) (detail soc.IncidentDetail, err error) {
	if err := by.May(soc.ScopeIncidentsRead, soc.RoleViewer); err != nil {
		return detail, err
	}
	if parts.Limit <= 0 || parts.Limit > listLimit {
		parts.Limit = 200
	}
	err = d.store.View(ctx, func(r *store.Reader) error {
		if detail.Incident, err = d.incident(r, by, ref); err != nil {
			return err
		}
		if detail.EvidenceTypes, err = r.EvidenceTypes(by.Workspace, detail.Incident.ID); err != nil {
			return err
		}
		return loadParts(r, &detail, parts)
	})
	if err != nil {
		return soc.IncidentDetail{}, err
	}
	rows := 1 + len(detail.Alerts) + len(detail.Entities) + len(detail.Evidence) + len(detail.Comments) + len(detail.Gamebooks)
	if err := serve(by, detail.Incident, rows, true, len(detail.Incident.Flags) > 0); err != nil {
		return soc.IncidentDetail{}, err
	}
	return detail, serveEvidence(by, detail.Incident, detail.Evidence)
}

func loadParts(r *store.Reader, detail *soc.IncidentDetail, parts soc.IncidentParts) (err error) {
	i := detail.Incident
	load := func(wanted bool, step func() error) {
		if err == nil && wanted {
			err = step()
		}
	}
	afterID := ""
	if parts.After != nil {
		afterID = parts.After.ID
	}
	load(parts.Alerts, func() (e error) {
		detail.Alerts, e = r.IncidentAlerts(i.Workspace, i.ID, parts.After, parts.Limit)
		return e
	})
	load(parts.Entities, func() (e error) {
		detail.Entities, e = r.IncidentEntities(i.Workspace, i.ID, afterID, parts.Limit)
		return e
	})
	load(parts.Evidence, func() (e error) {
		detail.Evidence, _, e = r.SearchEvidence(soc.EvidenceFilter{Workspace: i.Workspace, Incident: i.ID, After: parts.After, Limit: parts.Limit})
		return e
	})
	load(parts.Comments, func() (e error) {
		detail.Comments, e = r.Comments(i.Workspace, i.ID, parts.After, parts.Limit)
		return e
	})
	load(parts.Gamebooks, func() (e error) {
		detail.Gamebooks, e = r.IncidentGamebooks(i.Workspace, i.ID, parts.Limit)
		return e
	})
	load(parts.Verdict, func() (e error) {
		if detail.Investigation, e = r.LastInvestigation(i.Workspace, i.ID); e != nil {
			return e
		}
		detail.Triage, e = r.LastTriage(i.Workspace, i.ID)
		return e
	})
	return err
}

// RawPayload returns the stored payload of an incident's first alert, byte for
// byte (the triage family's raw_data), or of its source row where it has one.
func (d *Desk) RawPayload(ctx context.Context, by soc.Actor, ref soc.IncidentRef) (raw []byte, err error) {
	if err := by.May(soc.ScopeIncidentsRead, soc.RoleViewer); err != nil {
		return nil, err
	}
	var i soc.Incident
	err = d.store.View(ctx, func(r *store.Reader) error {
		if i, err = d.incident(r, by, ref); err != nil {
			return err
		}
		raw, err = payloadOf(r, i)
		return err
	})
	if err != nil {
		return nil, err
	}
	return raw, serve(by, i, 1, true, len(i.Flags) > 0)
}

func payloadOf(r *store.Reader, i soc.Incident) ([]byte, error) {
	_, raw, found, err := r.IncidentPayload(i.Workspace, i.ID)
	if err != nil || found {
		return raw, err
	}
	raw, _, err = r.FirstAlertPayload(i.Workspace, i.ID)
	return raw, err
}

// Sources lists the registered spellings of source in a workspace: the six
// products and the slugs in use.
func (d *Desk) Sources(ctx context.Context, by soc.Actor) ([]string, error) {
	used, err := d.store.Read(ctx).SourcesInUse(by.Workspace)
	if err != nil {
		return nil, err
	}
	sources := slices.Clone(soc.KnownSources)
	for _, s := range used {
		if !slices.Contains(sources, s) {
			sources = append(sources, s)
		}
	}
	return sources, nil
}

// rowEntities is how many entities a row of IncidentsByEntity brings along.
const rowEntities = 20

// IncidentsByEntity lists the incidents of one source in which a value was
// seen, newest first, each with its first entities (portal-api.md section 5).
// except is the source's id of an incident to leave out, empty for none.
func (d *Desk) IncidentsByEntity(ctx context.Context, by soc.Actor, source, except string, q soc.RelatedQuery) (page soc.RelatedPage, err error) {
	if err := by.May(soc.ScopeIncidentsRead, soc.RoleViewer); err != nil {
		return page, err
	}
	q.Source, q.RowsOnly = source, true
	if except != "" {
		left, found, err := d.store.Read(ctx).IncidentBySource(by.Workspace, source, except)
		if err != nil {
			return page, err
		}
		if found {
			q.ExcludeIncident = left.ID
		}
	}
	return d.relatedWithEntities(ctx, by, q)
}

// relatedWithEntities adds to each row its first entities.
func (d *Desk) relatedWithEntities(ctx context.Context, by soc.Actor, q soc.RelatedQuery) (page soc.RelatedPage, err error) {
	if page, err = d.related(ctx, by, q); err != nil {
		return page, err
	}
	page.Entities = make(map[string][]soc.Entity, len(page.Rows))
	err = d.store.View(ctx, func(r *store.Reader) error {
		for _, i := range page.Rows {
			if runScope(by, i.ID) != nil {
				continue // narrowed
			}
			if page.Entities[i.ID], err = r.IncidentEntities(i.Workspace, i.ID, "", rowEntities); err != nil {
				return err
			}
			if err := serve(by, i, len(page.Entities[i.ID]), true, false); err != nil {
				return err
			}
		}
		return nil
	})
	return page, err
}
