package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"vedette/backend/soc"
	"vedette/backend/store/pgtest"
)

// scaleVariable names the number of incidents of the big side, if not
// scaleBig.
const scaleVariable = "VEDETTE_BENCH_SCALE"

// The numbers of incidents of the two sides.
const (
	scaleSmall = 10_000
	scaleBig   = 100_000
)

// BenchmarkScale reports what lists and searches cost on a big database, as a
// ratio to a small one of the same make-up in the same run; the figures proper
// are `vedette bench`'s. Storing the incidents takes minutes:
//
//	VEDETTE_BENCH_SCALE=1000000 go test -run '^$' -bench Scale -benchtime 1x -timeout 60m ./backend/store
func BenchmarkScale(b *testing.B) {
	big := scaleBig
	if stated := os.Getenv(scaleVariable); stated != "" {
		var err error
		if big, err = strconv.Atoi(stated); err != nil || big < scaleSmall {
			b.Fatalf("%s must be a number of at least %d, not %q", scaleVariable, scaleSmall, stated)
		}
	}
	b.Run("sqlite", func(b *testing.B) {
		folder := b.TempDir()
		scale(b, [2]string{filepath.Join(folder, "small.db"), filepath.Join(folder, "big.db")}, [2]int{scaleSmall, big})
	})
	b.Run("postgres", func(b *testing.B) {
		scale(b, [2]string{pgtest.Start(b), pgtest.Start(b)}, [2]int{scaleSmall, big})
	})
}

func scale(b *testing.B, where [2]string, incidents [2]int) {
	var workspaces [2]string
	var stores [2]*Store
	for side := range where {
		stores[side], workspaces[side] = scaleSide(b, where[side], incidents[side])
	}
	for _, c := range scaleCases() {
		b.Run(strings.ReplaceAll(c.name, " ", "_"), func(b *testing.B) {
			var spent [2]time.Duration
			for b.Loop() {
				for side, s := range stores {
					f := c.filter
					f.Workspace = workspaces[side]
					if c.deep {
						f = deepInto(b, s, f)
					}
					spent[side] += timed(b, s, f)
				}
			}
			b.ReportMetric(float64(spent[1])/float64(spent[0]), "big/small")
			b.ReportMetric(float64(spent[1].Microseconds())/float64(b.N), "big-µs")
		})
	}
}

// scaleSide fills a database and opens it anew, as a server would.
func scaleSide(b *testing.B, where string, incidents int) (s *Store, workspace string) {
	open := func() *Store {
		s, err := Open(context.Background(), where, Options{})
		if err != nil {
			b.Fatal(err)
		}
		return s
	}
	s = open()
	began := time.Now()
	workspace = seed(b, s, incidents)
	b.Logf("%d incidents stored in %v", incidents, time.Since(began).Round(time.Millisecond))
	_ = s.Close()
	s = open()
	b.Cleanup(func() { _ = s.Close() })
	settle(b, s)
	return s, workspace
}

// settle lets the engine do at once what it does in the minutes after so many
// writes, and what would be timed with the first cases.
func settle(t testing.TB, s *Store) {
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
func seed(t testing.TB, s *Store, n int) string {
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
func deepInto(t testing.TB, s *Store, f soc.IncidentFilter) soc.IncidentFilter {
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

// timed is the shortest time of one page, since noise only adds.
func timed(t testing.TB, s *Store, f soc.IncidentFilter) time.Duration {
	var times []time.Duration
	for range 15 {
		began := time.Now()
		err := s.View(context.Background(), func(r *Reader) error {
			_, err := r.ListIncidents(f, nil)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		times = append(times, time.Since(began))
	}
	return slices.Min(times)
}
