package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"vedette/backend/soc"
	"vedette/backend/store/pgtest"
)

// scaleVariable asks for TestScale: the number of incidents of the big side.
const scaleVariable = "VEDETTE_TEST_SCALE"

// scaleSmall is the number of incidents of the small side.
const scaleSmall = 10_000

// TestScale times lists and searches on a small and a big database of the same
// make-up and fails where the big one costs more than three times the small
// one's; the figures proper are `vedette bench`'s. It takes minutes:
//
//	VEDETTE_TEST_SCALE=1000000 go test -run TestScale -timeout 60m -v ./backend/store
func TestScale(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv(scaleVariable))
	if n == 0 {
		t.Skip("set " + scaleVariable + " to a number of incidents")
	}
	t.Run("sqlite", func(t *testing.T) {
		folder := t.TempDir()
		scale(t, filepath.Join(folder, "small.db"), filepath.Join(folder, "big.db"), n)
	})
	t.Run("postgres", func(t *testing.T) { scale(t, pgtest.Start(t), pgtest.Start(t), n) })
}

func scale(t *testing.T, small, big string, n int) {
	ctx := context.Background()
	open := func(where string) *Store {
		s, err := Open(ctx, where, Options{})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	var workspaces [2]string
	var stores [2]*Store
	for side, where := range []string{small, big} {
		s := open(where)
		began := time.Now()
		workspaces[side] = seed(t, s, []int{scaleSmall, n}[side])
		t.Logf("%d incidents stored in %v", []int{scaleSmall, n}[side], time.Since(began).Round(time.Millisecond))
		_ = s.Close()
		began = time.Now()
		stores[side] = open(where)
		t.Logf("opened in %v", time.Since(began).Round(time.Microsecond))
		settle(t, stores[side])
		defer func() { _ = s.Close() }()
		defer func() { _ = stores[side].Close() }()
	}
	for _, c := range scaleCases() {
		var best [2]time.Duration
		var rows [2]int
		for side, s := range stores {
			f := c.filter
			f.Workspace = workspaces[side]
			if c.deep {
				f = deepInto(t, s, f)
			}
			best[side], rows[side] = timed(t, s, f)
		}
		ratio := float64(best[1]) / float64(best[0])
		t.Logf("%-40s %10v %10v  x%.2f  %d and %d rows", c.name, best[0], best[1], ratio, rows[0], rows[1])
		if ratio > 3 && rows[0] == rows[1] {
			t.Errorf("%s: %.1f times the small database", c.name, ratio)
		}
	}
}

// settle lets the engine do at once what it does in the minutes after so many
// writes, and what would be timed with the first cases.
func settle(t *testing.T, s *Store) {
	t.Helper()
	var err error
	if s.dialect == postgresDialect {
		_, err = s.pool.Exec(context.Background(), `VACUUM (ANALYZE)`)
	} else {
		_, err = s.writerDB.Exec(`PRAGMA wal_checkpoint(TRUNCATE)`)
	}
	if err != nil {
		t.Fatal(err)
	}
}

type scaleCase struct {
	name   string
	filter soc.IncidentFilter
	deep   bool
}

func scaleCases() (cases []scaleCase) {
	add := func(name string, f soc.IncidentFilter) {
		f.Limit = 50
		cases = append(cases, scaleCase{name, f, false}, scaleCase{name + ", deep", f, true})
	}
	open := []soc.Status{soc.StatusNew, soc.StatusActive, soc.StatusContained, soc.StatusEradicated, soc.StatusRecovered}
	for _, sort := range []string{"-created_at", "-updated_at", "severity", "-status", "incident_number"} {
		add(sort, soc.IncidentFilter{Sort: sort})
		add(sort+" new", soc.IncidentFilter{Sort: sort, Statuses: open[:1]})
		add(sort+" closed critical", soc.IncidentFilter{Sort: sort, Statuses: soc.AllStatuses[5:], Severities: soc.AllSeverities[4:]})
		add(sort+" open", soc.IncidentFilter{Sort: sort, Statuses: open})
		add(sort+" rare source", soc.IncidentFilter{Sort: sort, Sources: []string{"rare"}})
		add(sort+" source", soc.IncidentFilter{Sort: sort, Sources: []string{"Sentinel"}})
		add(sort+" source new high", soc.IncidentFilter{Sort: sort, Sources: []string{"Sentinel"}, Statuses: open[:1], Severities: soc.AllSeverities[3:4]})
		add(sort+" type", soc.IncidentFilter{Sort: sort, Types: []string{"phishing"}})
		add(sort+" last day", soc.IncidentFilter{Sort: sort, CreatedAfter: fixtureTime.Add(-24 * time.Hour)})
	}
	add("common word", soc.IncidentFilter{Query: "suspicious"})
	add("two common words", soc.IncidentFilter{Query: "suspicious powershell"})
	add("common and rare word", soc.IncidentFilter{Query: "suspicious needle7"})
	add("rare word", soc.IncidentFilter{Query: "needle7"})
	add("common word, new", soc.IncidentFilter{Query: "suspicious", Statuses: open[:1]})
	add("common word, last day", soc.IncidentFilter{Query: "suspicious", CreatedAfter: fixtureTime.Add(-24 * time.Hour)})
	return cases
}

// seed fills a workspace with n incidents of the same make-up whatever n is:
// one in ten is open, one in a hundred holds a rare word or a rare source.
func seed(t *testing.T, s *Store, n int) string {
	workspace := makeWorkspace(t, s)
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a test
	words := []string{"suspicious", "powershell", "login", "malware", "beacon", "mailbox", "forwarding", "token", "lateral", "movement"}
	const batch = 500
	for first := 0; first < n; first += batch {
		write(t, s, func(tx *Tx) error {
			incidents := make([]soc.Incident, 0, batch)
			for k := first; k < min(first+batch, n); k++ {
				i := newIncident(workspace)
				// A thousand a day, the newest at the end.
				i.CreatedAt = fixtureTime.Add(-time.Duration(n-k) * 86400 * time.Millisecond)
				i.UpdatedAt = i.CreatedAt.Add(time.Duration(r.IntN(1000)) * time.Second)
				i.Status, i.Severity = soc.StatusClosed, soc.AllSeverities[r.IntN(5)]
				if r.IntN(10) == 0 {
					i.Status = soc.AllStatuses[r.IntN(5)]
				}
				i.Source, i.Type = []string{"Sentinel", "DefenderXDR", "QRadar"}[r.IntN(3)], []string{"malware", "phishing", "other"}[r.IntN(3)]
				if k%max(n/100, 1) == 0 {
					i.Source = "rare"
				}
				i.Title = fmt.Sprintf("%s %s %s on host-%d", words[r.IntN(10)], words[r.IntN(10)], words[r.IntN(10)], r.IntN(5000))
				if k%max(n/100, 1) == 0 {
					i.Title += " needle7"
				}
				incidents = append(incidents, i)
			}
			return tx.InsertIncidents(incidents)
		})
	}
	return workspace
}

// deepInto goes half-way into a list.
func deepInto(t *testing.T, s *Store, f soc.IncidentFilter) soc.IncidentFilter {
	total, _, err := s.Read(context.Background()).CountIncidents(f, nil)
	if err != nil {
		t.Fatal(err)
	}
	f.Limit = min(total/2, 9000)
	page, err := s.Read(context.Background()).ListIncidents(f, nil)
	if err != nil {
		t.Fatal(err)
	}
	f.After, f.Limit = page.Next, 50
	return f
}

// timed is the shortest time of one page, since noise only adds, and its rows.
func timed(t *testing.T, s *Store, f soc.IncidentFilter) (best time.Duration, rows int) {
	var times []time.Duration
	for range 15 {
		began := time.Now()
		err := s.View(context.Background(), func(r *Reader) error {
			page, err := r.ListIncidents(f, nil)
			rows = len(page.Incidents)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		times = append(times, time.Since(began))
	}
	return slices.Min(times).Round(time.Microsecond), rows
}
