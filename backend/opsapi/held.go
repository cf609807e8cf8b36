package opsapi

import (
	"context"
	"net/http"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

type heldPage struct {
	PageSize schemas.Int `query:"pageSize" jsonschema:"minimum=1,maximum=200"`
	Token    string      `query:"continuationToken"`
}

type oneHeld struct {
	ID string `path:"investigation" jsonschema:"maxLength=36"`
}

type acceptHeld struct {
	ID   string `path:"investigation" jsonschema:"maxLength=36"`
	Body struct {
		Comment string `json:"comment,omitempty" jsonschema:"maxLength=4000"`
	} `body:"json"`
}

type rejectHeld struct {
	ID   string `path:"investigation" jsonschema:"maxLength=36"`
	Body struct {
		Reason  string       `json:"reason" jsonschema:"minLength=1,maxLength=1000"`
		Verdict *verdictPair `json:"verdict,omitempty"`
	} `body:"json"`
}

type verdictPair struct {
	Classification       string `json:"classification" jsonschema:"enum=TruePositive,enum=BenignPositive,enum=FalsePositive,enum=Undetermined,enum=Suspicious"`
	ClassificationReason string `json:"classificationReason,omitempty" jsonschema:"maxLength=64"`
}

type setVerdict struct {
	Incident string `path:"incident" jsonschema:"maxLength=64"`
	Body     struct {
		Classification       string `json:"classification" jsonschema:"enum=TruePositive,enum=BenignPositive,enum=FalsePositive,enum=Undetermined,enum=Suspicious"`
		ClassificationReason string `json:"classificationReason,omitempty" jsonschema:"maxLength=64"`
		Comment              string `json:"comment,omitempty" jsonschema:"maxLength=4000"`
		Close                bool   `json:"close,omitempty"`
	} `body:"json"`
}

type reopenIncident struct {
	Incident string `path:"incident" jsonschema:"maxLength=64"`
	Body     struct {
		Reason string `json:"reason" jsonschema:"minLength=1,maxLength=1000"`
	} `body:"json"`
}

// heldView is a verdict that waits, with the reasons in words.
type heldView struct {
	ID                     string        `json:"id"`
	Incident               heldIncident  `json:"incident"`
	ProposedClassification string        `json:"proposedClassification"`
	ProposedReason         *string       `json:"proposedClassificationReason"`
	StandingClassification *string       `json:"standingClassification"`
	MaliciousScore         *int          `json:"maliciousScore"`
	Engine                 string        `json:"engine"`
	By                     string        `json:"by"`
	At                     schemas.Time  `json:"at"`
	HoldReasons            []heldReason  `json:"holdReasons"`
	Citations              heldCitations `json:"citations"`
	Timeline               heldTimeline  `json:"timeline"`
	Cited                  []string      `json:"cited"`
	State                  string        `json:"state"`
}

type heldIncident struct {
	ShortID  string `json:"shortId"`
	Number   int64  `json:"number"`
	Title    string `json:"title"`
	Severity string `json:"severity"`
	Status   string `json:"status"`
}

type heldReason struct {
	Code     string `json:"code"`
	Text     string `json:"text"`
	Resolves string `json:"resolves"`
}

type heldCitations struct {
	OK      int `json:"ok"`
	Unread  int `json:"unread"`
	Unknown int `json:"unknown"`
}

type heldTimeline struct {
	Matched  int `json:"matched"`
	Missing  int `json:"missing"`
	Invented int `json:"invented"`
}

// verdictView is an incident after a person decided.
type verdictView struct {
	Incident             string        `json:"incidentId"`
	Status               string        `json:"status"`
	Classification       *string       `json:"classification"`
	ClassificationReason *string       `json:"classificationReason"`
	Held                 bool          `json:"held"`
	Memory               []memoryEvent `json:"memory"`
}

type memoryEvent struct {
	EventID  string `json:"eventId"`
	KeyKind  string `json:"keyKind"`
	Verdict  string `json:"verdict"`
	Detector string `json:"detectorKey"`
}

// registerHeld adds what only people do to an incident (section 7): accepting
// or rejecting a held verdict, a verdict of their own, reopening.
func (a *api) registerHeld() {
	read := web.Operation{Who: web.Scoped, Scope: soc.ScopeOpsRead, MinRole: soc.RoleViewer, Rate: "read", Kinds: []soc.PrincipalKind{soc.PrincipalPerson, soc.PrincipalService}}
	add(a, with(read, http.MethodGet, "/held", "list_held", "Verdicts that wait for a person, oldest first."), a.listHeld)
	add(a, with(read, http.MethodGet, "/held/{investigation}", "get_held", "One held verdict with its reasons."), a.getHeld)
	decide := web.Operation{
		Who: web.Person, MinRole: soc.RoleAnalyst, Rate: "decide", Write: true, Errors: []soc.Code{soc.CodeConflict, soc.CodeInvalidState},
	}
	add(a, with(decide, http.MethodPost, "/held/{investigation}/accept", "accept_held", "Accept a held verdict: the incident is closed or set as proposed."), a.acceptHeld)
	add(a, with(decide, http.MethodPost, "/held/{investigation}/reject", "reject_held", "Reject a held verdict; the incident stays open."), a.rejectHeld)
	add(a, with(decide, http.MethodPost, "/incidents/{incident}/verdict", "set_verdict", "Give an incident a person's standing verdict."), a.setVerdict)
	add(a, with(decide, http.MethodPost, "/incidents/{incident}/reopen", "reopen_incident", "Take a closed incident back to work."), a.reopenIncident)
}

func (a *api) heldBinding(by soc.Actor) web.Binding {
	return web.Binding{Endpoint: "held", Principal: by.ID, Workspace: by.Workspace}
}

func (a *api) listHeld(ctx context.Context, by soc.Actor, in heldPage) (web.Reply[[]heldView], error) {
	var after *soc.Keyset
	if in.Token != "" {
		after = &soc.Keyset{}
		if err := a.seal.OpenJSON(a.heldBinding(by), in.Token, after); err != nil {
			return web.Reply[[]heldView]{}, err
		}
	}
	size := int(in.PageSize)
	if size == 0 {
		size = 50
	}
	held, next, err := a.desk.ListHeld(ctx, by, after, size)
	if err != nil {
		return web.Reply[[]heldView]{}, err
	}
	page := &web.Page{}
	if next != nil {
		if page.Next, err = a.seal.SealJSON(a.heldBinding(by), next); err != nil {
			return web.Reply[[]heldView]{}, err
		}
	}
	views := make([]heldView, len(held))
	for n, h := range held {
		views[n] = drawHeld(h)
	}
	return web.Reply[[]heldView]{Data: views, Page: page}, nil
}

func (a *api) getHeld(ctx context.Context, by soc.Actor, in oneHeld) (web.Reply[heldView], error) {
	h, err := a.desk.GetHeld(ctx, by, in.ID)
	if err != nil {
		return web.Reply[heldView]{}, err
	}
	return web.Reply[heldView]{Data: drawHeld(h), Revision: h.Incident.Version}, nil
}

func (a *api) acceptHeld(ctx context.Context, by soc.Actor, in acceptHeld) (web.Reply[verdictView], error) {
	out, err := a.desk.DecideHeld(ctx, web.Answering(by, drawVerdict), soc.HeldDecision{Investigation: in.ID, Accept: true, Comment: in.Body.Comment})
	if err != nil {
		return web.Reply[verdictView]{}, err
	}
	return drawVerdict(out), nil
}

func (a *api) rejectHeld(ctx context.Context, by soc.Actor, in rejectHeld) (web.Reply[verdictView], error) {
	decision := soc.HeldDecision{Investigation: in.ID, Comment: in.Body.Reason}
	if in.Body.Verdict != nil {
		decision.Verdict, decision.Reason = soc.Verdict(in.Body.Verdict.Classification), in.Body.Verdict.ClassificationReason
	}
	out, err := a.desk.DecideHeld(ctx, web.Answering(by, drawVerdict), decision)
	if err != nil {
		return web.Reply[verdictView]{}, err
	}
	return drawVerdict(out), nil
}

func (a *api) setVerdict(ctx context.Context, by soc.Actor, in setVerdict) (web.Reply[verdictView], error) {
	out, err := a.desk.SetVerdict(ctx, web.Answering(by, drawVerdict), soc.IncidentRef{ID: in.Incident}, soc.PersonVerdict{
		Verdict: soc.Verdict(in.Body.Classification), Reason: in.Body.ClassificationReason, Comment: in.Body.Comment, Close: in.Body.Close,
	})
	if err != nil {
		return web.Reply[verdictView]{}, err
	}
	return drawVerdict(out), nil
}

func (a *api) reopenIncident(ctx context.Context, by soc.Actor, in reopenIncident) (web.Reply[verdictView], error) {
	out, err := a.desk.ReopenIncident(ctx, web.Answering(by, drawVerdict), soc.IncidentRef{ID: in.Incident}, in.Body.Reason)
	if err != nil {
		return web.Reply[verdictView]{}, err
	}
	return drawVerdict(out), nil
}

func drawHeld(h soc.HeldVerdict) heldView {
	view := heldView{
		ID: h.Investigation.ID,
		Incident: heldIncident{
			ShortID: h.Incident.ShortID, Number: h.Incident.Number, Title: soc.EscapeVisible(h.Incident.Title),
			Severity: soc.PortalSeverity.Word(h.Incident.Severity), Status: soc.PortalStatus.Word(h.Incident.Status),
		},
		ProposedClassification: string(h.Investigation.Verdict), ProposedReason: orNull(h.Investigation.Reason),
		StandingClassification: orNull(string(h.Incident.Verdict)), MaliciousScore: h.Investigation.Score, Engine: h.Investigation.Engine,
		By: soc.EscapeVisible(h.Investigation.ByName), At: schemas.Time(h.Investigation.At), HoldReasons: []heldReason{},
		Citations: heldCitations(h.Investigation.Citations), Timeline: heldTimeline(h.Investigation.Timeline),
		Cited: append([]string{}, h.Investigation.Cited...), State: h.Investigation.State,
	}
	for _, code := range h.Investigation.HoldReasons {
		meaning, _ := soc.MeaningOf(code)
		view.HoldReasons = append(view.HoldReasons, heldReason{Code: string(code), Text: meaning.Meaning, Resolves: soc.NextStep(code)})
	}
	return view
}

func drawVerdict(out soc.VerdictReceipt) web.Reply[verdictView] {
	view := verdictView{
		Incident: out.Incident.ShortID, Status: soc.PortalStatus.Word(out.Incident.Status), Classification: orNull(string(out.Incident.Verdict)),
		ClassificationReason: orNull(out.Incident.VerdictReason), Held: out.Incident.Held, Memory: []memoryEvent{},
	}
	for _, e := range out.Memory {
		view.Memory = append(view.Memory, memoryEvent{EventID: e.ID, KeyKind: "title", Verdict: string(e.Verdict), Detector: e.DetectorKey})
	}
	return web.Reply[verdictView]{Data: view, Revision: out.Incident.Version}
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
