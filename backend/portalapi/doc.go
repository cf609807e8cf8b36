// Package portalapi is the door /api/v2 (contracts/portal-api.md): it reads
// what the portal family's requests say, asks the desk, and draws the desk's
// answers in the portal's words.
//
// What must never be here: a rule of the house (soc), a decision (backend), SQL,
// or anything another door needs too (web, schemas).
package portalapi
