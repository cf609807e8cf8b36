package store

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// pgConn is what pgxpool.Pool and pgx.Tx share.
type pgConn interface {
	Exec(ctx context.Context, text string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, text string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, text string, args ...any) pgx.Row
}

type pgReader struct{ conn pgConn }

func (q pgReader) exec(context.Context, string, ...any) (int64, error) { return 0, errWriteOutside }

func (q pgReader) deferExec(context.Context, string, ...any) error { return errWriteOutside }

func (q pgReader) query(ctx context.Context, text string, args ...any) (rows, error) {
	r, err := q.conn.Query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	return r, nil
}

// queryInOrder is query without sorting, inside a transaction; outside of one
// there is nothing to set.
func (q pgReader) queryInOrder(ctx context.Context, text string, args ...any) (rows, error) {
	tx, ok := q.conn.(pgx.Tx)
	if !ok {
		return q.query(ctx, text, args...)
	}
	batch := &pgx.Batch{}
	batch.Queue(`SET LOCAL enable_sort = off`)
	batch.Queue(text, args...)
	batch.Queue(`SET LOCAL enable_sort = on`)
	results := tx.SendBatch(ctx, batch)
	if _, err := results.Exec(); err != nil {
		_ = results.Close()
		return nil, err
	}
	r, err := results.Query()
	if err != nil {
		_ = results.Close()
		return nil, err
	}
	return batchRows{r, results}, nil
}

func (q pgReader) queryRow(ctx context.Context, text string, args ...any) row {
	return q.conn.QueryRow(ctx, text, args...)
}

func (q pgReader) insertEach(context.Context, string, string, [][]any) ([]int64, error) {
	return nil, errWriteOutside
}

// pgTx queues deferred statements and sends them together with the next one
// whose answer somebody needs, in one round trip.
type pgTx struct {
	tx     pgx.Tx
	queued []queuedStatement
	// unsent is where the present member begins in queued, or -1 when some of it
	// was sent.
	unsent int
	// odd names the savepoint. Two names take turns: when a batch fails before
	// any of it ran, the savepoint of the member before may still stand, and
	// going back to it by name would undo a member that succeeded.
	odd bool
}

type queuedStatement struct {
	text string
	args []any
}

func (q *pgTx) deferExec(_ context.Context, text string, args ...any) error {
	q.queued = append(q.queued, queuedStatement{text, args})
	return nil
}

func (q *pgTx) settle(ctx context.Context) error {
	if len(q.queued) == 0 {
		return nil
	}
	results, err := q.send(ctx, 0)
	if err != nil {
		return err
	}
	return results.Close()
}

// send sends what is queued and takes the answers of all but the last n
// statements; the caller takes those and closes.
func (q *pgTx) send(ctx context.Context, n int) (pgx.BatchResults, error) {
	batch := &pgx.Batch{}
	for _, s := range q.queued {
		batch.Queue(s.text, s.args...)
	}
	q.queued, q.unsent = q.queued[:0], -1
	results := q.tx.SendBatch(ctx, batch)
	for range batch.Len() - n {
		if _, err := results.Exec(); err != nil {
			_ = results.Close()
			return nil, err
		}
	}
	return results, nil
}

// sendWith sends what is queued and one more statement.
func (q *pgTx) sendWith(ctx context.Context, text string, args []any) (pgx.BatchResults, error) {
	q.queued = append(q.queued, queuedStatement{text, args})
	return q.send(ctx, 1)
}

func (q *pgTx) exec(ctx context.Context, text string, args ...any) (int64, error) {
	results, err := q.sendWith(ctx, text, args)
	if err != nil {
		return 0, err
	}
	tag, err := results.Exec()
	if closed := results.Close(); err == nil {
		err = closed
	}
	return tag.RowsAffected(), err
}

func (q *pgTx) query(ctx context.Context, text string, args ...any) (rows, error) {
	results, err := q.sendWith(ctx, text, args)
	if err != nil {
		return nil, err
	}
	r, err := results.Query()
	if err != nil {
		_ = results.Close()
		return nil, err
	}
	return batchRows{r, results}, nil
}

// batchRows ends its batch with itself.
type batchRows struct {
	pgx.Rows
	results pgx.BatchResults
}

func (r batchRows) Close() {
	r.Rows.Close()
	_ = r.results.Close()
}

func (q *pgTx) queryRow(ctx context.Context, text string, args ...any) row {
	results, err := q.sendWith(ctx, text, args)
	if err != nil {
		return failedRow{err}
	}
	return batchRow{results}
}

// batchRow is the last answer of a batch.
type batchRow struct{ results pgx.BatchResults }

func (r batchRow) Scan(dest ...any) error {
	err := r.results.QueryRow().Scan(dest...)
	if closed := r.results.Close(); err == nil {
		err = closed
	}
	return err
}

func (q *pgTx) insertEach(ctx context.Context, text, serial string, args [][]any) ([]int64, error) {
	numbers := make([]int64, len(args))
	if len(args) == 0 {
		return numbers, nil
	}
	text += ` RETURNING ` + serial
	for _, a := range args {
		q.queued = append(q.queued, queuedStatement{text, a})
	}
	results, err := q.send(ctx, len(args))
	if err != nil {
		return nil, err
	}
	for n := range numbers {
		if err := results.QueryRow().Scan(&numbers[n]); err != nil {
			_ = results.Close()
			return nil, err
		}
	}
	return numbers, results.Close()
}

func (q *pgTx) savepoint() string {
	if q.odd {
		return "SAVEPOINT member_odd"
	}
	return "SAVEPOINT member_even"
}

func (q *pgTx) nextMember() { q.unsent = len(q.queued) }

func (q *pgTx) dropMember() bool {
	if q.unsent < 0 {
		return false
	}
	q.queued = q.queued[:q.unsent]
	return true
}

func (q *pgTx) beginMember(ctx context.Context) error {
	q.odd = !q.odd
	q.unsent = len(q.queued)
	return q.deferExec(ctx, q.savepoint())
}

func (q *pgTx) keepMember(ctx context.Context) error {
	return q.deferExec(ctx, "RELEASE "+q.savepoint())
}

func (q *pgTx) undoMember(ctx context.Context) error {
	if q.dropMember() {
		return nil
	}
	q.queued = q.queued[:0]
	if _, err := q.tx.Exec(ctx, "ROLLBACK TO "+q.savepoint()); err != nil {
		return err
	}
	return q.keepMember(ctx)
}
