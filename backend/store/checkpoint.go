package store

import (
	"context"
	"os"
)

// Checkpoint copies SQLite's write-ahead log into the database, empties it, and
// returns its size afterwards in bytes. SQLite does the first by itself every
// thousand pages; the log only shrinks while no reader needs it, and so the
// worker calls this from time to time. It does not wait for readers, which
// would hold up the writer: while one is in the way the size stays what it is.
// PostgreSQL looks after its own log: 0.
func (s *Store) Checkpoint(ctx context.Context) (int64, error) {
	if s.dialect != sqliteDialect {
		return 0, nil
	}
	conn, err := s.writerDB.Conn(ctx)
	if err != nil {
		return s.walSize(), failure(err)
	}
	defer func() { _ = conn.Close() }()
	// From here the context must not interrupt: the timeout has to be put back.
	ctx = context.WithoutCancel(ctx)
	if _, err := conn.ExecContext(ctx, `PRAGMA busy_timeout = 0`); err != nil {
		return s.walSize(), failure(err)
	}
	var busy, pages, moved int64
	err = conn.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &pages, &moved)
	if _, restore := conn.ExecContext(ctx, `PRAGMA busy_timeout = 10000`); err == nil {
		err = restore
	}
	return s.walSize(), failure(err)
}

func (s *Store) walSize() int64 {
	info, err := os.Stat(s.path + "-wal")
	if err != nil {
		return 0
	}
	return info.Size()
}
