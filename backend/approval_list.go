package backend

import (
	"context"
	"slices"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// approvalPage bounds one page of the queue.
const approvalPage = 200

// ListApprovals returns one page of the approval queue.
func (d *Desk) ListApprovals(ctx context.Context, by soc.Actor, f soc.ApprovalFilter) (page soc.ApprovalPage, err error) {
	if err := mayReadOps(by); err != nil {
		return page, err
	}
	f.Workspace, f.Limit = by.Workspace, min(max(f.Limit, 1), approvalPage)
	if f.State == "" {
		f.State = "pending"
	}
	err = d.store.View(ctx, func(r *store.Reader) error {
		if f.Incident != "" {
			i, found, err := r.Incident(by.Workspace, f.Incident)
			if err != nil || !found {
				return err
			}
			f.Incident = i.ID
		}
		found, next, err := r.ListApprovals(f)
		if err != nil {
			return err
		}
		page.Next = next
		if page.Total, err = r.CountApprovals(f); err != nil {
			return err
		}
		for _, g := range found {
			row, err := d.approvalRow(r, by, g)
			if err != nil {
				return err
			}
			if !f.Mine || row.You.MayApprove {
				page.Rows = append(page.Rows, row)
			}
		}
		return nil
	})
	return page, err
}

func (d *Desk) approvalRow(r *store.Reader, by soc.Actor, g soc.Gamebook) (soc.ApprovalRow, error) {
	m, err := d.readMatter(r, g)
	if err != nil {
		return soc.ApprovalRow{}, err
	}
	approvals, _ := m.approvals()
	standing := soc.EligibleApprovals(approvals, g.Digest, m.notApprovers)
	i := m.reading.incident
	row := soc.ApprovalRow{
		GamebookID: g.ID, Digest: g.Digest, State: soc.ApprovalState(g), Sentence: m.sentence(),
		Incident: soc.CardIncident{ShortID: i.ShortID, Number: i.Number, Title: soc.EscapeVisible(i.Title), Severity: soc.PortalSeverity.Word(i.Severity)},
		Class:    soc.PortalClass.Word(g.Class), Impact: string(g.Impact), Steps: len(g.Steps), Targets: []string{}, Need: cardNeed(g),
		Given: g.Need.Count - len(soc.MissingRoles(g.Need, standing)), QueueReasons: []string{}, Flags: flagRules(g.Flags),
		RequestedBy: soc.EscapeVisible(g.RequestedName), RequestedAt: soc.CardTime(g.RequestedAt), ApprovalExpiresAt: soc.CardTime(g.ApprovalExpiresAt),
		ExecutionExpires: soc.CardTimeOrNull(g.ExecutionExpires), NoticesSent: []int{}, BatchGroup: batchGroup(g), You: *m.you(by, standing),
	}
	if _, row.RequesterSuspended, err = m.standing(); err != nil {
		return row, err
	}
	for _, reason := range g.QueueReasons {
		row.QueueReasons = append(row.QueueReasons, string(reason))
	}
	for _, percent := range noticePercents {
		if g.NoticesSent >= percent {
			row.NoticesSent = append(row.NoticesSent, percent)
		}
	}
	for _, s := range g.Steps {
		if name := s.TargetName(); len(row.Targets) < 3 && !slices.Contains(row.Targets, name) {
			row.Targets = append(row.Targets, name)
		}
	}
	return row, nil
}

// batchGroup names what one confirmation may cover: one playbook, reversible,
// low impact, unflagged, one person's need (S21).
func batchGroup(g soc.Gamebook) *string {
	harmless := g.Class == soc.ClassReversible && g.Impact == soc.ImpactLow && g.Taint != soc.TaintFlagged && len(g.Flags) == 0 && g.Need.Count == 1
	if !harmless || !g.NeedsApproval {
		return nil
	}
	for _, s := range g.Steps {
		if s.Playbook != g.Steps[0].Playbook {
			return nil
		}
	}
	return &g.Steps[0].Playbook
}
