package store

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"vedette/backend/soc"
)

// totalCap is the most that a filtered list counts; above it the total is
// stated as capped (triage-api.md section 3).
const totalCap = 10_000

// fewRows is below how many rows a filter may select to be read by that filter
// and sorted; from there on the list walks the index of its order.
const fewRows = 1001

// listOrder is one order that lists offer, on an index of its own.
type listOrder struct {
	column     string
	descending bool
}

var listOrders = map[string]listOrder{
	"created_at":      {column: "created_at"},
	"updated_at":      {column: "updated_at"},
	"severity":        {column: "severity_rank"},
	"status":          {column: "phase"},
	"incident_number": {column: "number"},
}

// SortOrders lists the names that IncidentFilter.Sort takes, without "-".
func SortOrders() []string {
	names := make([]string, 0, len(listOrders))
	for name := range listOrders {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// listQuery builds one statement and its arguments.
type listQuery struct {
	args []any
}

func (q *listQuery) arg(v any) string {
	q.args = append(q.args, v)
	return "$" + strconv.Itoa(len(q.args))
}

// ListIncidents returns one page. A filter becomes index ranges that are merged
// in the order of the list, so that a rare combination costs what a common one
// does and a deep page what the first does; Phases selects the triage family's
// statuses. A search by words is in search.go.
func (r *Reader) ListIncidents(f soc.IncidentFilter, phases []int) (page soc.IncidentPage, err error) {
	order, err := orderOf(f.Sort)
	if err != nil {
		return page, err
	}
	if f.Limit <= 0 {
		f.Limit = 50
	}
	if f.Query != "" {
		return r.searchIncidents(f, phases, order)
	}
	seqs, few, err := r.fewOf(f, order)
	if err != nil {
		return page, err
	}
	if few {
		return r.listFew(seqs, f, phases, order)
	}
	q := &listQuery{}
	text := `SELECT ` + incidentColumnsOf("i") + ` FROM (` + r.rangesText(q, f, phases, order, f.Limit+1, f.Offset) + `) page ` + r.joinIncident("page.seq") + order.by("i.")
	found, err := allInOrder(r, scanIncident, text, q.args...)
	cutPage(&page, found, f, order.position)
	return page, err
}

// cutPage keeps the rows of one page and says where the next begins.
func cutPage(page *soc.IncidentPage, found []soc.Incident, f soc.IncidentFilter, position func(soc.Incident) *soc.Keyset) {
	if len(found) > f.Limit {
		found = found[:f.Limit]
		page.Next = position(found[len(found)-1])
	}
	page.Incidents, page.Total = found, -1
}

// joinIncident joins the incident with a seq, row by row in the order of what
// stands before it: both engines would rather scan incidents and test them.
func (r *Reader) joinIncident(seq string) string {
	if seq != "page.seq" && seq != "few.seq" {
		seq = seqOf(seq)
	}
	return r.pick(`CROSS JOIN incident i ON i.seq = `+seq,
		`CROSS JOIN LATERAL (SELECT * FROM incident WHERE seq = `+seq+` OFFSET 0) i`)
}

func orderOf(sort string) (listOrder, error) {
	if sort == "" {
		sort = "-created_at"
	}
	name, descending := strings.CutPrefix(sort, "-")
	order, ok := listOrders[name]
	if !ok {
		return order, soc.InvalidField("sort", "must be one of %s, with - in front for descending", strings.Join(SortOrders(), ", "))
	}
	order.descending = descending
	return order, nil
}

// by is the ORDER BY; ties go by id in the same direction.
func (o listOrder) by(table string) string {
	if o.descending {
		return fmt.Sprintf(" ORDER BY %s%s DESC, %sid DESC", table, o.column, table)
	}
	return fmt.Sprintf(" ORDER BY %s%s, %sid", table, o.column, table)
}

func (o listOrder) comparison() string {
	if o.descending {
		return "<"
	}
	return ">"
}

// behind is the condition for rows that come after a position.
func (o listOrder) behind(q *listQuery, table string, after *soc.Keyset) string {
	return fmt.Sprintf("(%s%s, %sid) %s (%s, %s)", table, o.column, table, o.comparison(), q.arg(keysetNumber(after)), q.arg(after.ID))
}

func keysetNumber(after *soc.Keyset) int64 {
	n, _ := strconv.ParseInt(after.Value, 10, 64)
	return n
}

// incidentColumnsOf spells the columns for a table name.
func incidentColumnsOf(table string) string {
	return table + "." + strings.ReplaceAll(strings.Join(strings.Fields(incidentColumns), ""), ",", ", "+table+".")
}

// position is where the next page begins behind an incident.
func (o listOrder) position(i soc.Incident) *soc.Keyset {
	var v int64
	switch o.column {
	case "created_at":
		v = micros(i.CreatedAt)
	case "updated_at":
		v = micros(i.UpdatedAt)
	case "severity_rank":
		v = int64(i.Severity.Rank())
	case "phase":
		v = int64(i.Phase())
	case "number":
		v = i.Number
	}
	return &soc.Keyset{Value: strconv.FormatInt(v, 10), ID: i.ID}
}

// ListPosition is where a list that is newest first continues behind one of its
// rows.
func ListPosition(f soc.IncidentFilter, i soc.Incident) *soc.Keyset {
	if f.Query != "" {
		return &soc.Keyset{Value: strconv.FormatInt(searchPosition(i.CreatedAt, i.Seq), 10), ID: i.ID}
	}
	return listOrders["created_at"].position(i)
}

// residual is the whole filter as a condition on rows of i, for rows that were
// found in another way.
func residual(q *listQuery, f soc.IncidentFilter, phases []int) string {
	where := `i.workspace_id = ` + q.arg(f.Workspace) + ` AND i.deleted_at = 0`
	where += among(q, "i.status", f.Statuses) + among(q, "i.phase", phases) + among(q, "i.severity", f.Severities)
	where += among(q, "i.source", f.Sources) + among(q, "i.incident_type", f.Types) + assignedTo(q, "i.", f) + judged("i.", f)
	return where + window(q, "i.created_at", f)
}

// among is "AND column IN (values)", nothing for no values.
func among[T ~string | ~int](q *listQuery, column string, values []T) string {
	if len(values) == 0 {
		return ""
	}
	parts := make([]string, len(values))
	for n, v := range values {
		parts[n] = q.arg(v)
	}
	return ` AND ` + column + ` IN (` + strings.Join(parts, ", ") + `)`
}

// window is the condition on the time of creation; column spells it.
func window(q *listQuery, column string, f soc.IncidentFilter) string {
	text := ""
	if !f.CreatedAfter.IsZero() {
		text += ` AND ` + column + ` > ` + q.arg(micros(f.CreatedAfter))
	}
	if !f.CreatedBefore.IsZero() {
		text += ` AND ` + column + ` < ` + q.arg(micros(f.CreatedBefore))
	}
	return text
}

// CountIncidents gives the total of a filter: from the kept counts where only
// statuses and severities filter, else counted up to 10,000.
func (r *Reader) CountIncidents(f soc.IncidentFilter, phases []int) (total int, capped bool, err error) {
	f.After = nil
	if f.Query == "" && len(f.Sources) == 0 && len(f.Types) == 0 && !f.ByAssignee() && f.Held == nil && len(f.Verdicts) == 0 && f.CreatedAfter.IsZero() && f.CreatedBefore.IsZero() {
		tallies, err := r.Tallies(f.Workspace)
		for _, t := range tallies {
			if selected(f.Statuses, t.Status) && selected(phases, t.Phase) && selected(f.Severities, soc.AllSeverities[t.SeverityRank]) {
				total += t.N
			}
		}
		return total, false, err
	}
	q := &listQuery{}
	var text string
	if f.Query != "" {
		s, ok := searchOf(f)
		if !ok {
			return 0, false, nil
		}
		low, high := positionBounds(f)
		match, err := r.matching(q, s, low, high, true)
		if err != nil {
			return 0, false, err
		}
		text = `SELECT 1 FROM (` + match + `) m ` + r.joinIncident("m.position") + ` WHERE ` + residual(q, f, phases) + cut(q, totalCap+1, 0)
	} else {
		text = r.rangesText(q, f, phases, listOrder{column: "created_at", descending: true}, totalCap+1, 0)
	}
	if err = r.q.queryRow(r.ctx, `SELECT COUNT(*) FROM (`+text+`) counted`, q.args...).Scan(&total); err != nil {
		return 0, false, failure(err)
	}
	return min(total, totalCap), total > totalCap, nil
}

// selected reports that a filter lets a value through.
func selected[T comparable](filter []T, value T) bool {
	return len(filter) == 0 || slices.Contains(filter, value)
}

// timeBounds are the open ends of a time filter, in stored times.
func timeBounds(from, to time.Time) (low, high int64) {
	low, high = -1<<63, 1<<63-1
	if !from.IsZero() {
		low = micros(from)
	}
	if !to.IsZero() {
		high = micros(to)
	}
	return low, high
}

// positionBounds are the positions that a time filter leaves.
func positionBounds(f soc.IncidentFilter) (low, high int64) {
	low, high = -1<<63, 1<<63-1
	if !f.CreatedAfter.IsZero() {
		low = positionAt(f.CreatedAfter)
	}
	if !f.CreatedBefore.IsZero() {
		high = positionAt(f.CreatedBefore) | seqMask
	}
	return low, high
}
