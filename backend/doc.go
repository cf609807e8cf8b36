// Package backend is the desk: the operations that every door translates to.
// It is the architecture page in code.
//
//	door -> desk -> drawer -> vocabulary
//
// An operation is one method, func (d *Desk) VerbNoun(ctx, by soc.Actor, in)
// (out, error), in one file per noun, always in this order: may the actor; is
// the request whole; the rules that need no row; one store.Write (read rows,
// decide with a pure soc function, write rows, enqueue jobs, append the audit
// entry); return.
//
//   - The caller is a parameter, so no door can forget authorisation or audit.
//     The zero Actor may do nothing.
//   - Nothing but SQL happens inside Write. The worker acts between two
//     transactions: claim, act, record.
//   - Work is enqueued in the transaction that causes it.
//   - An agent's reads are recorded (soc.Served) before the answer leaves, so
//     that taint follows what was served (S38).
//
// Never in this room: SQL, HTTP words, JSON tags of a door, calls to a model or
// a security product.
package backend
