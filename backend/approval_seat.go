package backend

import (
	"slices"

	"vedette/backend/soc"
)

func cardNeed(g soc.Gamebook) soc.CardNeed {
	need := soc.CardNeed{Count: g.Need.Count, Roles: []string{}, Fresh: g.Need.Count > 1 || g.Class == soc.ClassIrreversible}
	for _, role := range g.Need.Roles {
		need.Roles = append(need.Roles, string(role))
	}
	return need
}

func second(g soc.Gamebook, standing []soc.Approval) *soc.CardSecond {
	if g.Need.Count < 2 {
		return nil
	}
	missing := soc.MissingRoles(g.Need, standing)
	out := &soc.CardSecond{Given: g.Need.Count - len(missing), Missing: []string{}}
	for _, role := range missing {
		out.Missing = append(out.Missing, string(role))
	}
	return out
}

// eligible counts the people who could take a seat that is still empty.
func (m *matter) eligible(standing []soc.Approval) int {
	missing := soc.MissingRoles(m.g.Need, standing)
	n := 0
	for person, role := range m.roles {
		given := slices.ContainsFunc(standing, func(a soc.Approval) bool { return a.Person == person })
		if given || slices.Contains(m.notApprovers, person) || len(missing) == 0 {
			continue
		}
		if meetsASeat(soc.Need{Count: len(missing), Roles: missing}, role) {
			n++
		}
	}
	return n
}

func (m *matter) you(by soc.Actor, standing []soc.Approval) *soc.CardYou {
	code, err := m.desk.mayApprove(by, m)
	switch {
	case err != nil:
	case m.g.Status != soc.GamebookQueued || !m.g.NeedsApproval:
		code = soc.CodeInvalidState
	case !m.desk.mayStillDecide(m.g):
		code = soc.CodeApprovalExpired
	case slices.ContainsFunc(standing, func(a soc.Approval) bool { return a.Person == by.ID }):
		code = soc.CodeConflict
	}
	return &soc.CardYou{MayApprove: code == "", Why: orNull(string(code))}
}
