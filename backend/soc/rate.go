package soc

import "slices"

// The scopes of a rate limit.
const (
	RateWorkspace = "workspace"
	RateAgent     = "agent"
)

// RateOf returns the limit of a playbook in a scope: its own, or the default.
func (l Limits) RateOf(playbook, scope string) RateLimit {
	at := slices.IndexFunc(l.Rates, func(r RateLimit) bool { return r.Playbook == playbook && r.Scope == scope })
	if at >= 0 {
		return l.Rates[at]
	}
	return RateLimit{Playbook: playbook, Scope: scope, PerHour: l.DefaultPerHour, PerDay: l.DefaultPerDay}
}

// ApprovalClock is how many seconds people have to decide (S15): less where
// any severity that gates is high or critical.
func (l Limits) ApprovalClock(severities []Severity) int {
	if slices.ContainsFunc(severities, func(s Severity) bool { return s.Rank() < 0 || s.Rank() >= SeverityHigh.Rank() }) {
		return l.ApprovalSecondsUrgent
	}
	return l.ApprovalSeconds
}
