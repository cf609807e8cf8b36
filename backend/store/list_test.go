package store

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vedette/backend/soc"
)

// titles hold what a search must and must not fold: case, letters beyond
// ASCII, digits, ids, words that begin alike, and the syntax of both engines.
var titles = []string{
	"Suspicious PowerShell command line", "suspicious-powershell: encoded", "Phish reported by user", "phishing campaign", "Rücksetzung der ÄNDERUNG", "RÜCKSETZUNG",
	"日本語の件名 alert", "T1059.001 AND NOT (x OR y) NEAR", `quote " star * colon : caret ^`, "a & b | c <-> d", "e5f1 1e5 0x1F 12abc", strings.Repeat("long", 40) + " tail", "", "...",
}

var listSources = []string{"Sentinel", "DefenderXDR", "wazuh"}

// listAssignees and listAddresses are drawn apart: a source may know the
// address alone, and people the id.
var listAssignees, listAddresses = []string{"", "", "ana", "ben"}, []string{"", "", "Ana@Example.com", "ben@example.com"}

var listTypes = []string{"malware", "phishing", "lateral_movement"}

// randomIncident has few values of each kind, so that filters meet ties.
func randomIncident(r *rand.Rand, workspace string) soc.Incident {
	i := newIncident(workspace)
	second := func() time.Time {
		return fixtureTime.Add(time.Duration(r.IntN(40)) * time.Second).Add(time.Duration(r.IntN(2)) * 500 * time.Millisecond)
	}
	i.Title, i.Description = titles[r.IntN(len(titles))], titles[r.IntN(len(titles))]
	i.Source, i.Type = listSources[r.IntN(len(listSources))], listTypes[r.IntN(len(listTypes))]
	i.Severity = soc.AllSeverities[r.IntN(len(soc.AllSeverities))]
	i.Status = soc.AllStatuses[r.IntN(len(soc.AllStatuses))]
	if r.IntN(3) == 0 {
		i.Verdict = soc.VerdictTruePositive
	}
	i.AssigneeID, i.AssigneeEmail = listAssignees[r.IntN(len(listAssignees))], listAddresses[r.IntN(len(listAddresses))]
	i.CreatedAt, i.UpdatedAt = second(), second()
	if r.IntN(20) == 0 {
		i.CreatedAt = time.Date(1601, 1, 1, 0, 0, r.IntN(3), 0, time.UTC) // FILETIME zero, which products send
	}
	return i
}

// listData fills a workspace with incidents, changes and deletes some, and
// returns what a list may show, as stored.
func listData(t *testing.T, s *Store, seed uint64, workspace string, n int) []soc.Incident {
	r := rand.New(rand.NewPCG(seed, 7)) //nolint:gosec // a test
	var model []soc.Incident
	write(t, s, func(tx *Tx) error {
		model = model[:0]
		for range n {
			i, err := tx.InsertIncident(randomIncident(r, workspace))
			if err != nil {
				return err
			}
			model = append(model, i)
		}
		return nil
	})
	var shown []soc.Incident
	for _, before := range model {
		if r.IntN(4) > 0 {
			shown = append(shown, before)
			continue
		}
		after := randomIncident(r, workspace)
		after.ID, after.ShortID, after.Seq, after.Number, after.ExternalID, after.Source = before.ID, before.ShortID, before.Seq, before.Number, before.ExternalID, before.Source
		if r.IntN(2) == 0 {
			after.DeletedAt = fixtureTime
		}
		write(t, s, func(tx *Tx) (err error) {
			after, err = tx.UpdateIncident(before, after)
			return err
		})
		if after.DeletedAt.IsZero() {
			shown = append(shown, after)
		}
	}
	return shown
}

var wordPattern = regexp.MustCompile(`[\p{L}\p{Nd}]+`)

func wordsOf(text string) []string { return wordPattern.FindAllString(strings.ToLower(text), -1) }

// modelMatches is the meaning of a filter, told a second time.
func modelMatches(f soc.IncidentFilter, phases []int, i soc.Incident) bool {
	if !selected(f.Statuses, i.Status) || !selected(f.Severities, i.Severity) || !selected(f.Sources, i.Source) || !selected(f.Types, i.Type) || !selected(phases, int(i.Phase())) {
		return false
	}
	if !f.CreatedAfter.IsZero() && !i.CreatedAt.After(f.CreatedAfter) || !f.CreatedBefore.IsZero() && !i.CreatedAt.Before(f.CreatedBefore) {
		return false
	}
	if f.ByAssignee() && !slices.Contains(f.AssigneeIDs, i.AssigneeID) &&
		!slices.ContainsFunc(f.AssigneeEmails, func(e string) bool { return strings.EqualFold(e, i.AssigneeEmail) }) &&
		!(f.Unassigned && i.AssigneeID == "" && i.AssigneeName == "" && i.AssigneeEmail == "") {
		return false
	}
	if f.Query == "" {
		return true
	}
	has := wordsOf(strings.Join([]string{i.Title, i.Description, i.ID, i.ShortID, i.ExternalID, fmt.Sprint(i.Number)}, " "))
	asked := wordsOf(f.Query)
	for _, word := range asked {
		if len([]rune(word)) > wordRunes {
			word = string([]rune(word)[:wordRunes])
		}
		if !slices.ContainsFunc(has, func(h string) bool {
			return h == word || len([]rune(h)) > wordRunes && strings.HasPrefix(h, word) && len([]rune(word)) == wordRunes
		}) {
			return false
		}
	}
	return len(asked) > 0
}

func modelOrder(f soc.IncidentFilter) func(a, b soc.Incident) int {
	name, descending := strings.CutPrefix(cmp.Or(f.Sort, "-created_at"), "-")
	return func(a, b soc.Incident) int {
		var c int
		switch name {
		case "created_at":
			if f.Query != "" {
				// Times before 1834 are one second to a search.
				second := func(i soc.Incident) int64 { return max(i.CreatedAt.Unix(), -1<<33) }
				c = cmp.Or(cmp.Compare(second(a), second(b)), cmp.Compare(a.Seq, b.Seq))
			} else {
				c = a.CreatedAt.Compare(b.CreatedAt)
			}
		case "updated_at":
			c = a.UpdatedAt.Compare(b.UpdatedAt)
		case "severity":
			c = a.Severity.Rank() - b.Severity.Rank()
		case "status":
			c = int(a.Phase()) - int(b.Phase())
		case "incident_number":
			c = cmp.Compare(a.Number, b.Number)
		}
		if c = cmp.Or(c, strings.Compare(a.ID, b.ID)); descending {
			c = -c
		}
		return c
	}
}

// someOf draws a subset, often none.
func someOf[T comparable](rt *rapid.T, label string, values []T) []T {
	if rapid.Bool().Draw(rt, label+" given") {
		return nil
	}
	return rapid.SliceOfNDistinct(rapid.SampledFrom(values), 1, len(values), rapid.ID[T]).Draw(rt, label)
}

func drawFilter(rt *rapid.T, workspace string) (f soc.IncidentFilter, phases []int) {
	f.Workspace = workspace
	f.Statuses, f.Severities = someOf(rt, "statuses", soc.AllStatuses), someOf(rt, "severities", soc.AllSeverities)
	f.Sources, f.Types = someOf(rt, "sources", append(listSources, "nobody")), someOf(rt, "types", append(listTypes, "nothing"))
	if rapid.Bool().Draw(rt, "by phase") {
		f.Statuses, phases = nil, someOf(rt, "phases", allPhases)
	}
	if rapid.IntRange(0, 2).Draw(rt, "assignee") == 0 {
		f.AssigneeIDs = someOf(rt, "assignees", []string{"ana", "ben", "nobody"})
		f.AssigneeEmails = someOf(rt, "addresses", []string{"ANA@example.com", "ben@example.com", "no@example.com"})
		f.Unassigned = rapid.Bool().Draw(rt, "unassigned")
	}
	if rapid.IntRange(0, 3).Draw(rt, "window") == 0 {
		f.CreatedAfter = fixtureTime.Add(time.Duration(rapid.IntRange(-2, 45).Draw(rt, "after")) * 500 * time.Millisecond)
	}
	if rapid.IntRange(0, 3).Draw(rt, "window end") == 0 {
		f.CreatedBefore = fixtureTime.Add(time.Duration(rapid.IntRange(-2, 80).Draw(rt, "before")) * 500 * time.Millisecond)
	}
	if rapid.IntRange(0, 2).Draw(rt, "query") == 0 {
		words := rapid.SliceOfN(rapid.SampledFrom(strings.Fields(strings.Join(titles, " ")+" INC powershell absent ü 1 external")), 1, 3).Draw(rt, "words")
		f.Query = strings.Join(words, " ")
	}
	f.Sort = rapid.SampledFrom([]string{"", "-"}).Draw(rt, "direction") + rapid.SampledFrom(SortOrders()).Draw(rt, "sort")
	f.Limit = rapid.SampledFrom([]int{1, 7, 50}).Draw(rt, "limit")
	return f, phases
}

func ids(incidents []soc.Incident) []string {
	out := make([]string, len(incidents))
	for n, i := range incidents {
		out[n] = i.ID
	}
	return out
}

// TestListsEqualTheModel draws filters, orders and page sizes: the pages put
// together are what a naive reading of all rows gives, each row once, and so
// are totals and pages by number.
func TestListsEqualTheModel(t *testing.T) {
	engines(t, func(t *testing.T, s *Store) {
		workspace, other := makeWorkspace(t, s), makeWorkspace(t, s)
		shown := listData(t, s, 11, workspace, 220)
		listData(t, s, 12, other, 60)
		ctx := context.Background()
		rapid.Check(t, func(rt *rapid.T) {
			f, phases := drawFilter(rt, workspace)
			var want []soc.Incident
			for _, i := range shown {
				if modelMatches(f, phases, i) {
					want = append(want, i)
				}
			}
			slices.SortFunc(want, modelOrder(f))

			var got []soc.Incident
			paged := f
			for {
				page, err := s.Read(ctx).ListIncidents(paged, phases)
				if err != nil {
					rt.Fatal(err)
				}
				if len(page.Incidents) > f.Limit || (page.Next != nil && len(page.Incidents) != f.Limit) {
					rt.Fatalf("a page of %d with limit %d", len(page.Incidents), f.Limit)
				}
				got = append(got, page.Incidents...)
				if page.Next == nil {
					break
				}
				if len(got) > len(shown) {
					rt.Fatal("the pages do not end")
				}
				paged.After = page.Next
			}
			if diff := gocmp.Diff(ids(want), ids(got)); diff != "" {
				rt.Fatalf("%+v %v (-want +got):\n%s", f, phases, diff)
			}

			total, capped, err := s.Read(ctx).CountIncidents(f, phases)
			if err != nil || total != len(want) || capped {
				rt.Fatalf("total %d, capped %v (%v), want %d", total, capped, err, len(want))
			}
			f.Offset = rapid.IntRange(0, len(want)+3).Draw(rt, "offset")
			page, err := s.Read(ctx).ListIncidents(f, phases)
			if err != nil {
				rt.Fatal(err)
			}
			from := min(f.Offset, len(want))
			if diff := gocmp.Diff(ids(want[from:min(from+f.Limit, len(want))]), ids(page.Incidents)); diff != "" {
				rt.Fatalf("at offset %d (-want +got):\n%s", f.Offset, diff)
			}
		})
	})
}

// TestAListGivesRowsAsTheyWereWritten compares every column.
func TestAListGivesRowsAsTheyWereWritten(t *testing.T) {
	engines(t, func(t *testing.T, s *Store) {
		score := 77
		i := newIncident(makeWorkspace(t, s))
		i.VerdictScore, i.Held, i.HoldReasons = &score, true, []soc.Code{soc.CodeConflict}
		i.Verdict, i.VerdictBy, i.VerdictReason, i.Investigation = soc.VerdictSuspicious, soc.PrincipalPerson, "because", "inv"
		i.ProposedVerdict, i.ClosingComment, i.TriagedAt, i.LastTriage = soc.VerdictFalsePositive, "c\u2028<&>", fixtureTime, "triage-1"
		i.AssigneeID, i.AssigneeName, i.AssigneeEmail = "p", "Ünal", "u@example.com"
		i.Tactics, i.Products, i.RuleIDs = []string{"Execution"}, []string{"MDE"}, []string{"r"}
		i.Flags, i.DanglingAlerts = []soc.Flag{{Rule: "bidi", Field: "title", Offset: 3}}, []string{"gone"}
		i.AlertCount, i.EntityCount, i.EvidenceCount, i.SourceNumber = 1, 2, 3, 4
		i.FirstActivity, i.LastActivity, i.SourceModified = fixtureTime.Add(-time.Hour), fixtureTime.Add(time.Microsecond), time.Date(1601, 1, 1, 0, 0, 0, 0, time.UTC)
		i = insertIncident(t, s, i)
		page, err := s.Read(context.Background()).ListIncidents(soc.IncidentFilter{Workspace: i.Workspace}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff([]soc.Incident{i}, page.Incidents); diff != "" {
			t.Errorf("(-written +read):\n%s", diff)
		}
		changed := i
		changed.Title, changed.Version = "another", i.Version+1
		write(t, s, func(tx *Tx) error { _, err := tx.UpdateIncident(i, changed); return err })
		got, _, err := s.Read(context.Background()).Incident(i.Workspace, i.ShortID)
		if diff := gocmp.Diff(changed, got); err != nil || diff != "" {
			t.Errorf("%v (-written +read):\n%s", err, diff)
		}
	})
}

// TestTalliesNeverDrift writes, changes and deletes at random and counts.
func TestTalliesNeverDrift(t *testing.T) {
	engines(t, func(t *testing.T, s *Store) {
		workspace := makeWorkspace(t, s)
		r := rand.New(rand.NewPCG(3, 4)) //nolint:gosec // a test
		live := map[string]soc.Incident{}
		for range 150 {
			failing := r.IntN(5) == 0
			var wrote soc.Incident
			err := s.Write(context.Background(), func(tx *Tx) (err error) {
				i := randomIncident(r, workspace)
				if r.IntN(2) == 0 {
					wrote, err = tx.InsertIncident(i)
				} else {
					for _, before := range live {
						i.ID, i.ShortID, i.Number, i.Source, i.ExternalID, i.Seq = before.ID, before.ShortID, before.Number, before.Source, before.ExternalID, before.Seq
						if r.IntN(4) == 0 {
							i.DeletedAt = fixtureTime
						}
						wrote, err = tx.UpdateIncident(before, i)
						break
					}
				}
				if err == nil && failing {
					return errStaleRow
				}
				return err
			})
			switch {
			case failing:
			case err != nil:
				t.Fatal(err)
			case !wrote.DeletedAt.IsZero():
				delete(live, wrote.ID)
			case wrote.ID != "":
				live[wrote.ID] = wrote
			}
		}
		want := map[Tally]int{}
		for _, i := range live {
			want[Tally{Status: i.Status, Phase: int(i.Phase()), SeverityRank: i.Severity.Rank()}]++
		}
		tallies, err := s.Read(context.Background()).Tallies(workspace)
		if err != nil {
			t.Fatal(err)
		}
		got := map[Tally]int{}
		for _, tally := range tallies {
			n := tally.N
			tally.N = 0
			got[tally] = n
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("(-counted +kept):\n%s", diff)
		}
	})
}

// TestS56SearchSyntaxIsOnlyText asks with the syntax of both engines.
func TestS56SearchSyntaxIsOnlyText(t *testing.T) {
	engines(t, func(t *testing.T, s *Store) {
		i := newIncident(makeWorkspace(t, s))
		i.Title = "needle"
		insertIncident(t, s, i)
		for query, found := range map[string]int{
			"needle": 1, "NEEDLE": 1, `"needle"`: 1, "needle*": 1, "^needle": 1, "needle:*": 1, "(needle)": 1, "'needle'": 1, "!needle": 1, "-needle": 1, "words:needle": 0,
			"needle OR absent": 0, "needle NOT absent": 0, "needl": 0, "needle needle": 1, strings.Repeat("needle ", 40): 1, strings.Repeat("x", 5000): 0, "''": 0, "*": 0, "\x00": 0, "needle\x00": 1, "\xff": 0,
			"% _ needle": 1, "needle;--": 1, "w" + strings.ReplaceAll(i.Workspace, "-", "") + "needle": 0,
		} {
			page, err := s.Read(context.Background()).ListIncidents(soc.IncidentFilter{Workspace: i.Workspace, Query: query}, nil)
			if err != nil || len(page.Incidents) != found {
				t.Errorf("%.40q: %d found (%v), want %d", query, len(page.Incidents), err, found)
			}
		}
	})
}
