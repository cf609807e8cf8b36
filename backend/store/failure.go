package store

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"

	"vedette/backend/soc"
)

// Primary SQLite result codes, see sqlite.org/rescode.html.
const (
	sqliteBusy     = 5
	sqliteNoMemory = 7
	sqliteReadOnly = 8
	sqliteIOError  = 10
	sqliteCorrupt  = 11
	sqliteFull     = 13
	sqliteCantOpen = 14
	sqliteNotADB   = 26

	sqliteError        = 1
	sqliteTooBig       = 18
	sqliteInterrupt    = 9
	sqliteUnique       = 2067
	sqlitePrimaryKey   = 1555
	postgresUnique     = "23505"
	postgresSerialize  = "40001"
	postgresDeadlock   = "40P01"
	postgresDiskFull   = "53100"
	postgresReadOnly   = "25006"
	postgresCanceled   = "57014"
	postgresRange      = "22003"
	postgresAdminStop  = "57P01"
	postgresCannotConn = "57P03"
)

// failure turns a driver error into the house's error. What the caller of an
// operation can do nothing about but wait becomes Unavailable: nothing was
// written. Everything else stays foreign, and so Internal.
func failure(err error) error {
	if err == nil {
		return nil
	}
	var known *soc.Error
	if errors.As(err, &known) {
		return err
	}
	if errors.As(err, new(uncertainError)) {
		return soc.Errorf(soc.Unavailable, soc.CodeServiceUnavailable, "The store failed while it was committing; whether the change was stored is not known.").
			WithFix("Send the same request again, with the same Idempotency-Key if it had one, or read the object first.").WithCause(err)
	}
	if unavailable(err) {
		return unavailableError(err)
	}
	return err
}

func unavailableError(err error) *soc.Error {
	return soc.Errorf(soc.Unavailable, soc.CodeServiceUnavailable, "The store cannot take writes now. Nothing was written.").
		WithFix("Try the same request again in a few seconds.").WithCause(err)
}

func unavailable(err error) bool {
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		switch lite.Code() & 0xff {
		case sqliteBusy, sqliteNoMemory, sqliteReadOnly, sqliteIOError, sqliteFull, sqliteCantOpen:
			return true
		}
		return false
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch pg.Code {
		case postgresDiskFull, postgresReadOnly, postgresAdminStop, postgresCannotConn, postgresDeadlock, postgresSerialize:
			return true
		}
		return false
	}
	var connect *pgconn.ConnectError
	return errors.As(err, &connect) || errors.As(err, new(lostError)) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// endsTransaction reports errors after which SQLite may already have rolled
// back the whole transaction, so that a later statement would commit by
// itself (sqlite.org/lang_transaction.html, section 3), and conflicts that
// undo the whole transaction of PostgreSQL.
func endsTransaction(err error) bool {
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		switch lite.Code() & 0xff {
		case sqliteBusy, sqliteNoMemory, sqliteIOError, sqliteFull, sqliteInterrupt, sqliteCorrupt, sqliteReadOnly:
			return true
		}
	}
	return conflict(err)
}

// conflict reports conflicts of PostgreSQL between replicas: the transaction
// was undone and can be run again.
func conflict(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == postgresSerialize || pg.Code == postgresDeadlock)
}

// lostError is a connection of PostgreSQL that broke before the commit was
// sent: nothing is stored, and another connection may do.
type lostError struct{ cause error }

func (e lostError) Error() string { return e.cause.Error() }
func (e lostError) Unwrap() error { return e.cause }

// retryable reports failures whose reason is likely gone on the next attempt.
func retryable(err error) bool { return conflict(err) || errors.As(err, new(lostError)) }

// diskFull reports that SQLite had no room and undid the transaction.
func diskFull(err error) bool {
	var lite *sqlite.Error
	return errors.As(err, &lite) && lite.Code()&0xff == sqliteFull
}

// duplicate reports a broken UNIQUE or PRIMARY KEY, by code and not by text.
func duplicate(err error) bool {
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return lite.Code() == sqliteUnique || lite.Code() == sqlitePrimaryKey
	}
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == postgresUnique
}

// Duplicate reports that a write met a taken key. Ids are drawn at random, so
// the desk draws again (soc.NewID).
func Duplicate(err error) bool { return duplicate(err) }
