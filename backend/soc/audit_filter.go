package soc

import "time"

// AuditFilter selects entries, newest first; zero members do not filter.
type AuditFilter struct {
	Workspace string
	Incident  string // UUID
	Event     string
	// Before is the position to continue below, 0 for the first page.
	Before int64
	// Rising turns the order round; After is then the position to continue above.
	Rising bool
	After  int64
	// Limit is the number of entries.
	Limit int

	// The members below have no index of their own, which every write of the
	// record would pay for: they are matched on what the ones above select.
	Actor     string
	Code      Code
	Gamebook  string
	Run       string
	RequestID string
	// From is the first moment and To the first one after.
	From, To time.Time
}

// Matches reports whether an entry is selected, the position aside.
func (f AuditFilter) Matches(e AuditEntry) bool {
	return equalOrAny(f.Workspace, e.Workspace) && equalOrAny(f.Incident, e.Incident) && equalOrAny(f.Event, e.Event) &&
		equalOrAny(f.Actor, e.Actor) && equalOrAny(f.Code, e.Code) && equalOrAny(f.Gamebook, e.Gamebook) &&
		equalOrAny(f.Run, e.Run) && equalOrAny(f.RequestID, e.RequestID) &&
		(f.From.IsZero() || !e.At.Before(f.From)) && (f.To.IsZero() || e.At.Before(f.To))
}

func equalOrAny[T ~string](wanted, found T) bool { return wanted == "" || wanted == found }

// AuditPage is a part of the record, newest first. Next is the position to
// continue below, 0 at the end; there may be more behind a page that is short
// or empty.
type AuditPage struct {
	Entries []AuditEntry
	Next    int64
}
