package store

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"vedette/backend/soc"
)

// Words of an incident are indexed under its position: the second of its
// creation, then its running seq. Both engines walk the words of a query in
// that order, newest first, and stop at the end of the page; neither collects,
// ranks or sorts what matched. Every word is indexed together with its
// workspace, so that a search reads nothing of another (S44).

const (
	// seqBits is the part of a position that holds seq: room for 10^9 incidents
	// and for the years 1834 to 2105, outside of which times are cut.
	seqBits = 30
	seqMask = 1<<seqBits - 1
	// descriptionWords bounds how much of a description is indexed, in bytes.
	// Evidence is searched in full.
	descriptionWords = 4096
	// wordRunes bounds one word: longer ones match by their beginning.
	wordRunes = 64
	// queryWords bounds the words of a query; more do not narrow it further.
	queryWords = 16
)

// searchPosition is the place of an incident in the order of search answers.
func searchPosition(created time.Time, seq int64) int64 {
	return positionAt(created) | seq&seqMask
}

// positionAt is the lowest position of a second.
func positionAt(t time.Time) int64 {
	const most = 1 << (63 - seqBits)
	seconds := int64(0)
	if !t.IsZero() {
		seconds = t.Unix()
	}
	return min(max(seconds, -most), most-1) << seqBits
}

// seqOf is the SQL for the seq in a position.
func seqOf(position string) string { return fmt.Sprintf("(%s & %d)", position, int64(seqMask)) }

// reindexWords brings the index from the words of before to those of after;
// before is the zero incident for a new one. A deleted incident has none.
func (tx *Tx) reindexWords(before, after soc.Incident) error {
	if before.ID != "" && before.DeletedAt.IsZero() {
		if err := tx.forgetWords(before); err != nil {
			return err
		}
	}
	if !after.DeletedAt.IsZero() {
		return nil
	}
	position, words := searchPosition(after.CreatedAt, after.Seq), incidentWords(after)
	if tx.dialect == postgresDialect {
		return tx.insert(`INSERT INTO incident_word (term, position) SELECT UNNEST($1::bigint[]), $2 ON CONFLICT DO NOTHING`, terms(after.Workspace, words), position)
	}
	for n, word := range words {
		words[n] = workspaceWord(after.Workspace, word)
	}
	return tx.insert(`INSERT INTO incident_search (rowid, words) VALUES ($1, $2)`, position, strings.Join(words, " "))
}

func (tx *Tx) forgetWords(i soc.Incident) error {
	position := searchPosition(i.CreatedAt, i.Seq)
	if tx.dialect == postgresDialect {
		return tx.insert(`DELETE FROM incident_word WHERE term = ANY($1::bigint[]) AND position = $2`, terms(i.Workspace, incidentWords(i)), position)
	}
	return tx.insert(`DELETE FROM incident_search WHERE rowid = $1`, position)
}

// sameWords reports that an update leaves the index as it is.
func sameWords(a, b soc.Incident) bool {
	return a.Title == b.Title && a.Description == b.Description && a.SourceNumber == b.SourceNumber && a.CreatedAt.Equal(b.CreatedAt) && a.DeletedAt.IsZero() == b.DeletedAt.IsZero()
}

// incidentWords are the words a search finds an incident by, each once.
func incidentWords(i soc.Incident) []string {
	description := i.Description
	if len(description) > descriptionWords {
		description = description[:descriptionWords]
	}
	words := searchWords(strings.Join([]string{
		i.Title, description, i.ID, i.ExternalID, i.ShortID, strconv.FormatInt(i.Number, 10), strconv.FormatInt(i.SourceNumber, 10),
	}, " "))
	slices.Sort(words)
	return slices.Compact(words)
}

// searchWords cuts text into the words of the index, the same for both engines
// and for text and query: runs of letters and digits, lower case.
func searchWords(text string) []string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for n, word := range words {
		if utf8.RuneCountInString(word) > wordRunes {
			words[n] = string([]rune(word)[:wordRunes])
		}
	}
	return words
}

// workspaceWord is a word of a workspace as one word of the index.
func workspaceWord(workspace, word string) string {
	return "w" + strings.ReplaceAll(workspace, "-", "") + word
}

// terms are words of a workspace as PostgreSQL indexes them: 64 bits of their
// SHA-256. Two words that share them would find each other's incidents, within
// the workspace.
func terms(workspace string, words []string) []int64 {
	out := make([]int64, len(words))
	for n, word := range words {
		sum := sha256.Sum256([]byte(workspaceWord(workspace, word)))
		out[n] = int64(binary.BigEndian.Uint64(sum[:8])) //nolint:gosec // the bits, not the number
	}
	return out
}

// search is a query in words.
type search struct {
	workspace string
	words     []string
}

// searchOf reads a query; ok is false when it has no word at all, and then
// nothing matches it.
func searchOf(f soc.IncidentFilter) (s search, ok bool) {
	words := searchedWords(f.Query)
	return search{f.Workspace, words}, len(words) > 0
}

// matching is a SELECT of the positions that hold every word, within bounds, in
// order: SQL to put in brackets, in which position is the only column. Words
// are letters and digits only, so no operator of either engine can be smuggled
// in (S56).
func (r *Reader) matching(q *listQuery, s search, low, high int64, descending bool) (string, error) {
	direction := ""
	if descending {
		direction = " DESC"
	}
	if r.dialect == sqliteDialect {
		positions, rare, err := r.rarely("incident_search", s.workspace, s.words, low, high, r.incidentHolds)
		if err != nil || rare {
			return these(q, positions, descending), err
		}
		quoted := make([]string, len(s.words))
		for n, word := range s.words {
			quoted[n] = `"` + workspaceWord(s.workspace, word) + `"`
		}
		return `SELECT rowid AS position FROM incident_search WHERE incident_search MATCH ` + q.arg(strings.Join(quoted, " AND ")) +
			` AND rowid >= ` + q.arg(low) + ` AND rowid <= ` + q.arg(high) + ` ORDER BY rowid` + direction, nil
	}
	rare, err := r.rarestFirst(terms(s.workspace, s.words))
	if err != nil {
		return "", err
	}
	text := `SELECT w.position FROM incident_word w WHERE w.term = ` + q.arg(rare[0]) + ` AND w.position >= ` + q.arg(low) + ` AND w.position <= ` + q.arg(high)
	for _, term := range rare[1:] {
		// A scalar subquery, because EXISTS may become a join that reads all
		// positions of the other word first.
		text += ` AND (SELECT TRUE FROM incident_word o WHERE o.term = ` + q.arg(term) + ` AND o.position = w.position)`
	}
	// OFFSET 0 keeps the planner from giving up this order for another.
	return text + ` ORDER BY w.position` + direction + ` OFFSET 0`, nil
}

// rarestFirst puts the term with the fewest positions in front, because it is
// the one that is walked. Above the bound all are common.
func (r *Reader) rarestFirst(terms []int64) ([]int64, error) {
	if len(terms) < 2 {
		return terms, nil
	}
	fewest := 501
	for n, term := range terms {
		counts, err := allInOrder(r, func(x row) (count int, err error) {
			err = x.Scan(&count)
			return count, err
		}, `SELECT COUNT(*) FROM (SELECT 1 FROM incident_word WHERE term = $1 ORDER BY position LIMIT 500) counted`, term)
		if err != nil {
			return nil, err
		}
		if counts[0] < fewest {
			fewest = counts[0]
			terms[0], terms[n] = terms[n], terms[0]
		}
	}
	return terms, nil
}

// searchIncidents answers a filter with a query. By creation, the default, it
// walks the index; any other order sorts everything that matches.
func (r *Reader) searchIncidents(f soc.IncidentFilter, phases []int, order listOrder) (page soc.IncidentPage, err error) {
	page.Total = -1
	s, ok := searchOf(f)
	if !ok {
		return page, nil
	}
	q := &listQuery{}
	byCreation := order.column == "created_at"
	low, high := positionBounds(f)
	if byCreation && f.After != nil {
		at, _ := strconv.ParseInt(f.After.Value, 10, 64)
		if order.descending {
			high = min(high, at-1)
		} else {
			low = max(low, at+1)
		}
	}
	match, err := r.matching(q, s, low, high, order.descending || !byCreation)
	if err != nil {
		return page, err
	}
	text := `SELECT ` + incidentColumnsOf("i") + ` FROM (` + match + `) m ` + r.joinIncident("m.position") + ` WHERE ` + residual(q, f, phases)
	switch {
	case byCreation:
		text += ` ORDER BY m.position`
		if order.descending {
			text += ` DESC`
		}
	case f.After != nil:
		text += ` AND ` + order.behind(q, "i.", f.After) + order.by("i.")
	default:
		text += order.by("i.")
	}
	read := all[soc.Incident]
	if byCreation {
		read = allInOrder[soc.Incident]
	}
	found, err := read(r, scanIncident, text+cut(q, f.Limit+1, f.Offset), q.args...)
	if err != nil {
		return page, err
	}
	cutPage(&page, found, f, func(i soc.Incident) *soc.Keyset {
		if byCreation {
			return ListPosition(f, i)
		}
		return order.position(i)
	})
	return page, nil
}
