package store

import (
	"strings"

	"vedette/backend/soc"
)

// nobodys is an incident without an assignee, as the index incident_unassigned
// spells it.
const nobodys = `assignee_id = '' AND assignee_name = '' AND assignee_email = ''`

// assigneeRanges are the ranges of a filter by assignee, which do not overlap:
// an incident found by the id of its assignee is not found by the address too.
func assigneeRanges(f soc.IncidentFilter) []incidentRange {
	ranges := product([]incidentRange{anyRange}, orAll(f.AssigneeIDs, f.AssigneeIDs), func(r *incidentRange, id string) {
		r.whose = func(q *listQuery) string { return `assignee_id <> '' AND assignee_id = ` + q.arg(id) }
	})
	emails := lowered(f.AssigneeEmails)
	ranges = append(ranges, product([]incidentRange{anyRange}, orAll(emails, emails), func(r *incidentRange, email string) {
		r.whose = func(q *listQuery) string {
			return `assignee_email <> '' AND LOWER(assignee_email) = ` + q.arg(email) + butNot(q, f.AssigneeIDs)
		}
	})...)
	if f.Unassigned {
		unassigned := anyRange
		unassigned.whose = func(*listQuery) string { return nobodys }
		ranges = append(ranges, unassigned)
	}
	return ranges
}

func butNot(q *listQuery, ids []string) string {
	if len(ids) == 0 {
		return ""
	}
	return ` AND NOT (` + strings.TrimPrefix(among(q, "assignee_id", ids), ` AND `) + `)`
}

// assignedTo is the filter by assignee as a condition on rows that were found
// in another way, nothing for no filter.
func assignedTo(q *listQuery, table string, f soc.IncidentFilter) string {
	if !f.ByAssignee() {
		return ""
	}
	var parts []string
	for _, condition := range []string{
		among(q, table+"assignee_id", f.AssigneeIDs), among(q, `LOWER(`+table+`assignee_email)`, lowered(f.AssigneeEmails)),
	} {
		if condition != "" {
			parts = append(parts, strings.TrimPrefix(condition, ` AND `))
		}
	}
	if f.Unassigned {
		parts = append(parts, `(`+table+strings.ReplaceAll(nobodys, ` AND `, ` AND `+table)+`)`)
	}
	return ` AND (` + strings.Join(parts, ` OR `) + `)`
}

func lowered(texts []string) []string {
	out := make([]string, len(texts))
	for n, text := range texts {
		out[n] = strings.ToLower(text)
	}
	return out
}
