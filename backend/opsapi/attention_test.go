package opsapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"vedette/backend/soc"
	"vedette/backend/store"
	"vedette/backend/web/webtest"
)

// TestS64AttentionIsMeasured decides cards with and without having looked, and
// reads what is said of it: by oneself, by a manager and by others.
func TestS64AttentionIsMeasured(t *testing.T) {
	o := openOffice(t)
	senior, manager, analyst := o.Cookie(o.First, soc.RoleSenior), o.Cookie(o.First, soc.RoleManager), o.Cookie(o.First, soc.RoleAnalyst)
	key := webtest.Key{Role: soc.RoleManager, Scopes: []soc.Scope{soc.ScopeAuditRead}}
	const path = "/api/ops/v1/attention"
	type person struct {
		PersonID       string
		Rule           *string
		Cards          int
		NotViewed      int
		MedianSeconds  *float64
		EvidenceOpened int
		ApprovalRate   float64
		Warnings       []string
	}
	type report struct {
		Data struct {
			People        []person
			TaughtNothing []struct {
				Rule, Decision string
				Cards          int
			}
		}
	}
	read := func(who, query string) report {
		t.Helper()
		return webtest.Decode[report](t, o.Ask(http.MethodGet, path+query, "", who), http.StatusOK)
	}
	identity := webtest.Decode[struct {
		Data struct{ Person struct{ ID string } }
	}](t, o.Ask(http.MethodGet, "/api/ops/v1/session", "", senior), http.StatusOK).Data.Person.ID

	first := o.submitted(t, "isolate_host")
	card := webtest.Decode[cardAnswer](t, o.Ask(http.MethodGet, "/api/ops/v1/approvals/"+first, "", senior), http.StatusOK).Data.Card
	o.Advance(12 * time.Second)
	decide := func(gamebook, verb, body string) {
		t.Helper()
		if w := o.Ask(http.MethodPost, "/api/ops/v1/approvals/"+gamebook+"/"+verb, body, senior, jsonBody); w.Code != http.StatusOK {
			t.Fatalf("%s: %d %s", verb, w.Code, w.Body)
		}
	}
	decide(first, "deny", `{"reason":"no","view":"`+card.View+`","opened":["E1","E1","E2","x"]}`)
	second := o.submitted(t, "isolate_host")
	decide(second, "approve", `{"digest":"`+webtest.Decode[cardAnswer](t, o.Ask(http.MethodGet, "/api/ops/v1/approvals/"+second, "", senior), http.StatusOK).Data.Digest+`"}`)

	o.Advance(time.Second) // a window ends before now
	own := read(senior, "").Data
	if len(own.People) < 2 || len(own.TaughtNothing) != 0 {
		t.Fatalf("%+v", own)
	}
	sum := own.People[0]
	if sum.PersonID != identity || sum.Rule != nil || sum.Cards != 2 || sum.NotViewed != 1 || sum.MedianSeconds == nil || *sum.MedianSeconds != 12 ||
		sum.EvidenceOpened != 2 || sum.ApprovalRate != 0.5 || len(sum.Warnings) != 0 {
		t.Errorf("%+v", sum)
	}
	if rule := own.People[1]; rule.Rule == nil || !strings.HasPrefix(*rule.Rule, "g") || rule.Cards != 2 {
		t.Errorf("%+v", rule)
	}
	if got := read(analyst, "").Data; len(got.People) != 0 {
		t.Errorf("somebody who decided nothing sees %+v", got)
	}
	for who, credential := range map[string]string{
		"an analyst": analyst, "a key of role senior": o.Bearer(webtest.Key{Role: soc.RoleSenior, Scopes: key.Scopes}),
		"a key without the scope": o.Bearer(webtest.Key{Role: soc.RoleManager, Scopes: []soc.Scope{soc.ScopeOpsRead}}),
	} {
		if w := o.Ask(http.MethodGet, path+"?personId="+identity, "", credential); w.Code != http.StatusForbidden {
			t.Errorf("%s: %d", who, w.Code)
		}
	}
	if got := read(o.Bearer(webtest.Key{Role: soc.RoleManager, Scopes: key.Scopes, Workspaces: []string{o.Second}}), "").Data; len(got.People) != 0 {
		t.Errorf("another workspace sees %+v", got)
	}
	for _, query := range []string{"?from=2026-05-14T00:00:00Z&to=2026-05-13T00:00:00Z", "?from=2025-01-01T00:00:00Z"} {
		if w := o.Ask(http.MethodGet, path+query, "", senior); w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", query, w.Code)
		}
	}

	hurried := func(tx *store.Tx) error { // one person waves fifty cards through
		for n := range soc.AttentionCards {
			id := fmt.Sprint("hurried-", n)
			if err := tx.InsertApproval(soc.Approval{ID: id, Gamebook: second, Person: identity, Role: soc.RoleSenior, Digest: id, Approved: true, At: o.Now()}); err != nil {
				return err
			}
			a := soc.Attended{
				ID: id, Workspace: o.First, Person: identity, Gamebook: second, Playbook: "scan_host", Rules: []string{"g9"}, Approved: true, Viewed: true,
				For: time.Second, At: o.Now(),
			}
			if err := tx.InsertAttended(a); err != nil {
				return err
			}
		}
		return nil
	}
	if err := o.Store.Write(t.Context(), hurried); err != nil {
		t.Fatal(err)
	}
	o.Advance(time.Second)
	for who, credential := range map[string]string{"a manager": manager, "a key": o.Bearer(key)} {
		got := read(credential, "").Data
		if len(got.People) == 0 || strings.Join(got.People[0].Warnings, " ") != soc.WarnMedian+" "+soc.WarnRate {
			t.Errorf("%s sees %+v", who, got.People)
		}
		if len(got.TaughtNothing) == 0 || got.TaughtNothing[0].Rule != "g9" || got.TaughtNothing[0].Cards != soc.AttentionCards || got.TaughtNothing[0].Decision != "approved" {
			t.Errorf("%s sees %+v", who, got.TaughtNothing)
		}
	}
}
