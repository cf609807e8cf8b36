package store

import (
	"slices"
	"strconv"
	"strings"

	"vedette/backend/soc"
)

// alertRange is one combination of what an index of alert begins with; members
// that are not set do not narrow.
type alertRange struct {
	source string
	status soc.AlertStatus
	rank   int // -1: not set
}

// ListAlerts returns one page, newest received first. A filter becomes ranges
// of one index each (migrations/0001_spine.sql), all in the order of arrival,
// which the engines merge: a rare combination costs what a common one does and
// a deep page what the first does.
func (r *Reader) ListAlerts(f soc.AlertFilter) (page soc.AlertPage, err error) {
	if f.Limit <= 0 {
		f.Limit = 50
	}
	found, err := r.listAlerts(f)
	if err != nil {
		return page, err
	}
	if len(found) > f.Limit {
		found = found[:f.Limit]
		last := found[len(found)-1]
		page.Next = &soc.Keyset{Value: strconv.FormatInt(last.position, 10), ID: last.alert.UID}
	}
	for _, one := range found {
		page.Alerts = append(page.Alerts, one.alert)
	}
	return page, nil
}

func (r *Reader) listAlerts(f soc.AlertFilter) ([]placedAlert, error) {
	if f.Query != "" {
		return r.searchAlerts(f)
	}
	q := &listQuery{}
	columns := `position, ` + alertColumns
	before := ""
	if f.After != nil {
		before = ` AND position < ` + q.arg(keysetNumber(f.After))
	}
	const order = ` ORDER BY position DESC`
	limit := ` LIMIT ` + strconv.Itoa(roundLimit(f.Limit+1))
	common := alertWhere(q, f)
	var parts []string
	for _, one := range alertRanges(f) {
		parts = append(parts, `SELECT position FROM alert WHERE `+common+one.conditions(q)+before)
	}
	if len(parts) > 1 && r.dialect == postgresDialect {
		for n := range parts {
			parts[n] = `(` + parts[n] + order + limit + `)`
		}
	}
	ranges := strings.Join(parts, ` UNION ALL `) + order + limit
	// The rows are fetched for the page alone.
	workspace := q.arg(f.Workspace)
	join := r.pick(`CROSS JOIN alert a ON a.workspace_id = `+workspace+` AND a.position = page.position`,
		`CROSS JOIN LATERAL (SELECT * FROM alert WHERE workspace_id = `+workspace+` AND position = page.position OFFSET 0) a`)
	text := `SELECT ` + columnsOf("a", columns) + ` FROM (` + ranges + `) page ` + join + ` ORDER BY a.position DESC`
	read := allInOrder[placedAlert]
	if f.ExternalID != "" { // a few rows by their key, sorted
		read = all[placedAlert]
	}
	return read(r, scanPlacedAlert, text, q.args...)
}

type placedAlert struct {
	position int64
	alert    soc.Alert
}

// placed reads one column in front of those that another scan knows.
type placed struct {
	row
	first any
}

func (p placed) Scan(dest ...any) error { return p.row.Scan(append([]any{p.first}, dest...)...) }

func scanPlacedAlert(r row) (p placedAlert, err error) {
	p.alert, err = scanAlert(placed{r, &p.position})
	return p, err
}

// columnsOf spells columns for a table name.
func columnsOf(table, columns string) string {
	return table + "." + strings.ReplaceAll(strings.Join(strings.Fields(columns), ""), ",", ", "+table+".")
}

// alertRanges chooses the index for a filter and lists the ranges in it.
func alertRanges(f soc.AlertFilter) []alertRange {
	if f.ExternalID != "" || len(f.Sources) == 0 && len(f.Statuses) == 0 && len(f.Severities) == 0 {
		return []alertRange{{rank: -1}} // the key, or all
	}
	sources := slices.Compact(slices.Sorted(slices.Values(f.Sources)))
	if len(sources) == 0 {
		sources = []string{""}
	}
	var out []alertRange
	for _, source := range sources {
		for _, status := range orAll(f.Statuses, soc.AllAlertStatuses) {
			for _, severity := range orAll(f.Severities, soc.AllSeverities) {
				out = append(out, alertRange{source, status, severity.Rank()})
			}
		}
	}
	return out
}

func (a alertRange) conditions(q *listQuery) (where string) {
	if a.source != "" {
		where += ` AND source = ` + q.arg(a.source)
	}
	// Members of closed sets only, never what a caller wrote; in the text, so
	// that PostgreSQL plans with them.
	if a.status != "" {
		where += ` AND status = '` + string(a.status) + `'`
	}
	if a.rank >= 0 {
		where += ` AND severity_rank = ` + strconv.Itoa(a.rank)
	}
	return where
}

// alertWhere is what no range covers, tested row by row.
func alertWhere(q *listQuery, f soc.AlertFilter) string {
	where := `workspace_id = ` + q.arg(f.Workspace)
	if f.ExternalID != "" {
		where += ` AND external_id = ` + q.arg(f.ExternalID) + among(q, "source", f.Sources) + among(q, "status", f.Statuses) + among(q, "severity", f.Severities)
	}
	return where + detectedWindow(q, f, "")
}

// detectedWindow is the filter by soc.Alert.DetectedAt.
func detectedWindow(q *listQuery, f soc.AlertFilter, table string) (where string) {
	detected := `CASE WHEN ` + table + `started_at = 0 THEN ` + table + `created_at ELSE ` + table + `started_at END`
	if !f.DetectedAfter.IsZero() {
		where += ` AND ` + detected + ` > ` + q.arg(micros(f.DetectedAfter))
	}
	if !f.DetectedBefore.IsZero() {
		where += ` AND ` + detected + ` < ` + q.arg(micros(f.DetectedBefore))
	}
	return where
}
