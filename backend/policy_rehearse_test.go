package backend

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"vedette/backend/soc"
)

// TestS29PolicySimulationIsWhatEnforcementGives: over random proposals of every
// part, what the simulation says of each stored gamebook is what explain says
// once the proposal is in force.
func TestS29PolicySimulationIsWhatEnforcementGives(t *testing.T) {
	b := lite(t)
	random := rand.New(rand.NewPCG(29, 60))
	var gamebooks []string
	for i := range 8 {
		name := fmt.Sprint("n", i)
		b.entity(name, soc.KindHost, fmt.Sprintf("n%d.corp.local", i), soc.ProvenanceSensorAsserted)
		playbook := []string{"isolate_host", "scan_host"}[i%2]
		if r := b.submit(b.agent, playbook, name); r.GamebookID != "" {
			gamebooks = append(gamebooks, r.GamebookID)
		}
	}
	if len(gamebooks) < 4 {
		t.Fatalf("only %d gamebooks", len(gamebooks))
	}
	b.wait(time.Minute)
	proposals := map[string]func(soc.PolicyDocument) soc.PolicyDocument{
		"settings": func(doc soc.PolicyDocument) soc.PolicyDocument {
			record := doc.SettingsOf(soc.SeverityHigh)
			record.Capabilities.Gamebooks = !record.Capabilities.Gamebooks
			return doc.WithSettings(soc.SeverityHigh, record)
		},
		"limits": func(doc soc.PolicyDocument) soc.PolicyDocument {
			doc.Limits.AssumeTainted = !doc.Limits.AssumeTainted
			return doc
		},
		"rules": func(doc soc.PolicyDocument) soc.PolicyDocument {
			rule := forbid("hosts", fmt.Sprintf(`steps.exists(s, s.value < "n%d")`, random.IntN(8)))
			rule.Effect = []string{"forbid", "require_approval"}[random.IntN(2)]
			doc.Rules = []soc.PolicyRule{rule}
			return doc
		},
		"protected": func(doc soc.PolicyDocument) soc.PolicyDocument {
			doc.Protected = []soc.ProtectedRecord{{
				Match: soc.ProtectedMatch{Kind: soc.ProtectedHost, Value: fmt.Sprintf("n%d.corp.local", random.IntN(8))},
				Mode:  []string{"never", "two_person"}[random.IntN(2)], Reason: "crown jewel",
			}}
			return doc
		},
	}
	differed := false
	for range 3 {
		for _, part := range []string{"settings", "limits", "rules", "protected"} {
			var proposed soc.PolicyDocument
			out, err := b.SimulatePolicy(ctx, b.as("mgr"), soc.PolicyProposal{Edit: func(doc soc.PolicyDocument) (soc.PolicyDocument, error) {
				proposed = proposals[part](doc)
				return proposed, nil
			}})
			b.must(err)
			if out.Rehearsal.Gamebooks != len(gamebooks) || len(out.Diff) == 0 {
				t.Fatalf("%s: %+v", part, out)
			}
			before := map[string]soc.Outcome{}
			for _, id := range gamebooks {
				before[id] = b.explained(id).Outcome
			}
			b.must(failing(b.ApplyPolicy(ctx, b.host, b.first, proposed, "drill")))
			changed := map[string]soc.RehearsedGamebook{}
			for _, g := range out.Rehearsal.Changed {
				changed[g.Gamebook] = g
			}
			for _, id := range gamebooks {
				now := b.explained(id)
				g, differs := changed[id]
				switch {
				case !differs && now.Outcome != before[id]:
					t.Fatalf("%s: %s went from %s to %s unforeseen", part, id, before[id], now.Outcome)
				case differs && (g.Now.Outcome != before[id] || g.Would.Outcome != now.Outcome || !sameNeed(g.Would.Need, now.Need)):
					t.Fatalf("%s: %s was %s and is %s %v, foreseen %s and %s %v", part, id, before[id], now.Outcome, now.Need, g.Now.Outcome, g.Would.Outcome, g.Would.Need)
				}
				differed = differed || differs
			}
		}
	}
	if !differed {
		t.Error("no proposal changed anything")
	}
}

func (b *bench) explained(id string) soc.GateResult {
	b.t.Helper()
	e, err := b.ExplainGamebook(ctx, b.as("vw"), id, soc.PhaseSubmit)
	b.must(err)
	return e.Now.Result
}

// TestS60AChangeTellsItsEffect: whoever is asked to confirm sees what would have
// run alone in the week before, and sees the same once it is in force.
func TestS60AChangeTellsItsEffect(t *testing.T) {
	b := lite(t)
	b.insertPerson("mgr2", soc.RoleManager)
	queued := b.submit(b.agent, "isolate_host", "host")
	if !queued.QueuedForApproval {
		t.Fatalf("%+v", queued)
	}
	b.wait(time.Minute)
	out, err := b.EditPolicy(ctx, b.as("mgr"), gamebooksAt(soc.SeverityHigh, true))
	b.must(err)
	seen, err := b.GetChange(ctx, b.as("mgr2"), out.Change.ID)
	b.must(err)
	if e := seen.Effect; e == nil || e.Gamebooks != 1 || e.Differ != 1 || e.WouldRun != 1 || e.Now.Queue != 1 || e.Would.Run != 1 {
		t.Fatalf("%+v", e)
	}
	b.must(failing(b.confirm("mgr2", *out.Change)))
	after, err := b.GetChange(ctx, b.as("vw"), out.Change.ID)
	b.must(err)
	if after.Effect == nil || after.Effect.Differ != 1 || !slices.EqualFunc(after.Effect.Changed, seen.Effect.Changed, func(a, b soc.RehearsedGamebook) bool { return a.Gamebook == b.Gamebook }) {
		t.Errorf("%+v", after.Effect)
	}
	_, err = b.SimulatePolicy(ctx, b.as("sr1"), soc.PolicyProposal{Edit: gamebooksAt(soc.SeverityHigh, false).Edit})
	refusedWith(t, "a senior", err, soc.Denied, soc.CodeInsufficientWorkspaceRole)
	_, err = b.SimulatePolicy(ctx, b.as("mgr"), soc.PolicyProposal{Edit: gamebooksAt(soc.SeverityHigh, false).Edit, Window: soc.MaxRehearsal + time.Hour})
	refusedWith(t, "a longer window", err, soc.Invalid, soc.CodeValidationError)
	if b.policy().Version != 2 {
		t.Error("a simulation made a version")
	}
}
