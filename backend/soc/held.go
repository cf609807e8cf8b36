package soc

// HeldVerdict is a proposed verdict that waits for a person.
type HeldVerdict struct {
	Incident      Incident
	Investigation Investigation
}

// HeldDecision is a person's answer to a held verdict. A rejection may state
// the person's own verdict.
type HeldDecision struct {
	Investigation string
	Accept        bool
	Comment       string
	Verdict       Verdict
	Reason        string
}

// PersonVerdict is a verdict that a person gives an incident.
type PersonVerdict struct {
	Verdict Verdict
	Reason  string
	Comment string
	Close   bool
}

// VerdictReceipt is an incident after a person decided, with the events that
// memory now holds for it.
type VerdictReceipt struct {
	Incident Incident
	Memory   []VerdictEvent
}
