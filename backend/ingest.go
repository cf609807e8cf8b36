package backend

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// Mapper reads one ingest format: Split cuts a request into items, Map reads
// one item. Both are pure.
type Mapper struct {
	Split func(data []byte) ([][]byte, error)
	Map   func(item []byte) (soc.Inbound, *soc.Error)
}

// Limits of one ingest request (ops-api.md section 11).
const (
	ingestItems     = 1000
	ingestItemBytes = 1 << 20
)

// IngestFormats lists the formats by name.
func (d *Desk) IngestFormats() []string { return slices.Sorted(maps.Keys(d.mappers)) }

// SplitIngest cuts the body of an ingest request into items.
func (d *Desk) SplitIngest(format string, data []byte) ([][]byte, error) {
	mapper, err := d.mapper(format)
	if err != nil {
		return nil, err
	}
	items, splitErr := mapper.Split(data)
	if splitErr != nil {
		known := soc.AsError(splitErr)
		if known.Kind == soc.Internal {
			known = soc.Errorf(soc.Invalid, soc.CodeBadRequest, "The body is neither a JSON array, nor one object, nor lines of JSON objects.").WithCause(splitErr)
		}
		return nil, known
	}
	return items, nil
}

func (d *Desk) mapper(format string) (Mapper, error) {
	mapper, ok := d.mappers[format]
	if !ok {
		return mapper, soc.NotFoundf("There is no ingest format %q. The formats are %s.", soc.DisplayName(format), strings.Join(d.IngestFormats(), ", "))
	}
	return mapper, nil
}

// Ingest stores what the items of one format say: alerts, incidents, entities
// with provenance and rows of evidence. It is idempotent on the alert key
// (workspace, source, external id): cut off and repeated, it ends with the
// same rows. Items are judged alone; with Strict one bad item refuses all.
// Neither the kill switch nor a locked workspace stops it.
func (d *Desk) Ingest(ctx context.Context, by soc.Actor, in soc.IngestRequest) (receipt soc.IngestReceipt, err error) {
	if err := d.mayIngest(ctx, by, "ingest_received"); err != nil {
		return receipt, err
	}
	mapper, err := d.mapper(in.Format)
	if err != nil {
		return receipt, err
	}
	if len(in.Items) == 0 || len(in.Items) > ingestItems {
		return receipt, soc.InvalidField("", "must hold 1 to %d items, it holds %d", ingestItems, len(in.Items)).WithFix("Send the items in several requests.")
	}
	mapped := d.mapItems(by, mapper, in.Items)
	if in.Strict {
		if refusal := firstRejected(mapped); refusal != nil {
			return soc.IngestReceipt{}, refusal
		}
	}
	ctx, cancel := d.intakeContext(ctx)
	defer cancel()
	err = d.write(ctx, func(tx *store.Tx) error {
		if err := newIngestBatch(d, tx, by, in).store(mapped); err != nil {
			return err
		}
		if err := countSources(tx, by, in.Format, mapped, d.clock()); err != nil {
			return err
		}
		receipt = receiptOf(mapped)
		e := d.entry(by, "ingest_received")
		e.Detail = receiptDetail(in.Format, receipt)
		tx.Audit(e)
		if receipt.Created+receipt.Updated == 0 {
			return nil // nothing changed, so no idempotency key is spent
		}
		return d.settleIdempotency(tx, by, receipt)
	})
	if err != nil {
		return soc.IngestReceipt{}, err
	}
	return receipt, nil
}

// mayIngest lets in who may send alerts, and puts on record who may not.
func (d *Desk) mayIngest(ctx context.Context, by soc.Actor, event string) error {
	if by.Kind == soc.PrincipalAgent {
		return d.refused(ctx, by, event, soc.Errorf(soc.Denied, soc.CodeForbidden, "An agent credential never sends alerts.").
			WithFix("Use a service key with the scope %s.", soc.ScopeAlertsWrite), nil)
	}
	if err := by.May(soc.ScopeAlertsWrite, soc.RoleViewer); err != nil {
		return d.refused(ctx, by, event, err, nil)
	}
	if by.Session && !by.Role.AtLeast(soc.RoleAnalyst) {
		return d.refused(ctx, by, event, by.May("", soc.RoleAnalyst), nil)
	}
	return nil
}

// intakeContext bounds how long an alert waits for the writer. Whoever sends
// alerts sends them again after a 503 and would keep its own queue; an open-ended
// wait would only hide from it that this server is behind.
func (d *Desk) intakeContext(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, d.intakeWait)
}

// ingestItem is one item on its way.
type ingestItem struct {
	inbound soc.Inbound
	// alert is the reading of inbound.Alert, hash that of inbound.Incident's
	// payload; where the item holds one.
	alert  *ingestAlert
	hash   string
	result soc.IngestItem
}

// mapItems reads every item; what cannot be read is rejected and says why.
func (d *Desk) mapItems(by soc.Actor, mapper Mapper, items [][]byte) []*ingestItem {
	out := make([]*ingestItem, len(items))
	for i, item := range items {
		m := &ingestItem{result: soc.IngestItem{Index: i, Status: "rejected"}}
		out[i] = m
		if len(item) > ingestItemBytes {
			m.result.Errors = map[string][]string{"": {fmt.Sprintf("is larger than %d bytes", ingestItemBytes)}}
			continue
		}
		inbound, err := mapper.Map(item)
		if err != nil {
			m.result.Errors = itemErrors(err)
			continue
		}
		if source := sourceOf(inbound); by.Source != "" && source != by.Source {
			m.result.Errors = map[string][]string{"source": {fmt.Sprintf("must be %s: the key is tied to this source", by.Source)}}
			continue
		}
		m.inbound, m.result.Status = inbound, ""
		if inbound.Alert != nil {
			m.alert = readAlert(inbound.Alert)
		}
		if inbound.Incident != nil {
			m.hash = payloadHash(inbound.Incident.Raw)
		}
		m.result.Warnings = inbound.Warnings
		m.result.ExternalID = externalIDOf(inbound)
	}
	return out
}

// itemErrors are a mapper's complaints by path. Mappers call the item itself
// "$", the contracts "".
func itemErrors(err *soc.Error) map[string][]string {
	errors := map[string][]string{}
	for path, messages := range err.Fields {
		if path == "$" {
			path = ""
		}
		errors[path] = messages
	}
	if len(errors) == 0 {
		errors[""] = []string{err.Message}
	}
	return errors
}

func sourceOf(in soc.Inbound) string {
	if in.Incident != nil {
		return in.Incident.Source
	}
	return in.Alert.Source
}

func externalIDOf(in soc.Inbound) string {
	if in.Incident != nil {
		return in.Incident.ExternalID
	}
	return in.Alert.ExternalID
}

func firstRejected(items []*ingestItem) error {
	for _, m := range items {
		if m.result.Status != "rejected" {
			continue
		}
		e := soc.Errorf(soc.Invalid, soc.CodeValidationError, "Item %d cannot be stored, and with strict=true nothing was.", m.result.Index)
		e.Fields = map[string][]string{}
		for path, messages := range m.result.Errors {
			e.Fields[strings.TrimSuffix(fmt.Sprintf("[%d].%s", m.result.Index, path), ".")] = messages
		}
		return e
	}
	return nil
}

// receiptOf counts what became of the items.
func receiptOf(items []*ingestItem) soc.IngestReceipt {
	r := soc.IngestReceipt{Received: len(items), Items: make([]soc.IngestItem, 0, len(items))}
	for _, m := range items {
		r.Items = append(r.Items, m.result)
		switch m.result.Status {
		case "created":
			r.Created++
		case "updated":
			r.Updated++
		case "duplicate":
			r.Duplicate++
		case "conflict":
			r.Conflict++
		case "rejected":
			r.Rejected++
		}
	}
	return r
}

// receiptDetail is the receipt's counts for the audit entry.
func receiptDetail(format string, r soc.IngestReceipt) string {
	return fmt.Sprintf(`{"conflict":%d,"created":%d,"duplicate":%d,"format":%q,"received":%d,"rejected":%d,"updated":%d}`,
		r.Conflict, r.Created, r.Duplicate, format, r.Received, r.Rejected, r.Updated)
}

// activity widens the span of an incident by one moment.
func activity(i *soc.Incident, at time.Time) {
	if at.IsZero() {
		return
	}
	if i.FirstActivity.IsZero() || at.Before(i.FirstActivity) {
		i.FirstActivity = at
	}
	if at.After(i.LastActivity) {
		i.LastActivity = at
	}
}
