package main

import (
	"crypto/rand"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// seedGamebooks is of how many incidents one has a gamebook, so that there are
// a twentieth as many as incidents.
const seedGamebooks = 20

// seedStatuses are of gamebooks that the worker of a server leaves alone: ended,
// or waiting for people.
var seedStatuses = []soc.GamebookStatus{soc.GamebookQueued, soc.GamebookCompleted, soc.GamebookFailed, soc.GamebookRejected, soc.GamebookExpired}

// seedAround writes what incident k has around it, so that every list of every
// family grows with the number of incidents: an alert, the host it is about, a
// row of the audit and, of some, a gamebook. The detailed ones have more
// entities, and evidence.
func seedAround(tx *store.Tx, i soc.Incident, k int, detailed bool) error {
	alert, err := seedAlert(tx, i)
	if err != nil {
		return err
	}
	kinds := map[string]soc.EntityKind{"host": soc.KindHost}
	if detailed {
		kinds["account"], kinds["ip"], kinds["file"] = soc.KindAccount, soc.KindIP, soc.KindFileHash
	}
	var entities []string
	for name, kind := range kinds {
		id, err := soc.NewID(soc.PrefixEntity, rand.Reader)
		if err != nil {
			return err
		}
		e := soc.Entity{
			ID: id, Workspace: i.Workspace, Incident: i.ID, Kind: kind, Value: name + "-" + i.ExternalID, Display: name,
			Provenance: soc.ProvenanceSensorAsserted, FirstSeen: i.CreatedAt, LastSeen: i.CreatedAt,
		}
		if kind == soc.KindHost {
			e.Value = seedHost(i)
			e.Display = e.Value
		}
		if err := tx.InsertEntity(e, i.Seq); err != nil {
			return err
		}
		entities = append(entities, e.ID)
	}
	tx.Audit(soc.AuditEntry{
		At: i.CreatedAt, Event: "bench", Workspace: i.Workspace, ActorKind: soc.PrincipalHost, Actor: "bench", Decision: "allowed", Target: i.ShortID,
	})
	if k%seedGamebooks == 0 {
		if err := seedGamebook(tx, i, k); err != nil {
			return err
		}
	}
	if !detailed {
		return nil
	}
	return seedEvidence(tx, i, alert, entities, 1, i.EvidenceCount)
}

// seedHost is the host at the end of an incident's title.
func seedHost(i soc.Incident) string { return i.Title[strings.LastIndex(i.Title, " ")+1:] }

func seedAlert(tx *store.Tx, i soc.Incident) (string, error) {
	id, err := soc.NewID(soc.PrefixAlert, rand.Reader)
	if err != nil {
		return "", err
	}
	uid, err := uuid.NewV7()
	if err != nil {
		return "", err
	}
	return id, tx.InsertAlert(soc.Alert{
		ID: id, UID: uid.String(), Workspace: i.Workspace, Source: i.Source, ExternalID: i.ExternalID, Format: "generic", Status: soc.AlertEscalated,
		Incident: i.ID, Title: i.Title, Severity: i.Severity, SentSeverity: i.Severity, Product: "Edge Sensor", CreatedAt: i.CreatedAt, StartedAt: i.CreatedAt,
		IngestedAt: i.CreatedAt, LastSeen: i.CreatedAt, RepeatCount: 1, Version: 1, Raw: []byte(`{}`),
	})
}

// seedGamebook writes a gamebook of one step in the status that its number says.
func seedGamebook(tx *store.Tx, i soc.Incident, k int) error {
	id, err := soc.NewID(soc.PrefixGamebook, rand.Reader)
	if err != nil {
		return err
	}
	action, err := soc.NewID(soc.PrefixStep, rand.Reader)
	if err != nil {
		return err
	}
	g := soc.Gamebook{
		ID: id, Workspace: i.Workspace, Incident: i.ID, Status: seedStatuses[k/seedGamebooks%len(seedStatuses)],
		Class: soc.ClassReversible, Impact: soc.ImpactLow, Taint: soc.TaintClean, Nonce: id, PlanHash: id, World: "{}", Facts: "{}", Canonical: []byte("{}"),
		RequestedAt: i.CreatedAt, Version: 1,
	}
	step := soc.StepQueued
	if g.Status.Ended() {
		g.FinishedAt, step = i.CreatedAt, soc.StepConfirmed
	} else {
		g.NeedsApproval, g.ApprovalExpiresAt = true, i.CreatedAt.AddDate(1, 0, 0)
	}
	g.Steps = []soc.Step{{
		ID: action, Workspace: i.Workspace, Gamebook: id, Ordinal: 1, Playbook: "isolate_host", PlaybookVersion: 1, Entity: "ENT-" + fmt.Sprint(k), EntityKind: soc.KindHost,
		EntityName: seedHost(i), Provenance: soc.ProvenanceSensorAsserted, Status: step, FinishedAt: g.FinishedAt, IdempotencyKey: action,
	}}
	if err := tx.InsertGamebook(g); err != nil {
		return err
	}
	return tx.IndexGamebook(g, i.Title)
}
