package eval

import (
	"encoding/json"
	"time"
)

// alert is one item of the generic ingest format, as far as sets need it.
type alert struct {
	ExternalID  string   `json:"external_id"`
	Source      string   `json:"source"`
	Title       string   `json:"title"`
	Description string   `json:"description,omitempty"`
	Severity    string   `json:"severity"`
	Detector    string   `json:"detector,omitempty"`
	Category    string   `json:"category,omitempty"`
	Product     string   `json:"product,omitempty"`
	StartedAt   string   `json:"started_at"`
	EndedAt     string   `json:"ended_at,omitempty"`
	CreatedAt   string   `json:"created_at"`
	Tactics     []string `json:"tactics,omitempty"`
	Techniques  []string `json:"techniques,omitempty"`
	Entities    []entity `json:"entities,omitempty"`
	Evidence    []proof  `json:"evidence,omitempty"`
}

type entity struct {
	Ref        string `json:"ref,omitempty"`
	Kind       string `json:"kind"`
	Value      string `json:"value"`
	Provenance string `json:"provenance,omitempty"`
}

type proof struct {
	Type   string            `json:"type"`
	At     string            `json:"at,omitempty"`
	Refs   []string          `json:"refs,omitempty"`
	Fields map[string]string `json:"fields"`
}

func (a alert) encode() ([]byte, error) { return json.Marshal(a) }

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// letters spells a number without digits. Anonymised sets have numbers where
// products have names, and runs of three digits are what title templates
// replace (triage.md T7): every alert type would become one.
func letters(number string) string {
	out := make([]byte, 0, len(number))
	for i := range len(number) {
		if c := number[i]; c >= '0' && c <= '9' {
			out = append(out, 'a'+c-'0')
		} else {
			out = append(out, c)
		}
	}
	return string(out)
}
