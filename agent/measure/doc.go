// Package measure turns verdicts beside their labels into the figures of
// triage.md T28, with intervals, and draws them as JSON, Markdown and HTML.
//
// Everything here is arithmetic on cases: the same cases and seed give the
// same bytes. Never here: a data set, a server, a clock, a model.
package measure
