package backend

import (
	"slices"
	"testing"
	"time"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// gamebooksAt is an edit that switches the capability Gamebooks of a severity.
func gamebooksAt(severity soc.Severity, on bool) soc.PolicyEdit {
	return soc.PolicyEdit{
		Part: soc.PartSettings, Event: "settings_changed", Target: string(severity), Reason: "pilot",
		Edit: func(doc soc.PolicyDocument) (soc.PolicyDocument, error) {
			record := doc.SettingsOf(severity)
			record.Capabilities.Gamebooks = on
			return doc.WithSettings(severity, record), nil
		},
	}
}

func (b *bench) policy() soc.PolicyFacts {
	b.t.Helper()
	p, err := b.store.Read(ctx).Policy(b.first)
	b.must(err)
	return p
}

func (b *bench) confirm(name string, c soc.PolicyChange) (soc.PolicyChange, error) {
	return b.DecideChange(ctx, b.as(name), soc.ChangeDecision{ID: c.ID, Digest: c.Digest, Confirm: true})
}

// TestS60LooseningTakesTwoPeople: switching response on waits for a second
// person; switching it off is in force with the answer.
func TestS60LooseningTakesTwoPeople(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		b.insertPerson("mgr2", soc.RoleManager)
		out, err := b.EditPolicy(ctx, b.as("mgr"), gamebooksAt(soc.SeverityHigh, true))
		b.must(err)
		c := out.Change
		if c == nil || out.Made || len(c.Confirmations) != 1 || len(c.Diff) != 1 || c.Diff[0].Path != "/High/capabilities/gamebooks" {
			t.Fatalf("%+v", out)
		}
		if b.policy().Version != 1 || b.policy().Settings[soc.SeverityHigh].Gamebooks {
			t.Fatal("one person loosened")
		}
		if again, err := b.EditPolicy(ctx, b.as("mgr"), gamebooksAt(soc.SeverityHigh, true)); err != nil || again.Change.ID != c.ID {
			t.Errorf("asked again: %+v, %v", again, err)
		}
		_, err = b.confirm("mgr", *c)
		refusedWith(t, "the same person", err, soc.Conflict, soc.CodeConflict)
		_, err = b.confirm("sr1", *c)
		refusedWith(t, "a senior", err, soc.Denied, soc.CodeInsufficientWorkspaceRole)
		other := *c
		other.Digest = "sha256:other"
		_, err = b.confirm("mgr2", other)
		refusedWith(t, "another digest", err, soc.Conflict, soc.CodeDigestMismatch)
		stale := b.as("mgr2")
		stale.AuthenticatedAt = b.now().Add(-6 * time.Minute)
		_, err = b.DecideChange(ctx, stale, soc.ChangeDecision{ID: c.ID, Digest: c.Digest, Confirm: true})
		refusedWith(t, "an old sign-in", err, soc.Denied, soc.CodeHumanSessionRequired)

		done, err := b.confirm("mgr2", *c)
		b.must(err)
		if done.State != soc.ChangeApplied || b.policy().Version != 2 || !b.policy().Settings[soc.SeverityHigh].Gamebooks {
			t.Fatalf("%+v, %+v", done, b.policy())
		}
		if e := b.audited("settings_changed"); e.Actor != b.people["mgr2"].ID || e.PolicyVersion != 2 || e.Before == e.After {
			t.Errorf("%+v", e)
		}
		_, err = b.confirm("mgr2", *c)
		refusedWith(t, "twice", err, soc.Conflict, soc.CodeInvalidState)

		out, err = b.EditPolicy(ctx, b.as("mgr"), gamebooksAt(soc.SeverityHigh, false))
		b.must(err)
		if out.Change != nil || !out.Made || b.policy().Settings[soc.SeverityHigh].Gamebooks {
			t.Errorf("tightening waits: %+v", out)
		}
		versions, more, err := b.ListPolicyVersions(ctx, b.as("vw"), "", 0, 10)
		b.must(err)
		if len(versions) != 3 || more || versions[1].Direction != soc.DirectionLoosening || !slices.Contains(versions[1].Confirmed, b.people["mgr"].ID) || len(versions[1].Confirmed) != 2 {
			t.Errorf("%+v", versions)
		}
	})
}

// TestS60WhoMayChangePolicy: keys tighten or draft, agents do nothing, a first
// person who lost the role does not count, and the host is one alone.
func TestS60WhoMayChangePolicy(t *testing.T) {
	b := lite(t)
	b.insertPerson("mgr2", soc.RoleManager)
	b.insertPerson("mgr3", soc.RoleManager)
	b.key("tighten", soc.NewCredential{Kind: soc.PrincipalService, Role: soc.RoleAdmin, Scopes: []soc.Scope{soc.ScopeOpsTighten}})
	b.key("draft", soc.NewCredential{Kind: soc.PrincipalService, Role: soc.RoleAdmin, Scopes: []soc.Scope{soc.ScopeOpsDraft}})
	b.key("reader", soc.NewCredential{Kind: soc.PrincipalService, Role: soc.RoleAdmin, Scopes: []soc.Scope{soc.ScopeOpsRead}})
	edit := func(by soc.Actor, on bool) (soc.PolicyOutcome, error) {
		return b.EditPolicy(ctx, by, gamebooksAt(soc.SeverityHigh, on))
	}
	_, err := edit(b.agent, true)
	refusedWith(t, "an agent", err, soc.Denied, soc.CodeInsufficientWorkspaceRole)
	strong := b.agent
	strong.Role, strong.Scopes = soc.RoleAdmin, soc.AllScopes
	_, err = edit(strong, false)
	refusedWith(t, "an agent with everything", err, soc.Denied, soc.CodeForbidden)
	_, err = edit(b.caller("tighten"), true)
	refusedWith(t, "a key that tightens", err, soc.Denied, soc.CodeHumanSessionRequired)
	_, err = edit(b.caller("reader"), true)
	refusedWith(t, "a key that reads", err, soc.Denied, soc.CodeInsufficientScope)
	for _, name := range []string{"vw", "op1", "sr1"} {
		_, err = edit(b.as(name), false)
		refusedWith(t, name, err, soc.Denied, soc.CodeInsufficientWorkspaceRole)
	}

	asked, err := edit(b.caller("draft"), true)
	b.must(err)
	if asked.Change == nil || len(asked.Change.Confirmations) != 0 {
		t.Fatalf("%+v", asked)
	}
	first, err := b.confirm("mgr", *asked.Change)
	b.must(err)
	if first.State != soc.ChangePending {
		t.Fatalf("one person confirmed what a key asked for: %+v", first)
	}
	b.write(func(tx *store.Tx) error {
		return tx.SetGrant(soc.WorkspaceGrant{Person: b.people["mgr"].ID, Workspace: b.first, Role: soc.RoleSenior})
	})
	second, err := b.confirm("mgr2", *asked.Change)
	b.must(err)
	if second.State != soc.ChangePending {
		t.Fatal("a person who was demoted still counts")
	}
	third, err := b.confirm("mgr3", *asked.Change)
	b.must(err)
	if third.State != soc.ChangeApplied {
		t.Fatalf("%+v", third)
	}
	off, err := edit(b.caller("tighten"), false)
	b.must(err)
	if !off.Made || b.policy().Settings[soc.SeverityHigh].Gamebooks {
		t.Errorf("%+v", off)
	}
	host := gamebooksAt(soc.SeverityHigh, true)
	host.Workspace = b.first
	out, err := b.EditPolicy(ctx, b.host, host)
	b.must(err)
	if !out.Made || b.audited("settings_changed").ActorKind != soc.PrincipalHost {
		t.Errorf("%+v", out)
	}
}

// TestS60ChangesEnd: by the clock, by a word of one person, by a policy that
// moved on, and by a row that was edited behind the server's back.
func TestS60ChangesEnd(t *testing.T) {
	b := lite(t)
	b.insertPerson("mgr2", soc.RoleManager)
	ask := func(severity soc.Severity) soc.PolicyChange {
		out, err := b.EditPolicy(ctx, b.as("mgr"), gamebooksAt(severity, true))
		b.must(err)
		return *out.Change
	}
	late := ask(soc.SeverityLow)
	b.wait(24 * time.Hour)
	_, err := b.confirm("mgr2", late)
	refusedWith(t, "a day later", err, soc.Conflict, soc.CodeApprovalExpired)

	rejected := ask(soc.SeverityLow)
	_, err = b.DecideChange(ctx, b.as("op1"), soc.ChangeDecision{ID: rejected.ID, Comment: "no"})
	b.must(err)
	_, err = b.confirm("mgr2", rejected)
	refusedWith(t, "after a rejection", err, soc.Conflict, soc.CodeInvalidState)

	overtaken := ask(soc.SeverityLow)
	enabled := gamebooksAt(soc.SeverityHigh, false)
	enabled.Edit = func(doc soc.PolicyDocument) (soc.PolicyDocument, error) {
		doc.Limits.BreakerFloor = 1
		return doc, nil
	}
	_, err = b.EditPolicy(ctx, b.as("mgr"), enabled)
	b.must(err)
	_, err = b.confirm("mgr2", overtaken)
	refusedWith(t, "the policy moved", err, soc.Conflict, soc.CodeInvalidState)
	if c, err := b.GetChange(ctx, b.as("vw"), overtaken.ID); err != nil || c.State != soc.ChangeStale {
		t.Errorf("%+v, %v", c, err)
	}

	edited := ask(soc.SeverityLow)
	b.damage(`UPDATE policy_change SET proposed = REPLACE(proposed, '"autoClose":false', '"autoClose":true') WHERE id = $1`, edited.ID)
	_, err = b.confirm("mgr2", edited)
	refusedWith(t, "an edited row", err, soc.Conflict, soc.CodeDigestMismatch)
	if b.policy().Settings[soc.SeverityLow].Gamebooks || b.policy().Settings[soc.SeverityLow].AutoClose {
		t.Error("something of it is in force")
	}
	pending, _, err := b.ListChanges(ctx, b.as("vw"), soc.ChangeFilter{State: soc.ChangePending, Limit: 50})
	b.must(err)
	all, _, err := b.ListChanges(ctx, b.as("vw"), soc.ChangeFilter{Limit: 50})
	b.must(err)
	if len(pending) != 0 || len(all) != 4 {
		t.Errorf("%d pending of %d", len(pending), len(all))
	}
}

// TestS59DamagedPolicyStopsChangesOnly: an edited row denies what changes state
// (g4) and reads go on; a version brings the policy back.
func TestS59DamagedPolicyStopsChangesOnly(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		b.respond()
		if r := b.submit(b.agent, "isolate_host", "host"); !r.Success || r.QueuedForApproval {
			t.Fatalf("%+v", r)
		}
		b.damage(`UPDATE agent_settings SET settings = REPLACE(settings, '"auto_close":false', '"auto_close":true')`)
		if r := b.submit(b.agent, "isolate_host", "host2"); r.Code != soc.CodePolicyForbids || r.Rule != "g4" {
			t.Errorf("%+v", r)
		}
		facts, err := b.GetPolicy(ctx, b.as("vw"), "")
		b.must(err)
		if facts.PolicyLoaded || len(facts.Faults) == 0 {
			t.Errorf("%+v", facts)
		}
		if r := b.submit(b.agent, "add_comment", "host2"); !r.Success {
			t.Errorf("what stays inside: %+v", r)
		}
		_, err = b.EditPolicy(ctx, b.as("mgr"), gamebooksAt(soc.SeverityLow, false))
		refusedWith(t, "a part of a damaged policy", err, soc.Conflict, soc.CodeInvalidState)
		version := facts.Version
		out, err := b.RestorePolicy(ctx, b.as("mgr"), "", version, soc.IfMatch{}, "it was edited by hand")
		b.must(err)
		if out.Change == nil {
			t.Fatal("one person restored a policy that nobody can compare")
		}
		b.insertPerson("mgr2", soc.RoleManager)
		_, err = b.confirm("mgr2", *out.Change)
		b.must(err)
		if r := b.submit(b.agent, "isolate_host", "host2"); !r.Success || r.QueuedForApproval {
			t.Errorf("after the restore: %+v", r)
		}
		b.damage(`UPDATE policy_version SET document = REPLACE(document, '"autoClose":false', '"autoClose":true') WHERE version = $1`, version)
		_, err = b.RestorePolicy(ctx, b.as("mgr"), "", version, soc.IfMatch{}, "again")
		refusedWith(t, "a damaged version", err, soc.Conflict, soc.CodeInvalidState)
	})
}
