package caseapi

import (
	"vedette/backend/soc"
)

// nobody is a well-formed id that nothing has (RFC 9562, section 5.9). A
// malformed id is looked up as this one, so that it is answered like an unknown
// one and costs the same.
const nobody = "00000000-0000-0000-0000-000000000000"

// uuidOf reads an id of the family.
func uuidOf(prefix, id string) string {
	if uuid, ok := soc.UUIDOfCaseID(prefix, id); ok {
		return uuid
	}
	return nobody
}

// idOrNull spells the id of something that may be missing.
func idOrNull(prefix, uuid string) *string {
	id := soc.CaseID(prefix, uuid)
	if id == "" {
		return nil
	}
	return &id
}

// principal spells who did something. The server's own parts and its command
// line, which are nobody's, are "system".
func principal(id string) string {
	if user := soc.CaseID(soc.CasePrefixUser, id); user != "" {
		return user
	}
	return "system"
}
