package soc

import (
	"slices"
	"time"
)

// OverviewWindows are the spans that an overview may look back over.
var OverviewWindows = []time.Duration{24 * time.Hour, 7 * 24 * time.Hour, 30 * 24 * time.Hour}

// WorkspaceOverview is how the work of a workspace stands, and how it went in a window.
// What it counts is bounded (Limit): more than that is told as that
// much and over.
type WorkspaceOverview struct {
	From, To time.Time
	// Limit is the most that any one count says.
	Limit int
	// Severities has one entry of each, the most severe first.
	Severities []OverviewSeverity
	// Held are verdicts, Approvals gamebooks that wait for a person; Triages are
	// those that have not ended.
	Held, Approvals, Triages Waiting
	// NextExpiry is when the first approval runs out, zero for none.
	NextExpiry time.Time
	// Verdicts is what agents and the server's own triage proposed.
	Verdicts []ProposedCount
	// Received is what came in, by the day or hour, oldest first, without gaps.
	Received []ReceivedCount
}

// OverviewSeverity is how the incidents of one severity stand. The durations
// are of incidents judged, and contained, in the window.
type OverviewSeverity struct {
	Severity Severity
	// New and Working are open incidents, Held those of both whose verdict waits.
	New, Working, Held int
	// OldestNew is the creation of the oldest one that nobody has looked at.
	OldestNew  time.Time
	Triage     Spread
	Contain    Spread
	TriageGoal time.Duration
}

// Open is how many are not closed.
func (s OverviewSeverity) Open() int { return s.New + s.Working }

// Waiting is how many wait, and since when the first one does.
type Waiting struct {
	N      int
	Oldest time.Time
}

// ProposedCount is how many proposals had a verdict and came to a state.
type ProposedCount struct {
	By      PrincipalKind
	Verdict Verdict
	State   string // recorded, held, accepted, rejected, superseded
	N       int
}

// ReceivedCount is what sources sent in one stretch of time.
type ReceivedCount struct {
	At                 time.Time
	Received, Rejected int64
}

// Spread is the middle and the long end of some durations; N of them.
type Spread struct {
	N            int
	Median, Most time.Duration // Most is the 90th percentile
}

// SpreadOf measures durations: the nearest-rank median and 90th percentile.
func SpreadOf(of []time.Duration) Spread {
	if len(of) == 0 {
		return Spread{}
	}
	sorted := slices.Sorted(slices.Values(of))
	rank := func(percent int) time.Duration { return sorted[(len(sorted)*percent+99)/100-1] }
	return Spread{N: len(sorted), Median: rank(50), Most: rank(90)}
}

// ProposalRates is what became of the proposals that agents and triage made.
type ProposalRates struct {
	// Proposed are all, Held those that had to wait for a person. Decided are
	// held ones that a person accepted or rejected, Overturned the rejected.
	Proposed, Held, Decided, Overturned int
}

// Rates sums up the verdicts of the overview.
func (o WorkspaceOverview) Rates() (r ProposalRates) {
	for _, c := range o.Verdicts {
		r.Proposed += c.N
		switch c.State {
		case "held", "superseded":
			r.Held += c.N
		case "accepted":
			r.Held, r.Decided = r.Held+c.N, r.Decided+c.N
		case "rejected":
			r.Held, r.Decided, r.Overturned = r.Held+c.N, r.Decided+c.N, r.Overturned+c.N
		}
	}
	return r
}
