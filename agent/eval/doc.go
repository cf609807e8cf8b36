// Package eval asks a triager about labelled incidents in the order in which
// they happened (triage.md section 4): verdicts reach it when they would have
// been decided, never before, and what it says is measured by agent/measure.
// Beside that it asks the tools of the agent door for answers to questions about
// evidence, and looks for what hostile text in alerts moved.
//
// Data sets are read from a folder that the caller names; nothing is embedded.
// Never here: the desk, a database, HTTP. A command brings an Instance.
package eval
