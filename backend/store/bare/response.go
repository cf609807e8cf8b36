package bare

import "context"

// Evidence of what a server stored, for the self-test that kills it: each table
// as it is, with no rule between the reader and the rows.

// Facts are rows counted by what tells them apart.
type Facts struct {
	// Alerts by external id, Comments by body, Investigations by comment.
	Alerts, Comments, Investigations map[string]int
	Gamebooks                        map[string]Gamebook
	Approvals                        []Approval
	Steps                            []Step
}

// Gamebook is the state of one row.
type Gamebook struct {
	Status        string
	NeedsApproval bool
}

// Approval is one decision.
type Approval struct {
	Gamebook, Person         string
	Approved, Void, Consumed bool
}

// Step is one step of a gamebook.
type Step struct {
	Key, Gamebook, Status string
	Dispatched            bool
}

// Facts reads them.
func (e *Engine) Facts(ctx context.Context) (*Facts, error) {
	f := &Facts{Alerts: map[string]int{}, Comments: map[string]int{}, Investigations: map[string]int{}, Gamebooks: map[string]Gamebook{}}
	for _, read := range []struct {
		text string
		each func(v []any) error
	}{
		{`SELECT external_id FROM alert`, func(v []any) error { f.Alerts[textOf(v[0])]++; return nil }},
		{`SELECT body FROM comment`, func(v []any) error { f.Comments[textOf(v[0])]++; return nil }},
		{`SELECT comment FROM investigation`, func(v []any) error { f.Investigations[textOf(v[0])]++; return nil }},
		{`SELECT id, status, needs_approval FROM gamebook`, func(v []any) error {
			f.Gamebooks[textOf(v[0])] = Gamebook{textOf(v[1]), truth(v[2])}
			return nil
		}},
		{`SELECT gamebook_id, person_id, approved, void, consumed FROM approval ORDER BY at, id`, func(v []any) error {
			f.Approvals = append(f.Approvals, Approval{textOf(v[0]), textOf(v[1]), truth(v[2]), truth(v[3]), truth(v[4])})
			return nil
		}},
		{`SELECT idempotency_key, gamebook_id, status, dispatched_at FROM step ORDER BY id`, func(v []any) error {
			at, _ := v[3].(int64)
			f.Steps = append(f.Steps, Step{textOf(v[0]), textOf(v[1]), textOf(v[2]), at > 0})
			return nil
		}},
	} {
		if err := e.query(ctx, read.each, read.text); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func textOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case []byte:
		return string(v)
	}
	return ""
}

// truth reads a BOOLEAN of PostgreSQL or its INTEGER on SQLite.
func truth(v any) bool {
	n, _ := v.(int64)
	b, _ := v.(bool)
	return b || n != 0
}
