package worker

import (
	"testing"
	"time"

	"vedette/backend/soc"
)

// TestS60PolicyAndWhatRuns: a tightening stops what runs without a person before
// its next step, and lets what people approved go on where their approvals still
// cover it; a loosening that nobody confirmed does nothing at all.
func TestS60PolicyAndWhatRuns(t *testing.T) {
	capability := func(b *bench, on bool) soc.PolicyOutcome {
		b.t.Helper()
		out, err := b.desk.EditPolicy(ctx, b.as("mgr"), soc.PolicyEdit{
			Part: soc.PartSettings, Event: "settings_changed",
			Edit: func(doc soc.PolicyDocument) (soc.PolicyDocument, error) {
				for _, severity := range soc.AllSeverities {
					record := doc.SettingsOf(severity)
					record.Capabilities.Gamebooks = on
					doc = doc.WithSettings(severity, record)
				}
				return doc, nil
			},
		})
		b.must(err)
		return out
	}
	// begun is the gamebook with its first step carried out.
	begun := func(b *bench, g soc.Gamebook) soc.GamebookClaim {
		b.t.Helper()
		claim, err := b.desk.ClaimGamebook(ctx, soc.GamebookJob{Workspace: b.workspace, Gamebook: g.ID})
		b.must(err)
		first, err := b.desk.BeginStep(ctx, claim, g.Steps[0].ID, false)
		b.must(err)
		if first.Decision != soc.StepCarry {
			b.t.Fatalf("%+v", first)
		}
		if status, err := b.settle(ctx, claim, first.Step, b.carry(ctx, first)); err != nil || status != soc.StepConfirmed {
			b.t.Fatalf("%s %v", status, err)
		}
		return claim
	}
	pairs := []string{"isolate_host", "host", "isolate_host", "host2"}

	t.Run("auto-run stops", func(t *testing.T) {
		b := lite(t)
		b.entity("host2", soc.KindHost, "ws-777.corp.local")
		b.respond()
		g := b.submit(pairs...)
		if !g.AutoRun {
			t.Fatalf("%+v", g.QueueReasons)
		}
		claim := begun(b, g)
		if out := capability(b, false); !out.Made {
			t.Fatalf("a tightening waits: %+v", out.Change)
		}
		if order, err := b.desk.BeginStep(ctx, claim, g.Steps[1].ID, false); err != nil || order.Decision != soc.StepStop {
			t.Errorf("%+v %v", order, err)
		}
		if after := b.stored(g.ID); after.Status != soc.GamebookHalted || after.Steps[1].Status != soc.StepNotRun || b.acts() != 1 {
			t.Errorf("%s %v, %d acts", after.Status, statuses(after), b.acts())
		}
	})
	t.Run("approved goes on", func(t *testing.T) {
		b := lite(t)
		b.entity("host2", soc.KindHost, "ws-777.corp.local")
		b.respond()
		capability(b, false)
		g := b.approved(pairs...)
		claim := begun(b, g)
		if out := capability(b, true); out.Made || out.Change == nil {
			t.Fatal("one person loosened")
		}
		b.must(b.desk.ReleaseClaim(ctx, claim))
		b.wait(10 * time.Second)
		if after := b.run(g); after.Status != soc.GamebookCompleted || b.acts() != 2 {
			t.Errorf("%s %v, %d acts", after.Status, statuses(after), b.acts())
		}
	})
}
