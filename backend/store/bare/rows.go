package bare

import (
	"context"
	"fmt"
	"strings"
)

// row is one stored row with the statement that stores it again.
type row struct {
	insert string
	values []any
}

// Rows is what a run of the product left behind: the rows of each incident
// together, as they were written together, and the rows of requests.
type Rows struct {
	units    [][]row
	requests []row // jobs and audit entries, spread evenly over the units
	total    int
}

// Len is the number of rows.
func (r *Rows) Len() int { return r.total }

// Read takes all rows of the measured tables out of a database.
func (e *Engine) Read(ctx context.Context) (*Rows, error) {
	out := &Rows{}
	place := map[string]int{}
	for _, t := range tables {
		columns, err := e.columns(ctx, t.name)
		if err != nil {
			return nil, err
		}
		reads := make([]string, len(columns))
		for i, c := range columns {
			reads[i] = c.read
		}
		incident := t.incident
		if incident == "" {
			incident = "''"
		}
		insert := e.insertText(t.name, columns)
		err = e.query(ctx, func(values []any) error {
			r := row{insert: insert, values: append([]any(nil), values[1:]...)}
			out.total++
			if t.incident == "" {
				out.requests = append(out.requests, r)
				return nil
			}
			id := fmt.Sprint(values[0])
			n, known := place[id]
			if !known {
				n = len(out.units)
				place[id] = n
				out.units = append(out.units, nil)
			}
			out.units[n] = append(out.units[n], r)
			return nil
		}, `SELECT `+incident+`, `+strings.Join(reads, ", ")+` FROM `+t.name+` ORDER BY `+t.order)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.name, err)
		}
	}
	return out, e.readWords(ctx, out, place)
}

// readWords adds the words of every incident and alert. SQLite's are made again from the
// row, about as the store cut them.
func (e *Engine) readWords(ctx context.Context, out *Rows, place map[string]int) error {
	text, insert := `SELECT id, ((created_at / 1000000) << 30) | seq, replace(replace(lower(title || ' ' || substr(description, 1, 4096) || ' ' || external_id || ' ' || short_id || ' ' || id), '-', ' '), ' ', ' w' || replace(workspace_id, '-', '')) FROM incident WHERE deleted_at = 0`,
		`INSERT INTO incident_search (rowid, words) VALUES ($1, $2)`
	if e.pg != nil {
		text = `SELECT i.id, ARRAY_AGG(w.term)::text, w.position FROM incident_word w JOIN incident i ON i.seq = w.position & 1073741823 GROUP BY i.id, w.position`
		insert = `INSERT INTO incident_word (term, position) SELECT UNNEST($1::text::bigint[]), $2`
	}
	if err := e.readIndex(ctx, out, place, text, insert); err != nil {
		return err
	}
	text = `SELECT COALESCE(incident_id, id), position, replace(replace(lower(title || ' ' || substr(description, 1, 4096) || ' ' || external_id || ' ' || id || ' ' || uid), '-', ' '), ' ', ' w' || replace(workspace_id, '-', '')) FROM alert`
	insert = `INSERT INTO alert_search (rowid, words) VALUES ($1, $2)`
	if e.pg != nil {
		text = `SELECT COALESCE(a.incident_id, a.id), ARRAY_AGG(w.term)::text, w.position FROM alert_word w JOIN alert a ON a.position = w.position GROUP BY COALESCE(a.incident_id, a.id), w.position`
		insert = `INSERT INTO alert_word (term, position) SELECT UNNEST($1::text::bigint[]), $2`
	}
	return e.readIndex(ctx, out, place, text, insert)
}

// readIndex adds the words that a query gives, each to the unit it names.
func (e *Engine) readIndex(ctx context.Context, out *Rows, place map[string]int, text, insert string) error {
	return e.query(ctx, func(values []any) error {
		n, known := place[fmt.Sprint(values[0])]
		if !known {
			return fmt.Errorf("words of an unknown unit %v", values[0])
		}
		out.units[n] = append(out.units[n], row{insert: insert, values: append([]any(nil), values[1:]...)})
		out.total++
		return nil
	}, text)
}
