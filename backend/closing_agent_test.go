package backend

import (
	"testing"

	"vedette/backend/soc"
)

// TestAnAgentsClosingLeavesAReport: where the policy lets a verdict close, what
// closed it is written down like a person's.
func TestAnAgentsClosingLeavesAReport(t *testing.T) {
	b := lite(t)
	on, none, low := true, 0.0, 100
	b.settings(func(c *soc.SettingsChange) {
		c.AutoClose, c.MinEvidenceCoverage, c.MaxScoreToClose = &on, &none, &low
	})
	score := 1
	receipt, err := b.SubmitInvestigation(ctx, b.agent, soc.SubmitInvestigation{
		Incident: soc.IncidentRef{Workspace: b.first, ID: b.incident.ShortID}, Classification: "FalsePositive", Score: &score, Comment: "A drill.",
	})
	b.must(err)
	if receipt.New != soc.StatusClosed {
		t.Fatalf("%+v", receipt)
	}
	p, found, err := b.store.Read(ctx).Report(b.first, b.incident.ID, 0)
	if err != nil || !found || p.Version != 1 {
		t.Errorf("report %+v %v (%v)", p.Version, found, err)
	}
}
