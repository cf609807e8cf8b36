package store

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vedette/backend/soc"
	"vedette/backend/store/pgtest"
)

func organization(id string) func(*Tx) error {
	return func(tx *Tx) error {
		tx.Audit(hostAudit("organization_added"))
		return tx.InsertOrganization(soc.Organization{ID: id, Name: id, CreatedAt: fixtureTime})
	}
}

// stored are the ids of the organizations that are in the database.
func stored(t testing.TB, s *Store) map[string]bool {
	t.Helper()
	found, err := s.Read(context.Background()).Organizations()
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for _, o := range found {
		ids[o.ID] = true
	}
	return ids
}

// TestAMemberOfAGroupFailsAlone puts every way to fail between writes that
// must stand, and counts that each kept exactly one row and one audit entry.
func TestAMemberOfAGroupFailsAlone(t *testing.T) {
	refused := errors.New("refused by the caller")
	ways := map[string]func(*Tx) error{
		"error after a write": func(tx *Tx) error {
			if err := organization("gone")(tx); err != nil {
				return err
			}
			return refused
		},
		"error before a write":   func(*Tx) error { return refused },
		"duplicate":              organization("first"),
		"duplicate, then a read": func(tx *Tx) error { _ = organization("first")(tx); _, err := tx.Organizations(); return err },
		"ignored error":          func(tx *Tx) error { _, _ = tx.update("UPDATE organization SET name = NULL"); return nil },
		"ignored deferred error": func(tx *Tx) error { _ = organization("first")(tx); return nil },
		"broken statement":       func(tx *Tx) error { return tx.insert("INSERT INTO nowhere VALUES (1)") },
		"value of a wrong type": func(tx *Tx) error {
			return tx.insert("INSERT INTO organization VALUES ($1, $2, $3, $4)", "x", "y", "[]", "z")
		},
		"panic":           func(tx *Tx) error { _ = organization("gone")(tx); panic("a bug") },
		"goroutine ended": func(tx *Tx) error { _ = organization("gone")(tx); runtime.Goexit(); return nil },
	}
	engines(t, func(t *testing.T, s *Store) {
		write(t, s, organization("first"))
		want := map[string]bool{"first": true}
		for name, way := range ways {
			for _, careful := range []int{0, 1} {
				before, after := fmt.Sprint("before ", name, careful), fmt.Sprint("after ", name, careful)
				write(t, s, func(tx *Tx) error { tx.store.careful = careful; return nil })
				results := inOneGroup(t, s, organization(before), way, organization(after), way, way)
				for i, err := range results {
					if fails := i == 1 || i > 2; fails != (err != nil) {
						t.Errorf("%s: write %d: %v", name, i, err)
					}
				}
				want[before], want[after] = true, true
			}
			if err := s.Write(context.Background(), way); err == nil {
				t.Errorf("%s: alone it was stored", name)
			}
		}
		if got := stored(t, s); len(got) != len(want) || got["gone"] {
			t.Errorf("stored %v, want %v", got, want)
		}
		position, _, err := s.Read(context.Background()).AuditHead()
		if err != nil || position != int64(len(want)) {
			t.Errorf("%d audit entries for %d changes (%v)", position, len(want), err)
		}
	})
}

// TestAGroupRunsAgainOnlyToUndo: members run once while nothing has to be
// undone, also when one refuses before it wrote.
func TestAGroupRunsAgainOnlyToUndo(t *testing.T) {
	engines(t, func(t *testing.T, s *Store) {
		for name, c := range map[string]struct {
			way  func(*Tx) error
			runs int
		}{
			"none fails":            {organization("x"), 1},
			"one refuses at once":   {func(*Tx) error { return errors.New("no") }, 1},
			"one reads and refuses": {func(tx *Tx) error { _, err := tx.Organizations(); return errors.Join(err, errors.New("no")) }, 1},
			"one takes and refuses": {func(tx *Tx) error {
				_, err := tx.NextIncidentNumber(makeWorkspaceIn(tx, "gone"), 1)
				return errors.Join(err, errors.New("no"))
			}, 2},
			"one has written": {func(tx *Tx) error {
				_, err := tx.update(`UPDATE organization SET name = 'changed'`)
				return errors.Join(err, errors.New("no"))
			}, 2},
		} {
			write(t, s, func(tx *Tx) error { tx.store.careful = 0; return nil })
			runs := 0
			count := func(*Tx) error { runs++; return nil }
			_ = inOneGroup(t, s, count, c.way, organization("beside "+name))
			if runs != c.runs {
				t.Errorf("%s: a neighbour ran %d times, want %d", name, runs, c.runs)
			}
			found, err := s.Read(context.Background()).Organizations()
			if err != nil || slices.ContainsFunc(found, func(o soc.Organization) bool { return o.Name == "changed" }) {
				t.Errorf("%s: %v (%v)", name, found, err)
			}
			if !stored(t, s)["beside "+name] {
				t.Errorf("%s: the neighbour is not stored", name)
			}
		}
	})
}

// makeWorkspaceIn makes an organization with one workspace and names it.
func makeWorkspaceIn(tx *Tx, id string) string {
	_ = tx.InsertOrganization(soc.Organization{ID: id, Name: id, CreatedAt: fixtureTime})
	_ = tx.InsertWorkspace(soc.Workspace{ID: id, Organization: id, Name: id, CreatedAt: fixtureTime})
	return id
}

// TestAFailedStatementStopsTheWrite: after an error PostgreSQL takes no more
// statements, so neither may SQLite.
func TestAFailedStatementStopsTheWrite(t *testing.T) {
	engines(t, func(t *testing.T, s *Store) {
		write(t, s, organization("first"))
		err := s.Write(context.Background(), func(tx *Tx) error {
			_, first := tx.update("INSERT INTO organization VALUES ('first', '', '[]', 0)")
			if !Duplicate(first) {
				t.Errorf("got %v", first)
			}
			if _, second := tx.Organizations(); !errors.Is(second, errors.Unwrap(first)) && !errors.Is(second, first) {
				t.Errorf("a later statement answered %v", second)
			}
			return nil
		})
		if !Duplicate(err) {
			t.Errorf("the write answered %v", err)
		}
	})
}

// TestContextLimitsOnlyTheWait: a write that has started completes, one that
// waits does not start any more.
func TestContextLimitsOnlyTheWait(t *testing.T) {
	engines(t, func(t *testing.T, s *Store) {
		ctx, cancel := context.WithCancel(context.Background())
		waiting := make(chan error, 1)
		err := s.Write(ctx, func(tx *Tx) error {
			if ctx.Err() == nil {
				go func() { waiting <- s.Write(ctx, organization("waited")) }()
				for len(s.requests) == 0 {
					runtime.Gosched()
				}
				cancel()
				if err := <-waiting; soc.KindOf(err) != soc.Unavailable || !errors.Is(err, context.Canceled) {
					t.Errorf("the one that waited: %v", err)
				}
			}
			return organization("started")(tx)
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Write(ctx, organization("late")); !errors.Is(err, context.Canceled) {
			t.Errorf("an ended context was taken: %v", err)
		}
		if got := stored(t, s); !got["started"] || got["waited"] || got["late"] {
			t.Errorf("stored %v", got)
		}
	})
}

// TestCloseAnswersEveryWaitingWrite: whatever was answered "stored" is stored,
// whatever was not is not, and nothing of the store stays behind.
func TestCloseAnswersEveryWaitingWrite(t *testing.T) {
	engines(t, func(t *testing.T, s *Store) {
		var kept, refused atomic.Int64
		var callers sync.WaitGroup
		for range 8 {
			callers.Go(func() {
				for {
					err := s.Write(context.Background(), func(tx *Tx) error {
						tx.Audit(hostAudit("test"))
						return nil
					})
					if err != nil {
						if soc.KindOf(err) != soc.Unavailable {
							t.Errorf("refused with %v", err)
						}
						refused.Add(1)
						return
					}
					if kept.Add(1) == 200 {
						go func() { _ = s.Close() }()
					}
				}
			})
		}
		callers.Wait()
		<-s.writerStopped
		if refused.Load() != 8 {
			t.Errorf("%d of 8 callers were refused", refused.Load())
		}
		again := reopen(t, s)
		position, _, err := again.Read(context.Background()).AuditHead()
		if err != nil || position != kept.Load() {
			t.Errorf("%d entries are stored, %d were acknowledged (%v)", position, kept.Load(), err)
		}
	})
}

// reopen opens the database of a store again.
func reopen(t testing.TB, s *Store) *Store {
	t.Helper()
	_ = s.Close()
	again, err := Open(context.Background(), s.where(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = again.Close() })
	return again
}

// where is what Open was given.
func (s *Store) where() string {
	if s.dialect == postgresDialect {
		return s.pool.Config().ConnString()
	}
	return s.path
}

func TestCloseLeavesNoGoroutine(t *testing.T) {
	url := ""
	t.Run("postgres", func(t *testing.T) { url = pgtest.Start(t); leaveNone(t, url) })
	t.Run("sqlite", func(t *testing.T) { leaveNone(t, t.TempDir()+"/vedette.db") })
}

func leaveNone(t *testing.T, where string) {
	t.Helper()
	present := goleak.IgnoreCurrent()
	s, err := Open(context.Background(), where, Options{})
	if err != nil {
		t.Fatal(err)
	}
	write(t, s, organization("x"))
	_ = stored(t, s)
	_ = s.Close()
	goleak.VerifyNone(t, present)
}

// TestAPanicInAViewGivesItsConnectionBack repeats it more often than there are
// connections.
func TestAPanicInAViewGivesItsConnectionBack(t *testing.T) {
	engines(t, func(t *testing.T, s *Store) {
		for range 12 {
			func() {
				defer func() { _ = recover() }()
				_ = s.View(context.Background(), func(*Reader) error { panic("a bug") })
			}()
		}
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.View(ctx, func(r *Reader) error { _, err := r.Organizations(); return err }); err != nil {
			t.Fatal(err)
		}
	})
}

// TestAViewIsOneSnapshot: what is committed after its first read is not seen.
func TestAViewIsOneSnapshot(t *testing.T) {
	engines(t, func(t *testing.T, s *Store) {
		write(t, s, organization("first"))
		err := s.View(context.Background(), func(r *Reader) error {
			before, err := r.Organizations()
			if err != nil {
				return err
			}
			write(t, s, organization("second"))
			after, err := r.Organizations()
			if len(before) != 1 || len(after) != 1 {
				t.Errorf("saw %d, then %d", len(before), len(after))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// TestReadersCannotWrite: a statement that changes rows is refused outside
// Write, whoever lets it through.
func TestReadersCannotWrite(t *testing.T) {
	engines(t, func(t *testing.T, s *Store) {
		r := s.Read(context.Background())
		if _, err := r.q.exec(r.ctx, "DELETE FROM audit"); err == nil {
			t.Error("exec was let through")
		}
		if err := r.q.deferExec(r.ctx, "DELETE FROM audit"); err == nil {
			t.Error("deferExec was let through")
		}
		err := s.View(context.Background(), func(r *Reader) error {
			if _, err := r.q.exec(r.ctx, "DELETE FROM organization"); err == nil {
				t.Error("exec in a view was let through")
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// TestPreparedStatementsAreBounded sends more texts than are kept, from many
// goroutines, some in transactions: nobody meets a closed statement.
func TestPreparedStatementsAreBounded(t *testing.T) {
	s := openSQLite(t)
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for n := range 2 * statementLimit {
				text := "SELECT '" + strings.Repeat("x", 1+(n*7+worker)%(2*statementLimit)) + "'"
				read := func(r *Reader) error {
					var got string
					return r.q.queryRow(r.ctx, text).Scan(&got)
				}
				err := read(s.Read(context.Background()))
				if n%5 == worker%5 && err == nil {
					err = s.View(context.Background(), read)
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if n := len(s.readerStmts.known); n > statementLimit {
		t.Errorf("%d statements are kept, the limit is %d", n, statementLimit)
	}
	if n := s.readerStmts.recent.Len(); n != len(s.readerStmts.known) {
		t.Errorf("%d in the list, %d in the map", n, len(s.readerStmts.known))
	}
}
