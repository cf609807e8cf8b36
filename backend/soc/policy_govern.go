package soc

import "slices"

// The periods of a rate limit.
const (
	PeriodHour = "hour"
	PeriodDay  = "day"
)

// Govern puts everything that the policy says into an input: what counts of
// limits and what is allowed. Protection of targets is not among it, since it
// takes the names of the targets; it is a fact of each step. Counts and facts
// of the request stay as they are, so that one request can be judged under two
// policies.
func (p PolicyFacts) Govern(in GateInput) GateInput {
	in.PolicyLoaded, in.ProtectedLoaded = p.PolicyLoaded, p.ProtectedLoaded
	in.AssumeTainted, in.BlastSoft, in.BlastHard = p.Limits.AssumeTainted, p.Limits.BlastSoft, p.Limits.BlastHard
	in.Settings = nil
	for _, severity := range in.Severities {
		settings, loaded := p.Settings[severity]
		if loaded && !slices.ContainsFunc(in.Settings, func(s AgentSettings) bool { return s.Severity == severity }) {
			in.Settings = append(in.Settings, settings)
		}
	}
	in.Rates = slices.Clone(in.Rates)
	for i := range in.Rates {
		in.Rates[i].Max = p.Limits.maxOf(in.Rates[i])
	}
	in.Populations = slices.Clone(in.Populations)
	for i := range in.Populations {
		in.Populations[i].Percent, in.Populations[i].Floor = p.Limits.BreakerPercent, p.Limits.BreakerFloor
	}
	return in
}

// maxOf is the most that a limit allows.
func (l Limits) maxOf(r RateFact) int {
	if r.Playbook == "" {
		return l.ActionsPerIncident
	}
	rate := l.RateOf(r.Playbook, r.Scope)
	if r.Period == PeriodHour {
		return rate.PerHour
	}
	return rate.PerDay
}
