package soc_test

import (
	"fmt"
	"slices"
	"testing"

	"vedette/backend/soc"
)

func approval(person string, role soc.Role) soc.Approval {
	return soc.Approval{Person: person, Role: role, Digest: "d", Approved: true}
}

func TestS17NeedTwoIsAManagerAndASenior(t *testing.T) {
	m, s, a, adm, v := soc.RoleManager, soc.RoleSenior, soc.RoleAnalyst, soc.RoleAdmin, soc.RoleViewer
	one := func(r soc.Role) soc.Need { return soc.Need{Count: 1, Roles: []soc.Role{r}} }
	cases := []struct {
		need    soc.Need
		roles   []soc.Role
		missing []soc.Role
	}{
		{soc.Need{}, nil, nil},
		{one(a), nil, []soc.Role{a}},
		{one(a), []soc.Role{a}, nil},
		{one(a), []soc.Role{m}, nil},
		{one(a), []soc.Role{v}, []soc.Role{a}},
		{one(a), []soc.Role{adm}, []soc.Role{a}},
		{one(s), []soc.Role{a, a, a}, []soc.Role{s}},
		{one(s), []soc.Role{s}, nil},
		{soc.NeedTwo(), nil, []soc.Role{m, s}},
		{soc.NeedTwo(), []soc.Role{s}, []soc.Role{m}},
		{soc.NeedTwo(), []soc.Role{m}, []soc.Role{s}},
		{soc.NeedTwo(), []soc.Role{s, s}, []soc.Role{m}},
		{soc.NeedTwo(), []soc.Role{m, a}, []soc.Role{s}},
		{soc.NeedTwo(), []soc.Role{m, adm}, []soc.Role{s}},
		{soc.NeedTwo(), []soc.Role{s, m}, nil},
		{soc.NeedTwo(), []soc.Role{m, m}, nil},
		{soc.Need{Count: 2}, []soc.Role{s, s}, []soc.Role{m, m}},
		{one("?"), []soc.Role{s}, []soc.Role{m}},
	}
	for _, c := range cases {
		var approvals []soc.Approval
		for i, r := range c.roles {
			approvals = append(approvals, approval(fmt.Sprint("p", i), r))
		}
		if got := soc.MissingRoles(c.need, approvals); !slices.Equal(got, c.missing) {
			t.Errorf("%v with %v: missing %v, want %v", c.need, c.roles, got, c.missing)
		}
		if soc.ApprovalsMeet(c.need, approvals) != (c.missing == nil) {
			t.Errorf("%v with %v", c.need, c.roles)
		}
	}
}

// TestS5OnePersonCountsOnce: however many keys, browsers or chat identities.
func TestS5OnePersonCountsOnce(t *testing.T) {
	twice := []soc.Approval{approval("m1", soc.RoleManager), approval("m1", soc.RoleSenior)}
	if soc.ApprovalsMeet(soc.NeedTwo(), twice) {
		t.Error("one person filled two seats")
	}
	if soc.ApprovalsMeet(soc.Need{Count: 1, Roles: []soc.Role{soc.RoleManager}}, twice) {
		t.Error("the higher of two roles of one person counted")
	}
	void := approval("s1", soc.RoleSenior)
	void.Void = true
	other := approval("s2", soc.RoleSenior)
	other.Digest = "e"
	asker := approval("s3", soc.RoleSenior)
	if got := soc.EligibleApprovals([]soc.Approval{void, other, asker, approval("", soc.RoleManager)}, "d", []string{"s3"}); len(got) != 0 {
		t.Errorf("%v", got)
	}
	rejected := approval("s4", soc.RoleSenior)
	rejected.Approved = false
	if soc.ApprovalsMeet(soc.NeedTwo(), []soc.Approval{approval("m", soc.RoleManager), approval("s", soc.RoleSenior), rejected}) {
		t.Error("a rejection did not end it")
	}
}

func TestNeedOneByClassImpactSeverity(t *testing.T) {
	for _, class := range append(slices.Clone(soc.AllClasses), "?") {
		for _, impact := range soc.AllImpacts {
			for _, severity := range append(slices.Clone(soc.AllSeverities), "?") {
				want := soc.RoleSenior
				light := class == soc.ClassReadOnly || class == soc.ClassReversible && impact == soc.ImpactLow
				if light && severity != soc.SeverityCritical && severity != "?" {
					want = soc.RoleAnalyst
				}
				if got := soc.NeedOne(class, impact, severity); got.Level() != want || got.Count != 1 {
					t.Errorf("%s %s %s: %v", class, impact, severity, got)
				}
			}
		}
	}
	if soc.NeedTwo().Level() != soc.RoleManager || (soc.Need{}).Level() != soc.RoleNone {
		t.Error("levels")
	}
}

// TestS15ExecuteNeedsWhatWasApproved: the phases behind the approval.
func TestS15ExecuteNeedsWhatWasApproved(t *testing.T) {
	approved := func(change func(*soc.GateInput)) soc.GateInput {
		in := free()
		in.Settings[0].Gamebooks = false
		in.Phase, in.Digest, in.DigestNeed = soc.PhaseExecute, "d", soc.Need{Count: 1, Roles: []soc.Role{soc.RoleAnalyst}}
		in.Approvals = []soc.Approval{approval("a1", soc.RoleAnalyst)}
		change(&in)
		return in
	}
	auto := func(in *soc.GateInput) {
		in.AutoRun, in.DigestNeed, in.Approvals, in.Settings[0].Gamebooks = true, soc.Need{}, nil, true
	}
	cases := []struct {
		name        string
		change      func(*soc.GateInput)
		outcome     soc.Outcome
		halt, stale bool
	}{
		{"as approved", func(*soc.GateInput) {}, soc.OutcomeRun, false, false},
		{"kill switch", func(in *soc.GateInput) { in.Kill.Global = true }, soc.OutcomeDeny, true, false},
		{"closed meanwhile", func(in *soc.GateInput) { in.IncidentClosed = true }, soc.OutcomeDeny, false, true},
		{"protected meanwhile", func(in *soc.GateInput) { in.Steps[0].Protection = soc.ProtectionTwoPerson }, soc.OutcomeQueue, false, true},
		{"critical meanwhile", func(in *soc.GateInput) { in.Steps[0].Critical = true }, soc.OutcomeQueue, false, true},
		{"approver lost the role", func(in *soc.GateInput) { in.Approvals[0].Role = soc.RoleViewer }, soc.OutcomeQueue, false, true},
		{"approval of another digest", func(in *soc.GateInput) { in.Approvals[0].Digest = "e" }, soc.OutcomeQueue, false, true},
		{"approved by who asked", func(in *soc.GateInput) { in.NotApprovers = []string{"a1"} }, soc.OutcomeQueue, false, true},
		{"nothing queues any more, still approved", func(in *soc.GateInput) { in.Settings[0].Gamebooks = true }, soc.OutcomeRun, false, false},
		{"nothing queues any more, not approved", func(in *soc.GateInput) { in.Settings[0].Gamebooks, in.Approvals = true, nil }, soc.OutcomeQueue, false, true},
		{"agent suspended after the approval", func(in *soc.GateInput) { in.Principal.Suspended = true }, soc.OutcomeRun, false, false},
		{"runs alone", auto, soc.OutcomeRun, false, false},
		{"runs alone, agent suspended", func(in *soc.GateInput) { auto(in); in.Principal.Suspended = true }, soc.OutcomeDeny, false, true},
		{"runs alone, capability switched off", func(in *soc.GateInput) { auto(in); in.Settings[0].Gamebooks = false }, soc.OutcomeQueue, false, true},
	}
	for _, c := range cases {
		got := soc.Gate(approved(c.change))
		if got.Outcome != c.outcome || got.Halt != c.halt || got.Stale != c.stale {
			t.Errorf("%s: %s halt %v stale %v %v", c.name, got.Outcome, got.Halt, got.Stale, got.Rules)
		}
		if (got.Outcome == soc.OutcomeRun) != (len(got.Reasons) == 0) {
			t.Errorf("%s: reasons %v", c.name, got.Reasons)
		}
	}
	if got := soc.Gate(approved(func(*soc.GateInput) {})); got.Rules[0].Outcome != "satisfied" {
		t.Errorf("%v", got.Rules)
	}
}
