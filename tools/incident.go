package tools

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"vedette/backend/soc"
	"vedette/schemas"
)

type incidentList struct {
	envelope
	table
	More *more `json:"more,omitempty"`
}

// sortOrders are the words of list_incidents for the desk's orders.
var sortOrders = map[string]string{
	"": "-created_at", "newest": "-created_at", "oldest": "created_at", "updated": "-updated_at", "severity": "-severity", "number": "-incident_number",
}

func listIncidents(ctx context.Context, r *request, in schemas.ListIncidents) (any, error) {
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
	filter := soc.IncidentFilter{
		Workspace: r.by.Workspace, Query: in.Query, Sort: sortOrders[in.Sort], CreatedAfter: since(in.Since), After: at.After, Limit: limit,
		Statuses: soc.OpenStatuses,
	}
	if len(in.Status) > 0 {
		filter.Statuses = typed[soc.Status](in.Status)
	}
	filter.Severities = typed[soc.Severity](in.Severity)
	if in.Source != "" {
		filter.Sources = []string{in.Source}
	}
	page, err := r.server.desk.ListIncidents(ctx, r.by, filter)
	if err != nil {
		return nil, err
	}
	width := cellWidth(3300, limit, 90, 200)
	out := incidentList{table: table{Columns: []string{"id", "severity", "status", "title", "source", "age", "verdict", "flags"}}}
	shown := fill(newRoom(), &out.table, page.Incidents, func(i soc.Incident) []any {
		return []any{
			i.ShortID, i.Severity, i.Status, outside(i.Title, width), i.Source, age(r.at, i.CreatedAt), standing(i), flagWords(i.Flags),
		}
	})
	if shown < len(page.Incidents) {
		return nil, fmt.Errorf("%d bounded rows do not fit an answer", len(page.Incidents))
	}
	out.Summary = listSummary(in, len(page.Incidents), page)
	if shown > 0 {
		out.Untrusted = []string{"title"}
	}
	if page.Next != nil {
		next := filters
		next.Limit = in.Limit
		if next.Cursor, err = r.seal(filters, cursor{After: page.Next}); err != nil {
			return nil, err
		}
		out.More = &more{Shown: shown, Total: known(page.Total), AtLeast: page.TotalCapped, Next: &nextCall{r.tool.Name, next}}
	}
	return out, nil
}

func listSummary(in schemas.ListIncidents, n int, page soc.IncidentPage) string {
	which := "open incidents"
	if len(in.Status) > 0 {
		which = "incidents with status " + strings.Join(in.Status, ", ")
	}
	if n == 0 {
		text := "No " + which + " match."
		if in.Query != "" || in.Source != "" || in.Since != nil || len(in.Severity) > 0 || in.Cursor != "" {
			return text + " Leave out query, source, severity, since or cursor to widen the list."
		}
		if len(in.Status) == 0 {
			return text + ` Closed ones: list_incidents {"status":["closed"]}.`
		}
		return text
	}
	order := in.Sort
	if order == "" {
		order = "newest"
	}
	if page.Total >= 0 && !page.TotalCapped {
		return fmt.Sprintf("%d of %d %s, %s first.", n, page.Total, which, order)
	}
	return fmt.Sprintf("%d %s, %s first.", n, which, order)
}

// since is the instant of an optional time argument, cut to the milliseconds
// that a next call repeats.
func since(t *schemas.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return time.Time(*t).Truncate(time.Millisecond)
}

func typed[Word ~string](texts []string) []Word {
	var out []Word
	for _, text := range texts {
		out = append(out, Word(text))
	}
	return out
}

func known(total int) *int {
	if total < 0 {
		return nil
	}
	return &total
}

// afterTime is the position of a row in a list ordered by time and id
// (soc.IncidentParts).
func afterTime(at time.Time, id string) *soc.Keyset {
	return &soc.Keyset{Value: strconv.FormatInt(at.UnixMicro(), 10), ID: id}
}

// has reports whether a section was asked for.
func has(include []string, section string) bool { return slices.Contains(include, section) }
