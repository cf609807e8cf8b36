package measure

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
)

// Report is one evaluation with everything that a figure must name (T31).
type Report struct {
	Set   string `json:"set"`
	Split string `json:"split"`
	// Tuned: the weights were chosen on this split, so its figures flatter.
	Tuned bool   `json:"tuned"`
	Mode  string `json:"mode"`
	// Through says how the product was reached: counters, direct or http.
	Through string `json:"through"`
	Delay   string `json:"delay"`
	Pooling string `json:"pooling"`
	Version string `json:"version"`
	Weights int    `json:"weights_version"`
	Model   string `json:"model"` // "none" for the floor
	Date    string `json:"date"`
	Seed    uint64 `json:"seed"`
	// Command reproduces the report.
	Command string `json:"command"`
	// Read are the rows of the set, Scored those with a figure here; Skipped
	// says why rows were left out, and how many.
	Read    int            `json:"rows_read"`
	Scored  int            `json:"rows_scored"`
	Skipped map[string]int `json:"skipped"`
	Notes   []string       `json:"notes"`
	Summary Summary        `json:"summary"`
	Slices  []Slice        `json:"slices"`
}

// Assemble computes the figures of a report.
func (r Report) Assemble(cases []Case) (Report, error) {
	var err error
	r.Scored = len(cases)
	if r.Summary, err = Summarize(cases, r.Seed); err != nil {
		return r, err
	}
	r.Slices, err = Slices(cases, r.Seed)
	return r, err
}

// split is the name of the split as tables must call it.
func (r Report) split() string {
	if r.Tuned {
		return r.Split + " (tuned)"
	}
	return r.Split
}

// JSON is results.json.
func (r Report) JSON() ([]byte, error) { return indented(r) }

func indented(value any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	err := encoder.Encode(value)
	return out.Bytes(), err
}

func sortedKeys[Value any](m map[string]Value) []string { return slices.Sorted(maps.Keys(m)) }

// Lines are the cases, one JSON object per line.
func Lines(cases []Case) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	for _, c := range cases {
		if err := encoder.Encode(c); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), nil
}

// Headline are the figures that are looked at first: name and value.
func (r Report) Headline() [][]string { return append(r.headline().rows, r.hiddenRows()...) }
