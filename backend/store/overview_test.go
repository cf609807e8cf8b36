package store

import (
	"context"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"vedette/backend/soc"
)

// TestOverviewCountsWhatIsThere: each figure of the overview against incidents
// of which the answer is known, on both engines; another workspace's are not in
// it.
func TestOverviewCountsWhatIsThere(t *testing.T) {
	engines(t, func(t *testing.T, s *Store) {
		workspace, other := makeWorkspace(t, s), makeWorkspace(t, s)
		since := fixtureTime.Add(-time.Hour)
		incident := func(where string, severity soc.Severity, status soc.Status, held bool, came, judged time.Time) soc.Incident {
			i := newIncident(where)
			i.Severity, i.Status, i.Held, i.CreatedAt, i.IngestedAt, i.UpdatedAt = severity, status, held, came, came, came
			write(t, s, func(tx *Tx) (err error) {
				if i, err = tx.InsertIncident(i); err != nil || judged.IsZero() {
					return err
				}
				before := i
				i.UpdatedAt, i.Verdict, i.TriagedAt = judged, soc.VerdictTruePositive, judged
				_, err = tx.UpdateIncident(before, i)
				return err
			})
			return i
		}
		minute := func(n int) time.Time { return fixtureTime.Add(time.Duration(n) * time.Minute) }
		incident(workspace, soc.SeverityHigh, soc.StatusNew, false, minute(-30), time.Time{})
		incident(workspace, soc.SeverityHigh, soc.StatusNew, false, minute(-40), time.Time{})
		incident(workspace, soc.SeverityLow, soc.StatusActive, true, minute(-20), time.Time{})
		incident(workspace, soc.SeverityLow, soc.StatusNew, false, minute(-50), minute(-44))
		incident(other, soc.SeverityCritical, soc.StatusNew, true, minute(-59), time.Time{})
		r := s.Read(context.Background())

		held, waiting, err := r.HeldCounts(workspace)
		if err != nil || waiting.N != 1 || held[soc.SeverityLow] != 1 || !waiting.Oldest.Equal(minute(-20)) {
			t.Errorf("held %v %+v %v", held, waiting, err)
		}
		oldest, err := r.OldestNew(workspace)
		if err != nil || !oldest[soc.SeverityHigh].Equal(minute(-40)) || !oldest[soc.SeverityCritical].IsZero() || !oldest[soc.SeverityLow].Equal(minute(-50)) {
			t.Errorf("oldest %v %v", oldest, err)
		}
		times, err := r.TriageTimes(workspace, since)
		if want := map[soc.Severity][]time.Duration{soc.SeverityLow: {6 * time.Minute}}; err != nil || !gocmp.Equal(times, want) {
			t.Errorf("triage times %v %v", times, err)
		}
		write(t, s, func(tx *Tx) error {
			for n, hour := range []int{0, 0, 2} {
				if err := tx.CountSource(workspace, []string{"a", "b", "a"}[n], "generic", 3, 1, fixtureTime.Add(time.Duration(hour)*time.Hour)); err != nil {
					return err
				}
			}
			return tx.CountSource(other, "a", "generic", 100, 0, fixtureTime)
		})
		received, err := r.Received(workspace, fixtureTime.Truncate(time.Hour))
		if err != nil || len(received) != 2 || received[0].Received != 6 || received[0].Rejected != 2 || received[1].Received != 3 {
			t.Errorf("received %+v %v", received, err)
		}
	})
}
