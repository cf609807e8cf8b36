package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"vedette/backend/soc"
)

// proof is a row of evidence with one field.
func proof(i soc.Incident, number int, text, value string) soc.Evidence {
	return soc.Evidence{
		Workspace: i.Workspace, Incident: i.ID, Number: number, Alert: "alert", Source: i.Source, Type: "process", Text: text,
		Fields: []soc.Field{{Name: "CommandLine", Value: value, Provenance: soc.ProvenanceParsed}}, Provenance: soc.ProvenanceParsed, At: fixtureTime.Add(time.Duration(number) * time.Second),
	}
}

// TestS41SearchFindsAValueHoweverDeep: a word at byte 70,000 of a field or of
// the text is found, with escapes, markup and letters beyond ASCII around it.
func TestS41SearchFindsAValueHoweverDeep(t *testing.T) {
	deep := strings.Repeat("filler ", 10_000) // 70,000 bytes
	for name, c := range map[string]struct {
		text, value, query string
		found              bool
	}{
		"deep in a field":           {"row", deep + "needle", "needle", true},
		"deep in the text":          {deep + "needle", "", "needle", true},
		"one word in each":          {"row one", deep + "needle two", "two ONE", true},
		"one word missing":          {"row one", deep + "needle two", "two three", false},
		"another case":              {"row", "ÜBERTRAGUNG Ω", "übertragung ω", true},
		"another case, stored low":  {"row", "übertragung", "ÜBERTRAGUNG", true},
		"a quote":                   {"row", `cmd /c "evil\path" <script>`, `"evil\path"`, true},
		"markup":                    {"row", `cmd <script>alert(1)</script>`, "<script>alert(1)</script>", true},
		"a wildcard is a letter":    {"row", "plain", "p%n", false},
		"an underscore is a letter": {"row", "plain", "p_ain", false},
		"a field's name":            {"row", "x", "commandline", true},
		"not a member of the JSON":  {"row", "x", "provenance", false},
		"not its provenance":        {"row", "x", "parsed", false},
		"across a line":             {"row", "first\nsecond", "first second", true},
	} {
		t.Run(name, func(t *testing.T) {
			e := soc.Evidence{Text: c.text, Fields: []soc.Field{{Name: "CommandLine", Value: c.value, Provenance: "parsed"}}}
			if got := holdsWords(e, evidenceWords(c.query)); got != c.found {
				t.Errorf("found %v", got)
			}
		})
	}
	engines(t, func(t *testing.T, s *Store) {
		i := insertIncident(t, s, newIncident(makeWorkspace(t, s)))
		write(t, s, func(tx *Tx) error {
			for n := range 2*evidenceChunk + 3 {
				value := "nothing"
				if n%100 == 50 {
					value = deep + "Nädel"
				}
				if err := tx.InsertEvidence(proof(i, n+1, "row", value)); err != nil {
					return err
				}
			}
			return nil
		})
		f := soc.EvidenceFilter{Workspace: i.Workspace, Incident: i.ID, Query: "NÄDEL", Limit: 3}
		var numbers []int
		for range 3 {
			rows, next, err := s.Read(context.Background()).SearchEvidence(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range rows {
				numbers = append(numbers, e.Number)
			}
			if f.After = next; next == nil {
				break
			}
		}
		if diff := cmp.Diff([]int{51, 151, 251, 351}, numbers); diff != "" {
			t.Error(diff)
		}
		n, err := s.Read(context.Background()).CountEvidence(f)
		if err != nil || n != 4 {
			t.Errorf("counted %d (%v)", n, err)
		}
	})
}

// TestEvidencePagesEqualTheModel draws filters; times tie and lie before 1970.
func TestEvidencePagesEqualTheModel(t *testing.T) {
	engines(t, func(t *testing.T, s *Store) {
		workspace := makeWorkspace(t, s)
		i, other := insertIncident(t, s, newIncident(workspace)), insertIncident(t, s, newIncident(workspace))
		var model []soc.Evidence
		write(t, s, func(tx *Tx) error {
			model = nil
			if err := tx.InsertEntity(soc.Entity{ID: "ENT", Workspace: workspace, Incident: i.ID, Kind: soc.KindHost, Value: "v", Provenance: "parsed"}, i.Seq); err != nil {
				return err
			}
			for n := range 60 {
				e := proof(i, n+1, fmt.Sprintf("word%d shared", n%7), fmt.Sprintf("value%d", n%5))
				e.Type, e.At = []string{"process", "network"}[n%2], fixtureTime.Add(time.Duration(n%9)*time.Minute)
				if n%13 == 0 {
					e.At = time.Date(1601, 1, 1, 0, 0, 0, 0, time.UTC)
				}
				model = append(model, e)
				if err := tx.InsertEvidence(e); err != nil {
					return err
				}
				if n%3 == 0 {
					if err := tx.InsertSighting(soc.Sighting{Workspace: workspace, Entity: "ENT", Incident: i.ID, Alert: "alert", Provenance: "parsed"}, n+1); err != nil {
						return err
					}
				}
				if err := tx.InsertEvidence(proof(other, n+1, "shared", "other")); err != nil {
					return err
				}
				// The same entity elsewhere does not narrow or widen anything here.
				if err := tx.InsertSighting(soc.Sighting{Workspace: workspace, Entity: "ENT", Incident: other.ID, Alert: "other", Provenance: "parsed"}, n+1); err != nil {
					return err
				}
			}
			return nil
		})
		rapid.Check(t, func(rt *rapid.T) {
			f := soc.EvidenceFilter{Workspace: workspace, Incident: i.ID, Limit: rapid.IntRange(1, 25).Draw(rt, "limit")}
			f.Query = rapid.SampledFrom([]string{"", "", "word3", "shared value2", "VALUE4", "absent"}).Draw(rt, "query")
			f.Type = rapid.SampledFrom([]string{"", "process", "file"}).Draw(rt, "type")
			f.Entity = rapid.SampledFrom([]string{"", "ENT", "none"}).Draw(rt, "entity")
			if rapid.Bool().Draw(rt, "from") {
				f.From = fixtureTime.Add(2 * time.Minute)
			}
			if rapid.Bool().Draw(rt, "to") {
				f.To = fixtureTime.Add(6 * time.Minute)
			}
			want := slices.DeleteFunc(slices.Clone(model), func(e soc.Evidence) bool {
				return f.Type != "" && e.Type != f.Type || f.Entity == "none" || f.Entity == "ENT" && e.Number%3 != 1 ||
					!f.From.IsZero() && e.At.Before(f.From) || !f.To.IsZero() && e.At.After(f.To) || !holdsWords(e, evidenceWords(f.Query))
			})
			slices.SortStableFunc(want, func(a, b soc.Evidence) int { return a.At.Compare(b.At) })
			n, err := s.Read(context.Background()).CountEvidence(f)
			if err != nil || n != len(want) {
				rt.Fatalf("counted %d (%v), want %d", n, err, len(want))
			}
			var got []soc.Evidence
			for {
				rows, next, err := s.Read(context.Background()).SearchEvidence(f)
				if err != nil {
					rt.Fatal(err)
				}
				got = append(got, rows...)
				if f.After = next; next == nil {
					break
				}
			}
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				rt.Fatal(diff)
			}
			checkRanked(rt, s, f, want)
		})
	})
}

// checkRanked: page after page, a ranked search tells of every row of the filter
// or of one like it, none twice, and of none that the filter excludes.
func checkRanked(t *rapid.T, s *Store, f soc.EvidenceFilter, all []soc.Evidence) {
	f.After, f.Any = nil, true
	subjects, told := map[string]bool{}, map[int]bool{}
	for _, e := range all {
		subjects[e.Type+strings.Join(e.Entities, "")+e.Text] = true
	}
	for {
		rows, next, total, err := s.Read(context.Background()).RankEvidence(f)
		if err != nil || len(rows) > f.Limit || total < len(subjects) {
			t.Fatalf("%d of %d, %d by all words (%v)", len(rows), total, len(subjects), err)
		}
		for _, e := range rows {
			if told[e.Number] || f.Type != "" && e.Type != f.Type || f.Entity == "none" || !f.From.IsZero() && e.At.Before(f.From) {
				t.Fatalf("row %d should not come, or not again", e.Number)
			}
			told[e.Number] = true
			delete(subjects, e.Type+strings.Join(e.Entities, "")+e.Text)
		}
		if f.After = next; next == nil {
			break
		}
	}
	if len(subjects) > 0 {
		t.Fatalf("never told: %v", subjects)
	}
}
