package measure

import (
	"fmt"
	"slices"
	"strings"
)

// Lookup is one question about the evidence of an incident, after its calls.
type Lookup struct {
	ID       string `json:"id"`
	Incident string `json:"incident"`
	// Asked are the evidence types that the calls asked for; "any" for none.
	Asked []string `json:"asked"`
	// Found: the answer stands in what the calls returned, cut to the budget.
	Found bool `json:"found"`
	// Call is the first call that had it, from 1; 0 if none had.
	Call int `json:"call,omitempty"`
	// Characters are those of all calls, cut to the budget of each.
	Characters int `json:"characters"`
	// Why says where the answer was, if it was not found.
	Why string `json:"why,omitempty"`
}

// LookupReport is the evidence answer rate of T28 (b).
type LookupReport struct {
	Set     string         `json:"set"`
	Split   string         `json:"split"`
	Through string         `json:"through"`
	Version string         `json:"version"`
	Date    string         `json:"date"`
	Command string         `json:"command"`
	Read    int            `json:"questions_read"`
	Skipped map[string]int `json:"skipped"`
	// Calls and Tokens are the budget: calls per question, and tokens of four
	// characters per call.
	Calls  int      `json:"calls"`
	Tokens int      `json:"tokens_per_call"`
	Notes  []string `json:"notes"`
	// Rate is over the questions whose answer stands in the alerts.
	Rate    Share    `json:"answer_rate"`
	Lookups []Lookup `json:"questions"`
}

// Assemble computes the rate.
func (r LookupReport) Assemble(lookups []Lookup) LookupReport {
	r.Lookups = lookups
	r.Rate = foundOf(lookups)
	return r
}

func foundOf(lookups []Lookup) Share {
	n := 0
	for _, l := range lookups {
		if l.Found {
			n++
		}
	}
	return ShareOf(n, len(lookups))
}

// JSON is results.json.
func (r LookupReport) JSON() ([]byte, error) { return indented(r) }

// Markdown is the report as one page.
func (r LookupReport) Markdown() []byte { return r.document().markdown() }

// HTML is the report as one page.
func (r LookupReport) HTML() ([]byte, error) { return r.document().html() }

// Headline are the figures that are looked at first.
func (r LookupReport) Headline() [][]string {
	characters := make([]int, len(r.Lookups))
	first := 0
	for i, l := range r.Lookups {
		characters[i] = l.Characters
		if l.Call == 1 {
			first++
		}
	}
	slices.Sort(characters)
	median := 0
	if len(characters) > 0 {
		median = characters[len(characters)/2]
	}
	return [][]string{
		{fmt.Sprintf("answer in the output of at most %d calls of %d tokens", r.Calls, r.Tokens), r.Rate.text()},
		{"answer in the output of the first call", ShareOf(first, len(r.Lookups)).text()},
		{"tokens of all calls of a question, median", fmt.Sprint(median / 4)},
	}
}

func (r LookupReport) document() document {
	about := table{title: "What was measured", head: []string{"", ""}}
	for _, line := range [][2]string{
		{"set, split", r.Set + ", " + r.Split},
		{"through", r.Through},
		{"budget of a question", fmt.Sprintf("%d tool calls, %d tokens of four characters each", r.Calls, r.Tokens)},
		{"questions read, asked", fmt.Sprintf("%d, %d", r.Read, len(r.Lookups))},
		{"version", r.Version},
		{"model", "none: a fixed planner reads the words of the question"},
		{"date", r.Date},
		{"command", r.Command},
	} {
		about.row(line[0], line[1])
	}
	for _, why := range sortedKeys(r.Skipped) {
		about.row("left out: "+why, fmt.Sprint(r.Skipped[why]))
	}
	for _, note := range r.Notes {
		about.row("note", note)
	}
	figures := table{title: "Figures", note: "In brackets the Wilson 95 % interval.", head: []string{"measure", "value"}, rows: r.Headline()}
	return document{title: "Evaluation: " + r.Set + ", " + r.Split + ", evidence look-up", tables: []table{
		about, figures,
		r.group("Per incident", func(l Lookup) string { return l.Incident }),
		r.group("Per evidence type asked for first", func(l Lookup) string { return l.Asked[0] }),
		r.misses(), r.missed(),
	}}
}

func (r LookupReport) group(title string, by func(Lookup) string) table {
	groups := map[string][]Lookup{}
	for _, l := range r.Lookups {
		groups[by(l)] = append(groups[by(l)], l)
	}
	t := table{title: title, head: []string{"", "found"}}
	for _, name := range sortedKeys(groups) {
		t.row(name, foundOf(groups[name]).text())
	}
	return t
}

// Misses count the questions that were not answered, by reason.
func (r LookupReport) Misses() map[string]int {
	out := map[string]int{}
	for _, l := range r.Lookups {
		if !l.Found {
			out[l.Why]++
		}
	}
	return out
}

func (r LookupReport) misses() table {
	t := table{title: "Misses by reason", head: []string{"reason", "questions"}}
	misses := r.Misses()
	for _, why := range sortedKeys(misses) {
		t.row(why, fmt.Sprint(misses[why]))
	}
	return t
}

func (r LookupReport) missed() table {
	t := table{title: "Questions missed", head: []string{"question", "incident", "asked for", "reason"}}
	for _, l := range r.Lookups {
		if !l.Found {
			t.row(l.ID, l.Incident, strings.Join(l.Asked, ", "), l.Why)
		}
	}
	return t
}
