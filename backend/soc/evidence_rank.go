package soc

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
	"strings"
)

// contextShare is what a word counts that stands in the row of an alert and
// not in the row itself: "inbox rule" finds the address that the alert about
// the inbox rule saw.
const contextShare = 0.6

// EvidenceRank finds the rows of an incident that tell most about a query of
// several words, without needing all of them. Each thing comes once: the alerts
// of an incident repeat the same host and the same process over and over.
type EvidenceRank struct {
	words  []string
	alerts map[string]uint64 // alert -> words in its own row
	rows   []rankedEvidence
}

type rankedEvidence struct {
	number   int
	alert    string
	subject  string
	own      uint64
	position int
	score    float64
}

// NewEvidenceRank reads a query as words; at most 64 of them count.
func NewEvidenceRank(query string) *EvidenceRank {
	words := QueryWords(query)
	return &EvidenceRank{words: words[:min(len(words), 64)], alerts: map[string]uint64{}}
}

// QueryWords are the words of a query as rows are compared with them: lower
// case, without punctuation around and an English ending, each once. One letter
// is no word.
func QueryWords(query string) []string {
	var words []string
	for _, word := range strings.Fields(strings.ToLower(query)) {
		word = stem(strings.Trim(word, "`'\"?!.,;:()[]{}"))
		if len(word) > 1 && !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	return words
}

// stem takes the ending from a word, if four letters are left.
func stem(word string) string {
	for _, ending := range []string{"ing", "ed", "es", "s"} {
		if rest, found := strings.CutSuffix(word, ending); found && len(rest) >= 4 {
			return rest
		}
	}
	return word
}

// Context takes the row of an alert, whose words count for its other rows.
func (r *EvidenceRank) Context(e Evidence) { r.alerts[e.Alert] |= r.held(e) }

// Add takes a row that may be found. All of Context comes before.
func (r *EvidenceRank) Add(e Evidence) {
	r.rows = append(r.rows, rankedEvidence{number: e.Number, alert: e.Alert, subject: evidenceSubject(e), own: r.held(e), position: len(r.rows)})
}

// held are the words that a row holds, as bits.
func (r *EvidenceRank) held(e Evidence) (held uint64) {
	look := func(text string) {
		folded := strings.ToLower(text)
		for i, word := range r.words {
			if held&(1<<i) == 0 && strings.Contains(folded, word) {
				held |= 1 << i
			}
		}
	}
	look(e.Text)
	for _, field := range e.Fields {
		look(strings.ReplaceAll(field.Name, "_", ""))
		look(field.Name)
		look(field.Value)
	}
	return held
}

// evidenceSubject is what a row is about: rows of one type about one subject
// are the same thing seen again. Alerts are told apart by their titles.
func evidenceSubject(e Evidence) string {
	if e.Type == "alert" {
		for _, field := range e.Fields {
			if field.Name == "title" {
				return e.Type + "\x00" + field.Value
			}
		}
	}
	if e.Type != "alert" && len(e.Entities) > 0 {
		return e.Type + "\x00" + e.Entities[0]
	}
	return e.Type + "\x00" + e.Text
}

// Best returns the numbers of all rows that hold a word or belong to an alert
// that does, best first and each subject once; without words, each subject in
// the order in which it came. A word counts the more the fewer rows have it.
func (r *EvidenceRank) Best() []int {
	weight := r.weights()
	found := make([]rankedEvidence, 0, len(r.rows))
	for _, row := range r.rows {
		context := r.alerts[row.alert] &^ row.own
		if row.own|context == 0 && len(r.words) > 0 {
			continue
		}
		row.score = sum(row.own, weight) + contextShare*sum(context, weight)
		found = append(found, row)
	}
	slices.SortFunc(found, func(a, b rankedEvidence) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.position, b.position))
	})
	seen := map[string]bool{}
	var numbers []int
	for _, row := range found {
		if !seen[row.subject] {
			seen[row.subject] = true
			numbers = append(numbers, row.number)
		}
	}
	return numbers
}

// weights are the inverse document frequencies of the words.
func (r *EvidenceRank) weights() []float64 {
	out := make([]float64, len(r.words))
	for i := range r.words {
		rows := 0
		for _, row := range r.rows {
			if (row.own|r.alerts[row.alert])&(1<<i) != 0 {
				rows++
			}
		}
		if rows > 0 {
			out[i] = math.Log(1 + float64(len(r.rows))/float64(rows))
		}
	}
	return out
}

func sum(words uint64, weight []float64) (total float64) {
	for ; words != 0; words &= words - 1 {
		total += weight[bits.TrailingZeros64(words)]
	}
	return total
}
