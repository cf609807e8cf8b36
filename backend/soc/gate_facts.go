package soc

import "slices"

// gateFacts are the input and what follows from it for more than one rule.
type gateFacts struct {
	in         *GateInput
	trigger    Trigger // effective: the weaker of claim and token
	downgraded bool
	taint      Taint
	severity   Severity // the most urgent of the three
	class      Class    // of the worst step
	impact     Impact
	entities   int  // distinct
	changes    bool // any step is not read_only
}

func gatherFacts(in GateInput) gateFacts {
	f := gateFacts{in: &in, taint: TaintClean, class: ClassReadOnly, impact: ImpactLow, severity: SeverityInformational}
	token := TriggerOnQueue
	if in.Run != nil && in.Run.TokenValid {
		token = in.Run.Trigger
	}
	claim := in.ClaimedTrigger
	if claim == "" {
		claim = TriggerOnQueue
	}
	f.trigger = WeakerTrigger(claim, token)
	f.downgraded = claim == TriggerInvestigateAndRespond && f.trigger != claim
	switch {
	case in.Run != nil:
		f.taint = MaxTaint(in.Run.Taint, TaintClean)
	case in.Principal.Kind != PrincipalPerson:
		f.taint = TaintFlagged
	}
	if in.AssumeTainted && (in.Run != nil || in.Principal.Kind != PrincipalPerson) {
		f.taint = MaxTaint(f.taint, TaintTainted)
	}
	for _, s := range in.Severities {
		if s.Rank() < 0 {
			s = SeverityCritical
		}
		f.severity = MaxSeverity(f.severity, s)
	}
	for i, s := range in.Steps {
		if s.changes() {
			f.changes = true
		}
		if s.Class.Rank() > f.class.Rank() {
			f.class = s.Class
		}
		if s.impact() == ImpactHigh {
			f.impact = ImpactHigh
		}
		if !slices.ContainsFunc(in.Steps[:i], func(o GateStep) bool { return o.Entity == s.Entity }) {
			f.entities++
		}
	}
	return f
}

func (s GateStep) changes() bool { return s.Class != ClassReadOnly }

// impact is what the step disturbs on this target; a read disturbs nothing.
func (s GateStep) impact() Impact {
	if !s.changes() || s.Impact == ImpactLow && !s.Critical {
		return ImpactLow
	}
	return ImpactHigh
}

// within reports whether a step stays below a ceiling. At most `most` counts
// of the ceiling's class; an unknown class or impact word allows the least.
func (s GateStep) within(c Ceiling, most Class) bool {
	if !s.changes() {
		return true
	}
	ceiling := 0
	if rank := c.Class.Rank(); rank <= ClassIrreversible.Rank() {
		ceiling = min(rank, most.Rank())
	}
	return s.Class.Rank() <= ceiling && (s.impact() == ImpactLow || c.Impact == ImpactHigh)
}
