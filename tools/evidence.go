package tools

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"vedette/backend/soc"
	"vedette/schemas"
)

type evidenceList struct {
	envelope
	table
	More *more `json:"more,omitempty"`
}

func searchEvidence(ctx context.Context, r *request, in schemas.SearchEvidence) (any, error) {
	if err := incidentIDs.check("incident_id", in.IncidentID); err != nil {
		return nil, err
	}
	if in.EntityID != "" {
		if err := entityIDs.check("entity_id", in.EntityID); err != nil {
			return nil, err
		}
	}
	filters := in
	filters.Cursor, filters.Limit = "", 0
	at, err := r.open(filters, in.Cursor)
	if err != nil {
		return nil, err
	}
	limit := in.Limit
	if limit == 0 {
		limit = 25
	}
	filter := soc.EvidenceFilter{
		Query: in.Query, Type: in.Type, Entity: in.EntityID, From: since(in.From), To: since(in.To), After: at.After, Limit: limit,
		Any: in.Match == "any",
	}
	page, err := r.server.desk.SearchEvidence(ctx, r.by, r.ref(in.IncidentID), filter)
	if err != nil {
		return nil, err
	}
	out := evidenceList{table: table{Columns: []string{"id", "time", "source", "type", "entities", "text", "provenance", "flags"}}}
	shown := fill(newRoom(), &out.table, page.Rows, drawEvidenceRow(evidenceLine(in, limit)))
	if shown < len(page.Rows) {
		// Ask again for what fits, so that the desk notes no more than is shown
		// and says where that page ends.
		*r.by.Served = soc.Served{}
		filter.Limit = shown
		if page, err = r.server.desk.SearchEvidence(ctx, r.by, r.ref(in.IncidentID), filter); err != nil {
			return nil, err
		}
	}
	out.Summary = evidenceSummary(in, page)
	if shown > 0 {
		out.Untrusted = []string{"type", "text"}
	}
	if page.Next != nil {
		next := filters
		next.Limit = in.Limit
		if next.Cursor, err = r.seal(filters, cursor{After: page.Next}); err != nil {
			return nil, err
		}
		out.More = &more{Shown: shown, Total: known(page.Total), AtLeast: page.Total >= totalCap, Next: &nextCall{r.tool.Name, next}}
	}
	return out, nil
}

// totalCap is where the desk stops counting.
const totalCap = 10_000

// rankedWidth bounds a row of a ranked answer, in characters: more rows tell
// more there than longer ones.
const rankedWidth = 240

// evidenceLine is how a row is told in one line.
func evidenceLine(in schemas.SearchEvidence, limit int) func(soc.Evidence) string {
	if in.Match == "any" {
		width := cellWidth(19_000, limit, 130, rankedWidth)
		return func(e soc.Evidence) string { return outside(soc.EvidenceExcerpt(e, in.Query), width) }
	}
	width := cellWidth(19_000, limit, 130, 300)
	return func(e soc.Evidence) string { return outside(e.Text, width) }
}

func drawEvidenceRow(line func(soc.Evidence) string) func(soc.Evidence) []any {
	return func(e soc.Evidence) []any {
		entities := strings.Join(firstOf(e.Entities, 2), " ")
		if hidden := len(e.Entities) - 2; hidden > 0 {
			entities += fmt.Sprintf(" +%d", hidden)
		}
		return []any{
			soc.EvidenceID(e.Number), instant(e.At), e.Source, outside(e.Type, 32), entities, line(e), e.Provenance, flagWords(e.Flags),
		}
	}
}

func evidenceSummary(in schemas.SearchEvidence, page soc.EvidencePage) string {
	id := page.Incident.ShortID
	if len(page.Rows) > 0 && in.Match == "any" {
		return fmt.Sprintf("%d of %s of %s, best first; rows of one type about one entity are shown once.", len(page.Rows), count(page.Total, "matching thing"), id)
	}
	if len(page.Rows) > 0 {
		return fmt.Sprintf("%d of %s of %s, oldest first.", len(page.Rows), count(page.Total, "matching evidence row"), id)
	}
	if page.Incident.EvidenceCount == 0 {
		return fmt.Sprintf("%s has no evidence rows.", id)
	}
	text := fmt.Sprintf("No evidence row of %s matches; it has %s.", id, count(page.Incident.EvidenceCount, "row"))
	if in.Query != "" && in.Match != "any" {
		text += " Every word of query must occur literally: try one word, an address or a name, or match any."
	}
	if in.Type != "" {
		text += " Types are matched exactly: get_incident lists them under evidence_types."
	}
	if in.EntityID != "" || in.From != nil || in.To != nil {
		text += " Leave out entity_id, from or to to widen the search."
	}
	return text
}

type evidenceRows struct {
	envelope
	Evidence []evidenceRow `json:"evidence"`
	More     *more         `json:"more,omitempty"`
}

func getEvidence(ctx context.Context, r *request, in schemas.GetEvidence) (any, error) {
	if err := incidentIDs.check("incident_id", in.IncidentID); err != nil {
		return nil, err
	}
	if in.Offset > 0 && in.Field != "" && len(in.EvidenceIDs) != 1 {
		return nil, soc.Errorf(soc.Invalid, soc.CodeValidationError, "Arguments field and offset together need exactly one evidence id.").
			WithFix("Send the one row whose field you go on with, or leave offset out.")
	}
	var numbers []int
	for _, id := range in.EvidenceIDs {
		number, err := checkEvidenceID("evidence_ids", id)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(numbers, number) {
			numbers = append(numbers, number)
		}
	}
	incident, rows, err := r.server.desk.GetEvidence(ctx, r.by, r.ref(in.IncidentID), numbers)
	if err != nil {
		return nil, err
	}
	if in.Field != "" {
		if err := keepField(rows, in.Field); err != nil {
			return nil, err
		}
	}
	d := &evidenceDrawing{tool: r.tool.Name, in: in, left: evidenceRoom}
	out := evidenceRows{}
	out.Evidence, out.More = d.draw(rows)
	out.Untrusted = []string{"evidence.type", "evidence.fields.name", "evidence.fields.value"}
	out.Summary = evidenceRowsSummary(incident.ShortID, out.Evidence, out.More)
	return out, nil
}
