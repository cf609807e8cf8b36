package store

import (
	"slices"
	"strconv"
	"strings"

	"vedette/backend/soc"
)

// A filter is turned into ranges of one index each: every combination of the
// values it allows, with the order of the list behind them. The engines merge
// the ranges and read no more of them than the page needs.

// incidentRange is one combination; members that are not set do not narrow.
type incidentRange struct {
	source, kind string
	status       soc.Status
	open         bool
	phase, rank  int // -1: not set
	// whose is the condition of one index of assignees, "" for none.
	whose func(q *listQuery) string
	// judged is the condition of the index of verdicts, "" for none.
	judged string
}

// anyRange narrows nothing.
var anyRange = incidentRange{phase: -1, rank: -1}

// allPhases are those of Phase.
var allPhases = []int{0, 1, 2}

// rangesOf chooses the index for a filter and its order, and lists the ranges
// in it (migrations/0001_spine.sql names the indexes).
func rangesOf(f soc.IncidentFilter, phases []int, order listOrder) []incidentRange {
	states := len(f.Statuses) > 0 || len(phases) > 0 || len(f.Severities) > 0
	byCreation := order.column == "created_at"
	start := []incidentRange{anyRange}
	switch {
	case byCreation && f.ByAssignee():
		return assigneeRanges(f)
	case byCreation && f.Held != nil && *f.Held:
		start[0].judged = heldOnly(f)
		return start
	case byCreation && len(f.Verdicts) > 0:
		return product(start, f.Verdicts, func(r *incidentRange, v soc.VerdictMark) { r.judged = verdictIs("", v) })
	case byCreation && len(f.Types) > 0:
		// incident_kind: type, phase, severity
		kinds := product(start, orAll(f.Types, f.Types), setKind)
		return product(product(kinds, orAll(phases, allPhases), setPhase), orAll(f.Severities, soc.AllSeverities), setSeverity)
	case byCreation && len(f.Sources) > 0 && !states:
		return product(start, orAll(f.Sources, f.Sources), setSource)
	case byCreation && len(f.Sources) > 0:
		// incident_source_state: source, status, severity
		sources := product(start, orAll(f.Sources, f.Sources), setSource)
		return product(product(sources, orAll(f.Statuses, soc.AllStatuses), setStatus), orAll(f.Severities, soc.AllSeverities), setSeverity)
	case !states:
		return start
	case order.column == "severity_rank" && len(f.Statuses) == 0 && len(phases) == 0:
		return product(start, orAll(f.Severities, soc.AllSeverities), setSeverity)
	case order.column == "phase" && len(f.Statuses) == 0 && len(f.Severities) == 0:
		return product(start, orAll(phases, allPhases), setPhase)
	case byCreation && onlyOpen(f, phases):
		start[0].open = true
		return start
	}
	// incident_state_...: phase, status, severity
	var out []incidentRange
	for _, pair := range product(product(start, orAll(phases, allPhases), setPhase), orAll(f.Statuses, soc.AllStatuses), setStatus) {
		if (pair.phase == 2) == (pair.status == soc.StatusClosed) {
			out = append(out, pair)
		}
	}
	return product(out, orAll(f.Severities, soc.AllSeverities), setSeverity)
}

// onlyOpen reports the filter "all that is not closed", which most lists begin
// with and which has an index of its own.
func onlyOpen(f soc.IncidentFilter, phases []int) bool {
	if len(f.Severities) > 0 || len(phases) > 0 {
		return false
	}
	for _, status := range soc.AllStatuses {
		if selected(f.Statuses, status) == (status == soc.StatusClosed) {
			return false
		}
	}
	return true
}

// orAll are the given values that exist, each once, or all where none is given.
func orAll[T comparable](given, every []T) []T {
	if len(given) == 0 {
		return every
	}
	var out []T
	for _, v := range given {
		if slices.Contains(every, v) && !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// product sets every value on every range.
func product[T any](ranges []incidentRange, values []T, set func(*incidentRange, T)) []incidentRange {
	out := make([]incidentRange, 0, len(ranges)*len(values))
	for _, r := range ranges {
		for _, v := range values {
			set(&r, v)
			out = append(out, r)
		}
	}
	return out
}

func setSource(r *incidentRange, v string)         { r.source = v }
func setKind(r *incidentRange, v string)           { r.kind = v }
func setStatus(r *incidentRange, v soc.Status)     { r.status = v }
func setPhase(r *incidentRange, v int)             { r.phase = v }
func setSeverity(r *incidentRange, v soc.Severity) { r.rank = v.Rank() }

// notClosed is spelled so that neither engine concludes it from a status: the
// index incident_open is for the filter onlyOpen and a detour for any other.
const notClosed = `CASE WHEN status = 'closed' THEN 1 ELSE 0 END = 0`

// rangesText is the merged ranges from an offset on, cut to at least limit rows,
// with seq and the columns of the order. SQLite merges the ranges lazily;
// PostgreSQL would read and sort all of each, unless each is cut by itself.
//
// Limits and values of closed sets stand in the text: PostgreSQL plans a
// statement that it meets often without looking at its arguments, and without
// them it would sort.
func (r *Reader) rangesText(q *listQuery, f soc.IncidentFilter, phases []int, order listOrder, limit, offset int) string {
	common := `workspace_id = ` + q.arg(f.Workspace) + ` AND deleted_at = 0` + window(q, order.created(), f)
	each := strconv.Itoa(roundLimit(limit + offset))
	parts := make([]string, 0, 8)
	for _, one := range rangesOf(f, phases, order) {
		if one.passed(order, f.After) {
			continue
		}
		where := one.conditions(q, order, f.After)
		// What the range does not cover is tested row by row.
		if one.source == "" {
			where += among(q, "source", f.Sources)
		}
		if one.kind == "" {
			where += among(q, "incident_type", f.Types)
		}
		if one.status == "" && !one.open {
			where += among(q, "status", f.Statuses)
		}
		if one.phase < 0 {
			where += among(q, "phase", phases)
		}
		if one.rank < 0 {
			where += among(q, "severity", f.Severities)
		}
		if one.whose == nil {
			where += assignedTo(q, "", f)
		}
		if one.judged == "" {
			where += judged("", f)
		} else {
			where += one.judged
		}
		text := `SELECT seq, id, ` + order.column + ` FROM incident WHERE ` + common + where
		parts = append(parts, text)
	}
	if len(parts) == 0 {
		parts = append(parts, `SELECT seq, id, `+order.column+` FROM incident WHERE `+common+` AND 1 = 0`)
	}
	if len(parts) > 1 && r.dialect == postgresDialect {
		for n := range parts {
			parts[n] = `(` + parts[n] + order.by("") + ` LIMIT ` + each + `)`
		}
	}
	return strings.Join(parts, ` UNION ALL `) + order.by("") + cut(q, limit, offset)
}

// created spells the time of creation for a window. In another order it is no
// bound of an index: the engines would rather read the whole window and sort it.
func (o listOrder) created() string {
	if o.column == "created_at" {
		return "created_at"
	}
	return "created_at + 0"
}

// cut is the LIMIT of at least limit rows behind offset.
func cut(q *listQuery, limit, offset int) string {
	text := ` LIMIT ` + strconv.Itoa(roundLimit(limit))
	if offset > 0 {
		text += ` OFFSET ` + q.arg(offset)
	}
	return text
}

// roundLimit rounds up, so that page sizes do not make a text each.
func roundLimit(n int) int {
	for _, bound := range []int{2, 11, 21, 51, 101, 201, 501, 1001, 2001, 5001, 10_001} {
		if n <= bound {
			return bound
		}
	}
	return n
}

// fixed is the value that the order's column has all through the range, or -1.
func (r incidentRange) fixed(order listOrder) int {
	switch order.column {
	case "severity_rank":
		return r.rank
	case "phase":
		return r.phase
	}
	return -1
}

// passed reports that the whole range lies before a position.
func (r incidentRange) passed(order listOrder, after *soc.Keyset) bool {
	fixed := r.fixed(order)
	if after == nil || fixed < 0 || int64(fixed) == keysetNumber(after) {
		return false
	}
	return (int64(fixed) < keysetNumber(after)) != order.descending
}

// conditions is the range in SQL, behind a position it is not passed by.
func (r incidentRange) conditions(q *listQuery, order listOrder, after *soc.Keyset) (where string) {
	if r.source != "" {
		where += ` AND source = ` + q.arg(r.source)
	}
	if r.kind != "" {
		where += ` AND incident_type = ` + q.arg(r.kind)
	}
	// Members of closed sets only (rangesOf), never what a caller wrote.
	if r.phase >= 0 {
		where += ` AND phase = ` + strconv.Itoa(r.phase)
	}
	if r.status != "" {
		where += ` AND status = '` + string(r.status) + `'`
	}
	if r.rank >= 0 {
		where += ` AND severity_rank = ` + strconv.Itoa(r.rank)
	}
	if r.open {
		where += ` AND ` + notClosed
	}
	if r.whose != nil {
		where += ` AND ` + r.whose(q)
	}
	if after == nil {
		return where
	}
	switch fixed := r.fixed(order); {
	case fixed < 0:
		return where + ` AND ` + order.behind(q, "", after)
	case int64(fixed) == keysetNumber(after):
		return where + ` AND id ` + order.comparison() + ` ` + q.arg(after.ID)
	}
	return where
}

// fewOf is the seq of all rows that the filter by source, type or time leaves,
// where one of them leaves few. The index of an order other than creation knows
// none of the three, and a walk along it could be long before it meets one.
func (r *Reader) fewOf(f soc.IncidentFilter, order listOrder) (seqs []int64, few bool, err error) {
	if order.column == "created_at" {
		return nil, false, nil
	}
	var narrow []soc.IncidentFilter
	if len(f.Sources) > 0 {
		narrow = append(narrow, soc.IncidentFilter{Sources: f.Sources})
	}
	if len(f.Types) > 0 {
		narrow = append(narrow, soc.IncidentFilter{Types: f.Types})
	}
	if !f.CreatedAfter.IsZero() || !f.CreatedBefore.IsZero() {
		narrow = append(narrow, soc.IncidentFilter{CreatedAfter: f.CreatedAfter, CreatedBefore: f.CreatedBefore})
	}
	for _, one := range narrow {
		one.Workspace = f.Workspace
		q := &listQuery{}
		text := r.rangesText(q, one, nil, listOrders["created_at"], fewRows, 0)
		seqs, err = allInOrder(r, func(x row) (int64, error) {
			var seq, at int64
			var id string
			err := x.Scan(&seq, &id, &at)
			return seq, err
		}, text, q.args...)
		if err != nil || len(seqs) < fewRows {
			return seqs, err == nil, err
		}
	}
	return nil, false, nil
}

// listFew sorts the rows of fewOf.
func (r *Reader) listFew(seqs []int64, f soc.IncidentFilter, phases []int, order listOrder) (page soc.IncidentPage, err error) {
	q := &listQuery{}
	text := `SELECT ` + incidentColumnsOf("i") + ` FROM ` + r.few(q, seqs) + ` WHERE ` + residual(q, f, phases)
	if f.After != nil {
		text += ` AND ` + order.behind(q, "i.", f.After)
	}
	found, err := all(r, scanIncident, text+order.by("i.")+cut(q, f.Limit+1, f.Offset), q.args...)
	cutPage(&page, found, f, order.position)
	return page, err
}

// few is the incidents of some seqs, as i.
func (r *Reader) few(q *listQuery, seqs []int64) string {
	if r.dialect == postgresDialect {
		return `UNNEST(` + q.arg(seqs) + `::bigint[]) few(seq) ` + r.joinIncident("few.seq")
	}
	return `json_each(` + q.arg(list(seqs)) + `) few CROSS JOIN incident i ON i.seq = few.value`
}
