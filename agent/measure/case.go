package measure

import (
	"slices"

	"vedette/backend/soc"
)

// Classes are the words a case may be labelled with, in the order of every
// table. A set without one of them has no row for it.
var Classes = []soc.Verdict{soc.VerdictTruePositive, soc.VerdictBenignPositive, soc.VerdictFalsePositive}

// Case is one scored incident: what was said of it and what it was.
type Case struct {
	ID    string      `json:"id"`
	Truth soc.Verdict `json:"truth"`
	// P is the distribution; its likeliest class is the forced answer.
	P soc.Probabilities `json:"p"`
	// Stated is the answer with abstention: Undetermined where none was given.
	Stated soc.Verdict `json:"stated"`
	// ColdStart is the mark as shown, Unknown whether the workspace really had
	// no decision then: the share of Unknown that is marked must be 1 (T10).
	ColdStart bool `json:"cold_start"`
	Unknown   bool `json:"unknown"`
	Closable  bool `json:"closable"`
	// Held: a verdict that waits for a person.
	Held bool `json:"held"`
	// Slices name the groups the case belongs to, such as level: workspace.
	Slices map[string]string `json:"slices,omitempty"`
	// Phases are the attack phases of a TruePositive, where the set has them.
	Phases []string `json:"phases,omitempty"`
}

// Forced is the likeliest class and its probability.
func (c Case) Forced() (soc.Verdict, float64) { return c.P.Best() }

// right reports whether the forced answer is the label.
func (c Case) right() bool {
	class, _ := c.Forced()
	return class == c.Truth
}

// classOf is the index of a class in Classes, -1 for any other word.
func classOf(v soc.Verdict) int { return slices.Index(Classes, v) }
