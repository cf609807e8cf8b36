// Package pgcluster starts a throw-away PostgreSQL server from the binaries
// that are installed on the machine. Tests use it through pgtest; the
// benchmark and the crash self-test of cmd/vedette use it directly, so nothing
// here knows package testing.
//
// It holds no schema, no SQL of the product and no policy: a Cluster is an
// empty server behind a Unix socket that only its owner can reach. It is never
// used to serve a customer's data.
package pgcluster
