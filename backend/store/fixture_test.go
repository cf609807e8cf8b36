package store

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"vedette/backend/soc"
)

// fixtureTime is when everything in these tests happens.
var fixtureTime = time.Date(2026, 3, 14, 9, 26, 53, 589793000, time.UTC)

var fixtureSerial atomic.Int64

// write runs fn and fails the test on an error.
func write(t testing.TB, s *Store, fn func(*Tx) error) {
	t.Helper()
	if err := s.Write(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}

// makeWorkspace adds an organization with one workspace and returns its id.
func makeWorkspace(t testing.TB, s *Store) string {
	t.Helper()
	organization, workspace := uuid.NewString(), uuid.NewString()
	write(t, s, func(tx *Tx) error {
		if err := tx.InsertOrganization(soc.Organization{ID: organization, Name: "Test", CreatedAt: fixtureTime}); err != nil {
			return err
		}
		return tx.InsertWorkspace(soc.Workspace{ID: workspace, Organization: organization, Name: "Test", CreatedAt: fixtureTime})
	})
	return workspace
}

// newIncident is an incident that passes every CHECK; tests change what they
// are about.
func newIncident(workspace string) soc.Incident {
	n := fixtureSerial.Add(1)
	id, err := uuid.NewV7()
	if err != nil {
		panic(err)
	}
	return soc.Incident{
		ID: id.String(), ShortID: fmt.Sprintf("INC-%08d", n), Workspace: workspace, Source: "Sentinel", ExternalID: fmt.Sprintf("external-%d", n),
		Number: n, Type: "malware", Title: fmt.Sprintf("Incident %d", n), Description: "made by a test",
		Severity: soc.SeverityMedium, IngestSeverity: soc.SeverityMedium, HighestSeverity: soc.SeverityMedium, Status: soc.StatusNew,
		CreatedAt: fixtureTime, UpdatedAt: fixtureTime, IngestedAt: fixtureTime, Version: 1, EvidenceVersion: 1,
	}
}

// insertIncident stores an incident and returns it as stored.
func insertIncident(t testing.TB, s *Store, i soc.Incident) soc.Incident {
	t.Helper()
	write(t, s, func(tx *Tx) (err error) {
		i, err = tx.InsertIncident(i)
		return err
	})
	return i
}

// hostAudit is an entry of the host's own.
func hostAudit(event string) soc.AuditEntry {
	return soc.AuditEntry{At: fixtureTime, Event: event, ActorKind: soc.PrincipalHost, Actor: "host", Decision: "allowed"}
}

// inOneGroup lets all functions wait for the writer and then run in one group,
// and returns the outcome of each.
func inOneGroup(t testing.TB, s *Store, fns ...func(*Tx) error) []error {
	t.Helper()
	started, release := make(chan struct{}), make(chan struct{})
	first := make(chan error, 1)
	go func() {
		var once atomic.Bool
		first <- s.Write(context.Background(), func(*Tx) error {
			if once.CompareAndSwap(false, true) {
				close(started)
				<-release
			}
			return nil
		})
	}()
	<-started
	outcomes := make([]chan error, len(fns))
	for i, fn := range fns {
		outcomes[i] = make(chan error, 1)
		before := len(s.requests)
		go func() { outcomes[i] <- s.Write(context.Background(), fn) }()
		for len(s.requests) == before {
			time.Sleep(10 * time.Microsecond)
		}
	}
	close(release)
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	results := make([]error, len(fns))
	for i, outcome := range outcomes {
		select {
		case results[i] = <-outcome:
		case <-time.After(30 * time.Second):
			t.Fatalf("write %d got no answer", i)
		}
	}
	return results
}
