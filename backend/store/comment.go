package store

import (
	"strconv"

	"vedette/backend/soc"
)

const commentColumns = `SELECT id, workspace_id, incident_id, body, author_kind, author_id, author_name, author_mail, closing, activity, mentions, extension_id, ticket_id, gamebook_id, kind, created_at FROM comment`

func scanComment(r row) (soc.Comment, error) {
	var c soc.Comment
	var mentions string
	var at int64
	err := r.Scan(&c.ID, &c.Workspace, &c.Incident, &c.Body, &c.AuthorKind, &c.AuthorID, &c.AuthorName, &c.AuthorMail, &c.Closing, &c.Activity,
		&mentions, &c.Extension, &c.Ticket, &c.Gamebook, &c.Kind, &at)
	if err != nil {
		return c, err
	}
	c.CreatedAt = fromMicros(at)
	return c, decodeAll(mentions, &c.Mentions)
}

// InsertComment adds a comment, byte for byte.
func (tx *Tx) InsertComment(c soc.Comment) error {
	return tx.insert(`INSERT INTO comment (id, workspace_id, incident_id, body, author_kind, author_id, author_name, author_mail, closing, activity, mentions, extension_id, ticket_id, gamebook_id, kind, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`, c.ID, c.Workspace, c.Incident, c.Body, string(c.AuthorKind), c.AuthorID, c.AuthorName, c.AuthorMail, c.Closing, c.Activity,
		list(c.Mentions), c.Extension, c.Ticket, c.Gamebook, string(c.Kind), micros(c.CreatedAt))
}

// Comments lists the comments of an incident, oldest first.
func (r *Reader) Comments(workspace, incident string, after *soc.Keyset, limit int) ([]soc.Comment, error) {
	at, id := afterTime(after)
	return all(r, scanComment, commentColumns+` WHERE incident_id = $2 AND workspace_id = $1 AND (created_at, id) > ($3, $4) ORDER BY created_at, id LIMIT $5`,
		workspace, incident, at, id, limit)
}

// GamebookComments lists the comments about a gamebook, oldest first.
func (r *Reader) GamebookComments(workspace, gamebook string, after *soc.Keyset, limit int) ([]soc.Comment, error) {
	at, id := afterTime(after)
	return all(r, scanComment, commentColumns+` WHERE gamebook_id = $2 AND gamebook_id <> '' AND workspace_id = $1 AND (created_at, id) > ($3, $4) ORDER BY created_at, id LIMIT $5`,
		workspace, gamebook, at, id, limit)
}

// afterTime is where a list ordered by (time, id) continues.
func afterTime(after *soc.Keyset) (at int64, id string) {
	if after == nil {
		return -1 << 63, ""
	}
	at, _ = strconv.ParseInt(after.Value, 10, 64)
	return at, after.ID
}

// AfterTime makes the keyset position behind a row of such a list.
func AfterTime(c soc.Comment) *soc.Keyset {
	return &soc.Keyset{Value: strconv.FormatInt(micros(c.CreatedAt), 10), ID: c.ID}
}
