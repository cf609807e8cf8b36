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

// groupQueryer tells the members of a group apart.
type groupQueryer interface {
	queryer
	// nextMember notes that what follows is another member's, and dropMember
	// forgets what it queued; false when some of that was sent already.
	nextMember()
	dropMember() bool
	// beginMember sets a savepoint; keepMember lets go of it and undoMember
	// goes back to it. settle sends what is still queued, so that a failure
	// belongs to the member that caused it.
	beginMember(ctx context.Context) error
	keepMember(ctx context.Context) error
	undoMember(ctx context.Context) error
	settle(ctx context.Context) error
}

// company is how the members of a group share their transaction.
type company int

const (
	// alone: there is one member, and its failure ends the group.
	alone company = iota
	// together: no member is undone by itself. One that fails after it wrote
	// ends the group, and all run again, apart.
	together
	// apart: each has a savepoint, so that one can fail and the others stand.
	apart
)

// errUndo ends a group whose members ran together, because one of them must be
// undone.
var errUndo = errors.New("store: a write among others has to be undone")

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

// member runs one write. Its error is its own; tx.fatal is the group's.
func (g *group) member(ctx context.Context, among company, tx *Tx, fn func(*Tx) error) error {
	switch among {
	case together:
		return g.memberTogether(tx, fn)
	case apart:
		return g.memberApart(ctx, tx, fn)
	}
	err := g.runMember(ctx, tx, fn)
	if err != nil && tx.fatal == nil {
		g.rollback(ctx)
	}
	return err
}

func (g *group) memberTogether(tx *Tx, fn func(*Tx) error) error {
	g.q.nextMember()
	err := runMember(tx, fn)
	if err == nil {
		err = tx.failed
	}
	if err != nil && tx.fatal == nil && (tx.failed != nil || !g.q.dropMember() && tx.wrote) {
		tx.fatal = errUndo
	}
	return err
}

func (g *group) memberApart(ctx context.Context, tx *Tx, fn func(*Tx) error) error {
	if err := g.q.beginMember(ctx); err != nil {
		tx.fatal = err
		return err
	}
	err := g.runMember(ctx, tx, fn)
	switch {
	case tx.fatal != nil:
	case err != nil:
		tx.fatal = g.q.undoMember(ctx)
	default:
		tx.fatal = g.q.keepMember(ctx)
	}
	return err
}

// runMember runs fn and what it queued.
func (g *group) runMember(ctx context.Context, tx *Tx, fn func(*Tx) error) error {
	err := runMember(tx, fn)
	if err == nil && tx.failed == nil {
		err = guarded{tx, g.q}.note(g.q.settle(ctx))
	}
	if err == nil {
		err = tx.failed
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
