// Package worker is what time does: it carries out gamebooks, reads effects
// back, runs triage, ends what nobody decided in time, and watches the clock
// and the marker file of the kill switch.
//
// It acts between two transactions of the desk and never inside one: the desk
// puts the intent of a step on record, the worker calls the product, the desk
// records what came of it. Rows are the truth and jobs only say where to look:
// a job may run twice, come late or be lost with its process, and no effect
// happens twice for it (S26).
//
// Never put here: a rule about what may run (soc), a row (store), a decision
// (backend), or what a product's answer means (connector).
package worker
