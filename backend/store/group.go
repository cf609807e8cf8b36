package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// group is one transaction shared by several writes.
type group struct {
	q     groupQueryer
	lite  *sql.Tx
	pg    pgx.Tx
	store *Store
	ended bool
}

// groupQueryer keeps the members of a group apart by savepoints.
type groupQueryer interface {
	queryer
	// beginMember sets a savepoint; keepMember lets go of it and undoMember
	// goes back to it. settle sends what is still queued, so that a failure
	// belongs to the member that caused it.
	beginMember(ctx context.Context) error
	keepMember(ctx context.Context) error
	undoMember(ctx context.Context) error
	settle(ctx context.Context) error
}

// writerLock is the advisory lock that lets one replica's group run at a time.
// Groups hold rows of many callers in no order, and every one ends at the head
// of the audit record: without the lock two replicas undo each other's groups
// as deadlocks, each found only after a second (measured: a seventh of the
// throughput of one replica).
const writerLock = 7_364_839_002

func (s *Store) begin(ctx context.Context) (*group, error) {
	if s.dialect == postgresDialect {
		tx, err := s.pool.Begin(ctx)
		if err != nil {
			return nil, beginFailure(err)
		}
		g := &group{q: &pgTx{tx: tx}, pg: tx, store: s}
		return g, g.q.deferExec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(writerLock))
	}
	tx, err := s.writerDB.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	return &group{q: &sqliteTx{tx: tx, prepared: s.writerStmts}, lite: tx, store: s}, nil
}

// beginFailure tells a pooled connection that had died, which another may
// replace, from a server that cannot be reached or says no.
func beginFailure(err error) error {
	var connect *pgconn.ConnectError
	var answer *pgconn.PgError
	if errors.As(err, &connect) || (errors.As(err, &answer) && answer.Code != postgresAdminStop) {
		return err
	}
	return lostError{err}
}

// lost reports that the connection is gone, and the transaction with it.
func (g *group) lost() bool { return g.pg != nil && g.pg.Conn().IsClosed() }

// member runs one write. Alone it needs no savepoint: its failure ends the
// group. Among others it is undone to its savepoint, so that they stand.
func (g *group) member(ctx context.Context, among bool, tx *Tx, fn func(*Tx) error) error {
	if among {
		if err := g.q.beginMember(ctx); err != nil {
			tx.fatal = err
			return err
		}
	}
	err := runMember(tx, fn)
	if err == nil && tx.failed == nil {
		err = guarded{tx, g.q}.note(g.q.settle(ctx))
	}
	if err == nil {
		err = tx.failed
	}
	if tx.fatal != nil {
		return err
	}
	switch {
	case !among && err != nil:
		g.rollback(ctx)
	case among && err != nil:
		tx.fatal = g.q.undoMember(ctx)
	case among:
		tx.fatal = g.q.keepMember(ctx)
	}
	return err
}

func (g *group) commit(ctx context.Context) error {
	if g.ended {
		return nil
	}
	g.ended = true
	if g.pg != nil {
		if err := g.q.settle(ctx); err != nil {
			_ = g.pg.Rollback(ctx)
			return g.givenUp(err)
		}
		return commitFailure(g.pg.Commit(ctx))
	}
	err := commitFailure(g.lite.Commit())
	if err == nil {
		g.store.writerStmts.warm(ctx)
	}
	return err
}

// commitFailure tells a refused commit from one whose outcome nobody knows:
// the connection broke, or the disk failed, while the commit was on its way.
func commitFailure(err error) error {
	var answer *pgconn.PgError
	switch {
	case err == nil, errors.As(err, &answer), errors.Is(err, pgx.ErrTxCommitRollback), diskFull(err):
		return err
	}
	return uncertainError{err}
}

// uncertainError is a commit of which nobody knows whether it took place.
type uncertainError struct{ cause error }

func (e uncertainError) Error() string { return e.cause.Error() }
func (e uncertainError) Unwrap() error { return e.cause }

func (g *group) rollback(ctx context.Context) {
	if g.ended {
		return
	}
	g.ended = true
	if g.pg != nil {
		_ = g.pg.Rollback(ctx)
		return
	}
	_ = g.lite.Rollback()
}
