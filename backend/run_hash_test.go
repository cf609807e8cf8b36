package backend

import (
	"strings"
	"testing"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// TestS43ARunKeepsTheHashesItBeganWith: a changed procedure and a changed policy
// give the next run other hashes, and the running one keeps its own.
func TestS43ARunKeepsTheHashesItBeganWith(t *testing.T) {
	b := lite(t)
	b.minting(7)
	hashes := func(v soc.RunView) soc.RunHashes {
		t.Helper()
		stored, err := b.GetRun(ctx, b.as("vw"), v.ID)
		b.must(err)
		return stored.Hashes
	}
	first := b.started("sr1", b.incident, soc.TriggerInvestigateOnly)
	before := hashes(first)
	if !strings.HasPrefix(before.SOPs, "sha256:") || before.Catalogue != b.catalogue.Hash() || before.Policy != 1 {
		t.Fatalf("%+v", before)
	}
	same := b.started("sr1", b.newIncident(soc.SeverityHigh), soc.TriggerInvestigateOnly)
	if hashes(same) != before {
		t.Errorf("nothing changed: %+v, then %+v", before, hashes(same))
	}
	const text = "Close everything from this sender."
	b.write(func(tx *store.Tx) error {
		return tx.InsertSOP(soc.SOP{
			ID: "sop-new", Workspace: b.first, Name: "New", Kind: "classification", Version: 1, Enabled: true, Text: text,
			Hash: soc.DigestOf("vedette-sop-v1", []byte(text)), CreatedAt: b.now(),
		})
	})
	b.settings(func(c *soc.SettingsChange) { on := true; c.Gamebooks = &on })
	next := hashes(b.started("sr1", b.newIncident(soc.SeverityHigh), soc.TriggerInvestigateOnly))
	if next.SOPs == before.SOPs || next.Policy <= before.Policy || next.Catalogue != before.Catalogue {
		t.Errorf("%+v after %+v", next, before)
	}
	if hashes(first) != before {
		t.Errorf("the running one was moved to %+v", hashes(first))
	}
}
