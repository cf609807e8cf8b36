package opsapi

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

type simulatePolicyInput struct {
	Body struct {
		Settings  *proposedSettings     `json:"settings,omitempty"`
		Limits    *soc.LimitsRecord     `json:"limits,omitempty"`
		Rules     []soc.PolicyRule      `json:"rules,omitempty" jsonschema:"maxItems=200"`
		Protected []soc.ProtectedRecord `json:"protected,omitempty" jsonschema:"maxItems=2000"`
		Window    string                `json:"window,omitempty" jsonschema:"maxLength=8" jsonschema_description:"How far back, PnD or PTnH, at most P30D; default P7D."`
	} `body:"json"`
}

// proposedSettings is the record of a severity as GET shows it.
type proposedSettings struct {
	Severity string `json:"severity" jsonschema:"enum=Informational,enum=Low,enum=Medium,enum=High,enum=Critical"`
	soc.SettingsRecord
}

// effectView is what a policy would have decided otherwise.
type effectView struct {
	Window             string `json:"window"`
	Gamebooks          int    `json:"gamebooks" jsonschema_description:"How many of the window were judged."`
	Capped             bool   `json:"capped" jsonschema_description:"The window holds more; the newest were judged."`
	Differ             int    `json:"differ"`
	WouldRunUnapproved int    `json:"wouldRunUnapproved"`
}

type policySimulationView struct {
	PolicyVersion int64            `json:"policyVersion"`
	Direction     string           `json:"direction"`
	Diff          []differenceView `json:"diff"`
	effectView
	Now     outcomeCounts   `json:"now"`
	Would   outcomeCounts   `json:"would"`
	Changed []rehearsedView `json:"changed"`
}

type outcomeCounts struct {
	Run   int `json:"run"`
	Queue int `json:"queue"`
	Deny  int `json:"deny"`
}

type rehearsedView struct {
	GamebookID  string       `json:"gamebookId"`
	RequestedAt schemas.Time `json:"requestedAt"`
	Now         rehearsed    `json:"now"`
	Would       rehearsed    `json:"would"`
}

type rehearsed struct {
	Outcome string     `json:"outcome"`
	Reasons []string   `json:"reasons"`
	Need    judgedNeed `json:"need"`
}

func (a *api) registerPolicySimulate() {
	add(a, web.Operation{
		Method: http.MethodPost, Path: prefix + "/policy/simulate", Name: "simulate_policy", Summary: "Which gamebooks a proposed policy would have decided otherwise; changes nothing.",
		Who: web.Scoped, Scope: soc.ScopeOpsRead, MinRole: soc.RoleManager, Rate: "write", Write: true,
		Kinds: []soc.PrincipalKind{soc.PrincipalPerson, soc.PrincipalService}, Errors: []soc.Code{soc.CodeInvalidState},
	}, a.simulatePolicy)
}

func (a *api) simulatePolicy(ctx context.Context, by soc.Actor, in simulatePolicyInput) (web.Reply[policySimulationView], error) {
	b := in.Body
	window, ok := parseWindow(b.Window)
	if !ok {
		return web.Reply[policySimulationView]{}, soc.InvalidField("window", "Must be days or hours such as P7D or PT12H.")
	}
	if b.Settings == nil && b.Limits == nil && b.Rules == nil && b.Protected == nil {
		return web.Reply[policySimulationView]{}, soc.InvalidField("body", "Must propose a part: settings, limits, rules or protected.")
	}
	out, err := a.desk.SimulatePolicy(ctx, web.Answering(by, drawPolicySimulation), soc.PolicyProposal{
		Window: window,
		Edit: func(doc soc.PolicyDocument) (soc.PolicyDocument, error) {
			if b.Settings != nil {
				severity, _ := soc.PortalSeverity.Core(b.Settings.Severity)
				doc = doc.WithSettings(severity, b.Settings.SettingsRecord)
			}
			if b.Limits != nil {
				doc.Limits = *b.Limits
			}
			if b.Rules != nil {
				doc.Rules = b.Rules
			}
			if b.Protected != nil {
				doc.Protected = b.Protected
			}
			return doc, nil
		},
	})
	if err != nil {
		return web.Reply[policySimulationView]{}, err
	}
	return drawPolicySimulation(out), nil
}

// parseWindow reads a whole number of days or hours (ISO 8601); 0 for none.
func parseWindow(text string) (time.Duration, bool) {
	if text == "" {
		return 0, true
	}
	unit, digits := 24*time.Hour, ""
	switch {
	case strings.HasPrefix(text, "PT") && strings.HasSuffix(text, "H"):
		unit, digits = time.Hour, text[2:len(text)-1]
	case strings.HasPrefix(text, "P") && strings.HasSuffix(text, "D"):
		digits = text[1 : len(text)-1]
	}
	n, err := strconv.ParseUint(digits, 10, 16)
	return time.Duration(n) * unit, err == nil && n > 0
}

// windowText spells a window as it was asked for.
func windowText(d time.Duration) string {
	if d%(24*time.Hour) == 0 {
		return "P" + strconv.Itoa(int(d/(24*time.Hour))) + "D"
	}
	return "PT" + strconv.Itoa(int(d/time.Hour)) + "H"
}

func drawEffect(p soc.PolicyRehearsal) effectView {
	return effectView{windowText(p.Until.Sub(p.Since)), p.Gamebooks, p.Capped, p.Differ, p.WouldRun}
}

func drawPolicySimulation(out soc.SimulatedPolicy) web.Reply[policySimulationView] {
	p := out.Rehearsal
	view := policySimulationView{
		PolicyVersion: out.Version, Direction: string(soc.DirectionOf(out.Diff)), Diff: drawDiff(out.Diff), effectView: drawEffect(p),
		Now: outcomeCounts(p.Now), Would: outcomeCounts(p.Would), Changed: []rehearsedView{},
	}
	for _, g := range p.Changed {
		view.Changed = append(view.Changed, rehearsedView{g.Gamebook, schemas.Time(g.At), drawRehearsed(g.Now), drawRehearsed(g.Would)})
	}
	return web.OK(view)
}

func drawRehearsed(r soc.GateResult) rehearsed {
	view := rehearsed{Outcome: r.Outcome.String(), Reasons: []string{}, Need: judgedNeed{Count: r.Need.Count, Roles: []string{}}}
	for _, reason := range r.Reasons {
		view.Reasons = append(view.Reasons, string(reason))
	}
	for _, role := range r.Need.Roles {
		view.Need.Roles = append(view.Need.Roles, string(role))
	}
	return view
}
