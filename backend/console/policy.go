package console

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"vedette/backend/soc"
)

// maxPolicyForm is the most bytes of a form that holds a whole policy.
const maxPolicyForm = 512 << 10

const policyRows = 50

type policyDiffQuery struct {
	From int64 `query:"from"`
	To   int64 `query:"to"`
}

type policyVersionsQuery struct {
	Before int64 `query:"before"`
}

type proposeForm struct {
	Document string `form:"document" max:"400000"`
	Reason   string `form:"reason" max:"1000"`
	// Days is how far back the simulation looks.
	Days string `form:"days" enum:"1,7,30"`
	// Ask sends it; without it the form is simulated only.
	Ask bool `form:"ask"`
}

type oneRule struct {
	Rule string `path:"rule" max:"64"`
}

type protectForm struct {
	Kind   string `form:"kind" enum:"cidr,host,account,sid,object_id,domain,value"`
	Value  string `form:"value" max:"512"`
	Mode   string `form:"mode" enum:"two_person,never"`
	Reason string `form:"reason" max:"1000"`
}

type unprotectForm struct {
	ID string `form:"id" max:"64"`
}

type restoreForm struct {
	Version int64  `form:"version"`
	Reason  string `form:"reason" max:"1000"`
}

// policyPage is the policy as it stands.
type policyPage struct {
	Facts soc.PolicyFacts
	// Severities are the settings that loaded, the most severe first.
	Severities []soc.AgentSettings
	Waiting    []soc.PolicyChange
}

// proposal is a policy that somebody writes, and what it would change.
type proposal struct {
	Document string
	Reason   string
	Days     string
	// Found is what the simulation came to, nil before it.
	Found   *soc.SimulatedPolicy
	Loosens bool
}

// simulatedWindows are the windows that the page of a proposal offers.
var simulatedWindows = map[string]time.Duration{"1": 24 * time.Hour, "7": soc.DefaultRehearsal, "30": soc.MaxRehearsal}

// registerPolicy adds the policy: what is in force, its versions, and asking for
// another. What loosens waits for a second person, at registerChanges.
func (c *Console) registerPolicy() {
	add(c, Page{
		Method: http.MethodGet, Path: "/policy", Name: "policy_page", Who: Member, Role: soc.RoleViewer,
		Nav: &Nav{Title: "Policy", Key: "p", Order: 70},
	}, c.policy)
	section := func(p Page) Page { p.Who, p.Section = Member, "/policy"; return p }
	add(c, section(Page{Method: http.MethodGet, Path: "/policy/versions", Name: "policy_versions_page", Role: soc.RoleViewer}), c.policyVersions)
	add(c, section(Page{Method: http.MethodGet, Path: "/policy/diff", Name: "policy_diff_page", Role: soc.RoleViewer}), c.policyDiff)
	add(c, section(Page{Method: http.MethodGet, Path: "/policy/propose", Name: "policy_proposal_page", Role: soc.RoleManager}), c.proposePage)
	add(c, section(Page{
		Method: http.MethodPost, Path: "/policy/propose", Name: "apply_policy", Role: soc.RoleManager, Back: "/policy/propose", MaxBody: maxPolicyForm,
	}), c.proposePolicy)
	add(c, section(Page{Method: http.MethodGet, Path: "/policy/rules/{rule}/log", Name: "rule_log_page", Role: soc.RoleViewer}), c.ruleLog)
	add(c, section(Page{Method: http.MethodPost, Path: "/policy/protect", Name: "protect", Role: soc.RoleSenior, Back: "/policy"}), c.protect)
	add(c, section(Page{Method: http.MethodPost, Path: "/policy/unprotect", Name: "unprotect", Role: soc.RoleManager, Back: "/policy"}), c.unprotect)
	add(c, section(Page{Method: http.MethodPost, Path: "/policy/restore", Name: "restore_policy", Role: soc.RoleManager, Back: "/policy/versions"}), c.restorePolicy)
}

func (c *Console) policy(ctx context.Context, by soc.Actor, _ struct{}) (View, error) {
	facts, err := c.desk.GetPolicy(ctx, by, by.Workspace)
	if err != nil {
		return View{}, err
	}
	page := policyPage{Facts: facts}
	for i := range soc.AllSeverities {
		if s, loaded := facts.Settings[soc.AllSeverities[len(soc.AllSeverities)-1-i]]; loaded {
			page.Severities = append(page.Severities, s)
		}
	}
	page.Waiting, _, err = c.desk.ListChanges(ctx, by, soc.ChangeFilter{State: soc.ChangePending, Limit: policyRows})
	return View{Template: "policy", Title: "Policy", Data: page}, err
}

func (c *Console) policyVersions(ctx context.Context, by soc.Actor, in policyVersionsQuery) (View, error) {
	found, more, err := c.desk.ListPolicyVersions(ctx, by, by.Workspace, in.Before, policyRows)
	next := ""
	if more {
		next = fmt.Sprintf("%s?before=%d", c.at(by, "/policy/versions"), found[len(found)-1].Version)
	}
	return View{Template: "policy-versions", Title: "Versions of the policy", Data: map[string]any{"Rows": found, "Next": next}}, err
}

func (c *Console) policyDiff(ctx context.Context, by soc.Actor, in policyDiffQuery) (View, error) {
	diff, err := c.desk.ComparePolicyVersions(ctx, by, by.Workspace, in.From, in.To)
	return View{Template: "policy-diff", Title: "What differs", Data: map[string]any{"From": in.From, "To": in.To, "Diff": diff}}, err
}

func (c *Console) proposePage(ctx context.Context, by soc.Actor, _ struct{}) (View, error) {
	facts, err := c.desk.GetPolicy(ctx, by, by.Workspace)
	if err != nil {
		return View{}, err
	}
	if !facts.PolicyLoaded || !facts.ProtectedLoaded {
		return View{}, soc.PolicyDamaged(facts.Faults)
	}
	text, err := json.MarshalIndent(facts.Document(), "", "  ")
	return View{Template: "policy-propose", Title: "Propose a policy", Data: proposal{Document: string(text)}}, err
}

// proposePolicy simulates what was written on the gamebooks of a window, and sends
// it only from the page that shows what came of that.
func (c *Console) proposePolicy(ctx context.Context, by soc.Actor, in proposeForm) (View, error) {
	doc, err := soc.ParsePolicy([]byte(in.Document))
	if err != nil {
		return View{}, err
	}
	if !in.Ask {
		found, err := c.desk.SimulatePolicy(ctx, by, soc.PolicyProposal{
			Edit:   func(soc.PolicyDocument) (soc.PolicyDocument, error) { return doc, nil },
			Window: simulatedWindows[in.Days],
		})
		return View{Template: "policy-propose", Title: "Propose a policy", Data: proposal{
			Document: in.Document, Reason: in.Reason, Days: in.Days, Found: &found, Loosens: soc.DirectionOf(found.Diff) == soc.DirectionLoosening,
		}}, err
	}
	return c.edited(by)(c.desk.ApplyPolicy(ctx, by, by.Workspace, doc, in.Reason))
}

// ruleLog is what a rule in log-only mode would have decided.
func (c *Console) ruleLog(ctx context.Context, by soc.Actor, in oneRule) (View, error) {
	facts, err := c.desk.GetPolicy(ctx, by, by.Workspace)
	if err != nil {
		return View{}, err
	}
	at := slices.IndexFunc(facts.Rules, func(r soc.PolicyRule) bool { return r.Name == in.Rule })
	if at < 0 {
		return View{}, soc.NotFoundf("There is no such rule.").WithFix("The page of the policy lists the rules.")
	}
	found, err := c.desk.RuleLog(ctx, by, in.Rule, time.Time{}, time.Time{})
	return View{Template: "rule-log", Title: "Log of " + in.Rule, Data: map[string]any{"Rule": facts.Rules[at], "Rows": found}}, err
}

// edited leads on after an edit: to the change that waits, or to the policy.
func (c *Console) edited(by soc.Actor) func(soc.PolicyOutcome, error) (View, error) {
	return func(out soc.PolicyOutcome, err error) (View, error) {
		switch {
		case err != nil:
			return View{}, err
		case out.Change != nil:
			return View{Redirect: c.at(by, "/changes", out.Change.ID), Notice: "change-asked"}, nil
		case !out.Made:
			return View{Redirect: c.at(by, "/policy"), Notice: "policy-same"}, nil
		}
		return View{Redirect: c.at(by, "/policy"), Notice: "policy-changed"}, nil
	}
}

func (c *Console) protect(ctx context.Context, by soc.Actor, in protectForm) (View, error) {
	return c.edited(by)(c.desk.Protect(ctx, by, soc.ProtectedRecord{
		Match: soc.ProtectedMatch{Kind: in.Kind, Value: in.Value}, Mode: in.Mode, Reason: in.Reason,
	}))
}

func (c *Console) unprotect(ctx context.Context, by soc.Actor, in unprotectForm) (View, error) {
	return c.edited(by)(c.desk.Unprotect(ctx, by, in.ID, soc.IfMatch{}))
}

func (c *Console) restorePolicy(ctx context.Context, by soc.Actor, in restoreForm) (View, error) {
	return c.edited(by)(c.desk.RestorePolicy(ctx, by, by.Workspace, in.Version, soc.IfMatch{}, in.Reason))
}
