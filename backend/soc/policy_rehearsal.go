package soc

import "time"

// Bounds of a rehearsal: the longest window that may be asked for, the one that
// is taken without a word, the newest gamebooks that are judged, and how many of
// those that would be decided otherwise are told one by one.
const (
	MaxRehearsal     = 30 * 24 * time.Hour
	DefaultRehearsal = 7 * 24 * time.Hour
	MaxRehearsed     = 1_000
	MaxRehearsedTold = 50
)

// PolicyProposal asks what a policy would have decided otherwise.
type PolicyProposal struct {
	// Edit makes the proposed document of the one in force.
	Edit func(PolicyDocument) (PolicyDocument, error)
	// Window reaches back from now; 0 is DefaultRehearsal.
	Window time.Duration
}

// PolicyRehearsal compares two policies on the gamebooks of a window, on the
// facts that were recorded when each was asked for. What was refused then left
// no gamebook and is not among them.
type PolicyRehearsal struct {
	Since, Until time.Time
	// Gamebooks were judged; Capped is true where the window holds more.
	Gamebooks int
	Capped    bool
	// Differ is how many would be decided otherwise, WouldRun how many of those
	// would run without a person and do not under the other policy.
	Differ, WouldRun int
	Now, Would       OutcomeCounts
	// Changed are the newest that differ.
	Changed []RehearsedGamebook
}

// OutcomeCounts is how many gamebooks came to each outcome.
type OutcomeCounts struct{ Run, Queue, Deny int }

// RehearsedGamebook is one that would be decided otherwise.
type RehearsedGamebook struct {
	Gamebook   string
	At         time.Time
	Now, Would GateResult
}

// RecordedGamebook is what a rehearsal reads of a gamebook.
type RecordedGamebook struct {
	ID, Incident string
	RequestedAt  time.Time
	Facts        string
}

// SimulatedPolicy is a rehearsal of a proposed document, with what it changes.
type SimulatedPolicy struct {
	Version   int64
	Diff      []PolicyDifference
	Rehearsal PolicyRehearsal
}

// Add counts a gamebook under both policies.
func (p *PolicyRehearsal) Add(g RecordedGamebook, now, would GateResult) {
	p.Gamebooks++
	p.Now.add(now.Outcome)
	p.Would.add(would.Outcome)
	if now.Outcome == would.Outcome && now.Need.equal(would.Need) {
		return
	}
	p.Differ++
	if would.Outcome == OutcomeRun && now.Outcome != OutcomeRun {
		p.WouldRun++
	}
	if len(p.Changed) < MaxRehearsedTold {
		p.Changed = append(p.Changed, RehearsedGamebook{g.ID, g.RequestedAt, now, would})
	}
}

func (c *OutcomeCounts) add(o Outcome) {
	switch o {
	case OutcomeRun:
		c.Run++
	case OutcomeQueue:
		c.Queue++
	default:
		c.Deny++
	}
}
