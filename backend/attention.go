package backend

import (
	"context"
	"regexp"
	"slices"
	"time"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// Bounds of what one question about attention looks at.
const (
	attentionWindow  = 30 * 24 * time.Hour
	attentionLongest = 92 * 24 * time.Hour
	attentionRows    = 20_000
	untaughtWindow   = 7 * 24 * time.Hour
)

// Attention says how people dealt with the cards they decided (S64): their own
// to everybody with a session, all of the workspace's to a manager and to a key
// that may read the audit. A zero from is thirty days before to, a zero to is now.
func (d *Desk) Attention(ctx context.Context, by soc.Actor, person string, from, to time.Time) (out soc.AttentionReport, err error) {
	everybody, err := mayAttend(by, person)
	if err != nil {
		return out, d.refused(ctx, by, "attention_read", err, nil)
	}
	if !everybody {
		person = by.ID
	}
	if to.IsZero() {
		to = d.clock()
	}
	if from.IsZero() {
		from = to.Add(-attentionWindow)
	}
	switch {
	case !from.Before(to):
		return out, soc.InvalidField("from", "Must be before to.")
	case to.Sub(from) > attentionLongest:
		return out, soc.InvalidField("from", "Must be at most %d days before to.", int(attentionLongest.Hours()/24))
	}
	rows, err := d.store.Read(ctx).Attended(by.Workspace, person, from, to, attentionRows+1)
	if err != nil {
		return out, err
	}
	out = soc.AttentionReport{From: from, To: to, Cut: len(rows) > attentionRows}
	rows = rows[:min(len(rows), attentionRows)]
	out.People = soc.AttentionOf(rows)
	if everybody && person == "" {
		week := to.Add(-untaughtWindow)
		out.Untaught = soc.UntaughtOf(slices.DeleteFunc(rows, func(a soc.Attended) bool { return a.At.Before(week) }))
	}
	return out, nil
}

// mayAttend says whether somebody may see more than what is said of themselves.
func mayAttend(by soc.Actor, person string) (everybody bool, err error) {
	if !by.Session {
		if err := by.MayScope(soc.ScopeAuditRead); err != nil {
			return false, err
		}
		return true, by.May("", soc.RoleManager)
	}
	if err := by.May("", soc.RoleViewer); err != nil {
		return false, err
	}
	manager := by.May("", soc.RoleManager)
	if person != "" && person != by.ID && manager != nil {
		return false, manager
	}
	return manager == nil, nil
}

// evidenceForm is how evidence is named on a card.
var evidenceForm = regexp.MustCompile(`^E[1-9][0-9]{0,9}$`)

// attended is what a decision says of attention. What was opened is the caller's
// word, each row once.
func (c *decision) attended(own soc.Approval) soc.Attended {
	a := soc.Attended{
		ID: own.ID, Workspace: c.m.g.Workspace, Person: own.Person, Name: own.Name, Gamebook: own.Gamebook, Rules: soc.AskedRules(c.m.g.Rules),
		Approved: own.Approved, Viewed: c.in.View != "", For: max(c.in.ViewedFor, 0), At: own.At,
	}
	if len(c.m.g.Steps) > 0 {
		a.Playbook = c.m.g.Steps[0].Playbook
	}
	for i, row := range c.in.Opened {
		if evidenceForm.MatchString(row) && !slices.Contains(c.in.Opened[:i], row) {
			a.Opened++
		}
	}
	return a
}

// keep stores a decision with what it says of attention.
func (c *decision) keep(tx *store.Tx, own soc.Approval) error {
	if err := tx.InsertApproval(own); err != nil {
		return err
	}
	return tx.InsertAttended(c.attended(own))
}
