// Package store is the only home of SQL: rows in, rows out, for SQLite and
// PostgreSQL with one text for both wherever that is possible. A difference
// between the engines is declared next to its statement.
//
// It decides nothing. Rules live in soc and in the desk; HTTP words, policy
// and network calls must never be in this room. Every method takes the
// workspace it may look into (S44), so that no query can forget it; the few
// that do not are about whole organizations or the host and say so.
//
// All writes go through Store.Write. On both engines concurrent writes are
// grouped into one commit, each behind a savepoint of its own, so durability
// costs one flush per group and not one per caller. A function given to Write
// may run again from its start when a group had to be given up, so it must do
// nothing but SQL and assign to its results.
package store
