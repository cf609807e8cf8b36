package soc_test

import (
	"testing"
	"time"

	"vedette/backend/soc"
)

// TestS66AnyByteOfAReceiptCounts changes every byte of a receipt in several
// ways: none verifies, and the whole one does, with nothing but itself.
func TestS66AnyByteOfAReceiptCounts(t *testing.T) {
	at := time.Date(2026, 4, 15, 20, 0, 0, 0, time.UTC)
	canonical := []byte(`{"a":1}`)
	g := soc.Gamebook{
		ID: "GB-7K2M9Q4S", Workspace: "w", Incident: "i", Status: soc.GamebookCompleted, Digest: soc.Digest(canonical), Canonical: canonical, PolicyVersion: 12,
		RequestedBy: "a", RequestedAt: at, ApprovedAt: at, StartedAt: at, FinishedAt: at,
		Approvals: []soc.Approval{{Person: "p", Name: "S. \u202eOne <b>", Role: soc.RoleSenior, Digest: soc.Digest(canonical), Approved: true, At: at, Consumed: true}},
		Steps: []soc.Step{{
			ID: "ACT-1", Playbook: "isolate_host", Entity: "ENT-1", Connector: "c", NativeID: "n", IdempotencyKey: "k", Attempts: 1, Status: soc.StepConfirmed, DispatchedAt: at,
			ReadBack: &soc.ReadBack{Probe: "host.isolation", Expected: "isolated", Seen: "isolated", At: at},
		}},
	}
	signer := soc.NewSigner([32]byte{7})
	signed, err := signer.SignReceipt(soc.NewReceipt(g, soc.AuditCheckpoint{Position: 9, Hash: "sha256:x"}))
	if err != nil {
		t.Fatal(err)
	}
	file, err := signed.File()
	if err != nil {
		t.Fatal(err)
	}
	read, err := soc.ReadReceipt(file)
	if err != nil || read.Receipt.Gamebook != g.ID || read.Key != signer.Key() || soc.KeyFingerprint(read.Key) == "" {
		t.Fatalf("%v %+v", err, read)
	}
	for i := range len(file) - 1 { // the line feed at the end may go
		for _, flip := range []byte{1, 2, 0x20, 0x80} {
			changed := append([]byte{}, file...)
			changed[i] ^= flip
			if _, err := soc.ReadReceipt(changed); err == nil {
				t.Fatalf("byte %d with %#x changed verifies: %s", i, flip, changed)
			}
		}
	}
	for name, other := range map[string][]byte{
		"empty": nil, "cut": file[:len(file)/2], "twice": append(append([]byte{}, file...), file...), "spaced": append([]byte(" "), file...),
		"more": append(append([]byte{}, file[:len(file)-2]...), []byte(`,"x":1}`)...),
	} {
		if _, err := soc.ReadReceipt(other); err == nil {
			t.Errorf("%s verifies", name)
		}
	}
	// A signature for one purpose is none for another.
	if err := signed.Verify("vedette-checkpoint-v1", signed.Receipt); err == nil {
		t.Error("a receipt's signature is good for another purpose")
	}
}
