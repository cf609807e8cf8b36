package soc

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Outcome of the gate: Run < Queue < Deny. The zero Outcome is none of them,
// so that a forgotten result never runs.
type Outcome int

// The outcomes.
const (
	OutcomeRun Outcome = iota + 1
	OutcomeQueue
	OutcomeDeny
)

// String is the word stored and shown: run, queue, deny.
func (o Outcome) String() string {
	switch o {
	case OutcomeRun:
		return "run"
	case OutcomeQueue:
		return "queue"
	case OutcomeDeny:
		return "deny"
	}
	return "none"
}

// GateResult is the gate's answer.
type GateResult struct {
	Outcome Outcome
	// Code is the one word of the answer: QUEUED, QUEUED_FOR_APPROVAL, or the
	// first of the denials in the order of the wire (DenyOrder).
	Code Code
	// Reasons explain the outcome: denials in DenyOrder, queue reasons in
	// QueueOrder, none for Run. Each code once.
	Reasons []Code
	// Need is how many people must approve; Count 0 when nobody must.
	Need Need
	// Missing are the seats of Need still empty (approve and execute).
	Missing []Role
	// Rules are all contributions in the order g1-g19. A Queue contribution
	// that the approvals cover has the outcome "satisfied".
	Rules []RuleHit
	// Class and Impact of the worst step.
	Class            Class
	Impact           Impact
	EffectiveTrigger Trigger
	// Downgraded: the claim asked for more than the run token carries; the
	// desk writes the audit row trigger_claim_downgraded (S2).
	Downgraded bool
	Taint      Taint
	// Halt (execute): a kill switch stops the gamebook for good. Stale
	// (execute): what was approved no longer covers what is; back to people.
	Halt, Stale bool
}

// Gate decides submission, approval, execution, simulation and explanation of
// a gamebook: the whole approval policy (safety.md section 1.1, g1-g19). It is
// pure. Every rule contributes Run, Queue or Deny and the outcome is the
// maximum, so the order of rules cannot matter and adding one only tightens.
func Gate(in GateInput) GateResult { return decide(in, gateRules()) }

func decide(in GateInput, rules []gateRule) GateResult {
	f := gatherFacts(in)
	var hits []gateHit
	for _, rule := range rules {
		hits = rule(f, hits)
	}
	if in.Release && in.Phase == PhaseExecute {
		hits = slices.DeleteFunc(hits, gateHit.decidedBefore)
	}
	r := GateResult{
		Outcome: OutcomeRun, Class: f.class, Impact: f.impact,
		EffectiveTrigger: f.trigger, Downgraded: f.downgraded, Taint: f.taint,
	}
	for _, h := range hits {
		r.Outcome = max(r.Outcome, h.outcome)
	}
	r.Need = needOf(f, hits)
	satisfied := false
	if in.Phase == PhaseApprove || in.Phase == PhaseExecute {
		satisfied = f.settle(&r, &hits)
	}
	r.Reasons = reasonsOf(r.Outcome, hits)
	r.Rules = rulesOf(hits, satisfied)
	switch r.Outcome {
	case OutcomeRun:
		r.Code = CodeQueued
	case OutcomeQueue:
		r.Code = CodeQueuedForApproval
	default:
		r.Code = r.Reasons[0]
	}
	if in.Phase == PhaseExecute && r.Outcome != OutcomeRun {
		r.Halt = in.Kill != KillFacts{}
		r.Stale = !r.Halt
	}
	return r
}

// needOf is Need 1 of the worst step, or Need 2 when one contribution asks for
// two people; nobody when nothing queues.
func needOf(f gateFacts, hits []gateHit) Need {
	need := Need{}
	for _, h := range hits {
		if h.outcome != OutcomeQueue {
			continue
		}
		if h.two {
			return NeedTwo()
		}
		need = NeedOne(f.class, f.impact, f.severity)
	}
	return need
}

// settle weighs the stored approvals (phases approve and execute). They cover
// the Queue contributions when the Need in the digest is at least what is
// needed now and is met; a Deny they never cover. The Need in the digest must
// be met even when nothing queues any more: people were promised a say.
func (f gateFacts) settle(r *GateResult, hits *[]gateHit) (satisfied bool) {
	in := f.in
	covers := StricterNeed(in.DigestNeed, r.Need).equal(in.DigestNeed)
	r.Need = StricterNeed(in.DigestNeed, r.Need)
	if in.AutoRun && r.Need.Count == 0 {
		return false
	}
	approvals := EligibleApprovals(in.Approvals, in.Digest, in.NotApprovers)
	r.Missing = MissingRoles(r.Need, approvals)
	met := covers && ApprovalsMeet(r.Need, approvals)
	switch {
	case r.Outcome == OutcomeQueue && met:
		r.Outcome = OutcomeRun
	case r.Outcome == OutcomeRun && !met:
		r.Outcome = OutcomeQueue
		*hits = append(*hits, gateHit{rule: 18, outcome: OutcomeQueue, code: CodePolicyRequiresApproval})
	}
	return met
}

// DenyOrder is the order in which the wire names the first failing check of a
// gamebook (portal-api.md section 7), after a suspended or ended credential,
// which is refused with 403 before any of them.
func DenyOrder() []Code {
	return []Code{
		CodeAgentSuspended, CodeKillSwitchEngaged, CodeIncidentClosed, CodeAgentDisabled, CodeIncidentMismatch,
		CodeUnknownPlaybook, CodePlaybookDisabled, CodeEntityIDMissing, CodeEntityNotInIncident, CodeEntityAgentAdded,
		CodeEntityNameMismatch, CodeEntityKindMismatch, CodeEntityPropertyMissing, CodeDuplicateStep,
		CodePolicyForbids, CodeCapabilityOff, CodeUpstreamError,
	}
}

// QueueOrder is the order in which queue reasons are listed.
func QueueOrder() []Code {
	return []Code{
		CodeCapabilityOff, CodeInvestigateOnly, CodeTriggerDowngraded, CodeTargetProvenance, CodeRunTainted,
		CodeIrreversible, CodeProtectedTarget, CodeLimitReached, CodePolicyRequiresApproval,
	}
}

func reasonsOf(outcome Outcome, hits []gateHit) []Code {
	if outcome == OutcomeRun {
		return nil
	}
	order := QueueOrder()
	if outcome == OutcomeDeny {
		order = DenyOrder()
	}
	var reasons []Code
	for _, h := range hits {
		if h.outcome == outcome && !slices.Contains(reasons, h.code) {
			reasons = append(reasons, h.code)
		}
	}
	place := func(c Code) int {
		if at := slices.Index(order, c); at >= 0 {
			return at
		}
		return len(order)
	}
	slices.SortFunc(reasons, func(a, b Code) int {
		return cmp.Or(place(a)-place(b), strings.Compare(string(a), string(b)))
	})
	return reasons
}

func rulesOf(hits []gateHit, satisfied bool) []RuleHit {
	if len(hits) == 0 {
		return []RuleHit{{ID: "g19", Outcome: OutcomeRun.String()}}
	}
	slices.SortFunc(hits, func(a, b gateHit) int {
		return cmp.Or(a.rule-b.rule, -cmp.Compare(a.outcome, b.outcome),
			strings.Compare(string(a.code), string(b.code)), strings.Compare(a.policy, b.policy))
	})
	rules := make([]RuleHit, 0, len(hits))
	for i, h := range hits {
		if i > 0 && h.sameAs(hits[i-1]) {
			continue
		}
		outcome := h.outcome.String()
		if satisfied && h.outcome == OutcomeQueue {
			outcome = "satisfied"
		}
		rules = append(rules, RuleHit{ID: "g" + strconv.Itoa(h.rule), Code: h.code, Outcome: outcome, Policy: h.policy})
	}
	return rules
}
