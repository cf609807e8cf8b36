package backend

import (
	"slices"
	"strings"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// end closes a gamebook: what has not begun never runs. A step under way keeps
// its state until its answer is recorded, and its target stays locked.
func (d *Desk) end(tx *store.Tx, by soc.Actor, g soc.Gamebook, status soc.GamebookStatus, code soc.Code) (soc.Gamebook, error) {
	now := d.clock()
	for i, s := range g.Steps {
		if s.Status != soc.StepQueued {
			continue
		}
		s.Status, s.FinishedAt, s.Error = soc.StepNotRun, now, string(code)
		if _, err := tx.UpdateStep(s, soc.StepQueued); err != nil {
			return g, err
		}
		g.Steps[i] = s
	}
	g.Status, g.FinishedAt, g.NeedsApproval = status, now, false
	if !slices.ContainsFunc(g.Steps, func(s soc.Step) bool { return s.Status == soc.StepDispatched }) {
		g.Lease = "" // whoever has a step under way keeps its hold until it is recorded
		if err := tx.FreeTargets(g.Workspace, g.ID); err != nil {
			return g, err
		}
	}
	e := d.gamebookEntry(by, "gamebook_"+eventWord(status), g)
	e.Code = code
	tx.Audit(e)
	g, err := tx.UpdateGamebook(g)
	if err != nil {
		return g, err
	}
	return g, d.announceGamebook(tx, by, g)
}

// eventWord spells a state for an audit event: partially_completed.
func eventWord(status soc.GamebookStatus) string {
	var b strings.Builder
	for i, r := range string(status) {
		if i > 0 && r >= 'A' && r <= 'Z' {
			b.WriteByte('_')
		}
		b.WriteRune(r)
	}
	return strings.ToLower(b.String())
}

// gamebookEntry begins an audit entry about a gamebook.
func (d *Desk) gamebookEntry(by soc.Actor, event string, g soc.Gamebook) soc.AuditEntry {
	e := d.entry(by, event)
	e.Workspace, e.Incident, e.Gamebook, e.Digest, e.PolicyVersion = g.Workspace, g.Incident, g.ID, g.Digest, g.PolicyVersion
	e.After = string(g.Status)
	return e
}
