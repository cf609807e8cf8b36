package opsapi

import (
	"context"
	"net/http"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

type policyInput struct {
	Version schemas.Int `query:"version" jsonschema:"minimum=1"`
}

type oneSetting struct {
	Severity string `path:"severity" jsonschema:"enum=Informational,enum=Low,enum=Medium,enum=High,enum=Critical"`
}

type settingsInput struct {
	Severity string      `path:"severity" jsonschema:"enum=Informational,enum=Low,enum=Medium,enum=High,enum=Critical"`
	IfMatch  web.IfMatch `header:"If-Match"`
	Body     struct {
		Severity            string              `json:"severity,omitempty" jsonschema:"maxLength=16" jsonschema_description:"That of the path, where it is stated."`
		Enabled             bool                `json:"enabled"`
		Capabilities        soc.Capabilities    `json:"capabilities"`
		GatingMode          string              `json:"gatingMode" jsonschema:"enum=queue,enum=reject"`
		CeilingClean        soc.CeilingRecord   `json:"ceilingClean"`
		CeilingTainted      soc.CeilingRecord   `json:"ceilingTainted"`
		AutoClose           bool                `json:"autoClose"`
		MinEvidenceCoverage float64             `json:"minEvidenceCoverage" jsonschema:"minimum=0,maximum=1"`
		MaxScoreToClose     int                 `json:"maxScoreToClose" jsonschema:"minimum=0,maximum=100"`
		SamplePct           int                 `json:"samplePct" jsonschema:"minimum=0,maximum=100"`
		OnClassification    classificationInput `json:"onClassification"`
	} `body:"json"`
}

// classificationInput is soc.ClassificationRecord whose webhooks may be absent.
type classificationInput struct {
	TruePositive   effectInput `json:"TruePositive"`
	FalsePositive  effectInput `json:"FalsePositive"`
	BenignPositive effectInput `json:"BenignPositive"`
	Undetermined   effectInput `json:"Undetermined"`
	Suspicious     effectInput `json:"Suspicious"`
}

type effectInput struct {
	Status    string  `json:"status" jsonschema:"enum=New,enum=Active,enum=Closed"`
	WebhookID *string `json:"webhookId,omitempty" jsonschema:"maxLength=64"`
}

// record is the body in the words of the policy.
func (in settingsInput) record() soc.SettingsRecord {
	b, on := in.Body, in.Body.OnClassification
	return soc.SettingsRecord{
		Enabled: b.Enabled, Capabilities: b.Capabilities, GatingMode: b.GatingMode, CeilingClean: b.CeilingClean, CeilingTainted: b.CeilingTainted,
		AutoClose: b.AutoClose, MinEvidenceCoverage: b.MinEvidenceCoverage, MaxScoreToClose: b.MaxScoreToClose, SamplePct: b.SamplePct,
		OnClassification: soc.ClassificationRecord{
			TruePositive: soc.ClassificationEffect(on.TruePositive), FalsePositive: soc.ClassificationEffect(on.FalsePositive),
			BenignPositive: soc.ClassificationEffect(on.BenignPositive), Undetermined: soc.ClassificationEffect(on.Undetermined),
			Suspicious: soc.ClassificationEffect(on.Suspicious),
		},
	}
}

type limitsInput struct {
	IfMatch web.IfMatch      `header:"If-Match"`
	Body    soc.LimitsRecord `body:"json"`
}

type protectInput struct {
	Body struct {
		Match  soc.ProtectedMatch `json:"match"`
		Mode   string             `json:"mode" jsonschema:"enum=two_person,enum=never"`
		Reason string             `json:"reason" jsonschema:"minLength=1,maxLength=1000"`
	} `body:"json"`
}

type unprotectInput struct {
	ID      string      `path:"id" jsonschema:"maxLength=36"`
	IfMatch web.IfMatch `header:"If-Match"`
}

// policyView is the whole policy of a workspace, or one of its versions.
type policyView struct {
	PolicyVersion int64                 `json:"policyVersion"`
	Hash          *string               `json:"hash"`
	Loaded        bool                  `json:"loaded"`
	Faults        []string              `json:"faults"`
	Settings      *soc.PolicySettings   `json:"settings"`
	Limits        *soc.LimitsRecord     `json:"limits"`
	Protected     []soc.ProtectedRecord `json:"protected"`
	Rules         []soc.PolicyRule      `json:"rules"`
}

type settingsView struct {
	Severity      string             `json:"severity"`
	PolicyVersion int64              `json:"policyVersion"`
	Change        *changeView        `json:"change"`
	Settings      soc.SettingsRecord `json:"settings"`
}

type limitsView struct {
	PolicyVersion int64            `json:"policyVersion"`
	Change        *changeView      `json:"change"`
	Limits        soc.LimitsRecord `json:"limits"`
}

type protectedView struct {
	PolicyVersion int64                 `json:"policyVersion"`
	Change        *changeView           `json:"change"`
	Protected     []soc.ProtectedRecord `json:"protected"`
}

// registerPolicy adds the policy of section 10 of the contract.
func (a *api) registerPolicy() {
	kinds := []soc.PrincipalKind{soc.PrincipalPerson, soc.PrincipalService}
	read := web.Operation{Who: web.Scoped, Scope: soc.ScopeOpsRead, MinRole: soc.RoleViewer, Rate: "read", Kinds: kinds}
	add(a, with(read, http.MethodGet, "/policy", "get_policy", "The whole policy, and whether it can be read."), a.getPolicy)
	add(a, with(read, http.MethodGet, "/policy/settings/{severity}", "get_settings", "The agent settings of a severity."), a.getSettings)
	add(a, with(read, http.MethodGet, "/policy/limits", "get_limits", "Limits, clocks and breakers."), a.getLimits)
	add(a, with(read, http.MethodGet, "/policy/protected", "list_protected", "The protected list."), a.listProtected)
	edit := web.Operation{
		Who: web.Scoped, Scope: soc.ScopeOpsTighten, Or: soc.ScopeOpsDraft, MinRole: soc.RoleManager, Rate: "write", Write: true, Kinds: kinds,
		Also: []int{http.StatusAccepted}, Errors: []soc.Code{soc.CodeHumanSessionRequired, soc.CodeInvalidState, soc.CodeConflict, soc.CodePreconditionFailed, soc.CodeLocked},
	}
	add(a, with(edit, http.MethodPut, "/policy/settings/{severity}", "change_settings", "Replace the agent settings of a severity."), a.putSettings)
	add(a, with(edit, http.MethodPut, "/policy/limits", "change_limits", "Replace limits, clocks and breakers."), a.putLimits)
	add(a, with(edit, http.MethodDelete, "/policy/protected/{id}", "unprotect", "Take an entry off the protected list."), a.unprotect)
	protect := with(edit, http.MethodPost, "/policy/protected", "protect", "Protect an asset.")
	protect.MinRole, protect.Status, protect.Also = soc.RoleSenior, http.StatusCreated, []int{http.StatusOK, http.StatusAccepted}
	add(a, protect, a.protect)
	a.registerRules(read, edit)
	a.registerPolicySimulate()
}

func (a *api) getPolicy(ctx context.Context, by soc.Actor, in policyInput) (web.Reply[policyView], error) {
	if in.Version != 0 {
		v, err := a.desk.GetPolicyVersion(ctx, by, "", int64(in.Version))
		if err != nil {
			return web.Reply[policyView]{}, err
		}
		view := drawDocument(v.Document)
		view.PolicyVersion, view.Hash, view.Loaded = v.Version, &v.Hash, true
		return web.OK(view), nil
	}
	facts, err := a.desk.GetPolicy(ctx, by, "")
	if err != nil {
		return web.Reply[policyView]{}, err
	}
	view := policyView{Protected: []soc.ProtectedRecord{}, Rules: []soc.PolicyRule{}}
	if facts.PolicyLoaded && facts.ProtectedLoaded {
		view = drawDocument(facts.Document())
		view.Loaded = true
	}
	view.PolicyVersion, view.Faults = facts.Version, append([]string{}, facts.Faults...)
	return web.Reply[policyView]{Data: view, Revision: facts.Version}, nil
}

func drawDocument(d soc.PolicyDocument) policyView {
	return policyView{Settings: &d.Settings, Limits: &d.Limits, Protected: append([]soc.ProtectedRecord{}, d.Protected...), Rules: append([]soc.PolicyRule{}, d.Rules...), Faults: []string{}}
}

// whole is the policy in force as a document; a damaged one is said to be so.
func (a *api) whole(ctx context.Context, by soc.Actor) (soc.PolicyFacts, soc.PolicyDocument, error) {
	facts, err := a.desk.GetPolicy(ctx, by, "")
	if err == nil && (!facts.PolicyLoaded || !facts.ProtectedLoaded) {
		err = soc.PolicyDamaged(facts.Faults)
	}
	if err != nil {
		return facts, soc.PolicyDocument{}, err
	}
	return facts, facts.Document(), nil
}

func (a *api) getSettings(ctx context.Context, by soc.Actor, in oneSetting) (web.Reply[settingsView], error) {
	facts, doc, err := a.whole(ctx, by)
	if err != nil {
		return web.Reply[settingsView]{}, err
	}
	severity, _ := soc.PortalSeverity.Core(in.Severity)
	view := settingsView{Severity: in.Severity, PolicyVersion: facts.Version, Settings: doc.SettingsOf(severity)}
	return web.Reply[settingsView]{Data: view, Revision: facts.Version}, nil
}

func (a *api) getLimits(ctx context.Context, by soc.Actor, _ none) (web.Reply[limitsView], error) {
	facts, doc, err := a.whole(ctx, by)
	return web.Reply[limitsView]{Data: limitsView{PolicyVersion: facts.Version, Limits: doc.Limits}, Revision: facts.Version}, err
}

func (a *api) listProtected(ctx context.Context, by soc.Actor, _ none) (web.Reply[protectedView], error) {
	facts, doc, err := a.whole(ctx, by)
	view := protectedView{PolicyVersion: facts.Version, Protected: append([]soc.ProtectedRecord{}, doc.Protected...)}
	return web.Reply[protectedView]{Data: view, Revision: facts.Version}, err
}

func (a *api) putSettings(ctx context.Context, by soc.Actor, in settingsInput) (web.Reply[settingsView], error) {
	severity, _ := soc.PortalSeverity.Core(in.Severity)
	if in.Body.Severity != "" && in.Body.Severity != in.Severity {
		return web.Reply[settingsView]{}, soc.InvalidField("severity", "Must be that of the path, %s.", in.Severity)
	}
	draw := func(out soc.PolicyOutcome) web.Reply[settingsView] {
		view := settingsView{Severity: in.Severity, PolicyVersion: out.Policy.Version, Change: a.waits(out)}
		view.Settings = out.Policy.Document().SettingsOf(severity)
		return outcome(out, view)
	}
	record := in.record()
	out, err := a.desk.EditPolicy(ctx, web.Answering(by, draw), soc.PolicyEdit{
		Part: soc.PartSettings, Event: "settings_changed", Target: string(severity), IfMatch: in.IfMatch.IfMatch,
		Edit: func(doc soc.PolicyDocument) (soc.PolicyDocument, error) {
			return doc.WithSettings(severity, record), nil
		},
	})
	if err != nil {
		return web.Reply[settingsView]{}, err
	}
	return draw(out), nil
}

func (a *api) putLimits(ctx context.Context, by soc.Actor, in limitsInput) (web.Reply[limitsView], error) {
	draw := func(out soc.PolicyOutcome) web.Reply[limitsView] {
		return outcome(out, limitsView{PolicyVersion: out.Policy.Version, Change: a.waits(out), Limits: out.Policy.Limits.Record()})
	}
	out, err := a.desk.EditPolicy(ctx, web.Answering(by, draw), soc.PolicyEdit{
		Part: soc.PartLimits, Event: "limits_changed", IfMatch: in.IfMatch.IfMatch,
		Edit: func(doc soc.PolicyDocument) (soc.PolicyDocument, error) {
			doc.Limits = in.Body
			return doc, nil
		},
	})
	if err != nil {
		return web.Reply[limitsView]{}, err
	}
	return draw(out), nil
}

func (a *api) drawProtected(out soc.PolicyOutcome) web.Reply[protectedView] {
	view := protectedView{PolicyVersion: out.Policy.Version, Change: a.waits(out), Protected: append([]soc.ProtectedRecord{}, out.Policy.Document().Protected...)}
	return outcome(out, view)
}

func (a *api) protect(ctx context.Context, by soc.Actor, in protectInput) (web.Reply[protectedView], error) {
	draw := func(out soc.PolicyOutcome) web.Reply[protectedView] {
		reply := a.drawProtected(out)
		if out.Made {
			reply.Status, reply.Location = http.StatusCreated, prefix+"/policy/protected"
		}
		return reply
	}
	entry := soc.ProtectedRecord{Match: in.Body.Match, Mode: in.Body.Mode, Reason: in.Body.Reason}
	out, err := a.desk.Protect(ctx, web.Answering(by, draw), entry)
	if err != nil {
		return web.Reply[protectedView]{}, err
	}
	return draw(out), nil
}

func (a *api) unprotect(ctx context.Context, by soc.Actor, in unprotectInput) (web.Reply[protectedView], error) {
	out, err := a.desk.Unprotect(ctx, web.Answering(by, a.drawProtected), in.ID, in.IfMatch.IfMatch)
	if err != nil {
		return web.Reply[protectedView]{}, err
	}
	return a.drawProtected(out), nil
}

// waits draws the change that an edit became, nil for one in force.
func (a *api) waits(out soc.PolicyOutcome) *changeView {
	if out.Change == nil {
		return nil
	}
	view := a.drawChange(*out.Change)
	return &view
}

// outcome answers an edit: 202 and where it waits, or 200.
func outcome[View any](out soc.PolicyOutcome, view View) web.Reply[View] {
	reply := web.Reply[View]{Data: view, Status: http.StatusOK, Revision: out.Policy.Version}
	if out.Change != nil {
		reply.Status, reply.Location = http.StatusAccepted, prefix+"/changes/"+out.Change.ID
	}
	return reply
}
