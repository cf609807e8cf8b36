package eval

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"vedette/backend/soc"
)

// Set is a labelled set in the order in which it is asked.
type Set struct {
	Name, Split string
	// Tuned: weights were chosen on this split.
	Tuned bool
	// Rounds are independent: each begins with an empty memory. A set with a
	// time order has one, leave-one-out has one for each part left out.
	Rounds []Round
	// Read counts the rows of the files, Skipped those left out, by reason.
	Read    int
	Skipped map[string]int
	Notes   []string
}

// Round is a sequence of items for one empty instance.
type Round struct {
	Name  string
	Items []Item
}

// Item is one labelled incident of one alert.
type Item struct {
	ID        string
	Workspace string
	// At is when it is triaged.
	At time.Time
	// Truth is its verdict, Visible when that is decided; zero for never.
	Truth   soc.Verdict
	Visible time.Time
	// Score: it is asked about. The others only teach.
	Score bool
	// Keys are what counters know it by. Alert is the same as one item of the
	// generic ingest format, for an instance that is a server.
	Keys     soc.AlertKey
	Category string
	Alert    []byte
	Slices   map[string]string
	Phases   []string
}

// Options say how a set is read.
type Options struct {
	// Split is dev or unseen; Data is the folder of its files, History that of
	// the development files whose verdicts come before an unseen split.
	Split, Data, History string
	// Delay is the time from an incident to its verdict.
	Delay time.Duration
}

// Splits are the words that a split may be called by.
var Splits = []string{"dev", "unseen"}

// readers are the sets by name.
var readers = map[string]func(Options) (Set, error){
	"guide":      readGuide,
	"ait-groups": func(o Options) (Set, error) { return readAIT(o, "alert_groups") },
	"ait-hosts":  func(o Options) (Set, error) { return readAIT(o, "host_incidents") },
	"cases":      readCases,
}

// Sets are the names that Read knows.
func Sets() []string { return slices.Sorted(maps.Keys(readers)) }

// Read reads a set. Rows with a label that is none of the classes are left out
// and counted; a missing file or column is an error that names it.
func Read(name string, o Options) (Set, error) {
	read, known := readers[name]
	if !known {
		return Set{}, soc.InvalidField("--set", "must be one of %s", strings.Join(Sets(), ", "))
	}
	if !slices.Contains(Splits, o.Split) {
		return Set{}, soc.InvalidField("--split", "must be one of %s", strings.Join(Splits, ", "))
	}
	if o.Data == "" {
		return Set{}, soc.InvalidField("--data", "must name the folder that holds the set")
	}
	if o.Delay < 0 {
		return Set{}, soc.InvalidField("--delay", "must not be negative: a verdict is not known before its incident")
	}
	set, err := read(o)
	if err != nil {
		return set, err
	}
	set.Name, set.Split = name, o.Split
	scored := 0
	for _, round := range set.Rounds {
		for _, item := range round.Items {
			if item.Score {
				scored++
			}
		}
	}
	if scored == 0 {
		return set, soc.InvalidField("--data", "holds no row that can be scored (%d rows read, %s)", set.Read, skippedText(set.Skipped))
	}
	return set, nil
}

func skippedText(skipped map[string]int) string {
	var out []string
	for _, why := range slices.Sorted(maps.Keys(skipped)) {
		out = append(out, fmt.Sprintf("%d left out: %s", skipped[why], why))
	}
	if len(out) == 0 {
		return "none left out"
	}
	return strings.Join(out, "; ")
}

// labelled reads a label; known is false for a word that is no class.
func labelled(word string) (v soc.Verdict, known bool) {
	v = soc.Verdict(strings.TrimSpace(word))
	_, known = soc.MemoryVerdict(v)
	return v, known && v != soc.VerdictSuspicious
}
