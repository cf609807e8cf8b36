package backend

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// contentCandidates bounds how many alerts that say the same are looked at: of
// those within the window of their source all but the first have been absorbed, unless it was
// dismissed or its incident closed.
const contentCandidates = 50

// PostAlert takes in one alert of the case family (case-api.md section 4): its
// key and its content are compared with what is known, its values extracted and
// looked up, active suppressions applied, and all of it stored durably before
// the answer. Neither the kill switch nor a locked workspace stops it.
func (d *Desk) PostAlert(ctx context.Context, by soc.Actor, in soc.PostAlert) (receipt soc.AlertReceipt, err error) {
	const event = "alert_received"
	if by.Kind == soc.PrincipalAgent {
		return receipt, d.refused(ctx, by, event, soc.Errorf(soc.Denied, soc.CodeForbidden, "An agent credential never sends alerts.").
			WithFix("Use a service key with the scope %s.", soc.ScopeAlertsWrite), nil)
	}
	if err := by.May(soc.ScopeAlertsWrite, soc.RoleViewer); err != nil {
		return receipt, d.refused(ctx, by, event, err, nil)
	}
	if source := soc.FromFamilySource(in.Alert.Source); by.Source != "" && source != by.Source {
		err := soc.Errorf(soc.Denied, soc.CodeForbidden, "This key is tied to the source %s.", soc.FamilySource(by.Source)).
			WithField("source", "must be %s", soc.FamilySource(by.Source)).WithFix("Send the alert with the key of its own source.")
		return receipt, d.refused(ctx, by, event, err, nil)
	}
	if err := d.wholeAlert(in.Alert); err != nil {
		return receipt, err
	}
	in.Alert.Asserted, in.Alert.Technique = by.Source != "", technique
	intake := &alertIntake{d: d, by: by, now: d.clock(), update: in.Update, alert: readCaseAlert(in.Alert)}
	if in.DryRun {
		err = d.store.View(ctx, func(r *store.Reader) error {
			receipt, err = intake.judge(r)
			return err
		})
		return receipt, err
	}
	ctx, cancel := d.intakeContext(ctx)
	defer cancel()
	err = d.write(ctx, func(tx *store.Tx) error {
		if receipt, err = intake.take(tx); err != nil {
			return err
		}
		// What came counts for its source, also what was known already.
		if err := tx.CountSource(by.Workspace, intake.alert.Source, caseFormat, 1, 0, intake.now); err != nil {
			return err
		}
		if receipt.Dedup == soc.DedupKey && !receipt.Updated {
			return nil // nothing changed, so no idempotency key is spent
		}
		return d.settleIdempotency(tx, by, receipt)
	})
	if err != nil {
		return soc.AlertReceipt{}, d.refused(ctx, by, event, err, nil)
	}
	return receipt, nil
}

// caseFormat names the case family among the formats of data sources.
const caseFormat = "case"

// wholeAlert are the rules of an alert that need no row beyond those of its
// schema.
func (d *Desk) wholeAlert(in soc.CaseAlert) error {
	if in.DetectedAt.After(d.clock().Add(24 * time.Hour)) {
		return soc.InvalidField("detected_at", "must not be more than 24 hours ahead")
	}
	return knownTechniques(in.Techniques)
}

// knownTechniques refuses ids that ATT&CK does not know.
func knownTechniques(ids []string) error {
	for n, id := range ids {
		if _, known := technique(id); !known {
			return soc.InvalidField(fmt.Sprintf("techniques[%d]", n), "must be an ATT&CK technique id such as T1059.001")
		}
	}
	return nil
}

// alertIntake is one alert on its way in.
type alertIntake struct {
	d      *Desk
	by     soc.Actor
	now    time.Time
	update bool
	alert  *ingestAlert

	// What judge found.
	known    soc.Alert // with the same key
	original soc.Alert // with the same content
	next     soc.Alert // as it will be
	fresh    []soc.Observable
	// window is how many hours the second layer looks back.
	window int
}

// judge decides what becomes of the alert; it only reads, and may be asked
// again.
func (a *alertIntake) judge(r *store.Reader) (soc.AlertReceipt, error) {
	known, found, err := r.AlertBySource(a.by.Workspace, a.alert.Source, a.alert.ExternalID)
	switch {
	case err != nil:
		return soc.AlertReceipt{}, err
	case found && known.PayloadHash == a.alert.row.PayloadHash:
		a.known = known
		return soc.AlertReceipt{Alert: known, Dedup: soc.DedupKey, Suppression: known.Suppression}, nil
	case found && !a.update:
		return soc.AlertReceipt{}, a.conflict(r, known)
	}
	a.known, a.next = known, a.alert.row
	if found {
		a.next = a.alert.over(known, a.now)
	} else {
		a.next.Workspace, a.next.CreatedAt, a.next.IngestedAt, a.next.LastSeen = a.by.Workspace, firstTime(a.next.StartedAt, a.now), a.now, a.now
	}
	if a.next.StartedAt.IsZero() {
		a.next.StartedAt = firstTime(known.StartedAt, a.now) // the receipt, unless the sender said when
	}
	if err := a.enrich(r); err != nil {
		return soc.AlertReceipt{}, err
	}
	if found {
		return a.judgeUpdate(r)
	}
	a.fresh = a.alert.observablesOf(a.next)
	if a.original, err = a.sameContent(r); err != nil {
		return soc.AlertReceipt{}, err
	}
	if a.original.ID != "" {
		a.next.Status, a.next.DuplicateOf = soc.AlertDeduplicated, a.original.UID
		shown := a.original
		shown.RepeatCount, shown.LastSeen = shown.RepeatCount+1, a.now
		return soc.AlertReceipt{Alert: shown, Dedup: soc.DedupContent, WindowHours: a.window, Suppression: shown.Suppression, Added: len(a.fresh)}, nil
	}
	if a.next.Suppression, err = a.suppress(r); err != nil {
		return soc.AlertReceipt{}, err
	}
	a.next.Status = soc.AlertTriage
	if a.next.Suppression.Applied {
		a.next.Status = soc.AlertSuppressed
	}
	return soc.AlertReceipt{Alert: a.next, Created: true, Suppression: a.next.Suppression, Added: len(a.fresh)}, nil
}

// conflict is the answer to a known key with another payload.
func (a *alertIntake) conflict(r *store.Reader, known soc.Alert) error {
	stored, _, err := r.AlertPayload(a.by.Workspace, known.ID)
	if err != nil {
		return err
	}
	e := soc.Errorf(soc.Conflict, soc.CodeConflict, "An alert with this source and external_id is known with another payload.").
		WithFix("Repeat with ?update=true to replace it.")
	return soc.AlertConflict{Refusal: e, Alert: known.UID, Fields: soc.DifferingFields(stored, a.alert.row.Raw)}
}

// judgeUpdate decides what a newer payload makes of a known alert. It may bring
// an alert back into triage and never takes one out of it: a suppression looks
// forward only, and an update is no way to hide what was seen.
func (a *alertIntake) judgeUpdate(r *store.Reader) (soc.AlertReceipt, error) {
	have, err := r.AlertObservables(a.by.Workspace, a.known.ID, 2*soc.MaxExtracted)
	if err != nil {
		return soc.AlertReceipt{}, err
	}
	last := 0
	seen := map[string]bool{}
	for _, o := range have {
		seen[valueOf(o.Kind, o.Value)], last = true, max(last, o.Number)
	}
	added := 0
	a.fresh = a.alert.observablesOf(a.next)
	for n := range a.fresh {
		a.fresh[n].Number += last
		if !seen[valueOf(a.fresh[n].Kind, a.fresh[n].Value)] {
			added++
		}
	}
	rose := a.next.Severity.Rank() > a.known.Severity.Rank()
	switch {
	case a.known.Status == soc.AlertSuppressed:
		again, err := a.suppress(r)
		if err != nil {
			return soc.AlertReceipt{}, err
		}
		if !again.Applied || rose {
			a.next.Status, a.next.Suppression = soc.AlertTriage, again
			a.next.Suppression.Applied = false
		}
	case rose && (a.known.Status == soc.AlertDismissed || a.known.Status == soc.AlertDeduplicated):
		a.next.Status, a.next.Dismissal, a.next.DuplicateOf = soc.AlertTriage, nil, ""
	}
	return soc.AlertReceipt{Alert: a.next, Dedup: soc.DedupKey, Updated: true, Suppression: a.next.Suppression, Added: added}, nil
}

// sameContent finds the alert that absorbs this one: received within the window,
// saying the same, still being worked on, and no less severe. It never folds
// into what somebody put aside: coming back is news.
func (a *alertIntake) sameContent(r *store.Reader) (soc.Alert, error) {
	s, found, err := r.DataSource(a.by.Workspace, a.alert.Source)
	if err != nil {
		return soc.Alert{}, err
	}
	if a.window = soc.DefaultDedupHours; found {
		a.window = s.DedupHours
	}
	if a.window == 0 {
		return soc.Alert{}, nil
	}
	alike, err := r.AlertsWithContent(a.by.Workspace, a.next.ContentKey, a.now.Add(-time.Duration(a.window)*time.Hour), contentCandidates)
	if err != nil {
		return soc.Alert{}, err
	}
	for _, other := range alike {
		if a.next.Severity.Rank() > other.Severity.Rank() || a.next.SentSeverity.Rank() > other.SentSeverity.Rank() {
			continue
		}
		if other.Status == soc.AlertTriage {
			return other, nil
		}
		i, found, err := r.Incident(a.by.Workspace, other.CaseOf())
		if err != nil {
			return soc.Alert{}, err
		}
		if found && i.Open() {
			return other, nil
		}
	}
	return soc.Alert{}, nil
}

// suppress applies the active suppressions of the alert's values.
func (a *alertIntake) suppress(r *store.Reader) (soc.AlertSuppression, error) {
	active, err := r.SuppressionsOf(a.by.Workspace, a.fresh, a.now)
	if err != nil {
		return soc.AlertSuppression{}, err
	}
	return soc.Suppress(a.alert.Source, a.next.Severity, a.fresh, active), nil
}

// take judges and stores.
func (a *alertIntake) take(tx *store.Tx) (soc.AlertReceipt, error) {
	receipt, err := a.judge(&tx.Reader)
	if err != nil {
		return receipt, err
	}
	switch {
	case receipt.Updated:
		err = a.replace(tx)
	case receipt.Dedup == soc.DedupKey:
		err = tx.TouchAlert(a.by.Workspace, a.known.ID, a.now)
		receipt.Alert.LastSeen = a.now
	default:
		if err = a.insert(tx); err == nil && receipt.Dedup == soc.DedupContent {
			receipt.Absorbed = a.next.UID
			err = tx.RepeatAlert(a.by.Workspace, a.original.ID, a.now)
		}
	}
	if err != nil {
		return receipt, err
	}
	if receipt.Created {
		receipt.Alert = a.next
		if receipt.Suppression.Applied {
			if err := tx.CountSuppressed(a.by.Workspace, receipt.Suppression.Matched); err != nil {
				return receipt, err
			}
		}
	}
	a.audit(tx, receipt)
	return receipt, nil
}

// insert stores a new alert.
func (a *alertIntake) insert(tx *store.Tx) error {
	id, err := soc.NewID(soc.PrefixAlert, a.d.random)
	if err != nil {
		return err
	}
	uid, err := uuid.NewV7()
	if err != nil {
		return err
	}
	a.next.ID, a.next.UID = id, uid.String()
	if err := tx.InsertAlert(a.next); err != nil {
		return err
	}
	return tx.AddObservables(a.by.Workspace, a.alert.observablesOf(a.next))
}

// replace stores a newer payload: under the incident of the alert where it has
// one, so that its entities and evidence grow there too.
func (a *alertIntake) replace(tx *store.Tx) error {
	if a.known.Incident != "" {
		b := newIngestBatch(a.d, tx, a.by, soc.IngestRequest{Format: soc.FormatCase})
		draft, err := b.draft(a.known.Incident)
		if err != nil {
			return err
		}
		if draft != nil {
			a.alert.row = a.next // with what it was enriched by
			if err := draft.replace(b, a.known, a.alert); err != nil {
				return err
			}
			draft.observables[a.known.ID] = a.fresh
			return b.flush()
		}
	}
	if err := tx.ReplaceAlert(a.known, a.next); err != nil {
		return err
	}
	if a.next.Status != a.known.Status {
		if err := tx.MoveAlert(a.next); err != nil {
			return err
		}
	}
	return tx.AddObservables(a.by.Workspace, a.fresh)
}

func (a *alertIntake) audit(tx *store.Tx, receipt soc.AlertReceipt) {
	e := a.d.entry(a.by, "alert_received")
	e.Target, e.Incident = receipt.Alert.UID, receipt.Alert.Incident
	detail := map[string]any{"status": receipt.Alert.Status, "observables": receipt.Added, "dedup": receipt.Dedup, "updated": receipt.Updated}
	if receipt.Absorbed != "" {
		detail["absorbed"] = receipt.Absorbed
	}
	if len(receipt.Suppression.Matched) > 0 && receipt.Created {
		detail["suppressions"] = receipt.Suppression.Matched
	}
	if text, err := json.Marshal(detail); err == nil {
		e.Detail = string(text)
	}
	tx.Audit(e)
}
