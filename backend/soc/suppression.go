package soc

import (
	"slices"
	"time"
)

// MaxSuppression is the longest that a suppression may last: there is no
// endless one (case-api.md section 7).
const MaxSuppression = 366 * 24 * time.Hour

// SuppressionNotice is how long before its end managers are told.
const SuppressionNotice = 7 * 24 * time.Hour

// Suppression keeps alerts that carry nothing but known values out of the queue
// until a moment. It looks forward only.
type Suppression struct {
	ID        string // UUIDv7
	Workspace string
	Kind      EntityKind
	Value     string // canonical
	// Source limits it to the alerts of one source, empty for all.
	Source string
	Until  time.Time
	// Hits counts the alerts it suppressed.
	Hits        int64
	Reason      string
	CreatedBy   string
	CreatedKind PrincipalKind
	CreatedAt   time.Time
	// EndedAt is when somebody lifted it, zero unless that happened.
	EndedAt time.Time
	EndedBy string
	// NoticeAt is when managers were told that it ends.
	NoticeAt time.Time
}

// Active reports whether it suppresses at a moment.
func (s Suppression) Active(now time.Time) bool { return s.EndedAt.IsZero() && now.Before(s.Until) }

// covers reports whether it is about a value in alerts of a source.
func (s Suppression) covers(source string, o Observable) bool {
	return o.Valid && s.Kind == o.Kind && s.Value == o.Value && (s.Source == "" || s.Source == source)
}

// NewSuppression asks for one.
type NewSuppression struct {
	Kind   EntityKind
	Value  string
	Source string
	Until  time.Time
	Reason string
}

// SuppressionReceipt is the answer to it.
type SuppressionReceipt struct {
	Suppression Suppression
	// Created is false where one of the same value and scope was active: its
	// end was moved.
	Created bool
	// KnownSource is false where no alert of its source was seen yet.
	KnownSource bool
	// WouldHaveMatched counts the alerts received in the last 24 hours that
	// declare the value, in its scope, up to 10,000.
	WouldHaveMatched int
}

// SuppressionMiss is why suppressions matched an alert and did not apply.
type SuppressionMiss string

// The reasons.
const (
	SuppressionNothingDeclared SuppressionMiss = "no_declared_observables"
	SuppressionUncovered       SuppressionMiss = "uncovered_observables"
	SuppressionCriticalFloor   SuppressionMiss = "critical_floor"
)

// AllSuppressionMisses lists the reasons.
var AllSuppressionMisses = []SuppressionMiss{SuppressionNothingDeclared, SuppressionUncovered, SuppressionCriticalFloor}

// Suppress decides whether active suppressions keep an alert out of the queue:
// only if every observable that its sender declared is covered, at least one is
// declared, and the alert is not critical. What was found in the raw payload
// alone neither suppresses nor protects: whoever writes a command line must not
// decide who sees it.
func Suppress(source string, severity Severity, observables []Observable, active []Suppression) AlertSuppression {
	var result AlertSuppression
	declared, uncovered := false, false
	for _, o := range observables {
		covered := false
		for _, s := range active {
			if s.covers(source, o) {
				covered = true
				if !slices.Contains(result.Matched, s.ID) {
					result.Matched = append(result.Matched, s.ID)
				}
			}
		}
		declared = declared || o.Declared
		uncovered = uncovered || o.Declared && !covered
	}
	slices.Sort(result.Matched)
	switch {
	case len(result.Matched) == 0:
	case !declared:
		result.Because = SuppressionNothingDeclared
	case uncovered:
		result.Because = SuppressionUncovered
	case severity == SeverityCritical:
		result.Because = SuppressionCriticalFloor
	default:
		result.Applied = true
	}
	return result
}
