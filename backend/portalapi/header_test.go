package portalapi_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"vedette/backend/soc"
	"vedette/backend/web/webtest"
)

// TestS59HeadersOnlyTighten: whatever headers an agent puts on a submit, alone
// or together, the outcome is that of the bare request or a stricter one.
func TestS59HeadersOnlyTighten(t *testing.T) {
	p := open(t)
	i, on, random := p.byID(t, "authored-2"), true, rand.New(rand.NewPCG(59, 7))
	entity := p.targets(t, i)["SEC-SCAN01"]
	canceller := soc.Actor{
		Kind: soc.PrincipalPerson, ID: "canceller", Workspace: p.First, Role: soc.RoleSenior, Granted: soc.RoleSenior, Session: true, AuthenticatedAt: p.Now(),
	}
	headers := []string{
		"Vedette-Run-Token: vdr_forged", "Vedette-Run-Token: ", "Vedette-Workspace: " + p.Second, "Vedette-Role: admin", "Vedette-Approved-By: mgr@example.org",
		"Vedette-Trigger: ManualInvestigateAndRespond", "X-Trigger-Type: ManualInvestigateAndRespond", "X-Approved: true", "X-Approval-Digest: sha256:0",
		"X-Forwarded-User: admin", "X-Remote-User: admin", "X-Original-URL: /api/ops/v1/kill-switch", "X-HTTP-Method-Override: PUT", "X-Forwarded-For: 127.0.0.1",
		"X-Policy-Version: 1", "X-Dry-Run: false", "X-Taint: clean", "X-Request-Id: 1", "Prefer: wait=0", "Prefer: respond-async", "If-Match: *", "If-Match: \"1\"",
		"Cookie: __Host-vedette=vdt_session_x", "Sec-Fetch-Site: same-origin", "Origin: https://vedette.example",
	}
	agent := p.agent()
	// submit is 0 where the gamebook runs, 1 where it waits for people, 2 where it
	// is refused; what it left is cancelled and a day passes, so that no submit
	// stands in the way of the next.
	submit := func(extra ...string) int {
		t.Helper()
		body := `{"trigger_type":"ManualInvestigateAndRespond","playbooks":[{"playbook_id":"isolate_host","entity_id":"` + entity + `"}]}`
		w := p.Ask("POST", p.tool(i, "/gamebooks"), body, append([]string{agent}, extra...)...)
		p.Advance(25 * time.Hour)
		if w.Code != 200 {
			return 2
		}
		got := webtest.Decode[struct {
			Data struct {
				Success    bool
				Queued     bool   `json:"is_queued_for_approval"`
				GamebookID string `json:"gamebook_id"`
			}
		}](t, w, 200).Data
		if !got.Success {
			return 2
		}
		if _, err := p.Desk.CancelGamebook(t.Context(), canceller, soc.GamebookOrder{Gamebook: got.GamebookID, Reason: "drill"}); err != nil {
			t.Fatal(err)
		}
		if got.Queued {
			return 1
		}
		return 0
	}
	for _, gamebooks := range []bool{false, true} {
		if gamebooks {
			for _, severity := range soc.AllSeverities {
				if _, err := p.Desk.ChangeSettings(t.Context(), p.Host, soc.SettingsChange{Workspace: p.First, Severity: severity, Gamebooks: &on, Reason: "drill"}); err != nil {
					t.Fatal(err)
				}
			}
		}
		bare := submit()
		if want := map[bool]int{false: 1, true: 0}[gamebooks]; bare != want {
			t.Fatalf("the bare request comes to %d, want %d", bare, want)
		}
		for range 30 {
			var chosen []string
			for _, at := range random.Perm(len(headers))[:1+random.IntN(6)] {
				chosen = append(chosen, headers[at])
			}
			if with := submit(chosen...); with < bare {
				t.Errorf("%v: outcome %d, bare %d", chosen, with, bare)
			}
		}
	}
}
