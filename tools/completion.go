package tools

import (
	"context"
	"maps"
	"slices"
	"strings"

	"vedette/backend/soc"
)

// maxCompletions bounds an answer (M32).
const maxCompletions = 100

// complete suggests visible ids and slugs by prefix. A suggestion resolves
// nothing, and holds no text from outside: what the desk serves for it is not
// shown, so it is not counted as served.
func (x *exchange) complete(ctx context.Context, ids, prefix string, given map[string]string) []string {
	by := x.by
	by.Served = &soc.Served{}
	all, err := x.candidates(ctx, by, ids, prefix, given)
	if err != nil {
		// A caller who may not read, or a wrong id, completes to nothing.
		if kind := soc.KindOf(err); kind == soc.Internal || kind == soc.Unavailable {
			x.server.log.WarnContext(ctx, "completion failed", "request", x.by.Call.RequestID, "error", err)
		}
		return nil
	}
	var kept []string
	for _, candidate := range all {
		if strings.HasPrefix(candidate, prefix) && len(kept) < maxCompletions {
			kept = append(kept, candidate)
		}
	}
	return kept
}

func (x *exchange) candidates(ctx context.Context, by soc.Actor, ids, prefix string, given map[string]string) ([]string, error) {
	desk := x.server.desk
	switch ids {
	case "incident_id":
		return x.incidentIDs(ctx, by, prefix)
	case "evidence_id":
		detail, err := desk.GetIncident(ctx, by, soc.IncidentRef{Workspace: by.Workspace, ID: given["incident_id"]}, soc.IncidentParts{Limit: 1})
		return evidenceIDs(detail.Incident.EvidenceCount, prefix), err
	case "gamebook_id":
		return x.gamebookIDs(ctx, by)
	case "sop_id":
		matches, err := desk.GetSOPs(ctx, by, soc.IncidentRef{}, "")
		return collect(matches, func(m soc.SOPMatch) string { return m.SOP.ID }), err
	case "playbook_id":
		offers, err := desk.ListPlaybooks(ctx, by, soc.PlaybookQuery{Workspace: by.Workspace})
		return collect(offers, func(o soc.PlaybookOffer) string { return o.Playbook.ID }), err
	case "entity_type":
		return words(soc.AllEntityKinds), nil
	}
	return nil, nil
}

func (x *exchange) incidentIDs(ctx context.Context, by soc.Actor, prefix string) ([]string, error) {
	filter := soc.IncidentFilter{Workspace: by.Workspace, Limit: 200}
	if len(prefix) > len(soc.PrefixIncident) {
		filter.Query = prefix
	}
	page, err := x.server.desk.ListIncidents(ctx, by, filter)
	return collect(page.Incidents, func(i soc.Incident) string { return i.ShortID }), err
}

// gamebookIDs are those of the newest open incidents that have any.
func (x *exchange) gamebookIDs(ctx context.Context, by soc.Actor) ([]string, error) {
	page, err := x.server.desk.ListIncidents(ctx, by, soc.IncidentFilter{
		Workspace: by.Workspace, Statuses: soc.OpenStatuses, Sort: "-updated_at", Limit: 20,
	})
	found := map[string]bool{}
	for _, incident := range page.Incidents {
		ref := soc.IncidentRef{Workspace: by.Workspace, ID: incident.ShortID}
		detail, err := x.server.desk.GetIncident(ctx, by, ref, soc.IncidentParts{Gamebooks: true, Limit: 20})
		if err != nil {
			return nil, err
		}
		for _, gamebook := range detail.Gamebooks {
			found[gamebook.ID] = true
		}
	}
	return slices.Sorted(maps.Keys(found)), err
}

// evidenceIDs are E1 to En by prefix.
func evidenceIDs(n int, prefix string) []string {
	var ids []string
	for number := 1; number <= n && len(ids) < maxCompletions; number++ {
		if id := soc.EvidenceID(number); strings.HasPrefix(id, prefix) {
			ids = append(ids, id)
		}
	}
	return ids
}

func collect[Item any](items []Item, id func(Item) string) []string {
	out := make([]string, 0, len(items))
	for _, item := range items {
		out = append(out, id(item))
	}
	return out
}
