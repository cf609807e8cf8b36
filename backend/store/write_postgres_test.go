package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"vedette/backend/soc"
	"vedette/backend/store/pgtest"
)

// replicas opens two stores on one PostgreSQL database.
func replicas(t *testing.T) (a, b *Store) {
	t.Helper()
	url := pgtest.Start(t)
	open := func() *Store {
		s, err := Open(context.Background(), url, Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	return open(), open()
}

// TestReplicasMayOpenAnEmptyDatabaseAtOnce: one migrates, the others wait.
func TestReplicasMayOpenAnEmptyDatabaseAtOnce(t *testing.T) {
	url := pgtest.Start(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			s, err := Open(context.Background(), url, Options{})
			if err != nil {
				t.Error(err)
				return
			}
			_ = s.Close()
		})
	}
	wg.Wait()
}

// TestAStaleRowIsReadAgain: two replicas change one incident; each change is
// made on the row as the other left it, and none is refused or lost.
func TestAStaleRowIsReadAgain(t *testing.T) {
	a, b := replicas(t)
	incident := insertIncident(t, a, newIncident(makeWorkspace(t, a)))
	const changes = 30
	var wg sync.WaitGroup
	for _, s := range []*Store{a, b} {
		for range 2 {
			wg.Go(func() {
				for range changes {
					err := s.Write(context.Background(), func(tx *Tx) error {
						now, found, err := tx.Incident(incident.Workspace, incident.ID)
						if err != nil || !found {
							return fmt.Errorf("found %v: %w", found, err)
						}
						changed := now
						changed.AlertCount++
						_, err = tx.UpdateIncident(now, changed)
						return err
					})
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
	}
	wg.Wait()
	got, _, err := a.Read(context.Background()).Incident(incident.Workspace, incident.ID)
	if err != nil || got.AlertCount != 4*changes || got.Version != incident.Version+4*changes {
		t.Errorf("%d changes, version %d (%v), want %d", got.AlertCount, got.Version, err, 4*changes)
	}
}

// TestReplicasShareOneAuditChain: entries of several replicas form one chain
// without gap or fork.
func TestReplicasShareOneAuditChain(t *testing.T) {
	a, b := replicas(t)
	const writes = 60
	var wg sync.WaitGroup
	for _, s := range []*Store{a, b} {
		for range 4 {
			wg.Go(func() {
				for range writes / 4 {
					write(t, s, func(tx *Tx) error { tx.Audit(hostAudit("test")); tx.Audit(hostAudit("test")); return nil })
				}
			})
		}
	}
	wg.Wait()
	verified, err := a.VerifyAudit(context.Background(), 1)
	if err != nil || !verified.OK || verified.Rows != 4*writes {
		t.Errorf("%+v (%v)", verified, err)
	}
}

// TestWritesThatLockEachOtherBothSucceed: two replicas take two rows in
// opposite order, in groups; PostgreSQL undoes one of them and it runs again.
func TestWritesThatLockEachOtherBothSucceed(t *testing.T) {
	a, b := replicas(t)
	left, right := makeWorkspace(t, a), makeWorkspace(t, a)
	const rounds = 3
	var wg sync.WaitGroup
	for _, side := range []struct {
		s             *Store
		first, second string
	}{{a, left, right}, {b, right, left}} {
		wg.Go(func() {
			for range rounds {
				err := side.s.Write(context.Background(), func(tx *Tx) error {
					if _, err := tx.NextIncidentNumber(side.first, 1); err != nil {
						return err
					}
					_, err := tx.NextIncidentNumber(side.second, 1)
					return err
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for _, id := range []string{left, right} {
		w, _, err := a.Read(context.Background()).Workspace(id)
		if err != nil || w.IncidentSerial != 2*rounds {
			t.Errorf("serial %d (%v), want %d", w.IncidentSerial, err, 2*rounds)
		}
	}
}

// terminate ends the connections of every other session to the database.
func terminate(t testing.TB, s *Store) {
	t.Helper()
	_, err := s.pool.Exec(context.Background(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
	if err != nil {
		t.Error(err)
	}
}

// TestALostConnectionCostsNothing: a connection that dies before the commit is
// replaced, and the write runs again, once in effect; so do its neighbours.
func TestALostConnectionCostsNothing(t *testing.T) {
	a, b := replicas(t)
	cut := false
	results := inOneGroup(t, a,
		organization("before"),
		func(tx *Tx) error {
			if err := organization("cut")(tx); err != nil {
				return err
			}
			if _, err := tx.Organizations(); err != nil {
				return err
			}
			if !cut {
				cut = true
				terminate(t, b)
			}
			_, err := tx.Organizations()
			return err
		},
		organization("after"))
	for i, err := range results {
		if err != nil {
			t.Errorf("write %d: %v", i, err)
		}
	}
	if got := stored(t, b); len(got) != 3 {
		t.Errorf("stored %v", got)
	}
	// Idle connections that died are replaced too.
	terminate(t, b)
	write(t, a, organization("later"))
	verified, err := a.VerifyAudit(context.Background(), 1)
	if err != nil || !verified.OK || verified.Rows != 4 {
		t.Errorf("%+v (%v)", verified, err)
	}
}

// TestAnUncertainCommitSaysSo: when the connection breaks while the commit is
// on its way, the answer must not claim that nothing was written, and the
// write must not run again.
func TestAnUncertainCommitSaysSo(t *testing.T) {
	cause := errors.New("unexpected EOF")
	err := soc.AsError(failure(commitFailure(cause)))
	if err.Kind != soc.Unavailable || !errors.Is(err, cause) || retryable(commitFailure(cause)) {
		t.Errorf("%v", err)
	}
	if want := unavailableError(cause).Message; err.Message == want {
		t.Errorf("it says %q", want)
	}
}
