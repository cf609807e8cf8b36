package soc

import "slices"

// containedCodes are the hard refusals that count towards an agent's
// suspension (S63): ids that are invented or foreign, and steps over a line.
// Slips of form, queueing and rate limits do not count.
var containedCodes = []Code{
	CodeNotFound, CodeIncidentMismatch, CodeUnknownPlaybook, CodeEntityNotInIncident, CodeUnknownSOP, CodeUnknownGamebook,
	CodeRunScope, CodeForbidden, CodeHumanSessionRequired, CodePolicyForbids,
}

// CountsForContainment reports whether a refusal with this code counts.
func CountsForContainment(code Code) bool { return slices.Contains(containedCodes, code) }
