package bare

import (
	"context"
	"fmt"
	"strings"
)

// Incident reads one incident by id and returns how many columns it has.
func (e *Engine) Incident(ctx context.Context, id string) (int, error) {
	n := 0
	err := e.query(ctx, func(values []any) error {
		n = len(values)
		return nil
	}, `SELECT * FROM incident WHERE id = $1`, id)
	if err == nil && n == 0 {
		err = fmt.Errorf("there is no incident %s", id)
	}
	return n, err
}

// List reads the newest incidents of a workspace with a status and returns how
// many there were.
func (e *Engine) List(ctx context.Context, workspace, status string, limit int) (int, error) {
	n := 0
	err := e.query(ctx, func([]any) error {
		n++
		return nil
	}, `SELECT * FROM incident WHERE workspace_id = $1 AND deleted_at = 0 AND status = $2 AND severity_rank = 3 ORDER BY created_at DESC, id DESC LIMIT $3`, workspace, status, limit)
	return n, err
}

// Search reads the newest incidents of a workspace that hold a word (letters
// and digits, lower case) and returns how many there were.
func (e *Engine) Search(ctx context.Context, workspace, word string, limit int) (int, error) {
	n := 0
	word = "w" + strings.ReplaceAll(workspace, "-", "") + word
	text := `SELECT i.* FROM incident_search s CROSS JOIN incident i ON i.seq = s.rowid & 1073741823 WHERE s.words MATCH $1 ORDER BY s.rowid DESC LIMIT $2`
	if e.pg != nil {
		text = `SELECT i.* FROM incident_word w JOIN incident i ON i.seq = w.position & 1073741823
WHERE w.term = ('x' || SUBSTR(ENCODE(SHA256($1::text::bytea), 'hex'), 1, 16))::bit(64)::bigint ORDER BY w.position DESC LIMIT $2`
	}
	err := e.query(ctx, func([]any) error {
		n++
		return nil
	}, text, word, limit)
	return n, err
}
