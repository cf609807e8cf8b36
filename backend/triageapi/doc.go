// Package triageapi is the door /api/incidents (contracts/triage-api.md): it
// reads what the triage family's requests say, asks the desk, and draws the
// desk's answers in the triage family's words.
//
// What must never be here: a rule of the house (soc), a decision (backend), SQL,
// or anything another door needs too (web, schemas).
package triageapi
