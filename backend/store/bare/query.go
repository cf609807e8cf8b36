package bare

import "context"

// Groups counts the incidents of a workspace since a time (Unix
// microseconds) by source and severity, and returns how many groups there were.
func (e *Engine) Groups(ctx context.Context, workspace string, since int64) (int, error) {
	n := 0
	err := e.query(ctx, func([]any) error {
		n++
		return nil
	}, `SELECT source, severity, COUNT(*) FROM incident WHERE workspace_id = $1 AND deleted_at = 0 AND created_at >= $2 GROUP BY source, severity ORDER BY COUNT(*) DESC, source, severity LIMIT 50`, workspace, since)
	return n, err
}

// Titles reads the newest incidents of a workspace with a word in their title
// and returns how many there were.
func (e *Engine) Titles(ctx context.Context, workspace, word string, limit int) (int, error) {
	n := 0
	err := e.query(ctx, func([]any) error {
		n++
		return nil
	}, `SELECT short_id, title, severity, created_at FROM incident WHERE workspace_id = $1 AND deleted_at = 0 AND LOWER(title) LIKE '%' || $2 || '%' ORDER BY created_at DESC, id DESC LIMIT $3`, workspace, word, limit)
	return n, err
}
