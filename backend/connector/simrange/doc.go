// Package simrange is the range: a small stateful simulation of a directory,
// endpoints, mailboxes and a firewall behind its own real HTTP API, for the demo
// and for tests, and the connector that speaks to it. (range is a Go keyword.)
//
// It is labelled a simulation in every answer (the header X-Simulation and the
// JSON member "simulation"), and its connector believes nothing unlabelled.
//
// Everything exists: an account, host, file, message or address that was never
// mentioned before is in its ordinary state (enabled, connected, present,
// delivered, open), so that any entity of any incident can be acted on.
//
// Every action that arrives becomes one line of a journal (Dispatch), written
// and synced before the answer; the state is what the lines with an effect add
// up to, so it survives a kill at any moment. The journal is the sink of
// safety.md: a test counts its lines. Like many products the range does not
// deduplicate by Idempotency-Key unless told to, so that a double dispatch shows
// as two lines.
//
// It can be told to misbehave, per operation and count (Fault). Never put here:
// anything that reaches a real product, anything of Vedette's own database, or a
// rule about what may run.
package simrange
