package store

import (
	"strconv"
	"strings"

	"vedette/backend/soc"
)

// approvalStates spells the approval queue's states over gamebook rows; it
// says in SQL what soc.ApprovalState says of one row.
var approvalStates = map[string]string{
	"pending":   `status = 'Queued' AND needs_approval = TRUE`,
	"approved":  `status = 'Queued' AND needs_approval = FALSE`,
	"executing": `status = 'Running'`,
	"finished":  `status IN ('Completed', 'CompletedUnverified', 'PartiallyCompleted', 'Failed', 'Halted', 'RolledBack')`,
	"denied":    `status = 'Rejected'`,
	"expired":   `status = 'Expired'`,
	"cancelled": `status = 'Cancelled'`,
}

// ApprovalStates lists the states ListApprovals takes.
func ApprovalStates() []string {
	return []string{"pending", "approved", "executing", "finished", "denied", "expired", "cancelled"}
}

// approvalOrder is one order of the queue: what it sorts by, and of a row.
type approvalOrder struct {
	column  string
	falling bool
	value   func(g soc.Gamebook) int64
}

// riskColumn ranks class, then impact: 0 to 7.
const riskColumn = `(CASE class WHEN 'read_only' THEN 0 WHEN 'reversible' THEN 2 WHEN 'externally_reversible' THEN 4 ELSE 6 END + CASE impact WHEN 'high' THEN 1 ELSE 0 END)`

var approvalOrders = map[string]approvalOrder{
	"approvalExpiresAt": {"approval_expires_at", false, func(g soc.Gamebook) int64 { return micros(g.ApprovalExpiresAt) }},
	"requestedAt":       {"requested_at", false, func(g soc.Gamebook) int64 { return micros(g.RequestedAt) }},
	"-risk": {riskColumn, true, func(g soc.Gamebook) int64 {
		risk := int64(2 * g.Class.Rank())
		if g.Impact == soc.ImpactHigh {
			risk++
		}
		return risk
	}},
}

// ListApprovals lists gamebooks in one state, soonest clock first unless
// another order is asked for.
func (r *Reader) ListApprovals(f soc.ApprovalFilter) (found []soc.Gamebook, next *soc.Keyset, err error) {
	if f.Sort == "" {
		f.Sort = "approvalExpiresAt"
	}
	order, known := approvalOrders[f.Sort]
	if !known {
		return nil, nil, soc.InvalidField("sort", "must be approvalExpiresAt, -risk or requestedAt")
	}
	q := &listQuery{}
	where, err := approvalWhere(q, f)
	if err != nil {
		return nil, nil, err
	}
	direction, beyond := "", ">"
	if order.falling {
		direction, beyond = " DESC", "<"
	}
	if f.After != nil {
		at, _ := strconv.ParseInt(f.After.Value, 10, 64)
		where += ` AND (` + order.column + `, id) ` + beyond + ` (` + q.arg(at) + `, ` + q.arg(f.After.ID) + `)`
	}
	found, err = all(r, scanGamebook, gamebookColumns+where+` ORDER BY `+order.column+direction+`, id`+direction+` LIMIT `+q.arg(f.Limit+1), q.args...)
	if err != nil {
		return nil, nil, err
	}
	if len(found) > f.Limit {
		found = found[:f.Limit]
		last := found[len(found)-1]
		next = &soc.Keyset{Value: strconv.FormatInt(order.value(last), 10), ID: last.ID}
	}
	for n := range found {
		if found[n].Steps, err = r.Steps(f.Workspace, found[n].ID); err != nil {
			return nil, nil, err
		}
		if found[n].Approvals, err = r.Approvals(found[n].ID); err != nil {
			return nil, nil, err
		}
	}
	return found, next, nil
}

func approvalWhere(q *listQuery, f soc.ApprovalFilter) (string, error) {
	state, ok := approvalStates[f.State]
	if !ok {
		return "", soc.InvalidField("state", "must be one of %s", strings.Join(ApprovalStates(), ", "))
	}
	where := ` WHERE workspace_id = ` + q.arg(f.Workspace) + ` AND ` + state
	if f.Incident != "" {
		where += ` AND incident_id = ` + q.arg(f.Incident)
	}
	if f.Severity != "" {
		where += ` AND incident_id IN (SELECT id FROM incident WHERE workspace_id = ` + q.arg(f.Workspace) + ` AND severity = ` + q.arg(string(f.Severity)) + `)`
	}
	if f.Class != "" {
		where += ` AND class = ` + q.arg(string(f.Class))
	}
	if f.Reason != "" {
		where += ` AND queue_reasons LIKE ` + q.arg(`%"`+string(f.Reason)+`"%`)
	}
	if f.Playbook != "" {
		where += ` AND id IN (SELECT gamebook_id FROM step WHERE workspace_id = ` + q.arg(f.Workspace) + ` AND playbook_id = ` + q.arg(f.Playbook) + `)`
	}
	if f.Agent != "" {
		where += ` AND requested_by = ` + q.arg(f.Agent)
	}
	if f.Flagged != nil {
		comparison := `<>`
		if *f.Flagged {
			comparison = `=`
		}
		where += ` AND taint ` + comparison + ` 'flagged'`
	}
	if !f.ExpiresBefore.IsZero() {
		where += ` AND approval_expires_at < ` + q.arg(micros(f.ExpiresBefore))
	}
	return where, nil
}

// CountApprovals counts the rows of a filter up to 10,000.
func (r *Reader) CountApprovals(f soc.ApprovalFilter) (int, error) {
	q := &listQuery{}
	where, err := approvalWhere(q, f)
	if err != nil {
		return 0, err
	}
	return r.count(`SELECT COUNT(*) FROM (SELECT 1 FROM gamebook`+where+` LIMIT 10000) counted`, q.args...)
}
