package schemas

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vedette/backend/soc"
)

var updateEvents = flag.Bool("update-events", false, "rewrite the golden event bodies")

// sampleEvent is an event of a type with every fact there is.
func sampleEvent(kind soc.EventType) soc.Event {
	at := time.Date(2026, 4, 15, 20, 0, 0, 123_000_000, time.UTC)
	score := 88
	e := soc.NewEvent(kind, soc.Incident{
		ID: "0197aaaa-0000-7000-8000-000000000001", ShortID: "INC-7K2M9Q", Workspace: "6eca0b1e-3c1a-4a6e-9a57-0c7f0c1f2d3e", Source: "CrowdStrike", ExternalID: "ldt:1",
		Number: 42, Title: "Suspicious <PowerShell> & more", Severity: soc.SeverityHigh, CreatedAt: at, LastActivity: at,
	}, "x")
	e.ID, e.WorkspaceName, e.OccurredAt, e.CreatedAt = "0f6b2e0e-8b1c-5c59-9b63-4d0f0d6c7e11", "Tier 1", at, at
	if kind == soc.EventIncidentCreated {
		e = e.WithContents(soc.Incident{Description: "A document started it.", AssigneeName: "Ana", Products: []string{"Falcon"}},
			[]soc.Alert{{Title: "One", Severity: soc.SeverityLow, Product: "Falcon", Vendor: "CrowdStrike"}, {Title: "Two", Severity: soc.SeverityHigh}},
			[]soc.Entity{{Kind: soc.KindHost, Display: "WS-042"}})
	}
	f := &e.Facts
	f.ByKind, f.By, f.Previous, f.Status = soc.PrincipalPerson, "0197aaaa-0000-7000-8000-0000000000aa", soc.StatusNew, soc.StatusClosed
	f.Verdict, f.Reason, f.Proposed, f.Score, f.Held, f.HoldReasons = soc.VerdictTruePositive, "Malware", soc.VerdictFalsePositive, &score, true, []soc.Code{soc.CodeAutoCloseOff}
	f.Investigation, f.Gamebooks, f.Gamebook, f.GamebookStatus = "0197aaaa-0000-7000-8000-0000000000bb", []string{"GB-7K2M9Q4S"}, "GB-7K2M9Q4S", soc.GamebookCompleted
	f.Digest, f.QueueReasons, f.ApprovalExpiresAt = "sha256:00", []soc.Code{soc.CodeCapabilityOff}, at.Add(time.Hour)
	f.Alert, f.Report, f.Target = "0197aaaa-0000-7000-8000-0000000000cc", "0197aaaa-0000-7000-8000-0000000000dd", "triage"
	f.Comment, f.Mentions = "0197aaaa-0000-7000-8000-0000000000ee", []string{"0197aaaa-0000-7000-8000-0000000000ff"}
	return e
}

func TestEventBodiesAreTheContracts(t *testing.T) {
	var got bytes.Buffer
	for _, kind := range soc.AllEventTypes {
		body, err := EventBody(sampleEvent(kind), false)
		if err != nil {
			t.Fatal(err)
		}
		got.Write(append(body, '\n'))
	}
	path := filepath.Join("testdata", "events.golden")
	if *updateEvents {
		if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got.String(), "\n")); diff != "" {
		t.Error(diff)
	}
}

// TestS51EventBodiesStayUnderTheLimit draws what may be long, in characters that
// JSON writes longest.
func TestS51EventBodiesStayUnderTheLimit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.RuneFrom([]rune("aé\u0001\u2028\"\\😀")), 0, 9000, -1)
		e := sampleEvent(rapid.SampledFrom(soc.AllEventTypes).Draw(t, "type"))
		n := rapid.IntRange(0, 120).Draw(t, "many")
		long := text.Draw(t, "text")
		alerts, entities := make([]soc.Alert, n), make([]soc.Entity, n)
		for i := range n {
			alerts[i], entities[i] = soc.Alert{Title: long, Product: long, Vendor: long}, soc.Entity{Display: long}
			e.Facts.Gamebooks = append(e.Facts.Gamebooks, "GB-7K2M9Q4S")
		}
		i := soc.Incident{Title: long, Description: long, AssigneeName: long, Products: make([]string, n), ExternalID: strings.Repeat("x", 256)}
		for p := range i.Products {
			i.Products[p] = long
		}
		if e.Type == soc.EventIncidentCreated {
			filled := soc.NewEvent(e.Type, i, "x").WithContents(i, alerts, entities)
			filled.WorkspaceName = strings.Repeat("w", 100)
			e = filled
		}
		body, err := EventBody(e, true)
		if err != nil || len(body) >= soc.EventBodyLimit || !json.Valid(body) {
			t.Fatalf("%d bytes, %v", len(body), err)
		}
		again, _ := EventBody(e, true)
		if !bytes.Equal(body, again) {
			t.Fatal("the same event has two bodies")
		}
	})
}
