package soc

import "time"

// Judged is one answer of the gate with everything it looked at.
type Judged struct {
	Input         GateInput
	Result        GateResult
	PolicyVersion int64
	// LogOnly are the rules in log-only mode under which it would be another.
	LogOnly []RuleOutcome
}

// Judge asks the gate, as every phase does.
func Judge(in GateInput, policyVersion int64) Judged {
	result := Gate(in)
	return Judged{Input: in, Result: result, PolicyVersion: policyVersion, LogOnly: WatchedOutcomes(in, result)}
}

// Explanation is why a gamebook was decided as it was, and how it would be now.
type Explanation struct {
	Gamebook string
	Recorded Judged
	Now      Judged
}

// SimulateGamebook asks what a submit would be answered. Zero members are the
// caller's own.
type SimulateGamebook struct {
	Submit SubmitGamebook
	// Kind and Role are whose submit it would be.
	Kind PrincipalKind
	Role Role
	// Taint and Envelope are of the run; an envelope is a valid token's.
	Taint            Taint
	Envelope         *Ceiling
	EnvelopeEntities int
}

// Simulation is the answer enforcement would give.
type Simulation struct {
	Judged
	Report  EntryReport
	Targets []SimulatedTarget
}

// SimulatedTarget is a step as it would be pinned.
type SimulatedTarget struct {
	Playbook, Entity, Connector string
	Kind                        EntityKind
	Protection                  Protection
	Conflicts                   bool
}

// OpenBreaker is a population whose breaker is open (S31).
type OpenBreaker struct {
	Population EntityKind
	OpenedAt   time.Time
}
