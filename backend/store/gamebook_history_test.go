package store

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vedette/backend/soc"
)

// historyText of the test: what a gamebook is found by.
type historyRow struct {
	soc.Gamebook
	text string
}

// gamebooksOf fills a workspace with gamebooks of few times, so that pages meet
// ties.
func gamebooksOf(t *testing.T, s *Store, workspace string, n int) []historyRow {
	r := rand.New(rand.NewPCG(uint64(n), 9)) //nolint:gosec // a test
	i := insertIncident(t, s, newIncident(workspace))
	var rows []historyRow
	write(t, s, func(tx *Tx) error {
		rows = nil
		for k := range n {
			g := soc.Gamebook{
				ID: fmt.Sprintf("GB-%s%04d", workspace[30:34], k), Workspace: workspace, Incident: i.ID, Status: soc.AllGamebookStatuses[r.IntN(len(soc.AllGamebookStatuses))],
				Class: soc.ClassReversible, Impact: soc.ImpactLow, Taint: soc.TaintClean, Nonce: fmt.Sprint(workspace, k), PlanHash: fmt.Sprint(k), World: "{}", Facts: "{}", Canonical: []byte("{}"),
				RequestedAt: fixtureTime.Add(time.Duration(r.IntN(9)) * time.Second), Version: 1,
			}
			if g.Status.Ended() {
				g.FinishedAt = fixtureTime.Add(time.Hour)
			}
			row := historyRow{g, g.ID + " " + titles[r.IntN(len(titles))]}
			rows = append(rows, row)
			if err := tx.InsertGamebook(g); err != nil {
				return err
			}
			if err := tx.IndexGamebook(g, row.text); err != nil {
				return err
			}
		}
		return nil
	})
	return rows
}

// TestHistoryEqualsTheModel draws workspaces, statuses, words and page sizes:
// the pages put together, by keyset and by number, are what a naive reading of
// all rows gives.
func TestHistoryEqualsTheModel(t *testing.T) {
	engines(t, func(t *testing.T, s *Store) {
		var workspaces []string
		var all []historyRow
		for n := range 3 {
			w := makeWorkspace(t, s)
			workspaces = append(workspaces, w)
			all = append(all, gamebooksOf(t, s, w, 60+n)...)
		}
		ctx := context.Background()
		rapid.Check(t, func(rt *rapid.T) {
			among := rapid.SliceOfNDistinct(rapid.SampledFrom(workspaces), 1, 3, rapid.ID[string]).Draw(rt, "workspaces")
			f := soc.GamebookSearch{Statuses: someOf(rt, "statuses", soc.AllGamebookStatuses), Limit: rapid.SampledFrom([]int{1, 7, 50}).Draw(rt, "limit")}
			if rapid.Bool().Draw(rt, "query") {
				f.Query = strings.Join(rapid.SliceOfN(rapid.SampledFrom(strings.Fields(strings.Join(titles, " ")+" GB powershell absent")), 1, 3).Draw(rt, "words"), " ")
			}
			var want []historyRow
			for _, row := range all {
				has, asked := wordsOf(row.text), wordsOf(f.Query)
				if slices.Contains(among, row.Workspace) && selected(f.Statuses, row.Status) && (f.Query == "" || len(asked) > 0 && !slices.ContainsFunc(asked, func(word string) bool {
					return !slices.ContainsFunc(has, func(h string) bool { return cutWord(h) == cutWord(word) })
				})) {
					want = append(want, row)
				}
			}
			slices.SortFunc(want, func(a, b historyRow) int {
				return -cmp.Or(a.RequestedAt.Compare(b.RequestedAt), strings.Compare(a.ID, b.ID))
			})
			wanted := make([]string, len(want))
			for n, row := range want {
				wanted[n] = row.ID
			}
			got := []string{}
			paged := f
			for {
				found, next, err := s.Read(ctx).GamebookHistory(among, paged)
				if err != nil {
					rt.Fatal(err)
				}
				for _, g := range found {
					got = append(got, g.ID)
				}
				if next == nil || len(got) > len(all) {
					break
				}
				paged.After = next
			}
			if diff := gocmp.Diff(wanted, got); diff != "" {
				rt.Fatalf("%+v (-want +got):\n%s", f, diff)
			}
			if total, capped, err := s.Read(ctx).CountGamebookHistory(among, f); err != nil || total != len(want) || capped {
				rt.Fatalf("total %d, capped %v (%v), want %d", total, capped, err, len(want))
			}
			f.Offset = rapid.IntRange(0, len(want)+2).Draw(rt, "offset")
			found, _, err := s.Read(ctx).GamebookHistory(among, f)
			from := min(f.Offset, len(want))
			if page := wanted[from:min(from+f.Limit, len(want))]; err != nil || len(found) != len(page) || len(page) > 0 && found[0].ID != page[0] {
				rt.Fatalf("at offset %d: %d rows (%v), want %d", f.Offset, len(found), err, len(page))
			}
		})
	})
}

func cutWord(word string) string {
	runes := []rune(word)
	return string(runes[:min(len(runes), wordRunes)])
}

// TestNoHistoryScansOrSorts: no step reads all gamebooks, and what is sorted is
// the page alone, also with more workspaces than one statement unites.
func TestNoHistoryScansOrSorts(t *testing.T) {
	engines(t, func(t *testing.T, s *Store) {
		workspace := makeWorkspace(t, s)
		gamebooksOf(t, s, workspace, 900)
		for name, f := range map[string]soc.GamebookSearch{
			"all": {}, "status": {Statuses: soc.AllGamebookStatuses[:1]}, "statuses": {Statuses: soc.AllGamebookStatuses[:5]},
			"words": {Query: "suspicious powershell"}, "words and status": {Query: "phish", Statuses: soc.AllGamebookStatuses[1:3]},
			"behind": {After: &soc.Keyset{Value: "1", ID: "GB-0"}},
		} {
			f.Limit = 50
			r := s.Read(context.Background())
			kept := &recorder{queryer: r.q}
			r.q = kept
			if _, _, err := r.GamebookHistory([]string{workspace, "another"}, f); err != nil {
				t.Fatal(err)
			}
			for n, text := range kept.texts {
				plan := strings.Join(planOf(t, s, text, kept.args[n]), "\n")
				if strings.Contains(plan, "SCAN gamebook") || strings.Contains(plan, "Seq Scan on gamebook") || strings.Contains(plan, "SCAN w") {
					t.Errorf("%s reads a whole table:\n%s\n%s", name, text, plan)
				}
			}
		}
		many := make([]string, compoundLimit+5)
		for n := range many {
			many[n] = fmt.Sprintf("w%d", n)
		}
		many[len(many)-1] = workspace
		found, _, err := s.Read(context.Background()).GamebookHistory(many, soc.GamebookSearch{Limit: 9})
		if err != nil || len(found) != 9 {
			t.Errorf("%d gamebooks of %d workspaces: %v", len(found), len(many), err)
		}
	})
}
