package console

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"vedette/backend/soc"
)

// happening is a line of the timeline in words.
type happening struct {
	soc.TimelineEntry
	What string
	// Gamebook links to what acted, "" for nothing.
	Gamebook string
}

func happenings(entries []soc.TimelineEntry) []happening {
	lines := make([]happening, len(entries))
	for n, e := range entries {
		gamebook, _ := e.Data["gamebook_id"].(string)
		lines[n] = happening{TimelineEntry: e, What: whatHappened(e), Gamebook: gamebook}
	}
	return lines
}

// whatHappened spells the data of an entry: words of closed sets, in the order
// of their names.
func whatHappened(e soc.TimelineEntry) string {
	parts := []string{words(e.Kind)}
	if event, ok := e.Data["event"].(string); ok {
		parts[0] = words(event)
	}
	for _, name := range slices.Sorted(maps.Keys(e.Data)) {
		switch value := e.Data[name].(type) {
		case map[string]string:
			parts = append(parts, fmt.Sprintf("%s %s to %s", words(name), words(value["from"]), words(value["to"])))
		case string:
			if !strings.HasSuffix(name, "_id") && name != "event" && name != "hash" && name != "classification" {
				parts = append(parts, words(name)+" "+words(value))
			}
		case int64:
			parts = append(parts, fmt.Sprintf("%s %d", words(name), value))
		}
	}
	return strings.Join(parts, ", ")
}

// tacticCell is one tactic of the strip, with the techniques seen.
type tacticCell struct {
	Tactic     string
	Seen       bool
	Techniques []string
}

// enterpriseTactics is how many of soc.AllTactics every strip shows; the others
// are of the industrial matrix, shown where they were seen.
const enterpriseTactics = 14

func tacticStrip(tactics []string, techniques []soc.CaseTechnique) (cells []tacticCell) {
	for n, tactic := range soc.AllTactics {
		cell := tacticCell{Tactic: tactic}
		for _, word := range tactics {
			normal, known := soc.NormalTactic(word)
			cell.Seen = cell.Seen || known && normal == tactic
		}
		for _, t := range techniques {
			if slices.Contains(t.Tactics, tactic) {
				cell.Techniques = append(cell.Techniques, t.ID)
			}
		}
		cell.Seen = cell.Seen || len(cell.Techniques) > 0
		if n < enterpriseTactics || cell.Seen {
			cells = append(cells, cell)
		}
	}
	return cells
}
