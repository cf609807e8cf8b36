package eval

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vedette/agent/measure"
	"vedette/backend/soc"
)

var dawn = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

func made(n int, workspace, title string, truth soc.Verdict, hour float64, delay time.Duration) Item {
	at := dawn.Add(time.Duration(hour * float64(time.Hour)))
	return Item{
		ID: fmt.Sprintf("i%d", n), Workspace: workspace, At: at, Truth: truth, Visible: at.Add(delay), Score: true,
		Keys: soc.AlertKey{Title: title, Detector: "d-" + title}, Category: "c",
	}
}

func counters(pooling bool) Start {
	return func(Round) (Instance, func() error, error) {
		return &Counters{Pooling: pooling}, func() error { return nil }, nil
	}
}

func ask(t testing.TB, items []Item, pooling bool) []measure.Case {
	t.Helper()
	cases, err := Run(context.Background(), Set{Rounds: []Round{{Items: items}}}, counters(pooling), func(int, int) {})
	if err != nil {
		t.Fatal(err)
	}
	return cases
}

// TestT29KnownAnswers: an authored history whose every number is worked out by
// hand from T8.
func TestT29KnownAnswers(t *testing.T) {
	tp, fp := soc.VerdictTruePositive, soc.VerdictFalsePositive
	items := []Item{
		made(0, "a", "x", fp, 0, time.Hour),
		made(1, "a", "x", fp, 0.5, time.Hour), // the first verdict comes at 1.0
		made(2, "a", "x", fp, 1, time.Hour),   // sees one
		made(3, "a", "y", tp, 2, time.Hour),   // sees three, of another type
		made(4, "b", "x", tp, 3, time.Hour),   // another workspace
	}
	cases := ask(t, items, false)
	third := 1.0 / 3
	smooth := func(k, n, coarser float64) float64 { return (k + 2*coarser) / (n + 2) }
	one := smooth(1, 1, smooth(1, 1, smooth(1, 1, third)))
	for i, want := range []struct {
		fp   float64
		cold bool
	}{{third, true}, {third, true}, {one, false}, {smooth(3, 3, third), false}, {third, true}} {
		if got := cases[i]; math.Abs(got.P.FalsePositive-want.fp) > 1e-12 || got.ColdStart != want.cold || got.Unknown != want.cold {
			t.Errorf("item %d: %+v, want p(FP) %v, cold %v", i, got, want.fp, want.cold)
		}
	}
	pooled := ask(t, items, true)[4]
	if !pooled.ColdStart || pooled.Stated != soc.VerdictUndetermined || pooled.P.FalsePositive <= third || pooled.Slices["level"] != string(soc.LevelPooledTitle) {
		t.Errorf("with pooling a foreign workspace's counts order and nothing more: %+v", pooled)
	}
}

// history is a long history in which the title says the verdict nine times of ten.
func history(seed uint64, n int) []Item {
	random := rand.New(rand.NewPCG(seed, 7))
	var items []Item
	for i := range n {
		title := random.IntN(6)
		truth := measure.Classes[title%3]
		if random.IntN(10) == 0 {
			truth = measure.Classes[random.IntN(3)]
		}
		items = append(items, made(i, fmt.Sprint("w", random.IntN(4)), fmt.Sprint("t", title), truth, float64(i), 6*time.Hour))
	}
	return items
}

// TestT29ShuffledLabels: labels that mean nothing are not foretold.
func TestT29ShuffledLabels(t *testing.T) {
	right := func(items []Item) float64 {
		s, err := measure.Summarize(ask(t, items, false), 1)
		if err != nil {
			t.Fatal(err)
		}
		return s.Accuracy.Value
	}
	items := history(1, 900)
	if got := right(items); got < 0.80 {
		t.Errorf("accuracy %.3f where the title says the verdict", got)
	}
	random := rand.New(rand.NewPCG(2, 2))
	for i := range items {
		items[i].Truth = measure.Classes[random.IntN(3)]
	}
	if got := right(items); math.Abs(got-1.0/3) > 0.06 {
		t.Errorf("accuracy %.3f on shuffled labels, chance is 0.333", got)
	}
}

// TestT9NothingFromLater is the guard against leakage: whatever is decided
// after an item, or comes after it, changes no byte of its answer.
func TestT9NothingFromLater(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 25).Draw(t, "n")
		var items []Item
		for i := range n {
			items = append(items, made(i, rapid.SampledFrom([]string{"a", "b"}).Draw(t, "workspace"), rapid.SampledFrom([]string{"x", "y"}).Draw(t, "title"),
				rapid.SampledFrom(measure.Classes).Draw(t, "truth"), float64(i), time.Duration(rapid.IntRange(0, 10).Draw(t, "delay"))*time.Hour))
		}
		now := rapid.IntRange(0, n-1).Draw(t, "now")
		changed := append([]Item{}, items...)
		for i := range changed {
			if changed[i].Visible.After(items[now].At) {
				changed[i].Truth = rapid.SampledFrom(measure.Classes).Draw(t, "other")
			}
		}
		changed = changed[:rapid.IntRange(now+1, n).Draw(t, "length")]
		before, after := askRapid(t, items)[now], askRapid(t, changed)[now]
		before.Truth, after.Truth = "", ""
		if fmt.Sprint(before) != fmt.Sprint(after) {
			t.Fatalf("item %d: %v became %v", now, before, after)
		}
	})
}

func askRapid(t *rapid.T, items []Item) []measure.Case {
	cases, err := Run(context.Background(), Set{Rounds: []Round{{Items: items}}}, counters(true), func(int, int) {})
	if err != nil {
		t.Fatal(err)
	}
	return cases
}

// TestT29PlantedFuture: a verdict with a date after everything changes nothing.
func TestT29PlantedFuture(t *testing.T) {
	items := history(3, 120)
	planted := append([]Item{}, items...)
	for i := range 40 {
		future := made(1000+i, "w0", "t0", soc.VerdictFalsePositive, -1, 0)
		future.Visible, future.Score = dawn.AddDate(1, 0, 0), false
		planted = append([]Item{future}, planted...)
	}
	if fmt.Sprint(ask(t, items, true)) != fmt.Sprint(ask(t, planted, true)) {
		t.Error("verdicts that lie in the future changed an answer")
	}
}

func write(t *testing.T, folder, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestReadSets: the sets as they are published, in small, and what is wrong
// with a file is said by file, line and column.
func TestReadSets(t *testing.T) {
	folder := t.TempDir()
	read := func(name string) (Set, error) {
		return Read(name, Options{Split: "dev", Data: folder, Delay: time.Hour})
	}
	refuse := func(name, want string) {
		t.Helper()
		_, err := read(name)
		if err == nil {
			t.Fatalf("%s: was read, want %q", name, want)
		}
		if said := fmt.Sprint(err, soc.AsError(err).Fields); !strings.Contains(said, want) {
			t.Errorf("%s: %s, want %q", name, said, want)
		}
	}
	refuse("guide", "guide_rows.dev.jsonl")
	refuse("nothing", "--set")

	row := `{"id":"7","orgid":"288","alertid":"1","timestamp":"2023-12-15 16:56:25+00:00","detectorid":"322","alerttitle":"1710","category":"InitialAccess","entitytype":"User","evidencerole":"Impacted","accountupn":"66","row":%d}` + "\n"
	write(t, folder, "guide_rows.dev.jsonl", fmt.Sprintf(row+row+row+row+row, 0, 1, 2, 3, 4))
	write(t, folder, "guide_rows.dev.labels.csv", "\uFEFFid,row,label\n7,0,TruePositive\n7,1,BenignPositive\n7,2,Unsure\n7,3,FalsePositive\n")
	set, err := read("guide")
	if err != nil || set.Read != 5 || set.Skipped["no label that is a class"] != 2 || len(set.Rounds[0].Items) != 3 {
		t.Fatalf("%+v, %v", set, err)
	}
	items := set.Rounds[0].Items
	if items[0].Score || !items[2].Score || items[0].Visible.Sub(items[0].At) != time.Hour || items[0].Workspace != "guide-288" {
		t.Errorf("%+v", items)
	}
	if strings.ContainsAny(soc.TitleTemplate("Alert type "+letters("1710"), nil), "*0123456789") {
		t.Error("numbered alert types must stay apart when titles become templates")
	}
	write(t, folder, "guide_rows.dev.labels.csv", "id,grade\n7,TruePositive\n")
	refuse("guide", `lacks the column "row"; it has id, grade`)
	write(t, folder, "guide_rows.dev.labels.csv", "id,row,label\n7,0,True\xfffd\n")
	refuse("guide", "line 2 is not UTF-8")

	ait := `{"id":"%s","scenario":"%s","host":"h","first_seen":"2022-01-15T00:00:01Z","last_seen":"2022-01-15T00:09:13Z","alert_count":9,"signatures":[{"name":"s","source":"Wazuh","count":9}]}` + "\n"
	write(t, folder, "alert_groups.dev.jsonl", fmt.Sprintf(ait+ait+ait, "1", "fox", "2", "owl", "3", "owl"))
	write(t, folder, "alert_groups.dev.labels.csv", "id,label,attack_phases\n1,TruePositive,scan;exfil\n2,FalsePositive,\n3,Ambiguous,\n")
	if set, err = read("ait-groups"); err != nil || len(set.Rounds) != 2 || len(set.Rounds[0].Items) != 2 || set.Skipped["ambiguous or without a label"] != 1 {
		t.Fatalf("%+v, %v", set, err)
	}
	if fox := set.Rounds[0]; fox.Name != "fox" || fox.Items[0].Score || !fox.Items[1].Score || !fox.Items[1].Visible.IsZero() || len(fox.Items[1].Phases) != 2 {
		t.Errorf("leaving fox out: %+v", fox)
	}

	write(t, folder, "cases.dev.jsonl", `{"id":"1","at":"2026-03-01T00:00:00Z","label":"FalsePositive","alert":{"title":"T","source":"s"}}`+"\n{")
	refuse("cases", "cases.dev.jsonl line 2")
	write(t, folder, "cases.dev.jsonl", `{"id":"1","at":"2026-03-01T00:00:00Z","label":"Maybe","alert":{"title":"T","source":"s"}}`)
	refuse("cases", "no row that can be scored (1 rows read, 1 left out")
}
