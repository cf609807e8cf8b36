package console

import (
	"context"
	"net/http"
	"strings"

	"vedette/backend/soc"
)

type commentForm struct {
	Incident string `path:"incident" max:"64"`
	Comment  string `form:"comment" max:"16000"`
}

type changeForm struct {
	Incident string `path:"incident" max:"64"`
	// Version is the revision that the person saw.
	Version  int64  `form:"version"`
	Status   string `form:"status" enum:"new,active,contained,eradicated,recovered"`
	Severity string `form:"severity" enum:"informational,low,medium,high,critical"`
	Comment  string `form:"comment" max:"4000"`
}

type assignForm struct {
	Incident string `path:"incident" max:"64"`
	To       string `form:"to" enum:"me,nobody,somebody"`
	Email    string `form:"email" max:"320"`
}

type verdictForm struct {
	Incident string `path:"incident" max:"64"`
	// Pair is a verdict, and its reason behind a slash.
	Pair    string `form:"pair" max:"100"`
	Comment string `form:"comment" max:"4000"`
	Close   bool   `form:"close"`
}

type reopenForm struct {
	Incident string `path:"incident" max:"64"`
	Reason   string `form:"reason" max:"1000"`
}

type heldForm struct {
	Incident string `path:"incident" max:"64"`
	// Proposal is the investigation that the person read: the desk refuses one
	// that is no longer the one that waits.
	Proposal string `form:"proposal" max:"36"`
	Reason   string `form:"reason" max:"1000"`
	Pair     string `form:"pair" max:"100"`
}

type triageForm struct {
	Incident string `path:"incident" max:"64"`
	Force    bool   `form:"force"`
}

// registerIncidentForms adds what people do to an incident. What only a role
// that decides may do, the desk refuses to others; the page does not show it.
func (c *Console) registerIncidentForms() {
	const one = "/incidents/{incident}"
	form := func(verb, name string) Page {
		return Page{Method: http.MethodPost, Path: one + verb, Name: name, Who: Member, Role: soc.RoleAnalyst, Back: one, Section: "/incidents"}
	}
	add(c, form("/comment", "comment_incident"), c.commentIncident)
	add(c, form("/change", "change_incident"), c.changeIncident)
	add(c, form("/assign", "assign_incident"), c.assignIncident)
	add(c, form("/verdict", "set_verdict"), c.setVerdict)
	add(c, form("/reopen", "reopen_incident"), c.reopenIncident)
	add(c, form("/accept", "accept_held"), c.acceptHeld)
	add(c, form("/reject", "reject_held"), c.rejectHeld)
	add(c, form("/triage", "triage_incident"), c.triageIncident)
}

// ended leads back to the incident after a change, to the part that changed.
func (c *Console) ended(by soc.Actor, incident, notice string, err error) (View, error) {
	return View{Redirect: c.at(by, "/incidents", incident), Notice: notice}, err
}

func (c *Console) commentIncident(ctx context.Context, by soc.Actor, in commentForm) (View, error) {
	if strings.TrimSpace(in.Comment) == "" {
		return View{}, soc.InvalidField("comment", "must say something")
	}
	_, err := c.desk.AddComment(ctx, by, soc.IncidentRef{ID: in.Incident}, soc.NewComment{Body: in.Comment})
	return c.ended(by, in.Incident, "commented", err)
}

func (c *Console) changeIncident(ctx context.Context, by soc.Actor, in changeForm) (View, error) {
	change := soc.IncidentChange{
		Incident: soc.IncidentRef{ID: in.Incident}, IfMatch: soc.IfMatch{Given: true, Revisions: []int64{in.Version}},
		Severity: soc.Severity(in.Severity), Comment: in.Comment, Explain: true,
	}
	if in.Status != "" {
		change.Statuses = []soc.Status{soc.Status(in.Status)}
	}
	_, err := c.desk.ChangeIncident(ctx, by, change)
	return c.ended(by, in.Incident, "saved", err)
}

func (c *Console) assignIncident(ctx context.Context, by soc.Actor, in assignForm) (View, error) {
	assignee := &soc.Assignee{}
	switch in.To {
	case "me":
		assignee.Person = by.ID
	case "somebody":
		if assignee.Email = strings.TrimSpace(in.Email); assignee.Email == "" {
			return View{}, soc.InvalidField("email", "must name who shall work on it")
		}
	case "nobody":
	default:
		return View{}, soc.InvalidField("to", "must be one of me, nobody, somebody")
	}
	_, err := c.desk.ChangeIncident(ctx, by, soc.IncidentChange{Incident: soc.IncidentRef{ID: in.Incident}, Assignee: assignee})
	return c.ended(by, in.Incident, "saved", err)
}

// pairOf reads a verdict with its reason.
func pairOf(pair string) (soc.Verdict, string) {
	verdict, why, _ := strings.Cut(pair, "/")
	return soc.Verdict(verdict), why
}

func (c *Console) setVerdict(ctx context.Context, by soc.Actor, in verdictForm) (View, error) {
	verdict, why := pairOf(in.Pair)
	_, err := c.desk.SetVerdict(ctx, by, soc.IncidentRef{ID: in.Incident}, soc.PersonVerdict{Verdict: verdict, Reason: why, Comment: in.Comment, Close: in.Close})
	return c.ended(by, in.Incident, "decided", err)
}

func (c *Console) reopenIncident(ctx context.Context, by soc.Actor, in reopenForm) (View, error) {
	_, err := c.desk.ReopenIncident(ctx, by, soc.IncidentRef{ID: in.Incident}, in.Reason)
	return c.ended(by, in.Incident, "reopened", err)
}

// waiting refuses a proposal that is of another incident than the page's.
func (c *Console) waiting(ctx context.Context, by soc.Actor, in heldForm) error {
	held, err := c.desk.GetHeld(ctx, by, in.Proposal)
	if err != nil {
		return err
	}
	if held.Incident.ShortID != in.Incident && held.Incident.ID != in.Incident {
		return soc.NotFoundf("There is no such held verdict.").WithFix("Open the incident again and decide what it shows.")
	}
	return nil
}

func (c *Console) acceptHeld(ctx context.Context, by soc.Actor, in heldForm) (View, error) {
	if err := c.waiting(ctx, by, in); err != nil {
		return View{}, err
	}
	_, err := c.desk.DecideHeld(ctx, by, soc.HeldDecision{Investigation: in.Proposal, Accept: true, Comment: in.Reason})
	return c.ended(by, in.Incident, "held-accepted", err)
}

func (c *Console) rejectHeld(ctx context.Context, by soc.Actor, in heldForm) (View, error) {
	if err := c.waiting(ctx, by, in); err != nil {
		return View{}, err
	}
	if strings.TrimSpace(in.Reason) == "" {
		return View{}, soc.InvalidField("reason", "must say why it is not believed")
	}
	decision := soc.HeldDecision{Investigation: in.Proposal, Comment: in.Reason}
	decision.Verdict, decision.Reason = pairOf(in.Pair)
	_, err := c.desk.DecideHeld(ctx, by, decision)
	return c.ended(by, in.Incident, "held-rejected", err)
}

// triageIncident asks for a triage; the page follows it live.
func (c *Console) triageIncident(ctx context.Context, by soc.Actor, in triageForm) (View, error) {
	_, err := c.desk.TriageIncident(ctx, by, soc.TriageRequest{Incident: soc.IncidentRef{ID: in.Incident}, Force: in.Force})
	return c.ended(by, in.Incident, "triage-asked", err)
}
