package store

import (
	"context"
	"database/sql"
)

// sqliteReader runs single statements on the reader pool.
type sqliteReader struct{ prepared *statements }

func (q sqliteReader) exec(context.Context, string, ...any) (int64, error) {
	return 0, errWriteOutside
}

func (q sqliteReader) deferExec(context.Context, string, ...any) error { return errWriteOutside }

func (q sqliteReader) query(ctx context.Context, text string, args ...any) (rows, error) {
	p, err := q.prepared.get(ctx, text)
	if err != nil {
		return nil, err
	}
	defer q.prepared.put(p)
	r, err := p.stmt.QueryContext(ctx, args...)
	if err != nil {
		return nil, err
	}
	return sqlRows{r}, nil
}

func (q sqliteReader) queryRow(ctx context.Context, text string, args ...any) row {
	p, err := q.prepared.get(ctx, text)
	if err != nil {
		return failedRow{err}
	}
	defer q.prepared.put(p)
	return p.stmt.QueryRowContext(ctx, args...)
}

func (q sqliteReader) insertEach(context.Context, string, string, [][]any) ([]int64, error) {
	return nil, errWriteOutside
}

// sqliteTx runs statements in one transaction.
type sqliteTx struct {
	tx       *sql.Tx
	prepared *statements
	// own are the statements prepared for this transaction alone, because the
	// pool does not know them yet.
	own map[string]*sql.Stmt
}

// statement returns the text prepared for the transaction. An unknown one is
// prepared here and remembered for later: preparing it through the pool would
// wait for the very connection that is held.
func (q *sqliteTx) statement(ctx context.Context, text string) (*sql.Stmt, error) {
	if stmt := q.own[text]; stmt != nil {
		return stmt, nil
	}
	stmt := q.prepared.bound(ctx, q.tx, text)
	if stmt == nil {
		var err error
		if stmt, err = q.tx.PrepareContext(ctx, text); err != nil {
			return nil, err
		}
	}
	if q.own == nil {
		q.own = map[string]*sql.Stmt{}
	}
	q.own[text] = stmt
	return stmt, nil
}

func (q *sqliteTx) exec(ctx context.Context, text string, args ...any) (int64, error) {
	stmt, err := q.statement(ctx, text)
	if err != nil {
		return 0, err
	}
	res, err := stmt.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (q *sqliteTx) deferExec(ctx context.Context, text string, args ...any) error {
	_, err := q.exec(ctx, text, args...)
	return err
}

func (q *sqliteTx) query(ctx context.Context, text string, args ...any) (rows, error) {
	stmt, err := q.statement(ctx, text)
	if err != nil {
		return nil, err
	}
	r, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return nil, err
	}
	return sqlRows{r}, nil
}

func (q *sqliteTx) queryRow(ctx context.Context, text string, args ...any) row {
	stmt, err := q.statement(ctx, text)
	if err != nil {
		return failedRow{err}
	}
	return stmt.QueryRowContext(ctx, args...)
}

func (q *sqliteTx) insertEach(ctx context.Context, text, _ string, args [][]any) ([]int64, error) {
	stmt, err := q.statement(ctx, text)
	if err != nil {
		return nil, err
	}
	numbers := make([]int64, len(args))
	for n := range args {
		res, err := stmt.ExecContext(ctx, args[n]...)
		if err != nil {
			return nil, err
		}
		if numbers[n], err = res.LastInsertId(); err != nil {
			return nil, err
		}
	}
	return numbers, nil
}

func (q *sqliteTx) nextMember() {}

func (q *sqliteTx) dropMember() bool { return false }

func (q *sqliteTx) beginMember(ctx context.Context) error {
	return q.deferExec(ctx, "SAVEPOINT member")
}

func (q *sqliteTx) keepMember(ctx context.Context) error {
	return q.deferExec(ctx, "RELEASE SAVEPOINT member")
}

func (q *sqliteTx) undoMember(ctx context.Context) error {
	if err := q.deferExec(ctx, "ROLLBACK TO SAVEPOINT member"); err != nil {
		return err
	}
	return q.keepMember(ctx)
}

func (q *sqliteTx) settle(context.Context) error { return nil }
