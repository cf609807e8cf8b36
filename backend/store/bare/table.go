package bare

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// table is one table whose rows are measured.
type table struct {
	name string
	// incident is an SQL expression that names the incident a row belongs to;
	// empty for rows that belong to a request.
	incident string
	order    string
}

// tables are all that ingest and what follows it write to, in an order in which
// foreign keys hold. What the product only updates in place (serials, tallies,
// the head of the record) is no new row, and counts on neither side.
var tables = []table{
	{"incident", "id", "seq"},
	{"incident_payload", "incident_id", "incident_id"},
	{"alert_reference", "incident_id", "incident_id, position"},
	// An alert without an incident is a unit of its own.
	{"alert", "COALESCE(incident_id, id)", "created_at, id"},
	{"alert_payload", "(SELECT COALESCE(a.incident_id, a.id) FROM alert a WHERE a.id = alert_id)", "alert_id"},
	{"alert_observable", "(SELECT COALESCE(a.incident_id, a.id) FROM alert a WHERE a.id = alert_id)", "alert_id, number"},
	{"entity", "incident_id", "id"},
	{"entity_alias", "(SELECT e.incident_id FROM entity e WHERE e.id = entity_id)", "entity_id, alias_key"},
	{"evidence", "incident_id", "incident_id, number"},
	{"sighting", "incident_id", "entity_id, alert_id"},
	{"triage", "incident_id", "created_at, id"},
	{"investigation", "incident_id", "at, id"},
	{"comment", "incident_id", "created_at, id"},
	{"run", "incident_id", "created_at, id"},
	{"ledger", "incident_id", "seq"},
	{"river_job", "", "id"},
	{"audit", "", "position"},
}

// words is the name under which the words of incidents and alerts are counted,
// one row each. Where they stand differs: SQLite has a full-text index, which keeps
// no text and cannot give it back, PostgreSQL a row per word.
const words = "words"

func (e *Engine) wordsTable() string {
	if e.pg != nil {
		return "(SELECT DISTINCT position FROM incident_word UNION ALL SELECT DISTINCT position FROM alert_word) w"
	}
	// One row a document; counting the index itself would read all of it.
	return "(SELECT id FROM incident_search_docsize UNION ALL SELECT id FROM alert_search_docsize) w"
}

// Counts is the number of rows per measured table.
func (e *Engine) Counts(ctx context.Context) (map[string]int64, error) {
	counts := map[string]int64{}
	for _, name := range append(names(), words) {
		from := name
		if name == words {
			from = e.wordsTable()
		}
		err := e.query(ctx, func(values []any) error {
			n, ok := values[0].(int64)
			if !ok {
				return fmt.Errorf("COUNT(*) gave a %T", values[0])
			}
			counts[name] = n
			return nil
		}, `SELECT COUNT(*) FROM `+from)
		if err != nil {
			return nil, err
		}
	}
	return counts, nil
}

func names() []string {
	out := make([]string, len(tables))
	for i, t := range tables {
		out[i] = t.name
	}
	return out
}

// Total adds up counts.
func Total(counts map[string]int64) (n int64) {
	for _, c := range counts {
		n += c
	}
	return n
}

// column is a column of a table: how it is read and how it is bound.
type column struct{ name, read, bind string }

// columns asks the engine for the columns of a table. SQLite's + keeps a value
// as stored, where the driver would make a time of a TIMESTAMP; PostgreSQL's
// richer types travel as text.
func (e *Engine) columns(ctx context.Context, name string) ([]column, error) {
	var out []column
	if e.pg == nil {
		err := e.query(ctx, func(v []any) error {
			c := fmt.Sprint(v[0])
			out = append(out, column{c, "+" + c, ""})
			return nil
		}, `SELECT name FROM pragma_table_info($1)`, name)
		return out, err
	}
	err := e.query(ctx, func(v []any) error {
		c, kind := fmt.Sprint(v[0]), fmt.Sprint(v[1])
		if slices.Contains([]string{"text", "bigint", "boolean", "bytea", "smallint"}, kind) {
			out = append(out, column{c, c, ""})
		} else {
			out = append(out, column{c, c + "::text", "::text::" + kind})
		}
		return nil
	}, `SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`, name)
	return out, err
}

// insertText is the INSERT of a row.
func (e *Engine) insertText(name string, columns []column) string {
	list, binds := make([]string, len(columns)), make([]string, len(columns))
	for i, c := range columns {
		list[i], binds[i] = c.name, fmt.Sprintf("$%d%s", i+1, c.bind)
	}
	override := ""
	if e.pg != nil {
		override = " OVERRIDING SYSTEM VALUE"
	}
	return `INSERT INTO ` + name + ` (` + strings.Join(list, ", ") + `)` + override + ` VALUES (` + strings.Join(binds, ", ") + `)`
}
