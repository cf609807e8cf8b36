package bare

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Prepare copies the rows that others refer to (organizations, workspaces) from
// another database of the same engine, so that Write meets the same foreign
// keys.
func (e *Engine) Prepare(ctx context.Context, from *Engine) error {
	for _, name := range []string{"organization", "workspace"} {
		columns, err := from.columns(ctx, name)
		if err != nil {
			return err
		}
		reads := ""
		for _, c := range columns {
			if reads != "" {
				reads += ", "
			}
			reads += c.read
		}
		var found [][]any
		err = from.query(ctx, func(values []any) error {
			found = append(found, append([]any(nil), values...))
			return nil
		}, `SELECT `+reads+` FROM `+name)
		if err != nil {
			return err
		}
		for _, values := range found {
			if err := e.exec(ctx, e.insertText(name, columns), values...); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return nil
}

// Write stores the rows in groups, each group one transaction, and returns how
// long that took. group is the number of incidents per commit, at least 1.
func (e *Engine) Write(ctx context.Context, rows *Rows, group int) (time.Duration, error) {
	if err := e.warm(ctx, rows); err != nil {
		return 0, err
	}
	began := time.Now()
	written := 0
	for first := 0; first < len(rows.units); first += group {
		last := min(first+group, len(rows.units))
		upTo := len(rows.requests) * last / len(rows.units)
		var batch []row
		for _, unit := range rows.units[first:last] {
			batch = append(batch, unit...)
		}
		batch = append(batch, rows.requests[written:upTo]...)
		written = upTo
		if err := e.commit(ctx, batch); err != nil {
			return 0, err
		}
	}
	return time.Since(began), nil
}

// warm prepares every statement outside the measured time.
func (e *Engine) warm(ctx context.Context, rows *Rows) error {
	if e.pg != nil {
		return nil // pgx prepares with the first batch
	}
	seen := map[string]bool{}
	for _, unit := range append(rows.units[:len(rows.units):len(rows.units)], rows.requests) {
		for _, r := range unit {
			if !seen[r.insert] {
				seen[r.insert] = true
				if _, err := e.statement(ctx, r.insert); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// commit writes one group. PostgreSQL gets it as one pipeline, so that no row
// waits for another's answer.
func (e *Engine) commit(ctx context.Context, batch []row) error {
	if e.pg != nil {
		queue := &pgx.Batch{}
		queue.Queue(`BEGIN`)
		for _, r := range batch {
			queue.Queue(r.insert, r.values...)
		}
		queue.Queue(`COMMIT`)
		return e.pg.SendBatch(ctx, queue).Close()
	}
	if err := e.exec(ctx, `BEGIN IMMEDIATE`); err != nil {
		return err
	}
	for _, r := range batch {
		if err := e.exec(ctx, r.insert, r.values...); err != nil {
			_ = e.exec(ctx, `ROLLBACK`)
			return fmt.Errorf("%s: %w", r.insert, err)
		}
	}
	return e.exec(ctx, `COMMIT`)
}

func (e *Engine) exec(ctx context.Context, text string, args ...any) error {
	if e.pg != nil {
		_, err := e.pg.Exec(ctx, text, args...)
		return err
	}
	s, err := e.statement(ctx, text)
	if err != nil {
		return err
	}
	_, err = s.ExecContext(ctx, args...)
	return err
}
