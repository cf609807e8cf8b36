package console

import (
	"context"
	"net/http"
	"slices"
	"time"

	"vedette/backend/soc"
)

// How much of a list one look at an incident shows; the rest is a page further.
const (
	shownEvidence = 12
	shownAlerts   = 50
	shownTimeline = 40
)

type oneIncident struct {
	Incident string `path:"incident" max:"64"`
}

func (o oneIncident) ref() soc.IncidentRef { return soc.IncidentRef{ID: o.Incident} }

// incidentPage is an incident as an analyst reads it: what stands and why first,
// then what it is made of.
type incidentPage struct {
	soc.CaseDetail
	Clocks   []slaClock
	Stance   incidentStance
	Evidence []soc.Evidence
	Timeline []happening
	Tactics  []tacticCell
	Graph    graph
	Gates    incidentGates
	// Moves are the statuses it may go to by hand; Pairs the verdicts with their
	// reasons.
	Moves []soc.Status
	Pairs []verdictPairs
}

// incidentGates say which controls the person would not be refused.
type incidentGates struct {
	// Work is commenting, changing, triage and proposing; Decide is what only a
	// role that decides may; Accept is accepting the verdict that waits.
	Work, Decide, Accept bool
}

// slaClock is one of the times a case is measured by.
type slaClock struct {
	Target soc.SLATarget
	Due    time.Time
	Met    time.Time
	Missed bool
}

// verdictPairs is a verdict with the reasons that go with it.
type verdictPairs struct {
	Verdict soc.Verdict
	Reasons []string
}

// registerIncidentPage adds the page of one incident.
func (c *Console) registerIncidentPage() {
	add(c, Page{Method: http.MethodGet, Path: "/incidents/{incident}", Name: "incident_page", Who: Member, Role: soc.RoleViewer, Section: "/incidents"}, c.incidentPage)
}

func (c *Console) incidentPage(ctx context.Context, by soc.Actor, in oneIncident) (View, error) {
	found, err := c.desk.GetCase(ctx, by, in.ref())
	if err != nil {
		return View{}, err
	}
	i := found.Incident
	page := incidentPage{
		CaseDetail: found, Clocks: c.clocksOf(found), Evidence: found.Evidence[:min(len(found.Evidence), shownEvidence)],
		Timeline: happenings(found.Timeline), Tactics: tacticStrip(i.Tactics, found.Techniques), Gates: gatesOf(by, i), Moves: movesOf(i),
		Graph: drawGraph(found),
	}
	page.Timeline = page.Timeline[:min(len(page.Timeline), shownTimeline)]
	page.Alerts = page.Alerts[:min(len(page.Alerts), shownAlerts)]
	if page.Stance, err = c.stance(ctx, by, found); err != nil {
		return View{}, err
	}
	for _, verdict := range soc.AllVerdicts {
		if reasons, ok := soc.ReasonsFor(verdict, i.Source); ok {
			page.Pairs = append(page.Pairs, verdictPairs{verdict, reasons})
		}
	}
	return View{Template: "incident", Title: i.ShortID, Data: page}, nil
}

// gatesOf mirrors the refusals of the desk, so that nobody is shown a control
// that they would be refused.
func gatesOf(by soc.Actor, i soc.Incident) incidentGates {
	g := incidentGates{Work: by.May("", soc.RoleAnalyst) == nil, Decide: by.DecidingRole().AtLeast(soc.RoleAnalyst)}
	least := soc.RoleAnalyst
	if i.HighestSeverity == soc.SeverityCritical || slices.Contains(i.HoldReasons, soc.CodeRunFlagged) || slices.Contains(i.HoldReasons, soc.CodeDetectorContradicts) {
		least = soc.RoleSenior
	}
	g.Accept = by.DecidingRole().AtLeast(least)
	return g
}

// movesOf are the statuses that an open incident may go to by hand. Closing is a
// verdict's.
func movesOf(i soc.Incident) (moves []soc.Status) {
	for _, to := range soc.OpenStatuses {
		if move := soc.MoveStatus(i.Status, to); move == soc.MoveForward || move == soc.MoveBack {
			moves = append(moves, to)
		}
	}
	if !i.Open() {
		return nil
	}
	return moves
}

func (c *Console) clocksOf(found soc.CaseDetail) (clocks []slaClock) {
	for _, target := range soc.AllSLATargets {
		clock := slaClock{Target: target, Due: found.SLA.Due(found.Incident, target), Met: found.Clock.Met(found.Incident, target)}
		if clock.Due.IsZero() {
			continue
		}
		clock.Missed = found.Clock.Missed(target) || clock.Met.After(clock.Due) || clock.Met.IsZero() && c.now().After(clock.Due)
		clocks = append(clocks, clock)
	}
	return clocks
}
