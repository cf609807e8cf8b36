package store

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/riverqueue/river"

	"vedette/backend/soc"
)

// groupLimit bounds how many writes share one commit. A longer group gains
// little throughput and lets the first caller wait for the last.
const groupLimit = 256

// retryLimit bounds how often one write is run again: after a conflict with
// another replica, or on a connection that was lost before the commit.
const retryLimit = 8

// errStoreClosed is what writes get once the store is closing.
var errStoreClosed = errors.New("store: closed")

// errStaleRow is what an update gets when its row is not as it was read. Writes
// run one after the other, so this is a caller that read the row elsewhere.
var errStaleRow = errors.New("store: row changed since it was read")

// errExited is the outcome of a function that ended its goroutine
// (runtime.Goexit, testing.T.FailNow) instead of returning.
var errExited = errors.New("store: a write ended its goroutine instead of returning")

// writeRequest is one caller of Write. taken is set by whoever decides first:
// the writer that starts it, or the caller whose context ended.
type writeRequest struct {
	ctx   context.Context
	fn    func(*Tx) error
	taken atomic.Bool
	done  chan error
	// members is how many shared the transaction, which its caller may read once
	// it was answered.
	members  int
	answered bool
}

// Waiting is how many writes wait for the writer now.
func (s *Store) Waiting() int { return len(s.requests) }

// Tx reads and writes inside one transaction. It must not be kept.
//
// A statement that fails makes the whole write fail, also when the error is
// ignored: PostgreSQL takes no more statements then, and SQLite must not store
// what PostgreSQL would not. Every later statement returns the first error.
type Tx struct {
	Reader
	store *Store
	group *group
	audit []soc.AuditEntry
	jobs  []river.InsertManyParams
	// wrote is set by the first statement that may have changed a row.
	wrote bool
	// failed is the first error of a statement.
	failed error
	// fatal is set beside failed when the transaction of the whole group is
	// gone with it.
	fatal error
}

// Write runs fn in a transaction and returns when it is durable. The context
// limits only the wait for the writer: once fn has started, it completes,
// because a cancelled statement would undo the whole SQLite transaction and
// with it the other callers of the group. fn does nothing but SQL, never calls
// Write, and may run more than once; only its last run is stored.
func (s *Store) Write(ctx context.Context, fn func(*Tx) error) error {
	req := &writeRequest{ctx: ctx, fn: fn, done: make(chan error, 1)}
	if s.observe == nil {
		return s.submit(req)
	}
	ended := s.observe(ctx)
	err := s.submit(req)
	members := 0
	if req.answered {
		members = req.members
	}
	ended(members, err)
	return err
}

// submit hands a request to the writer and waits for its answer.
func (s *Store) submit(req *writeRequest) error {
	ctx := req.ctx
	if err := ctx.Err(); err != nil {
		return failure(err)
	}
	select {
	case <-s.closing:
		return unavailableError(errStoreClosed)
	default:
	}
	select {
	case s.requests <- req:
	case <-ctx.Done():
		return failure(ctx.Err())
	case <-s.closing:
		return unavailableError(errStoreClosed)
	}
	select {
	case err := <-req.done:
		req.answered = true
		return err
	case <-ctx.Done():
		if req.taken.CompareAndSwap(false, true) {
			return failure(ctx.Err())
		}
	case <-s.writerStopped:
		if req.taken.CompareAndSwap(false, true) {
			return unavailableError(errStoreClosed)
		}
	}
	err := <-req.done
	req.answered = true
	return err
}

// restAfter is how long nobody writes until the writer gives its cache back.
const restAfter = 5 * time.Second

// runWriter commits groups until the store closes, then what is left.
func (s *Store) runWriter() {
	defer close(s.writerStopped)
	rest := time.NewTimer(restAfter)
	defer rest.Stop()
	for {
		select {
		case first := <-s.requests:
			s.commitGroup(s.collect(first))
			rest.Reset(restAfter)
		case <-rest.C:
			s.shrink()
		case <-s.closing:
			for {
				select {
				case first := <-s.requests:
					s.commitGroup(s.collect(first))
				default:
					return
				}
			}
		}
	}
}

// shrink gives back what a burst took: a server at rest should not hold the
// memory of its busiest second. Measured with the demonstration: 104 MB before,
// 60 MB after. The next reads are filled from the operating system's cache.
func (s *Store) shrink() {
	if s.dialect != sqliteDialect {
		return
	}
	_, _ = s.writerDB.Exec(`PRAGMA shrink_memory`) // what is not freed now is freed next time
	go debug.FreeOSMemory()                        // beside the writer, whom the next caller may need
}

// collect takes whoever is waiting along with first, without waiting itself.
func (s *Store) collect(first *writeRequest) []*writeRequest {
	members := make([]*writeRequest, 0, 16)
	add := func(r *writeRequest) {
		if r.taken.CompareAndSwap(false, true) {
			members = append(members, r)
		}
	}
	add(first)
	for len(members) < groupLimit {
		select {
		case next := <-s.requests:
			add(next)
		default:
			return members
		}
	}
	return members
}

// carefulGroups is how many groups keep their members apart after one had to
// be undone: whoever makes writes fail on purpose then costs the others one
// repetition in so many groups.
const carefulGroups = 32

// commitGroup runs the members in one transaction and answers each. They run
// together first: savepoints cost a copy of every page a member touches, make
// the full-text index write each member's words apart, and few writes fail
// once they have begun to write. When one does, all run again, apart. When that
// group had to be given up, too, nothing of it is stored and each member is run
// alone, so that none pays for another's failure.
func (s *Store) commitGroup(members []*writeRequest) {
	for _, m := range members {
		m.members = len(members)
	}
	switch len(members) {
	case 0:
		return
	case 1:
		members[0].done <- s.writeAlone(members[0])
		return
	}
	var results []error
	var err error = gaveUpError{errUndo}
	if s.careful > 0 {
		s.careful--
	} else if results, err = s.tryGroup(members, together); errors.Is(err, errUndo) {
		s.careful = carefulGroups
	}
	if errors.As(err, new(gaveUpError)) {
		results, err = s.tryGroup(members, apart)
	}
	for i, m := range members {
		switch {
		case err == nil:
			m.done <- results[i]
		case retryable(err), errors.As(err, new(gaveUpError)):
			m.done <- s.writeAlone(m)
		default:
			m.done <- failure(err)
		}
	}
}

// writeAlone runs one member in a transaction of its own, again while the
// reason of its failure is likely to be gone.
func (s *Store) writeAlone(m *writeRequest) error {
	var err error
	for range retryLimit {
		var results []error
		if results, err = s.tryGroup([]*writeRequest{m}, alone); err == nil {
			err = results[0]
		}
		if !retryable(err) {
			break
		}
	}
	return failure(err)
}

// tryGroup returns one result per member, or an error that holds for all:
// then nothing of any member is stored, unless the error is an uncertainError.
func (s *Store) tryGroup(members []*writeRequest, among company) (results []error, err error) {
	ctx := context.WithoutCancel(members[0].ctx)
	g, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer g.rollback(ctx)
	var audit []soc.AuditEntry
	var jobs []river.InsertManyParams
	results = make([]error, len(members))
	for i, m := range members {
		tx := &Tx{Reader: Reader{ctx: context.WithoutCancel(m.ctx), dialect: s.dialect}, store: s, group: g}
		tx.q = guarded{tx: tx, q: g.q}
		results[i] = g.member(ctx, among, tx, m.fn)
		if tx.fatal != nil {
			return nil, g.givenUp(tx.fatal)
		}
		if results[i] == nil {
			audit = append(audit, tx.audit...)
			jobs = append(jobs, tx.jobs...)
		}
	}
	if err := g.appendJobs(ctx, jobs); err != nil {
		return nil, g.givenUp(err)
	}
	if err := g.appendAudit(ctx, audit); err != nil {
		return nil, g.givenUp(err)
	}
	if err := g.commit(ctx); err != nil {
		return nil, err
	}
	return results, nil
}

// givenUp is the error of a group that is not committed.
func (g *group) givenUp(err error) error {
	if g.lost() {
		err = lostError{err}
	}
	return gaveUpError{err}
}

// gaveUpError is why a group was given up before its commit: certainly nothing
// of it is stored.
type gaveUpError struct{ cause error }

func (e gaveUpError) Error() string { return e.cause.Error() }
func (e gaveUpError) Unwrap() error { return e.cause }

// runMember calls fn and turns a panic into an error, so that one caller's
// bug cannot take the writer down. fn has a goroutine of its own, because one
// that ends its goroutine would otherwise end the writer.
func runMember(tx *Tx, fn func(*Tx) error) error {
	done := make(chan error, 1)
	go func() {
		err := errExited
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("store: panic in a write: %v\n%s", p, debug.Stack())
			}
			done <- err
		}()
		err = fn(tx)
	}()
	return <-done
}
