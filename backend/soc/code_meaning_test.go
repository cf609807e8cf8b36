package soc_test

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"vedette/backend/soc"
)

const codeFile = "../../schemas/refusal_codes.json"

type codeRow struct {
	Code    soc.Code   `json:"code"`
	Group   string     `json:"group"`
	Kinds   []soc.Kind `json:"kinds"`
	HTTP    []int      `json:"http"`
	Meaning string     `json:"meaning"`
	Next    string     `json:"next"`
}

// statuses are what a code is answered with: by kind, or by the number that
// safety.md section 3 puts beside the code. Refused is 200 success:false on
// agent tools and 422 elsewhere. A code without a kind stands inside answers.
func statuses(m soc.CodeMeaning) []int {
	switch m.Code {
	case soc.CodePayloadTooLarge:
		return []int{413}
	case soc.CodeUnsupportedMediaType:
		return []int{415}
	case soc.CodeMethodNotAllowed:
		return []int{405}
	}
	return map[soc.Kind][]int{
		"": {}, soc.Invalid: {400}, soc.Unauthenticated: {401}, soc.Denied: {403}, soc.NotFound: {404}, soc.Conflict: {409},
		soc.Precondition: {412}, soc.KeyReused: {422}, soc.Refused: {200, 422}, soc.Locked: {423}, soc.Limited: {429},
		soc.Unavailable: {503}, soc.Internal: {500},
	}[m.Kind]
}

// TestS67StableRefusals: the published list. A code is never removed or
// renamed, not even with -update.
func TestS67StableRefusals(t *testing.T) {
	var published []codeRow
	if data, err := os.ReadFile(codeFile); err == nil {
		if err := json.Unmarshal(data, &published); err != nil {
			t.Fatal(err)
		}
	} else if !*update {
		t.Fatal(err)
	}
	for _, row := range published {
		if !slices.Contains(soc.AllCodes, row.Code) {
			t.Fatalf("%s was published and is gone: codes are never removed or renamed", row.Code)
		}
	}
	rows := make([]codeRow, 0, len(soc.AllCodes))
	for _, c := range soc.AllCodes {
		m, ok := soc.MeaningOf(c)
		if !ok {
			t.Errorf("%s has no meaning", c)
		}
		row := codeRow{c, m.Group, []soc.Kind{}, statuses(m), m.Meaning, m.Next}
		if m.Kind != "" {
			row.Kinds = append(row.Kinds, m.Kind)
		}
		rows = append(rows, row)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(rows); err != nil {
		t.Fatal(err)
	}
	golden(t, codeFile, b.Bytes())
}

// TestS19RefusalsNameNoSetting: and every one has a next step.
func TestS19RefusalsNameNoSetting(t *testing.T) {
	settings := regexp.MustCompile(`(?i)\b(enabled|investigate|status_?update|gamebooks|gating_?mode|ceiling_?(clean|tainted)|` +
		`auto_?close|min_?evidence_?coverage|max_?score_?to_?close|sample_?pct|on_?classification|assume_?tainted|approval_?clock)\b`)
	for _, c := range soc.AllCodes {
		m, _ := soc.MeaningOf(c)
		for _, text := range []string{m.Meaning, m.Next} {
			if text == "" || !strings.HasSuffix(text, ".") {
				t.Errorf("%s: %q is no sentence", c, text)
			}
			if found := settings.FindString(text); found != "" {
				t.Errorf("%s: %q names the setting %q", c, text, found)
			}
		}
	}
	if soc.NextStep("NO_SUCH_CODE") != "" {
		t.Error("an unknown code has a next step")
	}
}

// TestS67GateCodesAreOrdered: every denial and queue reason has its place.
func TestS67GateCodesAreOrdered(t *testing.T) {
	denials, queues := soc.DenyOrder(), soc.QueueOrder()
	for _, c := range soc.AllCodes {
		m, _ := soc.MeaningOf(c)
		if (m.Group == "entry check" || m.Group == "gate, deny") && !slices.Contains(denials, c) {
			t.Errorf("%s has no place in DenyOrder", c)
		}
		if m.Group == "gate, queue" && !slices.Contains(queues, c) {
			t.Errorf("%s has no place in QueueOrder", c)
		}
	}
}
