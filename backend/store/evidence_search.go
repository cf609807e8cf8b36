package store

import (
	"slices"
	"strconv"
	"strings"

	"vedette/backend/soc"
)

// evidenceChunk is how many rows a search by words reads at a time.
const evidenceChunk = 200

// evidenceCap is the most that CountEvidence counts.
const evidenceCap = 10_000

// SearchEvidence lists rows of one incident, oldest first. Query words must all
// occur somewhere in the row's text, or in the name or value of a field,
// however long these are (S41); case does not matter.
func (r *Reader) SearchEvidence(f soc.EvidenceFilter) (rows []soc.Evidence, next *soc.Keyset, err error) {
	words := evidenceWords(f.Query)
	if len(words) == 0 {
		rows, err = r.evidencePage(f, f.Limit+1)
	} else {
		err = r.eachMatch(f, words, func(e soc.Evidence) bool {
			rows = append(rows, e)
			return len(rows) <= f.Limit
		})
	}
	if err != nil {
		return nil, nil, err
	}
	if len(rows) > f.Limit {
		rows = rows[:f.Limit]
		next = evidencePosition(rows[len(rows)-1])
	}
	return rows, next, nil
}

// CountEvidence counts the rows of a filter up to 10,000.
func (r *Reader) CountEvidence(f soc.EvidenceFilter) (n int, err error) {
	f.After = nil
	if words := evidenceWords(f.Query); len(words) > 0 {
		err := r.eachMatch(f, words, func(soc.Evidence) bool {
			n++
			return n < evidenceCap
		})
		return n, err
	}
	q := &listQuery{}
	err = r.q.queryRow(r.ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM evidence`+evidenceWhere(q, f)+` LIMIT `+strconv.Itoa(evidenceCap)+`) counted`, q.args...).Scan(&n)
	return n, failure(err)
}

// evidenceWords are the words of a query, lower case.
func evidenceWords(query string) []string { return strings.Fields(strings.ToLower(query)) }

func evidencePosition(e soc.Evidence) *soc.Keyset {
	return &soc.Keyset{Value: strconv.FormatInt(micros(e.At), 10), ID: strconv.Itoa(e.Number)}
}

// eachMatch hands over the rows that hold every word, until use says stop.
//
// Words are compared here and not in SQL: the engines fold letters beyond ASCII
// differently or not at all, and a match in the stored JSON would also find
// the names of its members.
func (r *Reader) eachMatch(f soc.EvidenceFilter, words []string, use func(soc.Evidence) bool) error {
	for {
		rows, err := r.evidencePage(f, evidenceChunk)
		if err != nil {
			return err
		}
		for _, e := range rows {
			if holdsWords(e, words) && !use(e) {
				return nil
			}
		}
		if len(rows) < evidenceChunk {
			return nil
		}
		f.After = evidencePosition(rows[len(rows)-1])
	}
}

func holdsWords(e soc.Evidence, words []string) bool {
	left := words
	drop := func(text string) {
		if len(left) == 0 {
			return
		}
		folded := strings.ToLower(text)
		left = slices.DeleteFunc(slices.Clone(left), func(word string) bool { return strings.Contains(folded, word) })
	}
	drop(e.Text)
	for _, field := range e.Fields {
		drop(field.Name)
		drop(field.Value)
	}
	return len(left) == 0
}

// evidencePage is one page of a filter but for its words.
func (r *Reader) evidencePage(f soc.EvidenceFilter, limit int) ([]soc.Evidence, error) {
	q := &listQuery{}
	where := evidenceWhere(q, f)
	if f.After != nil {
		number, _ := strconv.ParseInt(f.After.ID, 10, 64)
		where += ` AND (at, number) > (` + q.arg(keysetNumber(f.After)) + `, ` + q.arg(number) + `)`
	}
	return all(r, scanEvidence, evidenceColumns+where+` ORDER BY at, number LIMIT `+q.arg(limit), q.args...)
}

func evidenceWhere(q *listQuery, f soc.EvidenceFilter) string {
	incident, workspace := q.arg(f.Incident), q.arg(f.Workspace)
	where := ` WHERE incident_id = ` + incident + ` AND workspace_id = ` + workspace
	if f.Type != "" {
		where += ` AND type = ` + q.arg(f.Type)
	}
	if f.Entity != "" {
		where += ` AND number IN (SELECT evidence_number FROM sighting WHERE entity_id = ` + q.arg(f.Entity) + ` AND incident_id = ` + incident + ` AND workspace_id = ` + workspace + `)`
	}
	if !f.From.IsZero() {
		where += ` AND at >= ` + q.arg(micros(f.From))
	}
	if !f.To.IsZero() {
		where += ` AND at <= ` + q.arg(micros(f.To))
	}
	return where
}
