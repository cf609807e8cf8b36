package store

import (
	"slices"
	"strconv"
	"strings"

	"vedette/backend/soc"
)

// IndexGamebook makes a gamebook findable by the words of a text.
func (tx *Tx) IndexGamebook(g soc.Gamebook, text string) error {
	words := searchWords(text)
	slices.Sort(words)
	for _, word := range slices.Compact(words) {
		err := tx.insert(`INSERT INTO gamebook_word (workspace_id, word, requested_at, gamebook_id) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
			g.Workspace, word, micros(g.RequestedAt), g.ID)
		if err != nil {
			return err
		}
	}
	return nil
}

// gamebookKey is a row of a history before it is loaded.
type gamebookKey struct {
	workspace, id string
	at            int64
}

// GamebookHistory is one page of the gamebooks of several workspaces with their
// steps, newest request first.
func (r *Reader) GamebookHistory(workspaces []string, f soc.GamebookSearch) (found []soc.Gamebook, next *soc.Keyset, err error) {
	q := &listQuery{}
	text, err := r.historyText(q, workspaces, f, f.Limit+1)
	if err != nil || text == "" {
		return nil, nil, err
	}
	keys, err := allInOrder(r, func(x row) (gamebookKey, error) {
		var k gamebookKey
		return k, x.Scan(&k.workspace, &k.id, &k.at)
	}, text, q.args...)
	if err != nil {
		return nil, nil, err
	}
	if len(keys) > f.Limit {
		keys = keys[:f.Limit]
		last := keys[len(keys)-1]
		next = &soc.Keyset{Value: strconv.FormatInt(last.at, 10), ID: last.id}
	}
	for _, k := range keys {
		g, there, err := r.Gamebook(k.workspace, k.id)
		if err != nil {
			return nil, nil, err
		}
		if there {
			found = append(found, g)
		}
	}
	return found, next, nil
}

// CountGamebookHistory counts what a history holds, up to 10,000.
func (r *Reader) CountGamebookHistory(workspaces []string, f soc.GamebookSearch) (total int, capped bool, err error) {
	f.After, f.Offset = nil, 0
	q := &listQuery{}
	text, err := r.historyText(q, workspaces, f, totalCap+1)
	if err != nil || text == "" {
		return 0, false, err
	}
	err = r.q.queryRow(r.ctx, `SELECT COUNT(*) FROM (`+text+`) counted`, q.args...).Scan(&total)
	return min(total, totalCap), total > totalCap, failure(err)
}

const historyOrder = ` ORDER BY requested_at DESC, id DESC`

// historyText is the keys of a history in order: one range of an index for
// every workspace and status, merged. It is "" where nothing can match.
func (r *Reader) historyText(q *listQuery, workspaces []string, f soc.GamebookSearch, limit int) (string, error) {
	var arms []string
	for _, workspace := range workspaces {
		if f.Query == "" {
			arms = append(arms, historyArms(q, workspace, f)...)
			continue
		}
		arm, err := r.wordArm(q, workspace, f)
		if err != nil {
			return "", err
		}
		if arm != "" {
			arms = append(arms, arm)
		}
	}
	if len(arms) == 0 {
		return "", nil
	}
	return r.mergedText(arms, limit+f.Offset) + historyOrder + ` LIMIT ` + strconv.Itoa(limit) + ` OFFSET ` + q.arg(f.Offset), nil
}

// compoundLimit is how many SELECTs one UNION ALL may have; SQLite takes 500.
const compoundLimit = 400

// mergedText unites ranges that are each in the order of history. SQLite
// merges them lazily; PostgreSQL would read all of each, unless each is cut.
func (r *Reader) mergedText(arms []string, limit int) string {
	cut := historyOrder + ` LIMIT ` + strconv.Itoa(limit)
	if r.dialect == postgresDialect && len(arms) > 1 {
		for n := range arms {
			arms[n] = `(` + arms[n] + cut + `)`
		}
	}
	for len(arms) > compoundLimit {
		var united []string
		for chunk := range slices.Chunk(arms, compoundLimit) {
			united = append(united, `SELECT * FROM (`+strings.Join(chunk, ` UNION ALL `)+cut+`) part`)
		}
		arms = united
	}
	return strings.Join(arms, ` UNION ALL `)
}

// historyArms are the ranges of one workspace, one for every status asked for.
func historyArms(q *listQuery, workspace string, f soc.GamebookSearch) []string {
	where := `SELECT workspace_id, id, requested_at FROM gamebook WHERE workspace_id = ` + q.arg(workspace)
	behind := ""
	if f.After != nil {
		behind = ` AND (requested_at, id) < (` + q.arg(keysetNumber(f.After)) + `, ` + q.arg(f.After.ID) + `)`
	}
	if len(f.Statuses) == 0 {
		return []string{where + behind}
	}
	var arms []string
	for _, status := range orAll(f.Statuses, soc.AllGamebookStatuses) {
		arms = append(arms, where+` AND status = '`+string(status)+`'`+behind)
	}
	return arms
}

// wordArm is the range of the rarest word of a query, tested for the others.
func (r *Reader) wordArm(q *listQuery, workspace string, f soc.GamebookSearch) (string, error) {
	words, err := r.rarestWordFirst(workspace, f.Query)
	if err != nil || len(words) == 0 {
		return "", err
	}
	text := `SELECT w.workspace_id AS workspace_id, w.gamebook_id AS id, w.requested_at AS requested_at FROM gamebook_word w WHERE w.workspace_id = ` +
		q.arg(workspace) + ` AND w.word = ` + q.arg(words[0])
	if f.After != nil {
		text += ` AND (w.requested_at, w.gamebook_id) < (` + q.arg(keysetNumber(f.After)) + `, ` + q.arg(f.After.ID) + `)`
	}
	for _, word := range words[1:] {
		// A scalar subquery, because EXISTS may become a join (search.go).
		text += ` AND (SELECT TRUE FROM gamebook_word o WHERE o.workspace_id = ` + q.arg(workspace) + ` AND o.word = ` + q.arg(word) +
			` AND o.requested_at = w.requested_at AND o.gamebook_id = w.gamebook_id)`
	}
	if len(f.Statuses) > 0 {
		text += among(q, `(SELECT g.status FROM gamebook g WHERE g.id = w.gamebook_id)`, f.Statuses)
	}
	return text, nil
}

// rarestWordFirst are the words of a query with the rarest in front, none where
// one of them is not in the workspace at all. Above 500 all are common.
func (r *Reader) rarestWordFirst(workspace, query string) ([]string, error) {
	words := searchWords(query)
	slices.Sort(words)
	words = slices.Compact(words)
	words = words[:min(len(words), queryWords)]
	fewest := 501
	for n, word := range words {
		count, err := r.count(`SELECT COUNT(*) FROM (SELECT 1 FROM gamebook_word WHERE workspace_id = $1 AND word = $2 LIMIT 500) counted`, workspace, word)
		if err != nil || count == 0 {
			return nil, err
		}
		if count < fewest {
			fewest = count
			words[0], words[n] = words[n], words[0]
		}
	}
	return words, nil
}
