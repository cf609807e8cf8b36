package soc

import "time"

// SLATarget is one of the times that a case is measured by.
type SLATarget string

// The three targets (case-api.md section 5).
const (
	SLAAcknowledge SLATarget = "acknowledge" // it leaves open, or somebody has it
	SLATriage      SLATarget = "triage"      // a verdict, proposed or set
	SLAResolve     SLATarget = "resolve"
)

// AllSLATargets is in their order.
var AllSLATargets = []SLATarget{SLAAcknowledge, SLATriage, SLAResolve}

// SLATimes are the targets of one severity; a zero time is none.
type SLATimes struct {
	Acknowledge, Triage, Resolve time.Duration
}

// Of is the time of a target.
func (s SLATimes) Of(target SLATarget) time.Duration {
	switch target {
	case SLAAcknowledge:
		return s.Acknowledge
	case SLATriage:
		return s.Triage
	}
	return s.Resolve
}

// SLA is the targets of a workspace by severity.
type SLA map[Severity]SLATimes

// ShippedSLA are the targets where nobody set others.
func ShippedSLA() SLA {
	return SLA{
		SeverityCritical: {15 * time.Minute, time.Hour, 8 * time.Hour}, SeverityHigh: {30 * time.Minute, 4 * time.Hour, 24 * time.Hour},
		SeverityMedium: {4 * time.Hour, 24 * time.Hour, 72 * time.Hour}, SeverityLow: {24 * time.Hour, 72 * time.Hour, 168 * time.Hour},
		SeverityInformational: {},
	}
}

// With is the targets with those that a workspace set in place of them.
func (s SLA) With(set SLA) SLA {
	for severity, times := range set {
		s[severity] = times
	}
	return s
}

// MaxSLA is the longest target.
const MaxSLA = 365 * 24 * time.Hour

// IncidentClock is when a case met its targets, and which it missed. The store
// keeps it with every change of the incident, whichever door makes it.
type IncidentClock struct {
	Workspace      string
	Incident       string
	AcknowledgedAt time.Time
	TriagedAt      time.Time
	// Breached are the targets whose breach was told of, one bit each in the
	// order of AllSLATargets.
	Breached int
}

// Missed reports whether the breach of a target was told of.
func (c IncidentClock) Missed(target SLATarget) bool { return c.Breached&bitOf(target) != 0 }

// Miss is the clock with a target missed.
func (c IncidentClock) Miss(target SLATarget) IncidentClock {
	c.Breached |= bitOf(target)
	return c
}

func bitOf(target SLATarget) int {
	for n, known := range AllSLATargets {
		if known == target {
			return 1 << n
		}
	}
	return 0
}

// Begins is when a case's time starts: when it came here. What a source says of
// the past would have an import of old incidents miss everything at once.
func (i Incident) Begins() time.Time {
	if i.IngestedAt.After(i.CreatedAt) {
		return i.IngestedAt
	}
	return i.CreatedAt
}

// Due is when a target of the incident runs out; zero where it has none.
func (s SLA) Due(i Incident, target SLATarget) time.Time {
	times := s[i.Severity].Of(target)
	if times <= 0 {
		return time.Time{}
	}
	return i.Begins().Add(times)
}

// Met is when the incident met a target, zero while it has not.
func (c IncidentClock) Met(i Incident, target SLATarget) time.Time {
	switch target {
	case SLAAcknowledge:
		return c.AcknowledgedAt
	case SLATriage:
		return c.TriagedAt
	}
	return i.ClosedAt
}

// Look says which targets were missed by now and not told of yet, and when to
// look again: never (zero) once every target is met or missed. A closed case is
// measured by when it was closed, however late somebody looks.
func (s SLA) Look(i Incident, c IncidentClock, now time.Time) (missed []SLATarget, next time.Time) {
	for _, target := range AllSLATargets {
		due := s.Due(i, target)
		if due.IsZero() || c.Missed(target) {
			continue
		}
		met := c.Met(i, target)
		if met.IsZero() && i.Status == StatusClosed {
			met = i.ClosedAt
		}
		switch {
		case !met.IsZero() && !met.After(due):
		case !met.IsZero(), !now.Before(due):
			missed = append(missed, target)
		case next.IsZero() || due.Before(next):
			next = due
		}
	}
	return missed, next
}
