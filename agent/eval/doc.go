// Package eval asks a triager about labelled incidents in the order in which
// they happened (triage.md section 4): verdicts reach it when they would have
// been decided, never before, and what it says is measured by agent/measure.
//
// Data sets are read from a folder that the caller names; nothing is embedded.
// Never here: the desk, a database, HTTP. A command brings an Instance.
package eval
