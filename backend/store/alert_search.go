package store

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"vedette/backend/soc"
)

// indexAlert brings the words by which a list finds an alert from what they were
// (before) to what they are; before is the zero alert for a new one.
func (tx *Tx) indexAlert(before, after soc.Alert) error {
	position := soc.ArrivalPosition(after.UID)
	if tx.dialect == postgresDialect {
		if before.ID != "" {
			if err := tx.insert(`DELETE FROM alert_word WHERE term = ANY($1::bigint[]) AND position = $2`, terms(after.Workspace, alertWords(before)), position); err != nil {
				return err
			}
		}
		return tx.insert(`INSERT INTO alert_word (term, position) SELECT UNNEST($1::bigint[]), $2 ON CONFLICT DO NOTHING`, terms(after.Workspace, alertWords(after)), position)
	}
	if before.ID != "" {
		if err := tx.insert(`DELETE FROM alert_search WHERE rowid = $1`, position); err != nil {
			return err
		}
	}
	words := alertWords(after)
	for n, word := range words {
		words[n] = workspaceWord(after.Workspace, word)
	}
	return tx.insert(`INSERT INTO alert_search (rowid, words) VALUES ($1, $2)`, position, strings.Join(words, " "))
}

// alertWords are the words a list finds an alert by, each once.
func alertWords(a soc.Alert) []string {
	description := a.Description
	if len(description) > descriptionWords {
		description = description[:descriptionWords]
	}
	words := searchWords(strings.Join([]string{a.Title, description, a.ExternalID, a.ID, a.UID, a.Asset.Hostname}, " "))
	slices.Sort(words)
	return slices.Compact(words)
}

// sameAlertWords reports that a change leaves the index as it is.
func sameAlertWords(a, b soc.Alert) bool {
	return a.Title == b.Title && a.Description == b.Description && a.Asset.Hostname == b.Asset.Hostname
}

// alertsMatching is a SELECT of the positions of alerts that hold every word of
// a query, before a position, newest first: see matching. ok is false for a
// query without a word, which nothing matches.
func (r *Reader) alertsMatching(q *listQuery, f soc.AlertFilter) (text string, ok bool, err error) {
	words := searchedWords(f.Query)
	if len(words) == 0 {
		return "", false, nil
	}
	last := int64(math.MaxInt64)
	if f.After != nil {
		last = keysetNumber(f.After) - 1
	}
	if r.dialect == sqliteDialect {
		positions, rare, err := r.rarely("alert_search", f.Workspace, words, math.MinInt64, last, r.alertHolds(f.Workspace))
		if err != nil || rare {
			return these(q, positions, true), true, err
		}
		for n, word := range words {
			words[n] = `"` + workspaceWord(f.Workspace, word) + `"`
		}
		return `SELECT rowid AS position FROM alert_search WHERE alert_search MATCH ` + q.arg(strings.Join(words, " AND ")) +
			` AND rowid <= ` + q.arg(last) + ` ORDER BY rowid DESC`, true, nil
	}
	before := ` AND position <= ` + q.arg(last)
	for n, term := range terms(f.Workspace, words) {
		if n == 0 {
			text = `SELECT w.position FROM alert_word w WHERE w.term = ` + q.arg(term) + before
			continue
		}
		text += ` AND (SELECT TRUE FROM alert_word o WHERE o.term = ` + q.arg(term) + ` AND o.position = w.position)`
	}
	return text + ` ORDER BY w.position DESC OFFSET 0`, true, nil
}

// searchAlerts answers a filter with a query: it walks the words in the order of
// arrival and tests the rest of the filter row by row.
func (r *Reader) searchAlerts(f soc.AlertFilter) ([]placedAlert, error) {
	q := &listQuery{}
	match, ok, err := r.alertsMatching(q, f)
	if err != nil || !ok {
		return nil, err
	}
	workspace := q.arg(f.Workspace)
	join := r.pick(`CROSS JOIN alert a ON a.workspace_id = `+workspace+` AND a.position = m.position`,
		`CROSS JOIN LATERAL (SELECT * FROM alert WHERE workspace_id = `+workspace+` AND position = m.position OFFSET 0) a`)
	where := `a.workspace_id = ` + workspace + among(q, "a.source", f.Sources) + among(q, "a.status", f.Statuses) + among(q, "a.severity", f.Severities)
	if f.ExternalID != "" {
		where += ` AND a.external_id = ` + q.arg(f.ExternalID)
	}
	where += detectedWindow(q, f, "a.")
	text := `SELECT ` + columnsOf("a", `position, `+alertColumns) + ` FROM (` + match + `) m ` + join + ` WHERE ` + where +
		` ORDER BY m.position DESC LIMIT ` + strconv.Itoa(roundLimit(f.Limit+1))
	return allInOrder(r, scanPlacedAlert, text, q.args...)
}
