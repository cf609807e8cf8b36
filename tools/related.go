package tools

import (
	"context"
	"fmt"

	"vedette/backend/soc"
	"vedette/schemas"
)

type relatedAnswer struct {
	envelope
	Type      soc.EntityKind `json:"type"`
	Value     string         `json:"value"`
	FirstSeen string         `json:"first_seen,omitempty"`
	LastSeen  string         `json:"last_seen,omitempty"`
	Sightings int            `json:"sightings"`
	Incidents int            `json:"incidents"`
	// Suppressed says that so many incidents hold this value that it says
	// nothing about any of them.
	Suppressed bool `json:"suppressed,omitempty"`
	table
	More *more `json:"more,omitempty"`
}

func findRelated(ctx context.Context, r *request, in schemas.FindRelated) (any, error) {
	if err := checkRelated(in); err != nil {
		return nil, err
	}
	filters := in
	filters.Cursor, filters.Limit = "", 0
	at, err := r.open(filters, in.Cursor)
	if err != nil {
		return nil, err
	}
	limit := in.Limit
	if limit == 0 {
		limit = 20
	}
	page, err := r.server.desk.FindRelated(ctx, r.by, soc.RelatedQuery{
		Workspace: r.by.Workspace, Entity: in.EntityID, Kind: soc.EntityKind(in.Type), Value: in.Value, Since: since(in.Since), After: at.After, Limit: limit,
	})
	if err != nil {
		return nil, err
	}
	out := relatedAnswer{
		Type: page.Kind, Value: outside(page.Value, 300), FirstSeen: instant(page.FirstSeen), LastSeen: instant(page.LastSeen),
		Sightings: page.Sightings, Incidents: page.Incidents, Suppressed: page.Suppressed,
		table: table{Columns: []string{"id", "severity", "status", "title", "age", "verdict", "flags"}},
	}
	width := cellWidth(6000, limit, 90, 200)
	shown := fill(newRoom(), &out.table, page.Rows, func(i soc.Incident) []any {
		return []any{i.ShortID, i.Severity, i.Status, outside(i.Title, width), age(r.at, i.CreatedAt), standing(i), flagWords(i.Flags)}
	})
	out.Untrusted = []string{"value", "title"}
	out.Summary = relatedSummary(in, page)
	if page.Next != nil {
		next := filters
		next.Limit = in.Limit
		if next.Cursor, err = r.seal(filters, cursor{After: page.Next}); err != nil {
			return nil, err
		}
		out.More = &more{Shown: shown, Total: known(page.Incidents), Next: &nextCall{r.tool.Name, next}}
	}
	return out, nil
}

func checkRelated(in schemas.FindRelated) error {
	switch {
	case in.EntityID != "" && (in.Type != "" || in.Value != ""):
		return soc.Errorf(soc.Invalid, soc.CodeValidationError, "Give entity_id, or type and value, but not both.").
			WithFix("Leave type and value out to follow the entity by its id.")
	case in.EntityID != "":
		return entityIDs.check("entity_id", in.EntityID)
	case in.Type == "" || in.Value == "":
		return soc.Errorf(soc.Invalid, soc.CodeValidationError, "Give entity_id, or both type and value.").
			WithFix(`Send {"entity_id":%q} or {"type":"ip","value":"192.0.2.1"}.`, entityIDs.example())
	}
	return nil
}

func relatedSummary(in schemas.FindRelated, page soc.RelatedPage) string {
	if page.Incidents == 0 && len(page.Rows) == 0 {
		text := fmt.Sprintf("This %s was not seen in any incident of the workspace.", page.Kind)
		if in.EntityID == "" {
			text += " Values are compared whole, in canonical form: give the full name, address or hash."
		}
		return text
	}
	text := fmt.Sprintf("This %s was seen in %s, newest first.", page.Kind, count(page.Incidents, "incident"))
	if page.Suppressed {
		text += " It is seen almost everywhere, so it connects nothing."
	}
	return text
}
