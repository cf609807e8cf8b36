package soc

import (
	"slices"
	"strings"
	"time"
)

// TriagePhase is where an incident stands in the triage family's three words.
type TriagePhase int

// The phases, in order.
const (
	PhaseOpen     TriagePhase = 0 // no verdict yet
	PhaseTriaged  TriagePhase = 1 // a verdict, standing or proposed
	PhaseResolved TriagePhase = 2 // closed
)

// Phase of the incident.
func (i Incident) Phase() TriagePhase {
	switch {
	case i.Status == StatusClosed:
		return PhaseResolved
	case i.Verdict != "" || i.ProposedVerdict != "":
		return PhaseTriaged
	}
	return PhaseOpen
}

// IncidentChange says what shall be different about an incident; zero members
// stay as they are. It is what every door's writes come down to: all of it is
// done, or nothing.
type IncidentChange struct {
	Incident IncidentRef
	IfMatch  IfMatch
	// Statuses are the core statuses the caller's word stands for (Words.Cores).
	// An incident in any of them stays; else it moves to the first. Closed closes,
	// and leaving closed reopens, which moves the verdict to history.
	Statuses []Status
	// Phase is a status in the triage family's words, instead of Statuses: open
	// moves the verdict to history, triaged reopens with the verdict standing.
	Phase *TriagePhase
	// Severity, empty to leave it. Gating keeps the highest ever (S3).
	Severity Severity
	// Verdict, nil to leave it; where the change closes and no verdict stands, nil
	// is Undetermined.
	Verdict *VerdictChange
	// Closing is required where the change closes. On a closed incident it is
	// kept out unless Amend is set.
	Closing *ClosingText
	// Comment is posted beside the change, up to 64 KiB.
	Comment string
	// Explain demands a comment for a move back and for a reopening (case-api.md
	// section 5).
	Explain bool
	// Unheld refuses an agent's closing, instead of judging it and holding it for
	// a person (portal-api.md section 10).
	Unheld bool
	// Assignee, nil to leave it.
	Assignee *Assignee
	// Whole asks for the payload and the verdict's origin in the answer.
	Whole bool
	// Report is the id of the report that the same transaction makes of a
	// resolve, for those who are told of it; empty for none.
	Report string
}

// VerdictChange is a verdict with its mark. An empty Reason is Other where the
// verdict has reasons; any other must be one of ReasonsFor.
type VerdictChange struct {
	Verdict Verdict
	Reason  string
	// Word is a verdict in the triage family's words, instead of Verdict.
	Word string
	// Score is the malicious score that comes with it, nil for none.
	Score *int
	// Duplicate marks an Undetermined incident as a duplicate (case-api.md
	// section 10), DuplicateOf, an id or short id, says of which.
	Duplicate   bool
	DuplicateOf string
}

// ClosingText is what closing an incident leaves on it.
type ClosingText struct {
	// Text is the closing comment: the triage family's resolution, the case
	// family's narrative. It is never read as a verdict.
	Text string
	// RootCause is the case family's.
	RootCause string
	// Amend replaces the text of an incident that is closed already.
	Amend bool
}

// Assignee names who shall work on an incident, by person id or by address.
// Both empty takes the assignment away.
type Assignee struct {
	Person, Email string
}

// IncidentChanged is an incident after a change.
type IncidentChanged struct {
	Before, Incident Incident
	// Changed is false where every member was so already: no new version, no
	// audit entry, no event.
	Changed bool
	// Held is true where an agent's closing waits for a person: nothing else of
	// the change was done. Investigation is the proposal.
	Held        bool
	HoldReasons []Code
	// Investigation of a closing by an agent, held or not.
	Investigation string
	// Verdict and Raw are set where the change asked for the whole.
	Verdict IncidentVerdict
	Raw     []byte
	// Report is what it was closed with, where this change closed it.
	Report *StoredReport
}

// ChangePlan is what a change makes of an incident, before what only rows can
// tell: open gamebooks, membership, closing conditions.
type ChangePlan struct {
	After Incident
	// Closes and Reopens tell the passage through closed.
	Closes, Reopens bool
	// Withdraws: the verdict moves to history.
	Withdraws bool
	// Decides: the caller states a verdict, which is remembered if a person does.
	Decides bool
	// Judge: it is an agent's closing, which passes the closing conditions or
	// becomes a hold with this verdict (S34).
	Judge    bool
	Proposed VerdictChange
}

// Changer is who changes an incident. Session is a live session of a person: a
// key is never more than its kind.
type Changer struct {
	Kind    PrincipalKind
	Session bool
}

// PlanChange judges a change of the incident by the rules of the contracts that
// need no other row. DuplicateOf and Assignee are the desk's to resolve. While a
// hold is open only a person's session decides (S35).
func PlanChange(i Incident, c IncidentChange, by Changer) (ChangePlan, error) {
	p := ChangePlan{After: i}
	if err := p.planStatus(i, c); err != nil {
		return p, err
	}
	if err := p.planVerdict(i, c, by); err != nil {
		return p, err
	}
	if err := p.planClosing(i, c); err != nil {
		return p, err
	}
	if err := p.planSeverity(i, c); err != nil {
		return p, err
	}
	p.Judge = p.Closes && by.Kind == PrincipalAgent
	return p, p.mayChange(i, c, by)
}

// planStatus finds the status after the change.
func (p *ChangePlan) planStatus(i Incident, c IncidentChange) error {
	switch {
	case c.Phase != nil:
		return p.planPhase(i, *c.Phase)
	case len(c.Statuses) == 0 || slices.Contains(c.Statuses, i.Status):
		return nil
	}
	to := c.Statuses[0]
	move := MoveStatus(i.Status, to)
	switch move {
	case MoveRefused:
		return wrongState(i, "An incident that is %s cannot become %s.", i.Status, to)
	case MoveClose:
		p.Closes = true
	case MoveReopen:
		p.Reopens, p.Withdraws = true, true
	}
	if c.Explain && move.NeedsComment() && strings.TrimSpace(c.Comment) == "" {
		return InvalidField("comment", "must say why the incident goes back")
	}
	p.After.Status = to
	return nil
}

func (p *ChangePlan) planPhase(i Incident, to TriagePhase) error {
	now := i.Phase()
	switch {
	case to == now:
	case to == PhaseResolved:
		p.Closes, p.After.Status = true, StatusClosed
	case to == PhaseTriaged && i.Verdict == "":
		return wrongState(i, "The incident has no verdict; only triage or a verdict makes it triaged.")
	case to == PhaseTriaged:
		p.Reopens, p.After.Status = true, StatusActive
	case to == PhaseOpen:
		p.Withdraws = true
		if now == PhaseResolved {
			p.Reopens, p.After.Status = true, StatusActive
		}
	}
	return nil
}

// planVerdict finds the verdict after the change.
func (p *ChangePlan) planVerdict(i Incident, c IncidentChange, by Changer) error {
	if c.Verdict != nil && (p.Withdraws || c.Phase != nil && *c.Phase != PhaseResolved) {
		return InvalidField("verdict", "can be given with a status that closes, and not with one that opens")
	}
	if p.Withdraws {
		p.After = p.After.withoutVerdict()
		return nil
	}
	if c.Verdict == nil && !p.Closes {
		return nil
	}
	stands := VerdictChange{Verdict: i.Verdict, Reason: i.VerdictReason, Score: i.VerdictScore, Duplicate: i.Duplicate, DuplicateOf: i.DuplicateOf}
	var same bool
	var err error
	switch {
	case c.Verdict != nil:
		if p.Proposed, same, err = c.Verdict.over(stands, i.Source); err != nil {
			return err
		}
	case i.Verdict != "":
		p.Proposed, same = stands, true
	default:
		p.Proposed = VerdictChange{Verdict: VerdictUndetermined, Reason: "Other"}
	}
	if i.Status == StatusClosed && !by.Session {
		if same {
			return nil
		}
		return wrongState(i, "The incident is closed with another verdict.").WithFix("Reopen it first.")
	}
	p.Decides = c.Verdict != nil
	p.After = p.After.withVerdict(p.Proposed)
	if p.Decides || !same {
		p.After.VerdictBy = by.Kind
	}
	if p.After.Status == StatusNew {
		p.After.Status = StatusActive
	}
	return nil
}

// over is a stated verdict in full, beside the one that stands; same tells that
// it says nothing new.
func (v VerdictChange) over(stands VerdictChange, source string) (whole VerdictChange, same bool, err error) {
	if v.Word != "" {
		if v.Word == TriageVerdict(stands.Verdict, stands.Score, stands.Duplicate) {
			return stands, true, nil
		}
		verdict, least, ok := FromTriageVerdict(v.Word, source)
		if !ok {
			return v, false, InvalidField("verdict", "must be one of %s", strings.Join(AllTriageVerdicts(), ", "))
		}
		v.Verdict, v.Score = verdict, nil
		if least > 0 {
			v.Score = &least
		}
	}
	if whole, err = v.whole(source); err != nil {
		return whole, false, err
	}
	same = whole.Verdict == stands.Verdict && whole.Duplicate == stands.Duplicate && v.Word == "" &&
		(v.Reason == "" || v.Reason == stands.Reason) && (v.DuplicateOf == "" || v.DuplicateOf == stands.DuplicateOf)
	if same {
		return stands, true, nil
	}
	return whole, false, nil
}

// whole fills in the reason and tells about a wrong pair.
func (v VerdictChange) whole(source string) (VerdictChange, error) {
	reasons, ok := ReasonsFor(v.Verdict, source)
	switch {
	case !ok:
		return v, InvalidField("classification", "%s is no verdict for an incident of %s", v.Verdict, source)
	case v.Reason == "" && len(reasons) > 0:
		v.Reason = "Other"
	case v.Reason != "" && !slices.Contains(reasons, v.Reason):
		return v, InvalidField("classificationReason", "must be one of %s with %s", strings.Join(reasons, ", "), v.Verdict)
	}
	if v.Duplicate && v.Verdict != VerdictUndetermined {
		return v, InvalidField("verdict", "only %s is marked as a duplicate", VerdictUndetermined)
	}
	if !v.Duplicate && v.DuplicateOf != "" {
		return v, InvalidField("duplicate_of", "is given with the verdict duplicate only")
	}
	return v, nil
}

// planClosing finds the closing text after the change.
func (p *ChangePlan) planClosing(i Incident, c IncidentChange) error {
	a := &p.After
	switch {
	case p.Reopens || a.Status != StatusClosed:
		if c.Closing != nil {
			return InvalidField("resolution", "is given with a status that closes the incident, or on a closed one")
		}
		a.ClosingComment, a.RootCause, a.ClosedBy = "", "", ""
	case p.Closes && c.Closing == nil:
		return InvalidField("resolution", "is required to close the incident")
	case p.Closes || c.Closing != nil && c.Closing.Amend:
		a.ClosingComment = c.Closing.Text
		if p.Closes || c.Closing.RootCause != "" {
			a.RootCause = c.Closing.RootCause
		}
	}
	return nil
}

func (p *ChangePlan) planSeverity(i Incident, c IncidentChange) error {
	if c.Severity == "" {
		return nil
	}
	if c.Severity.Rank() < 0 {
		return InvalidField("severity", "must be one of %s", strings.Join(stringsOf(AllSeverities), ", "))
	}
	p.After.Severity = c.Severity
	p.After.HighestSeverity = MaxSeverity(i.HighestSeverity, c.Severity)
	return nil
}

// mayChange are the rules about who changes what.
func (p *ChangePlan) mayChange(i Incident, c IncidentChange, by Changer) error {
	a := p.After
	lowers := a.Severity.Rank() < i.Severity.Rank()
	speaks := a.Status != i.Status || p.Withdraws || c.Verdict != nil || p.Reopens
	amends := !p.Closes && !p.Reopens && (a.ClosingComment != i.ClosingComment || a.RootCause != i.RootCause)
	if by.Kind == PrincipalAgent {
		var forbidden string
		switch {
		case lowers:
			forbidden = "lowers the severity of an incident"
		case p.Reopens:
			forbidden = "reopens an incident"
		case p.Withdraws:
			forbidden = "takes a verdict away"
		case c.Verdict != nil && !p.Closes:
			forbidden = "sets a verdict beside an investigation"
		case amends:
			forbidden = "changes the words an incident was closed with"
		case p.Closes && c.Unheld:
			forbidden = "closes an incident here"
		}
		if forbidden != "" {
			return Errorf(Denied, CodeForbidden, "An agent never %s.", forbidden).
				WithFix("Submit an investigation and let a person decide.")
		}
	}
	if i.Held && !by.Session && (speaks || lowers) {
		return Errorf(Conflict, CodeHeldForReview, "A proposed verdict of this incident waits for a person; until then no key changes what it says.").
			WithFix("Ask somebody to decide it in the console or at the operations API.")
	}
	return nil
}

// Same reports whether the change leaves the incident as it was.
func (p ChangePlan) Same(i Incident) bool {
	a := p.After
	return !p.Closes && !p.Reopens && !p.Withdraws && a.Status == i.Status && a.Severity == i.Severity && a.Verdict == i.Verdict &&
		a.VerdictBy == i.VerdictBy && a.Held == i.Held && a.VerdictReason == i.VerdictReason && a.Duplicate == i.Duplicate && a.DuplicateOf == i.DuplicateOf && sameScore(a.VerdictScore, i.VerdictScore) &&
		a.ClosingComment == i.ClosingComment && a.RootCause == i.RootCause && a.AssigneeID == i.AssigneeID && a.AssigneeEmail == i.AssigneeEmail
}

func sameScore(a, b *int) bool { return a == b || a != nil && b != nil && *a == *b }

// withVerdict is the incident with a verdict that answers what was proposed.
func (i Incident) withVerdict(v VerdictChange) Incident {
	i.Verdict, i.VerdictReason, i.VerdictScore, i.Duplicate, i.DuplicateOf = v.Verdict, v.Reason, v.Score, v.Duplicate, v.DuplicateOf
	i.ProposedVerdict, i.Held, i.HoldReasons = "", false, nil
	return i
}

// withoutVerdict is the incident after its verdict moved to history.
func (i Incident) withoutVerdict() Incident {
	i = i.withVerdict(VerdictChange{})
	i.VerdictBy, i.Investigation, i.TriagedAt = "", "", time.Time{}
	return i
}

func wrongState(i Incident, format string, args ...any) *Error {
	e := Errorf(Conflict, CodeInvalidState, format, args...).WithFix("Read the incident and look at its status.")
	e.Target = string(i.Status)
	return e
}

func stringsOf[T ~string](values []T) []string {
	out := make([]string, len(values))
	for n, v := range values {
		out[n] = string(v)
	}
	return out
}
