package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"regexp"
	"strings"

	"github.com/google/uuid"

	"vedette/backend/soc"
)

// tenantCanary stands in everything of the other workspace and nowhere else.
const tenantCanary = "parsed-900"

// tenantWorld is what the other workspace has.
type tenantWorld struct {
	ids      []tenantID
	entity   string
	host     string
	gamebook string
}

// tenantID is an id of the other workspace and one of the same form that names
// nothing.
type tenantID struct{ kind, id, random string }

func makeTenantWorld(ctx context.Context, l *lab) (*tenantWorld, error) {
	home, err := l.open(ctx)
	if err != nil {
		return nil, err
	}
	defer home.close()
	organization, err := home.organization(ctx, "")
	if err != nil {
		return nil, err
	}
	home.host.Organization = organization.ID
	// The source exists in the first workspace too, so that its name tells nothing.
	if _, err := home.redIncident(ctx, l.demo.Workspaces[0].ID, 1); err != nil {
		return nil, err
	}
	foreign := l.demo.Workspaces[1].ID
	i, err := home.redIncident(ctx, foreign, 900)
	if err != nil {
		return nil, err
	}
	by := home.host
	by.Workspace = foreign
	detail, err := home.desk.GetIncident(ctx, by, soc.IncidentRef{Workspace: foreign, ID: i.short}, soc.IncidentParts{Alerts: true, Entities: true})
	if err != nil || len(detail.Alerts) == 0 {
		return nil, fmt.Errorf("the other workspace's incident has no alert: %w", err)
	}
	receipt, err := home.desk.SubmitGamebook(ctx, by, soc.SubmitGamebook{
		Incident: soc.IncidentRef{Workspace: foreign, ID: i.short}, Trigger: soc.TriggerOnQueue, Rationale: tenantCanary,
		Steps: []soc.SubmitStep{{Playbook: "add_comment", Entity: i.entities["host"], Parameters: map[string]any{"message": tenantCanary}}},
	})
	if err != nil {
		return nil, err
	}
	w := &tenantWorld{entity: i.entities["host"], host: i.names["parsed"], gamebook: receipt.GamebookID}
	for _, id := range []tenantID{
		{kind: "incident", id: i.id},
		{kind: "incident", id: i.short},
		{kind: "alert", id: detail.Alerts[0].ID},
		{kind: "alert", id: detail.Alerts[0].UID},
		{kind: "entity", id: i.entities["host"]},
		{kind: "gamebook", id: receipt.GamebookID},
		{kind: "source's id", id: "redteam-900", random: "redteam-901"},
	} {
		if id.id == "" {
			continue
		}
		if id.random == "" {
			if id.random, err = likewise(id.id); err != nil {
				return nil, err
			}
		}
		w.ids = append(w.ids, id)
	}
	return w, nil
}

// likewise is a random id of the same form.
func likewise(id string) (string, error) {
	if _, err := uuid.Parse(id); err == nil {
		random, err := uuid.NewV7()
		return random.String(), err
	}
	prefix, _, _ := strings.Cut(id, "-")
	return soc.NewID(prefix+"-", rand.Reader)
}

// tenantBodies are what lets a write get as far as to look for its id; other
// writes are sent an empty object.
var tenantBodies = map[string]any{
	"POST /api/ops/v1/agents/{id}/suspend":                                                            map[string]any{"reason": "x"},
	"POST /api/ops/v1/agents/{id}/unsuspend":                                                          map[string]any{"reason": "x"},
	"POST /api/ops/v1/approvals/{gamebook}/approve":                                                   map[string]any{"digest": "sha256:x"},
	"POST /api/ops/v1/approvals/{gamebook}/deny":                                                      map[string]any{"reason": "x"},
	"POST /api/ops/v1/approvals/{gamebook}/resubmit":                                                  map[string]any{"reason": "x"},
	"POST /api/ops/v1/gamebooks/{id}/cancel":                                                          map[string]any{"reason": "x"},
	"POST /api/ops/v1/gamebooks/{id}/rollback":                                                        map[string]any{"reason": "x"},
	"POST /api/ops/v1/held/{investigation}/reject":                                                    map[string]any{"reason": "x"},
	"POST /api/ops/v1/incidents/{incident}/verdict":                                                   map[string]any{"classification": "TruePositive", "classificationReason": "Malware"},
	"POST /api/ops/v1/incidents/{incident}/reopen":                                                    map[string]any{"reason": "x"},
	"POST /api/v1/cases/{id}/comments":                                                                map[string]any{"body": "x"},
	"POST /api/v1/cases/{id}/transition":                                                              map[string]any{"to": "contained"},
	"POST /api/v1/cases/{id}/resolve":                                                                 map[string]any{"verdict": "false_positive"},
	"POST /api/v1/alerts/{id}/dismiss":                                                                map[string]any{"reason": "false_positive"},
	"PUT /api/incidents/{id}":                                                                         map[string]any{"severity": "low"},
	"POST /api/actions/{id}/approve":                                                                  map[string]any{"approver": "x"},
	"POST /api/actions/{id}/reject":                                                                   map[string]any{"reason": "x"},
	"PUT /api/v2/workspaces/{workspaceId}/incidents/{source}/{incidentId}/status":                     map[string]any{"status": "Active"},
	"POST /api/v2/workspaces/{workspaceId}/incidents/{source}/{incidentId}/comments":                  map[string]any{"message": "x"},
	"POST /api/v2/workspaces/{workspaceId}/agent/tools/incidents/{source}/{incidentId}/investigation": map[string]any{"comment": "x"},
	"POST /api/v2/workspaces/{workspaceId}/agent/tools/incidents/{source}/{incidentId}/gamebooks":     map[string]any{"playbooks": []any{map[string]any{"playbook_id": "isolate_host", "entity_id": "ENT-00000000"}}},
}

var (
	requestIDs = regexp.MustCompile(`[A-Z2-7]{26}`)
	instants   = regexp.MustCompile(`\d{4}-\d\d-\d\dT[0-9:.]+(Z|\+00:00)`)
)

// hints are ids of the caller's own that are spelled like the one it sent.
var hints = regexp.MustCompile(`Near ids here: [A-Z0-9, -]+`)

// normal is an answer without what may differ: the echoed id, the request's own
// id and the time.
func normal(a answer, id string) string {
	body := hints.ReplaceAllString(strings.ReplaceAll(string(a.body), id, "ID"), "HINTS")
	body = instants.ReplaceAllString(requestIDs.ReplaceAllString(body, "REQUEST"), "TIME")
	return fmt.Sprintf("%d %s", a.status, body)
}
