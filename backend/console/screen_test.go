package console_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"vedette/backend/soc"
)

// screen is a page as somebody sees it.
type screen struct {
	name, path string
	role       soc.Role
}

// ofTheOrganization looks as an admin of the organization.
const ofTheOrganization soc.Role = "organization"

// screens lists every page with something on it. A page that is added stands
// here too.
func (o *office) screens(id, done string) []screen {
	return []screen{
		{"status", "/", soc.RoleNone},
		{"sign-in", "/console/sign-in", soc.RoleNone},
		{"continue", "/console/sign-in?next=%2Fconsole", soc.RoleNone},
		{"welcome", "/console/welcome/" + o.invited("new@example.org"), soc.RoleNone},
		{"step-up", "/console/step-up?next=%2Fconsole", soc.RoleSenior},
		{"second-factor", "/console/second-factor", soc.RoleSenior},
		{"enrolment", "/console/enrolment", soc.RoleSenior},
		{"account", "/console/account", soc.RoleSenior},
		{"approvals", o.first("/approvals"), soc.RoleSenior},
		{"approvals-empty", o.first("/approvals?state=expired"), soc.RoleSenior},
		{"card", o.first("/approvals/" + id), soc.RoleSenior},
		{"card-viewer", o.first("/approvals/" + id), soc.RoleViewer},
		{"card-ended", o.first("/approvals/" + done), soc.RoleAnalyst},
		{"gamebook", o.first("/gamebooks/" + done), soc.RoleAnalyst},
		{"kill-switch", o.first("/kill-switch"), soc.RoleManager},
		{"overview", o.first("/overview"), soc.RoleViewer},
		{"incidents", o.first("/incidents"), soc.RoleAnalyst},
		{"incidents-none", o.first("/incidents?q=nothing-of-the-kind"), soc.RoleViewer},
		{"incident", o.first("/incidents/" + o.incident), soc.RoleSenior},
		{"held", o.first("/held"), soc.RoleAnalyst},
		{"entities", o.first("/entities?value=ws-042.corp.local"), soc.RoleViewer},
		{"entity", o.first("/entities/" + o.host), soc.RoleSenior},
		{"agents", o.first("/agents"), soc.RoleSenior},
		{"runs", o.first("/runs"), soc.RoleViewer},
		{"audit", o.first("/audit"), soc.RoleManager},
		{"audit-integrity", o.first("/audit/integrity"), soc.RoleManager},
		{"policy", o.first("/policy"), soc.RoleManager},
		{"policy-versions", o.first("/policy/versions"), soc.RoleViewer},
		{"changes", o.first("/changes"), soc.RoleManager},
		{"playbooks", o.first("/playbooks"), soc.RoleViewer},
		{"playbooks-manager", o.first("/playbooks"), soc.RoleManager},
		{"procedure", o.first("/procedures/sop-phishing"), soc.RoleManager},
		{"procedure-diff", o.first("/procedures/sop-phishing/diff"), soc.RoleViewer},
		{"procedure-new", o.first("/procedure-new"), soc.RoleManager},
		{"connectors", o.first("/connectors"), soc.RoleManager},
		{"connector", o.first("/connectors/" + o.connector()), soc.RoleAdmin},
		{"connector-new", o.first("/connectors/new?kind=range"), soc.RoleAdmin},
		{"people", o.first("/people"), ofTheOrganization},
		{"person", o.first("/people/" + person(o.house, soc.RoleSenior)), ofTheOrganization},
		{"keys", o.first("/keys"), ofTheOrganization},
		{"key-new", o.first("/keys/new"), ofTheOrganization},
		{"policy-propose", o.first("/policy/propose"), soc.RoleManager},
		{"webhooks", o.first("/webhooks"), ofTheOrganization},
		{"webhook-new", o.first("/webhooks/new"), ofTheOrganization},
		{"missing", o.first("/nothing"), soc.RoleViewer},
	}
}

// TestEveryPageInABrowser opens every page in light and dark, on a laptop and a
// phone: nothing is broken, nothing breaches the policy, nothing asks anybody
// else, nothing is wider than the screen, and axe finds nothing serious (WCAG
// 2.2 A and AA).
func TestEveryPageInABrowser(t *testing.T) {
	o := openOffice(t, products(t, "127.0.0.1:9"))
	b := browse(t, o.house)
	axe, err := os.ReadFile("testdata/axe.min.js")
	if err != nil {
		t.Fatal(err)
	}
	done := o.asked("isolate_host", "an earlier one")
	decide := o.Cookie(o.First, soc.RoleSenior)
	o.send(decide, o.first("/approvals/"+done+"/deny"), map[string][]string{"reason": {"not now"}})
	id := o.asked("isolate_host", "The host runs <script>alert(1)</script> and should be cut off.")
	o.engage(o.First, "a drill")
	cookies := map[soc.Role]string{}
	for _, s := range o.screens(id, done) {
		t.Run(s.name, func(t *testing.T) {
			b.t = t
			if s.role != soc.RoleNone {
				if cookies[s.role] == "" {
					if cookies[s.role] = o.AdminCookie(o.First); s.role != ofTheOrganization {
						cookies[s.role] = o.Cookie(o.First, s.role)
					}
				}
				b.as(cookies[s.role])
			}
			for _, scheme := range []string{"light", "dark"} {
				b.look(1280, 800, scheme)
				b.open(s.path)
				b.shoot(s.name+"-"+scheme, false)
				b.audit(s.name+" in "+scheme, axe)
				b.look(390, 844, scheme)
				if wide := eval[int](b, `document.documentElement.scrollWidth - innerWidth`); wide > 0 {
					t.Errorf("%s is %d px wider than a phone", s.name, wide)
				}
				b.shoot(s.name+"-"+scheme+"-phone", scheme == "light")
			}
			b.clean(s.name)
		})
	}
}

// audit asks axe. Its source is evaluated from outside, which no policy of the
// page stops.
func (b *tab) audit(where string, axe []byte) {
	b.t.Helper()
	found := eval[string](b, string(axe)+`;axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']}).then(r => JSON.stringify(
		r.violations.filter(v => v.impact === 'serious' || v.impact === 'critical').map(v => v.id + ': ' + v.nodes.map(n => n.target.join(' ') + ' ' + n.failureSummary).join('; '))))`)
	var violations []string
	if err := json.Unmarshal([]byte(found), &violations); err != nil {
		b.t.Fatalf("%s: %v", found, err)
	}
	for _, violation := range violations {
		b.t.Errorf("%s: %s", where, strings.ReplaceAll(violation, "\n", " "))
	}
}
