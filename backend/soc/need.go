package soc

import (
	"cmp"
	"slices"
)

// approvalRoles are the roles that approve, in rising order. Viewer decides
// nothing, and admin configures: alone it carries no right to approve.
func approvalRoles() []Role { return []Role{RoleAnalyst, RoleSenior, RoleManager} }

func approvalRank(r Role) int { return slices.Index(approvalRoles(), r) }

// approves reports whether r may take a seat that asks for least.
func approves(r, least Role) bool {
	return approvalRank(r) >= 0 && approvalRank(r) >= approvalRank(least)
}

// NeedOne is one person: an analyst for what is read only or reversible with
// low impact, a senior for anything heavier and for severity critical.
func NeedOne(class Class, impact Impact, severity Severity) Need {
	light := class == ClassReadOnly || class == ClassReversible && impact == ImpactLow
	if light && severity.Rank() >= 0 && severity != SeverityCritical {
		return Need{Count: 1, Roles: []Role{RoleAnalyst}}
	}
	return Need{Count: 1, Roles: []Role{RoleSenior}}
}

// NeedTwo is two distinct people, one a manager, the other at least senior.
func NeedTwo() Need { return Need{Count: 2, Roles: []Role{RoleManager, RoleSenior}} }

// Level is the triage family's approval_level: the highest role among the
// seats, empty when nobody must approve.
func (n Need) Level() Role {
	if n.Count == 0 {
		return RoleNone
	}
	return n.seats()[0]
}

// seats are the least roles of the people needed, highest first. A seat
// without a role takes the highest one stated; without any, a manager.
func (n Need) seats() []Role {
	seats := slices.Clone(n.Roles)
	for i, r := range seats {
		if approvalRank(r) < 0 {
			seats[i] = RoleManager
		}
	}
	slices.SortFunc(seats, func(a, b Role) int { return cmp.Compare(approvalRank(b), approvalRank(a)) })
	most := RoleManager
	if len(seats) > 0 {
		most = seats[0]
	}
	for len(seats) < n.Count {
		seats = slices.Insert(seats, 0, most)
	}
	return seats
}

func (n Need) equal(o Need) bool { return n.Count == o.Count && slices.Equal(n.seats(), o.seats()) }

// StricterNeed asks for at least what each of the two asks for.
func StricterNeed(a, b Need) Need {
	left, right := a.seats(), b.seats()
	if len(left) < len(right) {
		left, right = right, left
	}
	for i, r := range right {
		if approvalRank(r) > approvalRank(left[i]) {
			left[i] = r
		}
	}
	if len(left) == 0 {
		return Need{}
	}
	return Need{Count: len(left), Roles: left}
}

// EligibleApprovals leaves out what counts for nothing: void ones, those of
// another digest, and those of people who may not decide this gamebook (S5).
func EligibleApprovals(approvals []Approval, digest string, notApprovers []string) []Approval {
	var eligible []Approval
	for _, a := range approvals {
		if !a.Void && a.Digest == digest && a.Person != "" && !slices.Contains(notApprovers, a.Person) {
			eligible = append(eligible, a)
		}
	}
	return eligible
}

// ApprovalsMeet reports whether distinct people with the roles asked for have
// approved and nobody has rejected. Pass EligibleApprovals: the function knows
// neither the digest nor who asked.
func ApprovalsMeet(need Need, approvals []Approval) bool {
	if slices.ContainsFunc(approvals, func(a Approval) bool { return !a.Void && !a.Approved }) {
		return false
	}
	return len(MissingRoles(need, approvals)) == 0
}

// MissingRoles are the seats that nobody has taken, highest first. One person
// counts once, with the least of the roles found for them.
func MissingRoles(need Need, approvals []Approval) []Role {
	least := map[string]Role{}
	for _, a := range approvals {
		if a.Void || !a.Approved || a.Person == "" {
			continue
		}
		if r, there := least[a.Person]; !there || approvalRank(a.Role) < approvalRank(r) {
			least[a.Person] = a.Role
		}
	}
	people := make([]Role, 0, len(least))
	for _, r := range least {
		people = append(people, r)
	}
	slices.SortFunc(people, func(a, b Role) int { return cmp.Compare(approvalRank(b), approvalRank(a)) })
	var missing []Role
	for _, seat := range need.seats() { // highest seat, highest person
		if len(people) > 0 && approves(people[0], seat) {
			people = people[1:]
		} else {
			missing = append(missing, seat)
		}
	}
	return missing
}
