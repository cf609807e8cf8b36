// Package caseapi is the REST family /api/v1 (contracts/case-api.md): alerts,
// cases and observables as the case systems speak of them. A case is an
// incident and an observable an entity, spelled this family's way.
//
// It only translates: no rule, no SQL. What an operation may do and does stands
// in the desk, where the other families reach it too.
package caseapi
