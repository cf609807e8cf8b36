package store

import (
	"time"
)

// Content is stored bytes in rows of at most one chunk each.
type Content struct {
	Workspace string
	ID        string
	Size      int64
	SHA256    string
}

// BeginContent opens bytes that are being sent.
func (tx *Tx) BeginContent(workspace, id string, at time.Time) error {
	return tx.insert(`INSERT INTO content (id, workspace_id, sha256, size, kept, started_at) VALUES ($1, $2, '', 0, $3, $4)`, id, workspace, false, micros(at))
}

// AddChunk adds the n-th chunk, from 0, of bytes that are being sent. found is
// false where there are none: they were swept, or are another workspace's.
func (tx *Tx) AddChunk(workspace, id string, n int, bytes []byte) (found bool, err error) {
	rows, err := tx.update(`INSERT INTO content_chunk (content_id, n, bytes) SELECT id, $3, $4 FROM content WHERE id = $2 AND workspace_id = $1 AND NOT kept`,
		workspace, id, n, bytes)
	return rows == 1, err
}

// KeepContent makes sent bytes the kept ones of their hash. Where the
// workspace has that hash already, the kept ones are returned and the sent ones
// are left to be swept. found is false where nothing was being sent.
func (tx *Tx) KeepContent(c Content) (kept Content, found bool, err error) {
	kept, found, err = tx.contentByHash(c.Workspace, c.SHA256)
	if err != nil || found {
		return kept, found, err
	}
	rows, err := tx.update(`UPDATE content SET kept = $5, sha256 = $3, size = $4 WHERE id = $2 AND workspace_id = $1 AND NOT kept`,
		c.Workspace, c.ID, c.SHA256, c.Size, true)
	return c, rows == 1, err
}

func (r *Reader) contentByHash(workspace, hash string) (Content, bool, error) {
	return one(r, func(x row) (Content, error) {
		var c Content
		return c, x.Scan(&c.ID, &c.Workspace, &c.Size, &c.SHA256)
	}, `SELECT id, workspace_id, size, sha256 FROM content WHERE workspace_id = $1 AND sha256 = $2 AND kept`, workspace, hash)
}

// Chunk reads the n-th chunk of kept bytes.
func (r *Reader) Chunk(workspace, id string, n int) (bytes []byte, found bool, err error) {
	return one(r, func(x row) ([]byte, error) {
		var b []byte
		return b, x.Scan(&b)
	}, `SELECT k.bytes FROM content c JOIN content_chunk k ON k.content_id = c.id WHERE c.id = $2 AND c.workspace_id = $1 AND c.kept AND k.n = $3`, workspace, id, n)
}

// DropContent leaves bytes to be swept unless a file or an export still has them.
func (tx *Tx) DropContent(workspace, id string) error {
	_, err := tx.update(`UPDATE content SET kept = $3, started_at = 0 WHERE id = $2 AND workspace_id = $1
AND NOT EXISTS (SELECT 1 FROM attachment WHERE content_id = content.id AND removed_at = 0)
AND NOT EXISTS (SELECT 1 FROM audit_export WHERE content_id = content.id AND state = 'done')`, workspace, id, false)
	return err
}

// SweepContent removes up to limit chunks of the oldest bytes that nobody keeps
// and that were begun before a time, and says whether there is more to do.
func (tx *Tx) SweepContent(before time.Time, limit int) (more bool, err error) {
	id, found, err := one(&tx.Reader, scanString, `SELECT id FROM content WHERE NOT kept AND started_at < $1 ORDER BY started_at, id LIMIT 1`, micros(before))
	if err != nil || !found {
		return false, err
	}
	n, err := tx.update(`DELETE FROM content_chunk WHERE content_id = $1 AND n IN (SELECT n FROM content_chunk WHERE content_id = $1 ORDER BY n LIMIT $2)`, id, limit)
	if err != nil || n > 0 {
		return true, err
	}
	_, err = tx.update(`DELETE FROM content WHERE id = $1 AND NOT kept`, id)
	return true, err
}
