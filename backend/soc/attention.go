package soc

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Attended is one decision about a card as it was kept for the figures of
// attention (S64): what the sealed view proves, and nothing of the content.
type Attended struct {
	ID        string // of the approval
	Workspace string
	Person    string
	Name      string
	Gamebook  string
	// Playbook is that of the first step, and Rules are those of the gate that
	// asked for people.
	Playbook string
	Rules    []string
	Approved bool
	// Viewed tells that a view proved what was shown, and for how long.
	Viewed bool
	For    time.Duration
	// Opened is how many rows of evidence were opened.
	Opened int
	At     time.Time
}

// The bounds of S64, over AttentionCards cards and more.
const (
	AttentionCards  = 50
	AttentionMedian = 5 * time.Second
	AttentionRate   = 0.95
)

// Warnings of attention.
const (
	WarnMedian = "median_below_5_seconds"
	WarnRate   = "approvals_above_95_percent"
)

// Attention is how one person dealt with the cards that one rule asked about;
// Rule is empty for all cards of the person, each of which counts once.
type Attention struct {
	Person, Name string
	Rule         string
	Cards        int
	Approved     int
	NotViewed    int
	// Median is that of the time on the cards that were viewed, where any was.
	Median time.Duration
	// Opened is how many rows of evidence were opened, on OpenedCards cards.
	Opened, OpenedCards int
	Warnings            []string
}

// Rate is the share of approvals, 0 to 1.
func (a Attention) Rate() float64 {
	if a.Cards == 0 {
		return 0
	}
	return float64(a.Approved) / float64(a.Cards)
}

// AttentionOf sums decisions up per person and rule, a person's sum first.
func AttentionOf(rows []Attended) []Attention {
	type key struct{ person, rule string }
	groups := map[key][]Attended{}
	for _, r := range rows {
		groups[key{r.Person, ""}] = append(groups[key{r.Person, ""}], r)
		for i, rule := range r.Rules {
			if rule != "" && !slices.Contains(r.Rules[:i], rule) {
				groups[key{r.Person, rule}] = append(groups[key{r.Person, rule}], r)
			}
		}
	}
	out := make([]Attention, 0, len(groups))
	for k, group := range groups {
		out = append(out, attend(k.person, k.rule, group))
	}
	slices.SortFunc(out, func(a, b Attention) int {
		return cmp.Or(strings.Compare(a.Person, b.Person), strings.Compare(a.Rule, b.Rule))
	})
	return out
}

func attend(person, rule string, rows []Attended) Attention {
	a := Attention{Person: person, Rule: rule, Cards: len(rows), Warnings: []string{}}
	var times []time.Duration
	newest := rows[0]
	for _, r := range rows {
		if r.At.After(newest.At) {
			newest = r
		}
		if r.Approved {
			a.Approved++
		}
		if r.Opened > 0 {
			a.Opened += r.Opened
			a.OpenedCards++
		}
		if r.Viewed {
			times = append(times, r.For)
		} else {
			a.NotViewed++
		}
	}
	a.Name = newest.Name
	slices.Sort(times)
	if n := len(times); n > 0 {
		a.Median = times[(n-1)/2]
		if n%2 == 0 {
			a.Median = (times[n/2-1] + times[n/2]) / 2
		}
	}
	if a.Cards < AttentionCards {
		return a
	}
	if len(times) > 0 && a.Median < AttentionMedian {
		a.Warnings = append(a.Warnings, WarnMedian)
	}
	if a.Rate() > AttentionRate {
		a.Warnings = append(a.Warnings, WarnRate)
	}
	return a
}

// TaughtCards is how many cards of one kind have to be decided alike before the
// weekly list names it.
const TaughtCards = 5

// Untaught is a kind of card that taught nothing: everybody decided it the same
// way. Whoever writes the policy may allow or forbid it by a rule.
type Untaught struct {
	Rule, Playbook string
	Cards, People  int
	Approved       bool
}

// UntaughtOf finds the kinds of cards, by rule and playbook, of which at least
// TaughtCards were decided and all alike, most first.
func UntaughtOf(rows []Attended) []Untaught {
	type key struct{ rule, playbook string }
	type sum struct {
		cards, approved int
		people          map[string]bool
	}
	sums := map[key]*sum{}
	for _, r := range rows {
		for i, rule := range r.Rules {
			if rule == "" || slices.Contains(r.Rules[:i], rule) {
				continue
			}
			s := sums[key{rule, r.Playbook}]
			if s == nil {
				s = &sum{people: map[string]bool{}}
				sums[key{rule, r.Playbook}] = s
			}
			s.cards++
			s.people[r.Person] = true
			if r.Approved {
				s.approved++
			}
		}
	}
	out := []Untaught{}
	for k, s := range sums {
		if s.cards >= TaughtCards && (s.approved == 0 || s.approved == s.cards) {
			out = append(out, Untaught{k.rule, k.playbook, s.cards, len(s.people), s.approved > 0})
		}
	}
	slices.SortFunc(out, func(a, b Untaught) int {
		return cmp.Or(b.Cards-a.Cards, strings.Compare(a.Rule, b.Rule), strings.Compare(a.Playbook, b.Playbook))
	})
	return out
}

// AskedRules are the rules of a gate's answer that asked for people; a rule of the
// workspace's own goes by its name behind the gate's.
func AskedRules(hits []RuleHit) []string {
	rules := []string{}
	for _, h := range hits {
		name := h.ID
		if h.Policy != "" {
			name += "/" + h.Policy
		}
		asked := h.Outcome == OutcomeQueue.String() || h.Outcome == "satisfied"
		if asked && !slices.Contains(rules, name) {
			rules = append(rules, name)
		}
	}
	return rules
}

// AttentionReport is what is said of the attention of people in a window.
type AttentionReport struct {
	From, To time.Time
	People   []Attention
	// Untaught is over the last seven days of the window, for whoever may see
	// everybody's.
	Untaught []Untaught
	// Cut tells that the window held more decisions than are looked at; the
	// newest are.
	Cut bool
}
