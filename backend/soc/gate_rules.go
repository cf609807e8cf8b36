package soc

import "slices"

// gateHit is one contribution of a rule.
type gateHit struct {
	rule    int
	outcome Outcome
	code    Code
	two     bool   // asks for Need 2
	policy  string // the workspace's own rule, for g6 and g18
}

func (h gateHit) sameAs(o gateHit) bool {
	return h.rule == o.rule && h.outcome == o.outcome && h.code == o.code && h.policy == o.policy
}

// decidedBefore reports whether a contribution was answered when the step that
// a release undoes was decided: a card shows the release, so nobody is asked
// twice. What stops everything (g1), and a policy that cannot be read (g4),
// stop a release too.
func (h gateHit) decidedBefore() bool { return h.rule != 1 && h.rule != 3 && h.rule != 4 }

type gateRule func(f gateFacts, hits []gateHit) []gateHit

// gateRules lists g1 to g18 of safety.md section 1.1; g19 is their silence.
func gateRules() []gateRule {
	return []gateRule{
		ruleKillSwitch, ruleCredential, ruleEntries, ruleLoaded, ruleIncident, ruleForbidden, ruleAgentAdded,
		ruleInvestigateOnly, ruleCapability, ruleProtected, ruleIrreversible, ruleCeiling, ruleProvenance,
		ruleFlagged, ruleTainted, ruleRates, ruleBlast, rulePolicyApproval,
	}
}

func deny(hits []gateHit, rule int, code Code) []gateHit {
	return append(hits, gateHit{rule: rule, outcome: OutcomeDeny, code: code})
}

func queue(hits []gateHit, rule int, code Code) []gateHit {
	return append(hits, gateHit{rule: rule, outcome: OutcomeQueue, code: code})
}

// g1. A kill switch is engaged.
func ruleKillSwitch(f gateFacts, hits []gateHit) []gateHit {
	if f.in.Kill != (KillFacts{}) {
		return deny(hits, 1, CodeKillSwitchEngaged)
	}
	return hits
}

// g2. The credential is revoked, expired or suspended, or nobody is asking.
// What people approved unchanged still executes.
func ruleCredential(f gateFacts, hits []gateHit) []gateHit {
	p := f.in.Principal
	approved := f.in.Phase == PhaseExecute && !f.in.AutoRun
	if (p.CredentialGone || p.Suspended) && !approved || !slices.Contains(AllPrincipalKinds, p.Kind) {
		return deny(hits, 2, CodeAgentSuspended)
	}
	return hits
}

// g3. An entry fails the checks of safety.md section 3.
func ruleEntries(f gateFacts, hits []gateHit) []gateHit {
	if f.in.Entries.Incident != "" {
		hits = deny(hits, 3, f.in.Entries.Incident)
	}
	for _, failure := range f.in.Entries.Failures {
		hits = deny(hits, 3, failure.Code)
	}
	return hits
}

// g4. What decides is absent, unreadable or altered. Reads go on without it.
func ruleLoaded(f gateFacts, hits []gateHit) []gateHit {
	in := f.in
	loaded := in.PolicyLoaded && in.CatalogueLoaded && in.ProtectedLoaded && len(in.Severities) > 0
	for _, severity := range in.Severities {
		loaded = loaded && slices.ContainsFunc(in.Settings, func(s AgentSettings) bool { return s.Severity == severity })
	}
	if !loaded && f.changes || len(in.Steps) == 0 {
		return deny(hits, 4, CodePolicyForbids)
	}
	return hits
}

// g5. The incident is closed, or the agent is switched off for a severity.
func ruleIncident(f gateFacts, hits []gateHit) []gateHit {
	if f.in.IncidentClosed {
		hits = deny(hits, 5, CodeIncidentClosed)
	}
	off := func(s AgentSettings) bool { return !s.Enabled }
	if f.trigger == TriggerOnQueue && slices.ContainsFunc(f.in.Settings, off) {
		hits = deny(hits, 5, CodeAgentDisabled)
	}
	return hits
}

// g6. A forbid rule, contradicting steps, the hard blast cap, a target that is
// never touched.
func ruleForbidden(f gateFacts, hits []gateHit) []gateHit {
	for _, p := range f.in.Policy {
		if p.Effect != EffectPermit && p.Effect != EffectRequireApproval {
			hits = append(hits, gateHit{rule: 6, outcome: OutcomeDeny, code: CodePolicyForbids, policy: p.Rule})
		}
	}
	untouchable := func(s GateStep) bool {
		return s.Conflicts || s.Protection != ProtectionNone && s.Protection != ProtectionTwoPerson
	}
	if f.entities > f.in.BlastHard || slices.ContainsFunc(f.in.Steps, untouchable) {
		hits = deny(hits, 6, CodePolicyForbids)
	}
	return hits
}

// g7. A target that only an agent vouches for. An unknown provenance is one.
func ruleAgentAdded(f gateFacts, hits []gateHit) []gateHit {
	unvouched := func(s GateStep) bool {
		return Weaker(s.Provenance, ProvenanceSensorAsserted) == ProvenanceAgentAdded
	}
	if slices.ContainsFunc(f.in.Steps, unvouched) {
		return deny(hits, 7, CodeEntityAgentAdded)
	}
	return hits
}

// g8. The run may investigate only.
func ruleInvestigateOnly(f gateFacts, hits []gateHit) []gateHit {
	if f.trigger == TriggerInvestigateOnly {
		return queue(hits, 8, CodeInvestigateOnly)
	}
	return hits
}

// g9. The capability Gamebooks is off for a severity.
func ruleCapability(f gateFacts, hits []gateHit) []gateHit {
	if f.trigger != TriggerOnQueue || !f.changes {
		return hits
	}
	for _, s := range f.in.Settings {
		switch {
		case s.Gamebooks:
			continue
		case s.GatingMode == "queue":
			hits = queue(hits, 9, CodeCapabilityOff)
		default:
			hits = deny(hits, 9, CodeCapabilityOff)
		}
		if f.downgraded {
			hits = queue(hits, 9, CodeTriggerDowngraded)
		}
	}
	return hits
}

// g10. A target that takes two people.
func ruleProtected(f gateFacts, hits []gateHit) []gateHit {
	if slices.ContainsFunc(f.in.Steps, func(s GateStep) bool { return s.Protection == ProtectionTwoPerson }) {
		return append(hits, gateHit{rule: 10, outcome: OutcomeQueue, code: CodeProtectedTarget, two: true})
	}
	return hits
}

// g11. A step that cannot be undone.
func ruleIrreversible(f gateFacts, hits []gateHit) []gateHit {
	if f.class.Rank() >= ClassIrreversible.Rank() {
		return append(hits, gateHit{rule: 11, outcome: OutcomeQueue, code: CodeIrreversible, two: true})
	}
	return hits
}

// g12. A step is above the ceiling or envelope that applies, or the requester
// is below senior and asks for a change (triage-api.md section 6 says so of
// every requester). Only an OnQueue run with a clean record may have
// externally reversible steps run by a ceiling that names them: the table of
// section 1.1 queues them in all other rows.
func ruleCeiling(f gateFacts, hits []gateHit) []gateHit {
	if f.changes && !approves(f.in.Principal.Role, RoleSenior) {
		hits = queue(hits, 12, CodePolicyRequiresApproval)
	}
	over := func(c Ceiling, most Class) bool {
		return slices.ContainsFunc(f.in.Steps, func(s GateStep) bool { return !s.within(c, most) })
	}
	switch f.trigger {
	case TriggerInvestigateAndRespond: // implies a run with a valid token
		if f.entities > f.in.Run.EnvelopeEntities || over(f.in.Run.Envelope, ClassReversible) {
			hits = queue(hits, 12, CodePolicyRequiresApproval)
		}
	case TriggerOnQueue:
		most := ClassExternallyReversible
		if f.in.Run == nil {
			most = ClassReversible
		}
		for _, s := range f.in.Settings {
			if over(s.CeilingClean, most) {
				hits = queue(hits, 12, CodePolicyRequiresApproval)
			}
		}
	}
	return hits
}

// g13. A change of a target that was read out of text an attacker can write.
func ruleProvenance(f gateFacts, hits []gateHit) []gateHit {
	parsed := func(s GateStep) bool { return s.changes() && s.Provenance == ProvenanceParsed }
	if slices.ContainsFunc(f.in.Steps, parsed) {
		return queue(hits, 13, CodeTargetProvenance)
	}
	return hits
}

// g14. The run was served something a detector hit.
func ruleFlagged(f gateFacts, hits []gateHit) []gateHit {
	if f.taint == TaintFlagged && f.changes {
		return queue(hits, 14, CodeRunTainted)
	}
	return hits
}

// g15. The run was served attacker-writable text, and a step needs more trust
// than that leaves.
func ruleTainted(f gateFacts, hits []gateHit) []gateHit {
	if f.trigger != TriggerOnQueue || f.taint != TaintTainted {
		return hits
	}
	for _, s := range f.in.Settings {
		caught := func(step GateStep) bool {
			return step.within(s.CeilingClean, ClassExternallyReversible) && !step.within(s.CeilingTainted, ClassReversible)
		}
		if slices.ContainsFunc(f.in.Steps, caught) {
			hits = queue(hits, 15, CodeRunTainted)
		}
	}
	return hits
}

// g16. The rate of an action, incident, agent or workspace is spent.
func ruleRates(f gateFacts, hits []gateHit) []gateHit {
	if slices.ContainsFunc(f.in.Rates, func(r RateFact) bool { return r.Used+r.Asked > r.Max }) {
		return queue(hits, 16, CodeLimitReached)
	}
	return hits
}

// g17. Too many targets at once, or a population breaker is or would be open.
func ruleBlast(f gateFacts, hits []gateHit) []gateHit {
	open := func(p PopulationFact) bool { return p.Open || p.Trips() }
	if f.entities > f.in.BlastSoft || slices.ContainsFunc(f.in.Populations, open) {
		return append(hits, gateHit{rule: 17, outcome: OutcomeQueue, code: CodeLimitReached, two: true})
	}
	return hits
}

// g18. The workspace's own policy wants a person to look.
func rulePolicyApproval(f gateFacts, hits []gateHit) []gateHit {
	for _, p := range f.in.Policy {
		if p.Effect == EffectRequireApproval {
			hits = append(hits, gateHit{rule: 18, outcome: OutcomeQueue, code: CodePolicyRequiresApproval, two: p.Two, policy: p.Rule})
		}
	}
	return hits
}
