package backend

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// ingestBatch collects what the items of one transaction bring. Rows are
// written at the end, each incident once, however many alerts it got.
type ingestBatch struct {
	d   *Desk
	tx  *store.Tx
	by  soc.Actor
	in  soc.IngestRequest
	now time.Time

	drafts []*incidentDraft
	byID   map[string]*incidentDraft
	// alerts known by key: those of the store that this request names, and
	// those written in this transaction, since a request may repeat itself.
	alerts map[string]soc.Alert
	// homes are the incidents that named the request's alerts, by alert key;
	// asked are the keys for which alerts and homes are complete.
	homes map[string]string
	asked map[string]bool
}

func newIngestBatch(d *Desk, tx *store.Tx, by soc.Actor, in soc.IngestRequest) *ingestBatch {
	return &ingestBatch{
		d: d, tx: tx, by: by, in: in, now: d.clock(),
		byID: map[string]*incidentDraft{}, alerts: map[string]soc.Alert{}, homes: map[string]string{}, asked: map[string]bool{},
	}
}

// store takes in every item that could be read, then writes the rows.
func (b *ingestBatch) store(items []*ingestItem) error {
	if err := b.ask(items); err != nil {
		return err
	}
	for _, m := range items {
		if m.result.Status == "rejected" {
			continue
		}
		// The function may run again: start from what the mapper said.
		m.result = soc.IngestItem{Index: m.result.Index, ExternalID: m.result.ExternalID, Warnings: slices.Clone(m.inbound.Warnings)}
		if err := b.item(m); err != nil {
			return err
		}
		if b.in.Strict && m.result.Status == "conflict" {
			return soc.Errorf(soc.Invalid, soc.CodeValidationError, "Item %d cannot be stored, and with strict=true nothing was.", m.result.Index).
				WithField(fmt.Sprintf("[%d]", m.result.Index), "is known with another payload").
				WithFix("Send it with update=true, or leave it out.")
		}
	}
	b.nameIncidents(items)
	return b.flush()
}

// nameIncidents tells where the alerts are now: a later item may have brought
// an alert under the incident its source named.
func (b *ingestBatch) nameIncidents(items []*ingestItem) {
	for _, m := range items {
		if m.result.AlertID == "" || m.inbound.Alert == nil {
			continue
		}
		a, known := b.alerts[m.key()]
		if draft := b.byID[a.Incident]; known && draft != nil {
			m.result.IncidentID = draft.now.ShortID
		}
	}
}

// ask reads what the store knows of the alerts of the request, all at once.
func (b *ingestBatch) ask(items []*ingestItem) error {
	named := map[string][]string{}
	for _, m := range items {
		if m.inbound.Alert == nil || m.result.Status == "rejected" || b.asked[m.key()] {
			continue
		}
		b.asked[m.key()] = true
		named[m.inbound.Alert.Source] = append(named[m.inbound.Alert.Source], m.inbound.Alert.ExternalID)
	}
	for _, source := range slices.Sorted(maps.Keys(named)) {
		known, err := b.tx.AlertsBySource(b.by.Workspace, source, named[source])
		if err != nil {
			return err
		}
		for _, a := range known {
			b.alerts[alertKey(source, a.ExternalID)] = a
		}
		homes, err := b.tx.ReferencingIncidents(b.by.Workspace, source, named[source])
		if err != nil {
			return err
		}
		for id, incident := range homes {
			b.homes[alertKey(source, id)] = incident
		}
	}
	return nil
}

// alertKey is what makes an alert the same within a workspace.
func alertKey(source, externalID string) string { return source + "\x00" + externalID }

// key is the alert key of an item that holds an alert.
func (m *ingestItem) key() string {
	return alertKey(m.inbound.Alert.Source, m.inbound.Alert.ExternalID)
}

func (b *ingestBatch) item(m *ingestItem) error {
	if m.inbound.Incident != nil {
		if err := b.incident(m); err != nil {
			return err
		}
	}
	if m.inbound.Alert != nil {
		return b.alert(m)
	}
	return nil
}

// incident takes in a row of a source that has incidents of its own. Rows with
// one key are versions of it; the later modification wins in any order.
func (b *ingestBatch) incident(m *ingestItem) error {
	in := m.inbound.Incident
	hash := m.hash
	draft, err := b.draftBySource(in.Source, in.ExternalID)
	if err != nil {
		return err
	}
	if draft == nil {
		gone, err := b.tx.IncidentKeyExists(b.by.Workspace, in.Source, in.ExternalID)
		if err != nil || gone {
			// It was deleted here: keys are never used twice.
			m.result.Status, m.result.Warnings = "duplicate", append(m.result.Warnings, "incident_deleted")
			return err
		}
		if draft, err = b.newDraft(in.Source, in.ExternalID); err != nil {
			return err
		}
		applyIncident(&draft.now, in)
		draft.now.Severity = in.Severity
		draft.now.IngestSeverity, draft.now.HighestSeverity = in.Severity, in.Severity
		draft.now.CreatedAt = firstTime(in.CreatedAt, b.now)
		m.result.Status = "created"
	} else {
		known, _, found, err := b.tx.IncidentPayload(draft.now.Workspace, draft.now.ID)
		switch {
		case err != nil:
			return err
		case (found && known == hash) || draft.payloadHash == hash:
			m.result.Status = "duplicate"
		case !in.ModifiedAt.After(draft.now.SourceModified) && !draft.now.SourceModified.IsZero():
			m.result.Status = "duplicate"
			m.result.Warnings = append(m.result.Warnings, "older_version")
		default:
			applyIncident(&draft.now, in)
			m.result.Status = "updated"
		}
	}
	m.result.IncidentID = draft.now.ShortID
	if m.result.Status == "duplicate" {
		return nil
	}
	draft.payload, draft.payloadHash, draft.closedAt = in.Raw, hash, in.ClosedAt
	m.result.Warnings = append(m.result.Warnings, applySourceState(&draft.now, in)...)
	if err := b.references(draft, in.AlertIDs); err != nil {
		return err
	}
	for _, id := range draft.now.DanglingAlerts {
		m.result.Warnings = append(m.result.Warnings, "dangling_alert_reference:"+id)
	}
	return nil
}

// alert takes in one detection.
func (b *ingestBatch) alert(m *ingestItem) error {
	in := m.alert
	known, found, err := b.knownAlert(in.Source, in.ExternalID)
	if err != nil {
		return err
	}
	if found {
		return b.knownAlertAgain(m, known)
	}
	draft, err := b.home(in)
	if err != nil {
		return err
	}
	a, err := b.newAlert(in)
	if err != nil {
		return err
	}
	if err := draft.attach(b, a, in); err != nil {
		return err
	}
	b.alerts[m.key()] = draft.alerts[len(draft.alerts)-1]
	m.result.Status, m.result.AlertID, m.result.IncidentID = "created", a.ID, draft.now.ShortID
	return nil
}

// knownAlertAgain answers a payload whose key was seen before.
func (b *ingestBatch) knownAlertAgain(m *ingestItem, known soc.Alert) error {
	m.result.AlertID = known.ID
	draft, err := b.draft(known.Incident)
	if err != nil {
		return err
	}
	if draft != nil {
		m.result.IncidentID = draft.now.ShortID
	}
	switch {
	case known.PayloadHash == m.alert.row.PayloadHash:
		m.result.Status = "duplicate"
		return nil
	case !b.in.Update || draft == nil:
		m.result.Status = "conflict"
		return nil
	}
	m.result.Status = "updated"
	m.alert.row.Format = b.in.Format
	return draft.replace(b, known, m.alert)
}

// knownAlert looks among the alerts of this transaction, then in the store.
func (b *ingestBatch) knownAlert(source, externalID string) (soc.Alert, bool, error) {
	key := alertKey(source, externalID)
	if a, ok := b.alerts[key]; ok || b.asked[key] {
		return a, ok, nil
	}
	return b.tx.AlertBySource(b.by.Workspace, source, externalID)
}

// home finds the incident an alert belongs to: the one whose source named it,
// else one of its own, so that no alert is without an incident.
func (b *ingestBatch) home(in *ingestAlert) (*incidentDraft, error) {
	for _, draft := range b.drafts {
		if draft.now.Source == in.Source && slices.Contains(draft.references, in.ExternalID) {
			return draft, nil
		}
	}
	if id := b.homes[alertKey(in.Source, in.ExternalID)]; id != "" {
		if draft, err := b.draft(id); err != nil || draft != nil {
			return draft, err
		}
	}
	draft, err := b.newDraft(in.Source, in.ExternalID)
	if err != nil {
		return nil, err
	}
	i := &draft.now
	i.Title, i.Description, i.Type = in.Title, in.Description, in.Type
	i.Severity, i.IngestSeverity, i.HighestSeverity = in.Severity, in.Severity, in.Severity
	i.CreatedAt = firstTime(in.CreatedAt, in.StartedAt, b.now)
	draft.provisional = true
	return draft, nil
}

func (b *ingestBatch) newAlert(in *ingestAlert) (soc.Alert, error) {
	id, err := soc.NewID(soc.PrefixAlert, b.d.random)
	if err != nil {
		return soc.Alert{}, err
	}
	uid, err := uuid.NewV7()
	if err != nil {
		return soc.Alert{}, err
	}
	a := in.row
	a.ID, a.UID, a.Workspace, a.IngestedAt, a.LastSeen, a.Format = id, uid.String(), b.by.Workspace, b.now, b.now, b.in.Format
	a.CreatedAt = firstTime(in.CreatedAt, in.StartedAt, b.now)
	return a, nil
}

// newDraft begins a new incident.
func (b *ingestBatch) newDraft(source, externalID string) (*incidentDraft, error) {
	short, err := soc.NewID(soc.PrefixIncident, b.d.random)
	if err != nil {
		return nil, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return nil, err
	}
	draft := &incidentDraft{fresh: true, now: soc.Incident{
		ID: id.String(), ShortID: short, Workspace: b.by.Workspace, Source: source, ExternalID: externalID,
		Status: soc.StatusNew, IngestedAt: b.now, UpdatedAt: b.now, Version: 1, EvidenceVersion: 1,
	}}
	b.keep(draft)
	return draft, nil
}

func (b *ingestBatch) keep(draft *incidentDraft) {
	draft.entities = map[string]*entityDraft{}
	b.drafts = append(b.drafts, draft)
	b.byID[draft.now.ID] = draft
}

// draft loads an incident by id, nil where there is none.
func (b *ingestBatch) draft(id string) (*incidentDraft, error) {
	if draft := b.byID[id]; draft != nil || id == "" {
		return draft, nil
	}
	i, found, err := b.tx.Incident(b.by.Workspace, id)
	if err != nil || !found {
		return nil, err
	}
	return b.loaded(i), nil
}

func (b *ingestBatch) draftBySource(source, externalID string) (*incidentDraft, error) {
	for _, draft := range b.drafts {
		if draft.now.Source == source && draft.now.ExternalID == externalID {
			return draft, nil
		}
	}
	i, found, err := b.tx.IncidentBySource(b.by.Workspace, source, externalID)
	if err != nil || !found {
		return nil, err
	}
	return b.loaded(i), nil
}

func (b *ingestBatch) loaded(i soc.Incident) *incidentDraft {
	draft := &incidentDraft{before: i, now: i}
	b.keep(draft)
	return draft
}

func firstTime(times ...time.Time) time.Time {
	for _, t := range times {
		if !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}

// valueOf keys an entity within an incident by its value.
func valueOf(kind soc.EntityKind, value string) string {
	return string(kind) + "\x00" + strings.Clone(value)
}

// uniqueOf keys an entity within an incident by one of its unique names. No
// value, whoever wrote it, has the key of a unique name.
func uniqueOf(kind soc.EntityKind, name string) string { return string(kind) + "\x01" + name }
