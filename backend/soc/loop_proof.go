package soc

import (
	"encoding/json"
	"fmt"
	"strings"
)

// QuoteHolds reports whether a quote is literally in an evidence row: in its
// line, in the value of a field, or in either as a door shows it, escaped and
// with JSON's own escapes.
func QuoteHolds(e Evidence, quote string) bool {
	if strings.TrimSpace(quote) == "" {
		return false
	}
	texts := make([]string, 0, 1+len(e.Fields))
	texts = append(texts, e.Text)
	for _, f := range e.Fields {
		texts = append(texts, f.Value)
	}
	for _, text := range texts {
		if strings.Contains(text, quote) {
			return true
		}
		shown := EscapeVisible(text)
		if shown != text && strings.Contains(shown, quote) {
			return true
		}
		if raw, err := json.Marshal(shown); err == nil && len(quote) > 1 && strings.Contains(string(raw[1:len(raw)-1]), quote) {
			return true
		}
	}
	return false
}

// Prove keeps the facts whose quote stands in evidence that was served to the
// run, gives them their ids and counts the others (T18, stage 4). rows are by
// evidence id; nothing that is not in served is looked at.
func (e Extraction) Prove(rows map[string]Evidence, served map[string]bool) Extraction {
	out := Extraction{Facts: []Fact{}, Dropped: e.Dropped}
	seen := map[Fact]bool{}
	for _, f := range e.Facts {
		f.ID = ""
		row, found := rows[f.Evidence]
		if !found || !served[f.Evidence] || !QuoteHolds(row, f.Quote) {
			out.Dropped++
			continue
		}
		if seen[f] || len(out.Facts) == loopPages*loopFacts {
			continue
		}
		seen[f] = true
		f.Claim, f.Quote = EscapeVisible(f.Claim), onceEscaped(f.Quote, row)
		f.ID = fmt.Sprintf("F%d", len(out.Facts)+1)
		out.Facts = append(out.Facts, f)
	}
	return out
}

// onceEscaped escapes a quote of the value itself; one that was copied from an
// escaped form stays as it is.
func onceEscaped(quote string, row Evidence) string {
	raw := strings.Contains(row.Text, quote)
	for _, f := range row.Fields {
		raw = raw || strings.Contains(f.Value, quote)
	}
	if raw {
		return EscapeVisible(quote)
	}
	return quote
}

// EvidenceOf lists the evidence ids of facts, each once, in the order given.
func (e Extraction) EvidenceOf(facts []string) []string {
	var ids []string
	seen := map[string]bool{}
	for _, id := range facts {
		for _, f := range e.Facts {
			if f.ID == id && !seen[f.Evidence] {
				seen[f.Evidence] = true
				ids = append(ids, f.Evidence)
			}
		}
	}
	return ids
}
