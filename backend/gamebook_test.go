package backend

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vedette/backend/soc"
	"vedette/backend/store"
)

func TestS2TriggerIsAClaim(t *testing.T) {
	b := lite(t)
	in := b.plan("isolate_host", "host")
	in.Trigger = soc.TriggerInvestigateAndRespond
	r, err := b.SubmitGamebook(ctx, b.agent, in)
	b.must(err)
	if !r.QueuedForApproval || r.EffectiveTrigger != soc.TriggerOnQueue || !slices.Equal(r.QueueReasons, []soc.Code{soc.CodeCapabilityOff, soc.CodeTriggerDowngraded}) {
		t.Errorf("%+v", r)
	}
	if b.count("trigger_claim_downgraded") != 1 {
		t.Error("the claim is not on record")
	}
	g := b.stored(r.GamebookID)
	want := fmt.Sprintf("Gamebook %s queued for High severity incident. 1 playbook(s) scheduled: isolate_host on WS-042 (1). Waiting for approval: CAPABILITY_OFF, TRIGGER_DOWNGRADED.", g.ID)
	if r.Summary != want {
		t.Errorf("summary\n%s\nwant\n%s", r.Summary, want)
	}
	if b.jobs() != 0 {
		t.Error("a job exists for what waits for people")
	}
	// A run token of another incident is not for this one.
	other := b.agent
	other.Run = &soc.Run{ID: "r", Workspace: b.first, Incident: "elsewhere", Agent: other.ID, Trigger: soc.TriggerInvestigateAndRespond}
	if _, err := b.SubmitGamebook(ctx, other, in); soc.AsError(err).Code != soc.CodeRunScope {
		t.Errorf("run of another incident: %v", err)
	}
}

// jobs counts the jobs in the queue.
func (b *bench) jobs() int {
	b.t.Helper()
	lite, pg := b.store.Pools()
	var n int
	if lite != nil {
		b.must(lite.QueryRow(`SELECT COUNT(*) FROM river_job WHERE kind = 'gamebook'`).Scan(&n))
		return n
	}
	b.must(pg.QueryRow(ctx, `SELECT COUNT(*) FROM river_job WHERE kind = 'gamebook'`).Scan(&n))
	return n
}

func TestS3SeverityOnlyEverTightens(t *testing.T) {
	b := lite(t)
	on, off := true, false
	b.settings(func(c *soc.SettingsChange) {
		if c.Severity == soc.SeverityCritical {
			c.Gamebooks = &off
		} else {
			c.Gamebooks = &on
		}
	})
	b.incident = b.newIncident(soc.SeverityCritical)
	lowered := b.incident
	lowered.Severity = soc.SeverityLow
	b.write(func(tx *store.Tx) error { _, err := tx.UpdateIncident(b.incident, lowered); return err })
	b.entity("host", soc.KindHost, "ws-9.corp.local", soc.ProvenanceSensorAsserted)
	r := b.submit(b.agent, "isolate_host", "host")
	if !slices.Equal(r.QueueReasons, []soc.Code{soc.CodeCapabilityOff}) {
		t.Errorf("gated as %+v", r)
	}
}

func TestS9ExactServerIssuedIds(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		b.respond()
		b.limits(func(l *soc.Limits) { l.ContainmentRefusals = 1000 })
		elsewhere := b.entityOf(b.newIncident(soc.SeverityHigh), "elsewhere", soc.KindHost, "ws-042.corp.local", soc.ProvenanceSensorAsserted)
		id := b.entities["host"].ID
		last := id[:len(id)-1] + string(rune(id[len(id)-1]^1))
		for _, bad := range []string{
			"0197e2f0-0000-7000-8000-000000000000", elsewhere.ID, "WS-042", id + " ", strings.ToLower(id), "*", "../" + id,
			strings.Replace(id, "ENT", "ЕNT", 1), id[len(id)-8:], last, " ",
		} {
			r := b.submit(b.agent, "isolate_host", bad)
			if r.Success || r.Code != soc.CodeEntityNotInIncident || r.GamebookID != "" || r.Status != "" {
				t.Errorf("%q: %+v", bad, r)
			}
			if strings.Contains(r.Summary, bad) && bad != "*" && bad != " " {
				t.Errorf("%q stands in the summary", bad)
			}
		}
		if r := b.submit(b.agent, "isolate_host", ""); r.Code != soc.CodeEntityIDMissing {
			t.Errorf("no id: %+v", r)
		}
		for _, bad := range []string{"", "ISOLATE_HOST", "isolate_host ", "isolate"} {
			if r := b.submit(b.agent, bad, "host"); r.Code != soc.CodeUnknownPlaybook {
				t.Errorf("playbook %q: %+v", bad, r)
			}
		}
		// One bad entry refuses the whole, and every entry is judged.
		r := b.submit(b.agent, "isolate_host", "host", "isolate_host", "WS-042", "disable_user", "host")
		if r.Success || len(r.Failures) != 2 || r.Failures[0].Index != 1 || r.Failures[1].Code != soc.CodeEntityKindMismatch {
			t.Errorf("%+v", r)
		}
		if b.gamebooks() != 0 || b.jobs() != 0 {
			t.Error("a refusal left rows")
		}
	})
}

func TestS10ProvenanceDecidesAutonomy(t *testing.T) {
	b := lite(t)
	b.respond()
	if r := b.submit(b.agent, "isolate_host", "parsed"); !slices.Equal(r.QueueReasons, []soc.Code{soc.CodeTargetProvenance}) || strings.Contains(r.Summary, "DC01") {
		t.Errorf("parsed: %+v", r)
	}
	if r := b.submit(b.agent, "isolate_host", "host"); r.QueuedForApproval || r.Code != soc.CodeQueued || !strings.HasSuffix(r.Summary, ". Running without approval.") {
		t.Errorf("asserted: %+v", r)
	}
	if r := b.submit(b.agent, "isolate_host", "added"); r.Success || r.Code != soc.CodeEntityAgentAdded {
		t.Errorf("added: %+v", r)
	}
	if b.jobs() != 1 {
		t.Errorf("%d jobs", b.jobs())
	}
}

func TestS11DisplayFieldsAreVerified(t *testing.T) {
	b := lite(t)
	in := b.plan("isolate_host", "host")
	in.Steps[0].AffectedEntity = "test-vm-01"
	if r, err := b.SubmitGamebook(ctx, b.agent, in); err != nil || r.Code != soc.CodeEntityNameMismatch {
		t.Errorf("%+v %v", r, err)
	}
	in.Steps[0].AffectedEntity = "WS-042.CORP.local"
	in.IncidentNumber = b.incident.Number + 1
	if r, err := b.SubmitGamebook(ctx, b.agent, in); err != nil || r.Code != soc.CodeIncidentMismatch {
		t.Errorf("%+v %v", r, err)
	}
	in.IncidentNumber = b.incident.Number
	if r, err := b.SubmitGamebook(ctx, b.agent, in); err != nil || !r.Success {
		t.Errorf("%+v %v", r, err)
	}
}

func TestS27EqualPlansAreOne(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		var wg sync.WaitGroup
		ids := make([]string, 30)
		for i := range ids {
			wg.Go(func() {
				by := b.agent
				by.Served = &soc.Served{}
				r, err := b.SubmitGamebook(ctx, by, b.plan("isolate_host", "host", "scan_host", "host"))
				if err != nil || !r.Success {
					t.Errorf("%+v %v", r, err)
				}
				ids[i] = r.GamebookID
			})
		}
		wg.Wait()
		if ids[0] == "" || slices.ContainsFunc(ids, func(id string) bool { return id != ids[0] }) {
			t.Errorf("%v", ids)
		}
		if b.gamebooks() != 1 {
			t.Errorf("%d gamebooks", b.gamebooks())
		}
		r := b.submit(b.agent, "isolate_host", "host", "scan_host", "host")
		if r.Code != soc.CodeDuplicateGamebook || r.GamebookID != ids[0] || !r.QueuedForApproval {
			t.Errorf("%+v", r)
		}
		// Another order on one entity is another plan.
		if r := b.submit(b.agent, "scan_host", "host", "isolate_host", "host"); r.Code != soc.CodeQueuedForApproval {
			t.Errorf("%+v", r)
		}
	})
}

func TestS29SimulateEqualsSubmit(t *testing.T) {
	b := lite(t)
	b.respond()
	for _, pairs := range [][]string{
		{"isolate_host", "host"},
		{"isolate_host", "parsed"},
		{"isolate_host", "added"},
		{"reset_password", "user"},
		{"add_comment", "host"},
		{"isolate_host", "host", "unisolate_host", "host"},
	} {
		in := b.plan(pairs...)
		in.DryRun = true
		before := b.gamebooks()
		dry, err := b.SubmitGamebook(ctx, b.agent, in)
		b.must(err)
		if b.gamebooks() != before || dry.GamebookID != "" {
			t.Errorf("%v: a simulation stored rows", pairs)
		}
		real := b.submit(b.agent, pairs...)
		if dry.Success != real.Success || dry.Code != real.Code || !slices.Equal(dry.QueueReasons, real.QueueReasons) || dry.QueuedForApproval != real.QueuedForApproval {
			t.Errorf("%v: simulated %+v\nsubmitted %+v", pairs, dry, real)
		}
	}
}

func TestS30LimitsCountGrants(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		b.respond()
		b.limits(func(l *soc.Limits) { l.BreakerFloor = 1000; l.ActionsPerIncident = 1000 })
		for i := range 20 {
			b.entity(fmt.Sprint("h", i), soc.KindHost, fmt.Sprintf("h%d.corp.local", i), soc.ProvenanceSensorAsserted)
		}
		var wg sync.WaitGroup
		var mu sync.Mutex
		ran, waits := 0, 0
		for i := range 20 {
			wg.Go(func() {
				by := b.agent
				by.Served = &soc.Served{}
				r, err := b.SubmitGamebook(ctx, by, b.plan("isolate_host", fmt.Sprint("h", i)))
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err != nil || !r.Success:
					t.Errorf("%+v %v", r, err)
				case r.QueuedForApproval && slices.Equal(r.QueueReasons, []soc.Code{soc.CodeLimitReached}):
					waits++
				default:
					ran++
				}
			})
		}
		wg.Wait()
		if ran != 5 || waits != 15 {
			t.Errorf("%d ran, %d wait", ran, waits)
		}
		b.wait(61 * time.Minute)
		b.entity("later", soc.KindHost, "later.corp.local", soc.ProvenanceSensorAsserted)
		if r := b.submit(b.agent, "isolate_host", "later"); r.QueuedForApproval {
			t.Errorf("an hour later: %+v", r)
		}
	})
}

func TestS31BreakerOpensAndStaysOpen(t *testing.T) {
	b := lite(t)
	b.respond()
	b.limits(func(l *soc.Limits) {
		l.Rates = nil
		l.DefaultPerHour, l.DefaultPerDay, l.ActionsPerIncident = 1000, 1000, 1000
	})
	for i := range 396 { // with the four hosts of the bench 400 are known
		b.entity(fmt.Sprint("k", i), soc.KindHost, fmt.Sprintf("k%d.corp.local", i), soc.ProvenanceSensorAsserted)
	}
	for i := range 4 {
		if r := b.submit(b.agent, "isolate_host", fmt.Sprint("k", i)); r.QueuedForApproval {
			t.Fatalf("%d: %+v", i, r)
		}
	}
	r := b.submit(b.agent, "isolate_host", "k4")
	if !slices.Equal(r.QueueReasons, []soc.Code{soc.CodeLimitReached}) || r.Need.Count != 2 {
		t.Errorf("the fifth: %+v", r)
	}
	if g := b.stored(r.GamebookID); !slices.ContainsFunc(g.Rules, func(h soc.RuleHit) bool { return h.ID == "g17" }) {
		t.Errorf("rules %+v", g.Rules)
	}
	b.wait(2 * time.Hour)
	if r := b.submit(b.agent, "isolate_host", "k5"); r.Need.Count != 2 {
		t.Errorf("the breaker closed by itself: %+v", r)
	}
	if b.count("breaker_opened") != 1 {
		t.Error("nobody was told")
	}
}

func TestS32ProtectedAssets(t *testing.T) {
	b := lite(t)
	b.respond()
	b.protect(
		soc.ProtectedEntry{ID: "1", Kind: "host", Value: "WS-042", Mode: "two_person"},
		soc.ProtectedEntry{ID: "2", Kind: "cidr", Value: "::ffff:203.0.113.0/120", Mode: "two_person"},
		soc.ProtectedEntry{ID: "3", Kind: "account", Value: "a@*", Mode: "never"},
	)
	b.entity("device", soc.KindHost, "unnamed", soc.ProvenanceSensorAsserted)
	b.change("device", func(e *soc.Entity) {
		e.Properties[soc.PropertyFQDN] = "ws-042.corp.local"
		e.Properties[soc.PropertyDeviceID] = "d-1"
	})
	for _, target := range []string{"host", "device"} {
		if r := b.submit(b.agent, "isolate_host", target); !slices.Equal(r.QueueReasons, []soc.Code{soc.CodeProtectedTarget}) || r.Need.Count != 2 {
			t.Errorf("%s: %+v", target, r)
		}
	}
	if r := b.submit(b.agent, "block_ip", "ip"); r.Need.Count != 2 {
		t.Errorf("address: %+v", r)
	}
	if r := b.submit(b.agent, "disable_user", "user"); r.Code != soc.CodePolicyForbids || r.Rule != "g6" {
		t.Errorf("never: %+v", r)
	}
	// A list that does not read denies every change, and reads go on.
	b.damage(`UPDATE protected_list SET entries = '[]'`)
	if r := b.submit(b.agent, "isolate_host", "host2"); r.Code != soc.CodePolicyForbids || r.Rule != "g4" {
		t.Errorf("damaged list: %+v", r)
	}
	if r := b.submit(b.agent, "add_comment", "host2"); !r.Success {
		t.Errorf("a read with a damaged list: %+v", r)
	}
}

// damage edits the database behind the desk's back.
func (b *bench) damage(statement string, args ...any) {
	b.t.Helper()
	lite, pg := b.store.Pools()
	if lite != nil {
		_, err := lite.Exec(statement, args...)
		b.must(err)
		return
	}
	_, err := pg.Exec(ctx, statement, args...)
	b.must(err)
}

func TestS63RefusedSubmitsContain(t *testing.T) {
	b := lite(t)
	for range 20 {
		by := b.caller("ag")
		r, err := b.SubmitGamebook(ctx, by, b.plan("isolate_host", "ENT-00000000"))
		b.must(err)
		if r.Success || !by.Served.Contained {
			t.Fatalf("%+v", r)
		}
		b.must(b.RecordCall(ctx, by, soc.CallRecord{Tool: "submit_gamebook", Code: r.Code, Served: by.Served}))
	}
	if _, err := b.SubmitGamebook(ctx, b.caller("ag"), b.plan("isolate_host", "host")); soc.AsError(err).Code != soc.CodeAgentSuspended {
		t.Errorf("after twenty refusals: %v", err)
	}
	if b.count("gamebook_submitted_refused") != 21 {
		t.Errorf("%d refusals on record", b.count("gamebook_submitted_refused"))
	}
}

func TestListPlaybooksSaysWhatSubmitSays(t *testing.T) {
	b := lite(t)
	b.respond()
	offers, err := b.ListPlaybooks(ctx, b.agent, soc.PlaybookQuery{Workspace: b.first, Incident: b.incident.ShortID, Kind: soc.KindHost})
	b.must(err)
	for _, offer := range offers {
		if offer.Playbook.ID != "isolate_host" {
			continue
		}
		outcomes := map[string]string{}
		for _, target := range offer.Targets {
			outcomes[target.Entity] = target.Outcome
		}
		if outcomes[b.entities["host"].ID] != "run" || outcomes[b.entities["parsed"].ID] != "queue" || outcomes[b.entities["added"].ID] != "deny" {
			t.Errorf("%+v", offer.Targets)
		}
	}
	if len(offers) == 0 || b.agent.Served.Taint[b.incident.ID] != soc.TaintClean {
		t.Errorf("%d offers, taint %v", len(offers), b.agent.Served.Taint)
	}
	if r := b.submit(b.agent, "isolate_host", "host"); r.QueuedForApproval {
		t.Errorf("%+v", r)
	}
}

func TestGetStatusWakesOnChange(t *testing.T) {
	b := lite(t)
	g := b.queued(b.agent, "isolate_host", "host")
	done := make(chan []soc.HandleStatus, 1)
	go func() {
		by := b.agent
		by.Served = &soc.Served{}
		states, err := b.GetStatus(ctx, by, soc.StatusQuery{IDs: []string{g.Steps[0].ID}, Wait: 20 * time.Second})
		if err != nil {
			t.Error(err)
		}
		done <- states
	}()
	_, err := b.EngageKillSwitch(ctx, b.as("op1"), soc.KillOrder{Scope: soc.KillGlobal, Reason: "drill", Via: "api"})
	b.must(err)
	b.write(func(tx *store.Tx) error { _, err := b.halt(tx, g); return err })
	states := <-done
	if len(states) != 1 || states[0].Step == nil || states[0].Gamebook.Status != soc.GamebookHalted {
		t.Errorf("%+v", states)
	}
}
