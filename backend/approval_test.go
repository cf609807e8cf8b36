package backend

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vedette/backend/soc"
	"vedette/backend/store"
)

func (b *bench) approve(name string, g soc.Gamebook) (soc.DecisionReceipt, error) {
	return b.Approve(ctx, b.as(name), soc.Decision{Workspace: b.first, Gamebook: g.ID, Digest: g.Digest})
}

func (b *bench) deny(name string, g soc.Gamebook) (soc.DecisionReceipt, error) {
	return b.Deny(ctx, b.as(name), soc.Decision{Workspace: b.first, Gamebook: g.ID, Digest: g.Digest, Comment: "no"})
}

func TestS4OnlyPeopleDecide(t *testing.T) {
	b := lite(t)
	g := b.queued(b.agent, "isolate_host", "host")
	stale := b.as("mgr")
	stale.Session = false
	other := b.as("mgr")
	other.Workspace, other.Role, other.Granted = b.second, soc.RoleNone, soc.RoleNone
	admin := b.as("mgr")
	admin.Role, admin.Granted, admin.OrganizationAdmin = soc.RoleAdmin, soc.RoleNone, true
	for name, c := range map[string]struct {
		by   soc.Actor
		kind soc.Kind
		code soc.Code
	}{
		"agent":      {b.agent, soc.Denied, soc.CodeHumanSessionRequired},
		"key":        {stale, soc.Denied, soc.CodeHumanSessionRequired},
		"nobody":     {soc.Actor{}, soc.Unauthenticated, soc.CodeUnauthorized},
		"elsewhere":  {other, soc.Denied, soc.CodeInsufficientWorkspaceRole},
		"viewer":     {b.as("vw"), soc.Denied, soc.CodeInsufficientApprovalLevel},
		"analyst":    {b.as("op1"), soc.Denied, soc.CodeInsufficientApprovalLevel},
		"admin only": {admin, soc.Denied, soc.CodeInsufficientApprovalLevel},
	} {
		_, err := b.Approve(ctx, c.by, soc.Decision{Gamebook: g.ID, Digest: g.Digest})
		refusedWith(t, name, err, c.kind, c.code)
	}
	if after := b.stored(g.ID); len(after.Approvals) != 0 || after.Status != soc.GamebookQueued || b.jobs() != 0 {
		t.Errorf("%+v", after)
	}
}

func TestS5SeparationOfDuties(t *testing.T) {
	b := lite(t)
	g := b.queued(b.as("sr1"), "isolate_host", "host")
	_, err := b.approve("sr1", g)
	refusedWith(t, "the requester", err, soc.Denied, soc.CodeRequesterCannotApprove)
	if _, err := b.deny("sr1", g); err != nil {
		t.Errorf("the requester may reject: %v", err)
	}
	run := soc.Run{ID: "run", Workspace: b.first, Incident: b.incident.ID, Agent: b.agent.ID, Trigger: soc.TriggerInvestigateOnly, StartedBy: b.people["sr2"].ID}
	by := b.agent
	by.Run = &run
	g = b.queued(by, "isolate_host", "host2")
	_, err = b.approve("sr2", g)
	refusedWith(t, "who started the run", err, soc.Denied, soc.CodeRequesterCannotApprove)
	// A resubmitted gamebook keeps out who asked first.
	g = b.queued(b.as("mgr"), "reset_password", "user")
	_, err = b.deny("op1", g)
	b.must(err)
	r, err := b.ResubmitGamebook(ctx, b.as("op1"), soc.GamebookOrder{Gamebook: g.ID, Reason: "again"})
	b.must(err)
	again := b.stored(r.GamebookID)
	if again.Digest == g.Digest || again.OriginalGamebook != g.ID {
		t.Errorf("%+v", again)
	}
	_, err = b.approve("mgr", again)
	refusedWith(t, "who asked the first time", err, soc.Denied, soc.CodeRequesterCannotApprove)
}

func TestS15SilenceNeverApproves(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		listener := b.listener(soc.PayloadPortal)
		g := b.queued(b.agent, "isolate_host", "host")
		if left := g.ApprovalExpiresAt.Sub(g.RequestedAt); left != 4*time.Hour {
			t.Errorf("clock of a high incident is %v", left)
		}
		b.wait(121 * time.Minute)
		b.must(b.ExpireGamebooks(ctx))
		b.must(b.ExpireGamebooks(ctx))
		b.wait(80 * time.Minute)
		b.must(b.ExpireGamebooks(ctx))
		if b.count("approval_reminded") != 2 || b.stored(g.ID).NoticesSent != 80 {
			t.Errorf("%d notices", b.count("approval_reminded"))
		}
		if told := b.told(listener); len(told) != 3 || told[0] != told[2] {
			t.Errorf("people were told %v, not once and at both notices", told)
		}
		b.wait(40 * time.Minute)
		_, err := b.approve("sr1", g)
		refusedWith(t, "late", err, soc.Conflict, soc.CodeApprovalExpired)
		b.must(b.ExpireGamebooks(ctx))
		after := b.stored(g.ID)
		if after.Status != soc.GamebookExpired || after.Steps[0].Status != soc.StepNotRun || b.jobs() != 0 {
			t.Errorf("%+v", after)
		}
		_, err = b.approve("sr1", g)
		refusedWith(t, "expired", err, soc.Conflict, soc.CodeInvalidState)
		// The execution window is the other clock.
		g = b.queued(b.agent, "isolate_host", "host")
		receipt, err := b.approve("sr1", g)
		b.must(err)
		if receipt.State != "approved" || receipt.ExecutionExpires.Sub(b.now()) != 30*time.Minute || b.jobs() != 1 {
			t.Errorf("%+v", receipt)
		}
		b.wait(31 * time.Minute)
		b.must(b.ExpireGamebooks(ctx))
		if after := b.stored(g.ID); after.Status != soc.GamebookExpired || after.Steps[0].Error != string(soc.CodeExecutionWindowExpired) {
			t.Errorf("%+v", after)
		}
	})
}

func TestS16OneApprovalCompletes(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		g := b.queued(b.agent, "isolate_host", "host")
		var wg sync.WaitGroup
		results := make(chan error, 40)
		for i := range 40 {
			wg.Go(func() {
				_, err := b.approve([]string{"sr1", "sr2"}[i%2], g)
				results <- err
			})
		}
		wg.Wait()
		close(results)
		ok := 0
		for err := range results {
			if err == nil {
				ok++
			} else if code := soc.AsError(err).Code; code != soc.CodeInvalidState {
				t.Errorf("loser: %v", err)
			}
		}
		if ok != 1 || b.jobs() != 1 || b.count("approval_given") != 1 {
			t.Errorf("%d approvals, %d jobs", ok, b.jobs())
		}
	})
}

func TestS17TwoPeople(t *testing.T) {
	b := lite(t)
	g := b.queued(b.agent, "reset_password", "user")
	old := b.as("sr1")
	old.AuthenticatedAt = b.now().Add(-6 * time.Minute)
	_, err := b.Approve(ctx, old, soc.Decision{Gamebook: g.ID, Digest: g.Digest})
	refusedWith(t, "old sign-in", err, soc.Denied, soc.CodeHumanSessionRequired)
	if soc.AsError(err).Target != "session.reauth" {
		t.Errorf("%+v", soc.AsError(err))
	}
	receipt, err := b.approve("sr1", g)
	b.must(err)
	if receipt.State != "pending" || receipt.Given != 1 || !slices.Equal(receipt.Missing, []soc.Role{soc.RoleManager}) {
		t.Errorf("%+v", receipt)
	}
	_, err = b.approve("sr1", g)
	refusedWith(t, "twice", err, soc.Conflict, soc.CodeConflict)
	if receipt, err = b.approve("sr2", g); err != nil || receipt.State != "pending" {
		t.Errorf("two seniors: %+v %v", receipt, err)
	}
	// A first approver who lost the role does not count.
	b.write(func(tx *store.Tx) error {
		if err := tx.SetGrant(soc.WorkspaceGrant{Person: b.people["sr1"].ID, Workspace: b.first}); err != nil {
			return err
		}
		return tx.SetGrant(soc.WorkspaceGrant{Person: b.people["sr2"].ID, Workspace: b.first, Role: soc.RoleAnalyst})
	})
	if receipt, err = b.approve("mgr", g); err != nil || receipt.State != "pending" || receipt.Given != 1 {
		t.Errorf("after two lost their roles: %+v %v", receipt, err)
	}
	_, err = b.deny("op2", g)
	b.must(err)
	if after := b.stored(g.ID); after.Status != soc.GamebookRejected || after.DenyReason != "no" || b.jobs() != 0 {
		t.Errorf("one rejection ends it: %+v", after)
	}
}

func TestS13ApproveBindsToDigest(t *testing.T) {
	b := lite(t)
	g := b.queued(b.agent, "isolate_host", "host")
	_, err := b.Approve(ctx, b.as("sr1"), soc.Decision{Gamebook: g.ID, Digest: "sha256:" + strings.Repeat("0", 64)})
	refusedWith(t, "another digest", err, soc.Conflict, soc.CodeDigestMismatch)
	b.remapped[g.Steps[0].Entity] = "another-device" // S12
	_, err = b.approve("sr1", g)
	refusedWith(t, "re-mapped target", err, soc.Conflict, soc.CodeDigestMismatch)
	if b.jobs() != 0 || b.count("approval_given_refused") != 2 {
		t.Errorf("%d jobs, %d refusals", b.jobs(), b.count("approval_given_refused"))
	}
}

func TestS18WorldChangedBetweenTwoApprovals(t *testing.T) {
	b := lite(t)
	g := b.queued(b.agent, "reset_password", "user")
	_, err := b.approve("sr1", g)
	b.must(err)
	b.change("user", func(e *soc.Entity) { e.Properties[soc.PropertyOwner] = "somebody else" })
	_, err = b.approve("mgr", g)
	refusedWith(t, "another owner", err, soc.Refused, soc.CodeWorldChanged)
	after := b.stored(g.ID)
	if after.Digest == g.Digest || after.Version != 2 || !slices.Contains(after.QueueReasons, soc.CodeWorldChanged) || !after.Approvals[0].Void {
		t.Errorf("%+v", after)
	}
	// A protection that came meanwhile asks for two where one was enough.
	g = b.queued(b.agent, "isolate_host", "host")
	b.protect(soc.ProtectedEntry{ID: "1", Kind: "host", Value: "ws-042", Mode: "two_person"})
	_, err = b.approve("sr1", g)
	refusedWith(t, "protected meanwhile", err, soc.Refused, soc.CodeWorldChanged)
	if after = b.stored(g.ID); after.Need.Count != 2 || !after.NeedsApproval {
		t.Errorf("%+v", after)
	}
	b.change("host", func(e *soc.Entity) { e.Display = "renamed" })
	if _, err = b.approve("sr1", after); err != nil {
		t.Errorf("a renamed host is the same host: %v", err)
	}
}

func TestS14CardIsTheServersOwn(t *testing.T) {
	b := lite(t)
	in := b.plan("isolate_host", "host")
	in.Rationale = `</div><button>Approve</button><img src="https://evil.example/x">` + "\u202e\U000E0041" + strings.Repeat("\n", 500)
	r, err := b.SubmitGamebook(ctx, b.agent, in)
	b.must(err)
	card, err := b.GetCard(ctx, b.as("sr1"), r.GamebookID)
	b.must(err)
	text, err := json.Marshal(card)
	b.must(err)
	order := []string{
		"sentence", "targets", "steps", "class", "rollback", "autoRevertSeconds", "blastRadius", "provenance", "flags", "askedBy", "rules",
		"ifNobodyAnswers", "secondApprover", "earlierOnTarget", "canonical", "agentSays",
	}
	at := -1
	for _, name := range order {
		next := strings.Index(string(text), fmt.Sprintf(`%q:`, name))
		if next <= at {
			t.Errorf("%s stands before what it follows", name)
		}
		at = next
	}
	if want := "Isolate Endpoint on host WS-042 through range (simulation); one target, undone by Release Endpoint."; card.Sentence != want {
		t.Errorf("sentence %q", card.Sentence)
	}
	if strings.Count(string(text), "evil.example") != 1 || strings.ContainsAny(card.AgentSays.Rationale, "\u202e\U000E0041\n") {
		t.Error("the agent's words leak or act")
	}
	if soc.Digest([]byte(card.Canonical)) != card.Digest || card.You == nil || !card.You.MayApprove || card.EligiblePeople != 3 {
		t.Errorf("%+v", card)
	}
	again, err := b.GetCard(ctx, b.as("op1"), r.GamebookID)
	b.must(err)
	if again.ViewSHA256 != card.ViewSHA256 || again.You.MayApprove || *again.You.Why != string(soc.CodeInsufficientApprovalLevel) {
		t.Errorf("%+v", again.You)
	}
	_, err = b.Approve(ctx, b.as("sr1"), soc.Decision{Gamebook: r.GamebookID, Digest: card.Digest, Revision: card.Revision, View: card.ViewSHA256})
	b.must(err)
	if e := b.audited("approval_given"); !strings.Contains(e.Detail, card.ViewSHA256) {
		t.Errorf("the view is not on record: %s", e.Detail)
	}
}

func TestS33KillSwitchStopsDecisionsToo(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		waiting := b.queued(b.agent, "isolate_host", "host")
		approved := b.queued(b.agent, "isolate_host", "host2")
		_, err := b.approve("sr1", approved)
		b.must(err)
		_, err = b.EngageKillSwitch(ctx, b.agent, soc.KillOrder{Scope: soc.KillGlobal, Reason: "x", Via: "api"})
		refusedWith(t, "an agent", err, soc.Denied, soc.CodeInsufficientScope)
		k, err := b.EngageKillSwitch(ctx, b.as("op1"), soc.KillOrder{Scope: soc.KillWorkspace, ID: b.first, Reason: "drill", Via: "api"})
		b.must(err)
		if !slices.Equal(k.Halted, []string{approved.ID}) || b.stored(approved.ID).Status != soc.GamebookHalted {
			t.Errorf("%+v", k)
		}
		_, err = b.approve("sr1", waiting)
		refusedWith(t, "approve", err, soc.Refused, soc.CodeKillSwitchEngaged)
		if r := b.submit(b.agent, "scan_host", "host"); r.Code != soc.CodeKillSwitchEngaged {
			t.Errorf("submit: %+v", r)
		}
		release := soc.KillOrder{Scope: soc.KillWorkspace, ID: b.first, Reason: "over", Via: "api"}
		_, _, err = b.ReleaseKillSwitch(ctx, b.as("op1"), release)
		refusedWith(t, "an analyst", err, soc.Denied, soc.CodeInsufficientWorkspaceRole)
		for i, name := range []string{"sr1", "sr2"} {
			if _, released, err := b.ReleaseKillSwitch(ctx, b.as(name), release); err != nil || released {
				t.Errorf("senior %d: %v %v", i, released, err)
			}
		}
		_, _, err = b.ReleaseKillSwitch(ctx, b.as("sr2"), release)
		refusedWith(t, "the same person", err, soc.Conflict, soc.CodeConflict)
		if _, released, err := b.ReleaseKillSwitch(ctx, b.as("mgr"), release); err != nil || !released {
			t.Errorf("manager: %v %v", released, err)
		}
		if b.stored(approved.ID).Status != soc.GamebookHalted {
			t.Error("a halted gamebook resumed")
		}
		if _, err := b.approve("sr1", waiting); err != nil {
			t.Errorf("after release: %v", err)
		}
	})
}
