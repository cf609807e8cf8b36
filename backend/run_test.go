package backend

import (
	"slices"
	"strings"
	"testing"
	"time"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// minting gives the bench's desk a key for run tokens.
func (b *bench) minting(key byte) {
	signer, err := soc.NewRunSigner(soc.SecretKey{ID: 1, Key: [32]byte{key}})
	b.must(err)
	b.Desk.runs = signer
}

// started is a run of the bench's agent, by a person.
func (b *bench) started(person string, i soc.Incident, trigger soc.Trigger) soc.RunView {
	b.t.Helper()
	v, err := b.StartRun(ctx, b.as(person), soc.NewRun{Incident: soc.IncidentRef{Workspace: b.first, ID: i.ShortID}, Trigger: trigger, Agent: b.agent.ID})
	b.must(err)
	return v
}

// claims submits an isolation that claims a respond run, with whatever run the
// token resolves to.
func (b *bench) claims(token, entity string) (soc.GamebookReceipt, error) {
	b.t.Helper()
	by := b.agent
	run, err := b.ResolveRun(ctx, by, token)
	b.must(err)
	by.Run = run
	in := b.plan("isolate_host", entity)
	in.Trigger = soc.TriggerInvestigateAndRespond
	return b.SubmitGamebook(ctx, by, in)
}

// TestS2OnlyALiveTokenOfThisRunCarriesAuthority: the recipe of S2. With the very
// token the action runs; with any other the claim is worth the queue.
func TestS2OnlyALiveTokenOfThisRunCarriesAuthority(t *testing.T) {
	b := lite(t)
	b.minting(7)
	b.limits(func(l *soc.Limits) { l.ContainmentRefusals = 1000 })
	respond := soc.TriggerInvestigateAndRespond
	v := b.started("sr1", b.incident, respond)
	if !strings.HasPrefix(v.Token, soc.RunTokenPrefix) || v.ExpiresAt.Sub(v.CreatedAt) != 30*time.Minute || v.EnvelopeEntities != 5 {
		t.Fatalf("%+v", v)
	}
	downgraded := func(what, token string) {
		t.Helper()
		refused, jobs := b.count("run_token_refused"), b.jobs()
		r, err := b.claims(token, "host")
		if err != nil || !r.QueuedForApproval || r.EffectiveTrigger != soc.TriggerOnQueue || !slices.Contains(r.QueueReasons, soc.CodeTriggerDowngraded) && r.Code != soc.CodeDuplicateGamebook {
			t.Errorf("%s: %+v (%v)", what, r, err)
		}
		if b.count("run_token_refused") != refused+1 || b.jobs() != jobs {
			t.Errorf("%s: not on record, or acted", what)
		}
	}
	downgraded("nonsense", "vdr_x")
	for n := range v.Token { // one bit of every character
		altered := []byte(v.Token)
		altered[n] ^= 1
		run, err := b.ResolveRun(ctx, b.agent, string(altered))
		if err != nil || run != nil {
			t.Fatalf("bit %d: %+v (%v)", n, run, err)
		}
	}
	b.minting(8)
	downgraded("another server's key", v.Token)
	b.minting(7)
	other := b.newIncident(soc.SeverityHigh)
	elsewhere := b.started("sr1", other, respond)
	if _, err := b.claims(elsewhere.Token, "host"); err == nil || soc.AsError(err).Code != soc.CodeRunScope {
		t.Errorf("a run of another incident: %v", err)
	}
	stranger := b.agent
	stranger.ID = "0197e2f0-0000-7000-8000-00000000beef"
	if run, err := b.ResolveRun(ctx, stranger, v.Token); err != nil || run != nil {
		t.Errorf("another agent's key: %+v (%v)", run, err)
	}
	stranger = b.agent
	stranger.Workspace = b.second
	if run, err := b.ResolveRun(ctx, stranger, v.Token); err != nil || run != nil {
		t.Errorf("another workspace: %+v (%v)", run, err)
	}
	// A widened row has no token either.
	b.write(func(tx *store.Tx) error { return tx.InsertRun(widened(v.Run)) })
	token, err := b.Desk.runs.Token(v.Run)
	b.must(err)
	if !b.Desk.runs.Proves(token, v.Run) || b.Desk.runs.Proves(token, widened(v.Run)) {
		t.Error("the envelope is not in the token")
	}
	// The unaltered control.
	r, err := b.claims(v.Token, "host2")
	if err != nil || r.QueuedForApproval || r.EffectiveTrigger != respond {
		t.Errorf("the very token: %+v (%v)", r, err)
	}
	b.write(func(tx *store.Tx) error { return tx.SetDisabled(b.people["sr1"].ID, true) })
	downgraded("a disabled starter", v.Token)
	b.write(func(tx *store.Tx) error { return tx.SetDisabled(b.people["sr1"].ID, false) })
	b.wait(31 * time.Minute)
	downgraded("expired", v.Token)
	v = b.started("sr2", b.incident, respond)
	b.entity("host4", soc.KindHost, "ws-044.corp.local", soc.ProvenanceSensorAsserted)
	if r, err = b.claims(v.Token, "host4"); err != nil || r.QueuedForApproval {
		t.Fatalf("a second run: %+v (%v)", r, err)
	}
	_, err = b.CancelRun(ctx, b.as("op1"), v.ID, "enough")
	b.must(err)
	// What it asked for and has not begun does not run on its word any more.
	claim, err := b.ClaimGamebook(ctx, soc.GamebookJob{Workspace: b.first, Gamebook: r.GamebookID})
	b.must(err)
	order, err := b.BeginStep(ctx, claim, b.stored(r.GamebookID).Steps[0].ID, false)
	if after := b.stored(r.GamebookID); err != nil || after.Steps[0].Status == soc.StepDispatched {
		t.Errorf("after the run was cancelled: %+v, %s (%v)", order, after.Steps[0].Status, err)
	}
	downgraded("cancelled", v.Token)
}

// widened is a run as somebody with the database would like it.
func widened(u soc.Run) soc.Run {
	u.ID, u.EnvelopeEntities = "0197e2f0-0000-7000-8000-00000000cafe", 10
	return u
}

// TestS2OnlyAPersonStartsARun: who may, with what, and what stands in the way.
func TestS2OnlyAPersonStartsARun(t *testing.T) {
	b := lite(t)
	b.minting(7)
	look, respond := soc.TriggerInvestigateOnly, soc.TriggerInvestigateAndRespond
	ask := func(by soc.Actor, change func(*soc.NewRun)) error {
		in := soc.NewRun{Incident: soc.IncidentRef{Workspace: b.first, ID: b.incident.ShortID}, Trigger: look, Agent: b.agent.ID}
		change(&in)
		_, err := b.StartRun(ctx, by, in)
		return err
	}
	same := func(*soc.NewRun) {}
	responds := func(in *soc.NewRun) { in.Trigger = respond }
	stale, admin := b.as("sr1"), b.as("sr1")
	stale.AuthenticatedAt = b.now().Add(-6 * time.Minute)
	admin.Role, admin.Granted, admin.OrganizationAdmin = soc.RoleAdmin, soc.RoleAdmin, true
	service := b.agent
	service.Kind = soc.PrincipalService
	for name, c := range map[string]struct {
		by     soc.Actor
		change func(*soc.NewRun)
		kind   soc.Kind
		code   soc.Code
	}{
		"an agent":            {b.agent, same, soc.Denied, soc.CodeHumanSessionRequired},
		"a service key":       {service, same, soc.Denied, soc.CodeHumanSessionRequired},
		"a viewer":            {b.as("vw"), same, soc.Denied, soc.CodeInsufficientWorkspaceRole},
		"an analyst responds": {b.as("op1"), responds, soc.Denied, soc.CodeInsufficientWorkspaceRole},
		"an admin responds":   {admin, responds, soc.Denied, soc.CodeInsufficientWorkspaceRole},
		"a stale sign-in":     {stale, responds, soc.Denied, soc.CodeHumanSessionRequired},
		"the queue's trigger": {b.as("sr1"), func(in *soc.NewRun) { in.Trigger = soc.TriggerOnQueue }, soc.Invalid, soc.CodeValidationError},
		"irreversible": {b.as("sr1"), func(in *soc.NewRun) {
			in.Trigger, in.Envelope = respond, &soc.RunEnvelope{Class: soc.ClassIrreversible}
		}, soc.Invalid, soc.CodeValidationError},
		"an envelope to look": {b.as("sr1"), func(in *soc.NewRun) { in.Envelope = &soc.RunEnvelope{Entities: 1} }, soc.Invalid, soc.CodeValidationError},
		"too long":            {b.as("sr1"), func(in *soc.NewRun) { in.Minutes = 121 }, soc.Invalid, soc.CodeValidationError},
		"an unknown agent":    {b.as("sr1"), func(in *soc.NewRun) { in.Agent = "nobody" }, soc.NotFound, soc.CodeNotFound},
		"an unknown incident": {b.as("sr1"), func(in *soc.NewRun) { in.Incident.ID = "INC-000000" }, soc.NotFound, soc.CodeNotFound},
	} {
		refusedWith(t, name, ask(c.by, c.change), c.kind, c.code)
	}
	if n := b.count("run_started"); n != 0 {
		t.Fatalf("%d runs of all these", n)
	}
	b.must(ask(b.as("op1"), same))
	again, err := b.StartRun(ctx, b.as("op2"), soc.NewRun{Incident: soc.IncidentRef{Workspace: b.first, ID: b.incident.ShortID}, Trigger: look, Agent: b.agent.ID})
	if err != nil || !again.Joined || again.Token != "" {
		t.Errorf("an equal one: %+v (%v)", again, err)
	}
	refusedWith(t, "with more authority", ask(b.as("sr1"), responds), soc.Conflict, soc.CodeConflict)
	_, err = b.CancelRun(ctx, b.as("op1"), again.ID, "enough")
	b.must(err)
	_, err = b.CancelRun(ctx, b.as("op1"), again.ID, "enough")
	refusedWith(t, "cancelled again", err, soc.Conflict, soc.CodeInvalidState)
	b.write(func(tx *store.Tx) error { _, err := tx.SuspendAgent(b.agent.ID, "test", "test", b.now()); return err })
	refusedWith(t, "a suspended agent", ask(b.as("op1"), same), soc.Denied, soc.CodeAgentSuspended)
	// The built-in triage is a run too: it has no token, and its triage's state.
	v, err := b.StartRun(ctx, b.as("op1"), soc.NewRun{Incident: soc.IncidentRef{Workspace: b.first, ID: b.incident.ShortID}, Trigger: look})
	if err != nil || v.Token != "" || v.Triage == "" || v.Agent != floorID || v.Hashes.Policy == 0 {
		t.Fatalf("%+v (%v)", v, err)
	}
	b.must(b.RunTriage(ctx, soc.TriageJob{Workspace: b.first, Triage: v.Triage}))
	if v, err = b.GetRun(ctx, b.as("vw"), v.ID); err != nil || !v.State.Ended() {
		t.Errorf("after its triage: %s (%v)", v.State, err)
	}
	_, err = b.EngageKillSwitch(ctx, b.as("op1"), soc.KillOrder{Scope: soc.KillWorkspace, ID: b.first, Reason: "drill", Via: "api"})
	b.must(err)
	b.write(func(tx *store.Tx) error { _, err := tx.UnsuspendAgent(b.agent.ID); return err })
	refusedWith(t, "the kill switch", ask(b.as("op1"), same), soc.Refused, soc.CodeKillSwitchEngaged)
}
