package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"vedette/backend/soc"
)

func claim(key, fingerprint, body string) *soc.IdempotencyClaim {
	return &soc.IdempotencyClaim{Principal: "p", Route: "POST /x", Key: key, Fingerprint: fingerprint, Encode: func(any) (int, []byte) { return 201, []byte(body) }}
}

// TestS27AnAnswerIsStoredWithItsEffect: the first request with a key stores
// effect and answer, a repetition finds the answer, another body is refused,
// and of two at once one has its effect undone.
func TestS27AnAnswerIsStoredWithItsEffect(t *testing.T) {
	engines(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		submit := func(c *soc.IdempotencyClaim, id string) func(*Tx) error {
			return func(tx *Tx) error {
				if err := organization(id)(tx); err != nil {
					return err
				}
				return tx.CompleteIdempotency(c, nil, fixtureTime)
			}
		}
		results := inOneGroup(t, s, submit(claim("k", "f", "first"), "first"), submit(claim("k", "f", "second"), "second"), submit(claim("other", "f", "third"), "third"))
		if results[0] != nil || soc.KindOf(results[1]) != soc.Conflict || soc.AsError(results[1]).RetryAfter == 0 || results[2] != nil {
			t.Errorf("answers %v", results)
		}
		if got := stored(t, s); !got["first"] || got["second"] || !got["third"] {
			t.Errorf("stored %v", got)
		}
		s = reopen(t, s) // it survives a restart
		r := s.Read(ctx)
		status, body, found, err := r.StoredAnswer(*claim("k", "f", ""), fixtureTime.Add(time.Hour))
		if err != nil || !found || status != 201 || string(body) != "first" {
			t.Errorf("%d %q %v (%v)", status, body, found, err)
		}
		if _, _, found, err := r.StoredAnswer(*claim("k", "another body", ""), fixtureTime); found || soc.KindOf(err) != soc.KeyReused {
			t.Errorf("another body: %v (%v)", found, err)
		}
		for name, other := range map[string]soc.IdempotencyClaim{
			"another principal": {Principal: "q", Route: "POST /x", Key: "k", Fingerprint: "f"}, "another route": {Principal: "p", Route: "POST /y", Key: "k", Fingerprint: "f"},
		} {
			if _, _, found, err := r.StoredAnswer(other, fixtureTime); found || err != nil {
				t.Errorf("%s: %v (%v)", name, found, err)
			}
		}
		// An expired answer is none, and its key is free.
		late := fixtureTime.Add(idempotencyLife + time.Microsecond)
		if _, _, found, err := r.StoredAnswer(*claim("k", "f", ""), late); found || err != nil {
			t.Errorf("expired: %v (%v)", found, err)
		}
		write(t, s, func(tx *Tx) error { return tx.CompleteIdempotency(claim("k", "new", "again"), nil, late) })
		write(t, s, func(tx *Tx) error {
			n, err := tx.SweepIdempotency(late, 10)
			if n != 1 {
				t.Errorf("swept %d", n) // "other"
			}
			return err
		})
		write(t, s, func(tx *Tx) error { return tx.FreeIdempotency(*claim("k", "", "")) })
		if _, _, found, err := r.StoredAnswer(*claim("k", "new", ""), late); found || err != nil {
			t.Errorf("freed: %v (%v)", found, err)
		}
	})
}

// TestS27ManyAtOnceHaveOneEffect sends one request from many goroutines.
func TestS27ManyAtOnceHaveOneEffect(t *testing.T) {
	engines(t, func(t *testing.T, s *Store) {
		var wg sync.WaitGroup
		for n := range 24 {
			wg.Go(func() {
				err := s.Write(context.Background(), func(tx *Tx) error {
					if err := organization(fmt.Sprint("o", n))(tx); err != nil {
						return err
					}
					return tx.CompleteIdempotency(claim("k", "f", fmt.Sprint(n)), nil, fixtureTime)
				})
				if err != nil && soc.KindOf(err) != soc.Conflict {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got := stored(t, s); len(got) != 1 {
			t.Errorf("stored %v", got)
		}
	})
}

// TestMemoryTalliesEqualTheEvents remembers and supersedes at random: the kept
// counts are what counting the events gives (T6, T9).
func TestMemoryTalliesEqualTheEvents(t *testing.T) {
	engines(t, func(t *testing.T, s *Store) {
		workspace, other := makeWorkspace(t, s), makeWorkspace(t, s)
		r := rand.New(rand.NewPCG(5, 6)) //nolint:gosec // a test
		var events []soc.VerdictEvent
		for n := range 120 {
			if len(events) > 0 && r.IntN(3) == 0 {
				k := r.IntN(len(events))
				write(t, s, func(tx *Tx) error {
					// Twice: the second finds it superseded and takes nothing away.
					if err := tx.SupersedeVerdictEvent(events[k], "undone"); err != nil {
						return err
					}
					return tx.SupersedeVerdictEvent(events[k], "again")
				})
				events = append(events[:k], events[k+1:]...)
				continue
			}
			e := soc.VerdictEvent{
				ID: fmt.Sprint("event-", n), Workspace: workspace, Incident: "i", DetectorKey: fmt.Sprint("d", r.IntN(2)), TitleKey: fmt.Sprint("t", r.IntN(3)), KeyVersion: 1,
				Verdict: soc.AllVerdicts[r.IntN(len(soc.AllVerdicts))], By: []string{"person", "source"}[r.IntN(2)],
				DecidedAt: fixtureTime.Add(time.Duration(n) * time.Minute), RecordedAt: fixtureTime,
			}
			if r.IntN(5) == 0 {
				e.Workspace = other
			} else {
				events = append(events, e)
			}
			write(t, s, func(tx *Tx) error { return tx.InsertVerdictEvent(e) })
		}
		late := fixtureTime.Add(1000 * time.Hour)
		for _, key := range []soc.AlertKey{{Detector: "d0", Title: "t0"}, {Detector: "d1", Title: "t1"}, {Detector: "d0", Title: "t2"}, {Detector: "none", Title: "none"}} {
			kept, err := s.Read(context.Background()).History(workspace, key, time.Time{})
			if err != nil {
				t.Fatal(err)
			}
			counted, err := s.Read(context.Background()).History(workspace, key, late)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(counted, kept, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%v (-counted +kept):\n%s", key, diff)
			}
			n := 0
			for _, e := range events {
				if _, counts := soc.MemoryVerdict(e.Verdict); counts && e.TitleKey == key.Title {
					n++
				}
			}
			if kept[0].Counts.Total() != n {
				t.Errorf("%v: %d decisions, want %d", key, kept[0].Counts.Total(), n)
			}
		}
	})
}

// TestRelatedFindsAValueUnderEveryName: by identity and by other names, newest
// first, page by page, not the incident asked from, not another workspace.
func TestRelatedFindsAValueUnderEveryName(t *testing.T) {
	engines(t, func(t *testing.T, s *Store) {
		workspace, other := makeWorkspace(t, s), makeWorkspace(t, s)
		var want []string
		var first soc.Incident
		for n := range 9 {
			i := newIncident(workspace)
			i.CreatedAt = fixtureTime.Add(time.Duration(n) * time.Hour)
			if n == 8 {
				i.Workspace = other
			}
			i = insertIncident(t, s, i)
			e := soc.Entity{ID: fmt.Sprint("ENT", n), Workspace: i.Workspace, Incident: i.ID, Kind: soc.KindHost, Value: "dc01", Provenance: "parsed", FirstSeen: i.CreatedAt, LastSeen: i.CreatedAt}
			switch n % 3 {
			case 1:
				e.Value, e.Names = fmt.Sprint("host", n), []string{fmt.Sprint("host", n), "dc01"} // by another name
			case 2:
				e.Kind = soc.KindAccount // the same word of another kind
			}
			write(t, s, func(tx *Tx) error { return tx.InsertEntity(e, i.Seq) })
			if n == 0 {
				first = i
			} else if n%3 != 2 {
				want = append([]string{i.ID}, want...)
			}
		}
		q := soc.RelatedQuery{Workspace: workspace, Kind: soc.KindHost, Value: "dc01", ExcludeIncident: first.ID, Limit: 2}
		var got []string
		for {
			page, err := s.Read(context.Background()).Related(q)
			if err != nil {
				t.Fatal(err)
			}
			if page.Incidents != len(want)+1 {
				t.Errorf("%d incidents, want %d", page.Incidents, len(want)+1)
			}
			got = append(got, ids(page.Rows)...)
			if q.After = page.Next; page.Next == nil {
				break
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		q.After, q.Since, q.Until, q.Limit = nil, fixtureTime.Add(2*time.Hour), fixtureTime.Add(5*time.Hour), 9
		page, err := s.Read(context.Background()).Related(q)
		if err != nil || len(page.Rows) != 2 {
			t.Errorf("%d in the window (%v)", len(page.Rows), err)
		}
	})
}

// TestS10SightingsKeepTheirProvenance: each place with its own, oldest first,
// the same place once.
func TestS10SightingsKeepTheirProvenance(t *testing.T) {
	engines(t, func(t *testing.T, s *Store) {
		i := insertIncident(t, s, newIncident(makeWorkspace(t, s)))
		want := []soc.Sighting{
			{Workspace: i.Workspace, Entity: "ENT", Incident: i.ID, Alert: "a1", Source: "s", Field: "entities[0]", Provenance: soc.ProvenanceSensorAsserted, SeenAt: fixtureTime},
			{Workspace: i.Workspace, Entity: "ENT", Incident: i.ID, Alert: "a1", Evidence: "E2", Source: "s", Field: "cmd", Provenance: soc.ProvenanceParsed, SeenAt: fixtureTime},
			{Workspace: i.Workspace, Entity: "ENT", Incident: i.ID, Alert: "a2", Source: "s", Field: "note", Provenance: soc.ProvenanceAgentAdded, SeenAt: fixtureTime.Add(time.Second)},
		}
		write(t, s, func(tx *Tx) error {
			if err := tx.InsertEntity(soc.Entity{ID: "ENT", Workspace: i.Workspace, Incident: i.ID, Kind: soc.KindHost, Value: "v", Provenance: soc.ProvenanceParsed}, i.Seq); err != nil {
				return err
			}
			for _, n := range []int{2, 1, 0, 1} {
				number := 0
				if want[n].Evidence != "" {
					number = 2
				}
				if err := tx.InsertSighting(want[n], number); err != nil {
					return err
				}
			}
			return nil
		})
		got, err := s.Read(context.Background()).Sightings(i.Workspace, "ENT", 10)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	})
}

// TestAlertReferencesAreKeptInOrder: what a source's incident names, also where
// the alert never came, and the incident that names an alert.
func TestAlertReferencesAreKeptInOrder(t *testing.T) {
	engines(t, func(t *testing.T, s *Store) {
		workspace := makeWorkspace(t, s)
		i, gone := insertIncident(t, s, newIncident(workspace)), newIncident(workspace)
		gone.DeletedAt = fixtureTime
		gone = insertIncident(t, s, gone)
		write(t, s, func(tx *Tx) error {
			for n, id := range []string{"b", "a", "missing"} {
				if err := tx.InsertAlertReference(workspace, id, i.ID, n); err != nil {
					return err
				}
			}
			return tx.InsertAlertReference(workspace, "only the deleted", gone.ID, 0)
		})
		r := s.Read(context.Background())
		named, err := r.AlertReferences(workspace, i.ID)
		if diff := cmp.Diff([]string{"b", "a", "missing"}, named); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
		by, err := r.ReferencingIncidents(workspace, i.Source, []string{"a", "missing", "nobody's", "only the deleted"})
		if diff := cmp.Diff(map[string]string{"a": i.ID, "missing": i.ID}, by); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
		if by, err := r.ReferencingIncidents(workspace, "another source", []string{"a"}); err != nil || len(by) != 0 {
			t.Errorf("%v %v", by, err)
		}
	})
}

// TestCommentsArePagedOnce: equal times, and times before 1970.
func TestCommentsArePagedOnce(t *testing.T) {
	engines(t, func(t *testing.T, s *Store) {
		i := insertIncident(t, s, newIncident(makeWorkspace(t, s)))
		var want []string
		write(t, s, func(tx *Tx) error {
			want = nil
			for n := range 11 {
				c := soc.Comment{ID: fmt.Sprintf("c%02d", n), Workspace: i.Workspace, Incident: i.ID, Body: strings.Repeat("ü\n", n), CreatedAt: fixtureTime}
				if n < 3 {
					c.CreatedAt = time.Date(1601, 1, 1, 0, 0, 0, 0, time.UTC)
				}
				want = append(want, c.ID)
				if err := tx.InsertComment(c); err != nil {
					return err
				}
			}
			return nil
		})
		var got []string
		var after *soc.Keyset
		for {
			page, err := s.Read(context.Background()).Comments(i.Workspace, i.ID, after, 4)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range page {
				got = append(got, c.ID)
			}
			if len(page) < 4 {
				break
			}
			after = AfterTime(page[3])
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
