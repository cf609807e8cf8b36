package store

import (
	"cmp"
	"slices"
	"unicode/utf8"
)

// rareRows is how many rows a word may be in to be called rare. Reading as many
// rows costs less than FTS5's walk through the pages of a common word.
const rareRows = 40

// rarely finds the rows of a query of several words of which one is rare: those
// of the rare word that hold the other words too, in the order of positions,
// newest first. rare is false where every word is common, and for one word.
//
// FTS5 steps page by page through the positions of a common word to reach the
// one of a rare word, so that "bench-0000077" in a million rows, each of which
// holds "bench", would cost ten times what it does in ten thousand. PostgreSQL
// looks the position up (rarestFirst).
func (r *Reader) rarely(table, workspace string, words []string, low, high int64, holds func(position int64, words []string) (bool, error)) (positions []int64, rare bool, err error) {
	if len(words) < 2 {
		return nil, false, nil
	}
	longest := slices.SortedFunc(slices.Values(words), func(a, b string) int {
		return cmp.Compare(utf8.RuneCountInString(b), utf8.RuneCountInString(a)) // the longer, the rarer, as a guess
	})
	for _, word := range longest {
		found, err := all(r, func(x row) (position int64, err error) {
			err = x.Scan(&position)
			return position, err
		}, `SELECT rowid FROM `+table+` WHERE `+table+` MATCH $1 AND rowid >= $2 AND rowid <= $3 ORDER BY rowid DESC LIMIT $4`,
			`"`+workspaceWord(workspace, word)+`"`, low, high, rareRows+1)
		if err != nil {
			return nil, false, err
		}
		if len(found) > rareRows {
			continue
		}
		for _, position := range found {
			held, err := holds(position, words)
			if err != nil {
				return nil, false, err
			}
			if held {
				positions = append(positions, position)
			}
		}
		return positions, true, nil
	}
	return nil, false, nil
}

// incidentHolds reports that the incident at a position holds every word.
func (r *Reader) incidentHolds(position int64, words []string) (bool, error) {
	found, err := all(r, scanIncident, `SELECT `+incidentColumns+` FROM incident WHERE seq = $1`, position&seqMask)
	if err != nil || len(found) == 0 {
		return false, err
	}
	return containsAll(incidentWords(found[0]), words), nil
}

// alertHolds reports that the alert at a position of a workspace holds every word.
func (r *Reader) alertHolds(workspace string) func(position int64, words []string) (bool, error) {
	return func(position int64, words []string) (bool, error) {
		found, err := all(r, scanAlert, `SELECT `+alertColumns+` FROM alert WHERE workspace_id = $1 AND position = $2`, workspace, position)
		if err != nil || len(found) == 0 {
			return false, err
		}
		return containsAll(alertWords(found[0]), words), nil
	}
}

// containsAll reports that sorted words hold all of some.
func containsAll(sorted, some []string) bool {
	for _, word := range some {
		if _, found := slices.BinarySearch(sorted, word); !found {
			return false
		}
	}
	return true
}

// these is a SELECT of known positions, in order, in place of a search for them.
func these(q *listQuery, positions []int64, descending bool) string {
	direction := ""
	if descending {
		direction = " DESC"
	}
	return `SELECT value AS position FROM json_each(` + q.arg(list(positions)) + `) ORDER BY value` + direction
}

// searchedWords are the words of a query as an index is asked for them.
func searchedWords(query string) []string {
	words := searchWords(query)
	slices.Sort(words)
	words = slices.Compact(words)
	return words[:min(len(words), queryWords)]
}
