package soc

import (
	"encoding/json"
	"slices"
)

// World is what an approver saw of the incident and the targets beyond the
// action itself (S18). It is stored with the decision and read again before
// every step.
type World struct {
	Open     bool          `json:"open"`
	Severity Severity      `json:"severity"` // the strictest of the three that gate
	Targets  []WorldTarget `json:"targets"`
	// Evidence is the hash of each row the card showed, by its number.
	Evidence map[string]string `json:"evidence,omitempty"`
}

// WorldTarget is the state of one target. Names are left out: a renamed host
// is the same host.
type WorldTarget struct {
	Entity     string     `json:"entity"`
	Provenance Provenance `json:"provenance"`
	Protection Protection `json:"protection,omitempty"`
	Critical   bool       `json:"critical,omitempty"`
	Owner      string     `json:"owner,omitempty"`
	Remediated bool       `json:"remediated,omitempty"`
}

// Text is the stored form.
func (w World) Text() string {
	b, err := json.Marshal(w)
	if err != nil { // strings, booleans and maps of strings always encode
		return ""
	}
	return string(b)
}

// ParseWorld reads the stored form.
func ParseWorld(text string) (World, error) {
	var w World
	err := json.Unmarshal([]byte(text), &w)
	return w, err
}

// Changed reports whether what was decided about then is materially another
// world now. Evidence that came later is no change: else whoever can cause
// alerts could keep an approved action from ever running.
func (then World) Changed(now World) bool {
	if then.Open != now.Open || then.Severity != now.Severity || len(then.Targets) != len(now.Targets) {
		return true
	}
	for i, t := range then.Targets {
		if t != now.Targets[i] {
			return true
		}
	}
	for number, hash := range then.Evidence {
		if now.Evidence[number] != hash {
			return true
		}
	}
	return false
}

// EvidenceNumbers lists the rows the card showed.
func (w World) EvidenceNumbers() []int {
	var numbers []int
	for id := range w.Evidence {
		if n, ok := ParseEvidenceID(id); ok {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers
}
