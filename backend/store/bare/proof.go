package bare

import (
	"context"
	"fmt"
)

// AuditedRequests are the request ids that stand in the record.
func (e *Engine) AuditedRequests(ctx context.Context) (map[string]bool, error) {
	found := map[string]bool{}
	err := e.query(ctx, func(v []any) error {
		found[textOf(v[0])] = true
		return nil
	}, `SELECT DISTINCT request_id FROM audit WHERE request_id <> ''`)
	return found, err
}

// Standing is, by id, what an agent may never change of an incident: whether it
// is closed, how severe it is, whether it is still there.
func (e *Engine) Standing(ctx context.Context) (map[string]string, error) {
	found := map[string]string{}
	err := e.query(ctx, func(v []any) error {
		closed := "open"
		if textOf(v[1]) == "closed" {
			closed = "closed"
		}
		found[textOf(v[0])] = fmt.Sprintf("%s %s %v", closed, textOf(v[2]), v[3])
		return nil
	}, `SELECT id, status, severity, deleted_at FROM incident`)
	return found, err
}
