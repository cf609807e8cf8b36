package tools

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"vedette/backend/soc"
)

// fixtureDesk is a desk of a few lists in memory, for tests of the protocol
// alone: what the wire does with an answer. Behaviour is tested on the real
// desk (desk_test.go).
type fixtureDesk struct {
	mu        sync.Mutex
	incidents []soc.Incident
	entities  map[string][]soc.Entity
	alerts    map[string][]soc.Alert
	evidence  map[string][]soc.Evidence
	comments  map[string][]soc.Comment
	gamebooks map[string]*soc.Gamebook
	answers   map[string][]byte
	records   []soc.CallRecord
	actors    []soc.Actor
	submits   int
	// fail, if set, is returned by every operation; failRecord by RecordCall.
	fail       error
	failRecord error
	// before runs at the start of every operation.
	before func(ctx context.Context, operation string)
	triage soc.Triage
	sops   []soc.SOPMatch
	offers []soc.PlaybookOffer
}

var (
	incidentA = sampleID(soc.PrefixIncident, 1)
	incidentB = sampleID(soc.PrefixIncident, 2)
	entityA   = sampleID(soc.PrefixEntity, 3)
	gamebookA = sampleID(soc.PrefixGamebook, 4)
)

func newFixtureDesk() *fixtureDesk {
	d := &fixtureDesk{
		entities: map[string][]soc.Entity{}, alerts: map[string][]soc.Alert{}, evidence: map[string][]soc.Evidence{},
		comments: map[string][]soc.Comment{}, gamebooks: map[string]*soc.Gamebook{}, answers: map[string][]byte{},
	}
	d.incidents = []soc.Incident{{
		Seq: 1, ID: "00000000-0000-7000-8000-000000000001", ShortID: incidentA, Workspace: testWorkspace, Source: "Sentinel", Number: 1,
		Title: "Multi-stage incident on WS-042", Severity: soc.SeverityHigh, IngestSeverity: soc.SeverityHigh, HighestSeverity: soc.SeverityHigh,
		Status: soc.StatusNew, EvidenceCount: 3, EntityCount: 1, AlertCount: 1, CreatedAt: testTime.Add(-3 * 60 * 60 * 1e9),
	}, {
		Seq: 2, ID: "00000000-0000-7000-8000-000000000002", ShortID: incidentB, Workspace: otherWorkspace, Source: "wazuh", Number: 1, Title: "Other",
		Severity: soc.SeverityLow, Status: soc.StatusNew, CreatedAt: testTime,
	}}
	d.entities[incidentA] = []soc.Entity{{
		ID: entityA, Incident: d.incidents[0].ID, Kind: soc.KindHost, Value: "ws-042", Display: "WS-042", Provenance: soc.ProvenanceSensorAsserted,
	}}
	d.alerts[incidentA] = []soc.Alert{{ID: sampleID(soc.PrefixAlert, 9), Title: "Suspicious PowerShell", Severity: soc.SeverityHigh, CreatedAt: testTime}}
	for n := 1; n <= 3; n++ {
		d.evidence[incidentA] = append(d.evidence[incidentA], soc.Evidence{
			Incident: d.incidents[0].ID, Number: n, Source: "Sentinel", Type: "process", Entities: []string{entityA}, Text: fmt.Sprintf("row %d <b>&", n),
			Fields: []soc.Field{{Name: "CommandLine", Value: "powershell <x> & y", Provenance: soc.ProvenanceParsed}}, Provenance: soc.ProvenanceParsed, At: testTime,
		})
	}
	d.sops = []soc.SOPMatch{{SOP: soc.SOP{ID: "sop-1", Name: "Malware", Kind: "response", Version: 1, Text: "# Isolate"}, Why: []string{"Its type matches."}}}
	d.offers = []soc.PlaybookOffer{{
		Playbook: soc.Playbook{ID: "isolate_host", Name: "Isolate Endpoint", Class: soc.ClassReversible, Impact: soc.ImpactHigh, EntityKinds: []soc.EntityKind{soc.KindHost}, Rollback: "unisolate_host"},
		Enabled:  true, Connectors: []string{"range"}, Need: soc.Need{Count: 1, Roles: []soc.Role{soc.RoleSenior}},
		Targets: []soc.PlaybookTarget{{Entity: entityA, Name: "WS-042", Outcome: "queue", Reasons: []soc.Code{soc.CodeCapabilityOff}}},
	}}
	return d
}

func (d *fixtureDesk) begin(ctx context.Context, operation string) error {
	d.mu.Lock()
	before, fail := d.before, d.fail
	d.mu.Unlock()
	if before != nil {
		before(ctx, operation)
	}
	if fail != nil {
		return fail
	}
	return ctx.Err()
}

func (d *fixtureDesk) incident(by soc.Actor, id string) (soc.Incident, error) {
	for _, i := range d.incidents {
		if i.ShortID == id && i.Workspace == by.Workspace {
			return i, nil
		}
	}
	return soc.Incident{}, soc.NotFoundf("There is no such incident.").WithFix("List the incidents and copy the id exactly.")
}

func (d *fixtureDesk) ListIncidents(ctx context.Context, by soc.Actor, f soc.IncidentFilter) (soc.IncidentPage, error) {
	if err := d.begin(ctx, "ListIncidents"); err != nil {
		return soc.IncidentPage{}, err
	}
	page := soc.IncidentPage{Total: -1}
	for _, i := range d.incidents {
		if i.Workspace != by.Workspace || f.After != nil && i.ID <= f.After.ID || f.Query != "" && !strings.Contains(i.Title+i.ShortID, f.Query) {
			continue
		}
		if len(page.Incidents) == f.Limit {
			page.Next = &soc.Keyset{ID: page.Incidents[f.Limit-1].ID}
			break
		}
		page.Incidents = append(page.Incidents, i)
	}
	return page, nil
}

func (d *fixtureDesk) GetIncident(ctx context.Context, by soc.Actor, ref soc.IncidentRef, parts soc.IncidentParts) (soc.IncidentDetail, error) {
	if err := d.begin(ctx, "GetIncident"); err != nil {
		return soc.IncidentDetail{}, err
	}
	i, err := d.incident(by, ref.ID)
	if err != nil {
		return soc.IncidentDetail{}, err
	}
	detail := soc.IncidentDetail{Incident: i, EvidenceTypes: map[string]int{"process": len(d.evidence[ref.ID])}}
	if parts.Entities {
		for _, e := range d.entities[ref.ID] {
			if (parts.After == nil || e.ID > parts.After.ID) && len(detail.Entities) < parts.Limit {
				detail.Entities = append(detail.Entities, e)
			}
		}
	}
	if parts.Alerts {
		detail.Alerts = d.alerts[ref.ID]
	}
	if parts.Comments {
		detail.Comments = d.comments[ref.ID]
	}
	if parts.Gamebooks {
		for _, g := range d.gamebooks {
			detail.Gamebooks = append(detail.Gamebooks, *g)
		}
	}
	return detail, nil
}

func (d *fixtureDesk) SearchEvidence(ctx context.Context, by soc.Actor, ref soc.IncidentRef, f soc.EvidenceFilter) (soc.EvidencePage, error) {
	if err := d.begin(ctx, "SearchEvidence"); err != nil {
		return soc.EvidencePage{}, err
	}
	i, err := d.incident(by, ref.ID)
	if err != nil {
		return soc.EvidencePage{}, err
	}
	page := soc.EvidencePage{Incident: i}
	for _, row := range d.evidence[ref.ID] {
		if f.Query != "" && !strings.Contains(row.Text, f.Query) {
			continue
		}
		page.Total++
		after := 0
		if f.After != nil {
			after, _ = strconv.Atoi(f.After.ID)
		}
		if row.Number <= after {
			continue
		}
		if len(page.Rows) < f.Limit {
			page.Rows = append(page.Rows, row)
		} else if page.Next == nil {
			page.Next = &soc.Keyset{ID: strconv.Itoa(page.Rows[f.Limit-1].Number)}
		}
	}
	return page, nil
}

func (d *fixtureDesk) GetEvidence(ctx context.Context, by soc.Actor, ref soc.IncidentRef, numbers []int) (soc.Incident, []soc.Evidence, error) {
	if err := d.begin(ctx, "GetEvidence"); err != nil {
		return soc.Incident{}, nil, err
	}
	i, err := d.incident(by, ref.ID)
	if err != nil {
		return i, nil, err
	}
	var rows []soc.Evidence
	for _, row := range d.evidence[ref.ID] {
		if slices.Contains(numbers, row.Number) {
			rows = append(rows, row)
		}
	}
	if len(rows) != len(numbers) {
		return i, nil, soc.NotFoundf("E%d is not an evidence row of %s.", numbers[len(numbers)-1], i.ShortID)
	}
	return i, rows, nil
}

func (d *fixtureDesk) FindRelated(ctx context.Context, by soc.Actor, q soc.RelatedQuery) (soc.RelatedPage, error) {
	if err := d.begin(ctx, "FindRelated"); err != nil {
		return soc.RelatedPage{}, err
	}
	page := soc.RelatedPage{Kind: q.Kind, Value: q.Value}
	if q.Entity == entityA {
		page.Kind, page.Value = soc.KindHost, "ws-042"
		page.Rows, page.Incidents, page.Sightings = d.incidents[:1], 1, 2
	}
	return page, nil
}

func (d *fixtureDesk) ListPlaybooks(ctx context.Context, _ soc.Actor, q soc.PlaybookQuery) ([]soc.PlaybookOffer, error) {
	if err := d.begin(ctx, "ListPlaybooks"); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(d.offers), func(o soc.PlaybookOffer) bool { return q.Playbook != "" && o.Playbook.ID != q.Playbook }), nil
}

func (d *fixtureDesk) GetSOPs(ctx context.Context, _ soc.Actor, _ soc.IncidentRef, sop string) ([]soc.SOPMatch, error) {
	if err := d.begin(ctx, "GetSOPs"); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(d.sops), func(m soc.SOPMatch) bool { return sop != "" && m.SOP.ID != sop }), nil
}

func (d *fixtureDesk) GetStatus(ctx context.Context, _ soc.Actor, q soc.StatusQuery) ([]soc.HandleStatus, error) {
	if err := d.begin(ctx, "GetStatus"); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []soc.HandleStatus
	for _, id := range q.IDs {
		status := soc.HandleStatus{ID: id}
		if g := d.gamebooks[id]; g != nil {
			gamebook := *g
			status.Found, status.Gamebook = true, &gamebook
		}
		if id == d.triage.ID && id != "" {
			triage := d.triage
			status.Found, status.Triage = true, &triage
		}
		out = append(out, status)
	}
	return out, nil
}

func (d *fixtureDesk) TriageIncident(ctx context.Context, by soc.Actor, r soc.TriageRequest) (soc.Triage, error) {
	if err := d.begin(ctx, "TriageIncident"); err != nil {
		return soc.Triage{}, err
	}
	_, err := d.incident(by, r.Incident.ID)
	return d.triage, err
}

func (d *fixtureDesk) SubmitInvestigation(ctx context.Context, by soc.Actor, r soc.SubmitInvestigation) (soc.InvestigationReceipt, error) {
	if err := d.begin(ctx, "SubmitInvestigation"); err != nil {
		return soc.InvestigationReceipt{}, err
	}
	i, err := d.incident(by, r.Incident.ID)
	if err != nil {
		return soc.InvestigationReceipt{}, err
	}
	receipt := soc.InvestigationReceipt{
		Success: true, Code: soc.CodeHeld, Held: true, HoldReasons: []soc.Code{soc.CodeAutoCloseOff}, Previous: i.Status, New: i.Status,
		Verdict: soc.Verdict(r.Classification), Reason: "Other", CommentPosted: true, Summary: "Investigation recorded.",
	}
	if r.Score != nil && (*r.Score < 0 || *r.Score > 100) {
		return soc.InvestigationReceipt{Code: soc.CodeScoreOutOfRange, Summary: "Not recorded (SCORE_OUT_OF_RANGE): the score is outside 0 to 100.", Fix: "Send a score from 0 to 100."}, nil
	}
	return receipt, d.complete(by, receipt)
}

func (d *fixtureDesk) SubmitGamebook(ctx context.Context, by soc.Actor, r soc.SubmitGamebook) (soc.GamebookReceipt, error) {
	if err := d.begin(ctx, "SubmitGamebook"); err != nil {
		return soc.GamebookReceipt{}, err
	}
	if _, err := d.incident(by, r.Incident.ID); err != nil {
		return soc.GamebookReceipt{}, err
	}
	if r.Steps[0].Entity != entityA {
		return soc.GamebookReceipt{
			Code: soc.CodeEntityNotInIncident, Summary: "Not queued (ENTITY_NOT_IN_INCIDENT): no such entity.", EffectiveTrigger: soc.TriggerOnQueue,
			Failures: []soc.StepFailure{{Code: soc.CodeEntityNotInIncident, Message: r.Steps[0].Entity + " is not an entity of " + r.Incident.ID + ".", Hints: []string{entityA}}},
		}, nil
	}
	d.mu.Lock()
	d.submits++
	id := sampleID(soc.PrefixGamebook, byte(3+d.submits))
	d.gamebooks[id] = &soc.Gamebook{
		ID: id, Status: soc.GamebookQueued, NeedsApproval: true, Need: soc.Need{Count: 1, Roles: []soc.Role{soc.RoleSenior}}, ApprovalExpiresAt: testTime.Add(4 * 3600e9),
		EffectiveTrigger: soc.TriggerOnQueue, QueueReasons: []soc.Code{soc.CodeCapabilityOff},
		Steps: []soc.Step{{ID: sampleID(soc.PrefixStep, 5), Playbook: r.Steps[0].Playbook, Entity: r.Steps[0].Entity, Sequence: 1, Status: soc.StepQueued}},
	}
	d.mu.Unlock()
	receipt := soc.GamebookReceipt{
		Success: true, Code: soc.CodeQueuedForApproval, GamebookID: id, Status: soc.GamebookQueued, QueuedForApproval: true, EffectiveTrigger: soc.TriggerOnQueue,
		QueueReasons: []soc.Code{soc.CodeCapabilityOff}, Need: soc.Need{Count: 1, Roles: []soc.Role{soc.RoleSenior}}, ApprovalExpiresAt: testTime.Add(4 * 3600e9),
		Summary: "Gamebook " + id + " queued for High severity incident. 1 playbook(s) scheduled: isolate_host on WS-042 (1). Waiting for approval: CAPABILITY_OFF.",
	}
	return receipt, d.complete(by, receipt)
}

func (d *fixtureDesk) AddComment(ctx context.Context, by soc.Actor, ref soc.IncidentRef, in soc.NewComment) (soc.Comment, error) {
	if err := d.begin(ctx, "AddComment"); err != nil {
		return soc.Comment{}, err
	}
	if _, err := d.incident(by, ref.ID); err != nil {
		return soc.Comment{}, err
	}
	d.mu.Lock()
	c := soc.Comment{ID: fmt.Sprintf("comment-%d", len(d.comments[ref.ID])+1), Body: in.Body, CreatedAt: testTime, AuthorKind: by.Kind}
	d.comments[ref.ID] = append(d.comments[ref.ID], c)
	d.mu.Unlock()
	return c, d.complete(by, c)
}

// complete stores the answer of a write, as the desk does in its transaction.
func (d *fixtureDesk) complete(by soc.Actor, result any) error {
	if by.Idempotency == nil {
		return nil
	}
	status, body := by.Idempotency.Encode(result)
	if status == 0 {
		return fmt.Errorf("the claim cannot draw a %T", result)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.answers[answerKey(*by.Idempotency)] = body
	return nil
}

func answerKey(c soc.IdempotencyClaim) string { return c.Principal + "\x00" + c.Route + "\x00" + c.Key }

func (d *fixtureDesk) StoredAnswer(_ context.Context, claim soc.IdempotencyClaim) (int, []byte, bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	body, found := d.answers[answerKey(claim)]
	return 200, body, found, nil
}

func (d *fixtureDesk) RecordCall(_ context.Context, by soc.Actor, r soc.CallRecord) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.failRecord != nil {
		return d.failRecord
	}
	d.records = append(d.records, r)
	d.actors = append(d.actors, by)
	return nil
}
