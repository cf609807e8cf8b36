package backend

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"vedette/backend/soc"
)

// ingestAlert is an alert of a payload with all that can be said of it without
// the store: row, the hash of the payload in it, and the flags of its entities
// and rows of evidence. It is made before the transaction, where several
// requests are read at a time; inside, there is one writer.
type ingestAlert struct {
	*soc.InboundAlert
	// observables are those of an alert of the case family; for others they are
	// made of the entities.
	observables   []soc.Observable
	row           soc.Alert
	entityFlags   [][]soc.Flag
	evidenceFlags [][]soc.Flag
}

func readAlert(in *soc.InboundAlert) *ingestAlert {
	a := &ingestAlert{
		InboundAlert: in, row: alertOf(in), entityFlags: make([][]soc.Flag, len(in.Entities)), evidenceFlags: make([][]soc.Flag, len(in.Evidence)),
	}
	for n, e := range in.Entities {
		for _, text := range append([]string{e.Display}, e.Names...) {
			a.entityFlags[n] = mergeFlags(a.entityFlags[n], soc.DetectHostile("name", text))
		}
	}
	for n, row := range in.Evidence {
		for _, field := range row.Fields {
			a.evidenceFlags[n] = mergeFlags(a.evidenceFlags[n], soc.DetectHostile(field.Name, field.Value))
		}
	}
	return a
}

// over is the alert as its newer payload says it is, in the place of the one
// that is known. A payload may raise severity; what decides never falls (S3).
func (a *ingestAlert) over(known soc.Alert, now time.Time) soc.Alert {
	next := a.row
	next.ID, next.UID, next.Workspace, next.Version = known.ID, known.UID, known.Workspace, known.Version+1
	next.Status, next.Incident, next.LinkedTo, next.DuplicateOf, next.Dismissal = known.Status, known.Incident, known.LinkedTo, known.DuplicateOf, known.Dismissal
	next.RepeatCount, next.Suppression = known.RepeatCount, known.Suppression
	next.CreatedAt, next.IngestedAt, next.LastSeen = known.CreatedAt, known.IngestedAt, now
	next.Severity = soc.MaxSeverity(known.Severity, next.Severity)
	if next.Format != soc.FormatCase {
		next.Asset, next.Enrichment = known.Asset, known.Enrichment
	}
	return next
}

// observablesOf are the values of the payload as those of an alert. Where a
// mapper named entities, those that a sensor vouches for count as declared.
func (a *ingestAlert) observablesOf(of soc.Alert) []soc.Observable {
	out := slices.Clone(a.observables)
	if of.Format != soc.FormatCase {
		for n, e := range a.Entities {
			out = append(out, soc.Observable{
				Number: n + 1, Kind: e.Kind, Value: e.Value, Valid: e.Properties["valid"] != "false", Declared: e.Provenance == soc.ProvenanceSensorAsserted,
				Provenance: e.Provenance, Field: e.Field, Sent: e.Display,
			})
		}
	}
	for n := range out {
		out[n].Workspace, out[n].Alert, out[n].AlertUID, out[n].SeenAt = of.Workspace, of.ID, of.UID, of.DetectedAt()
	}
	return out
}

// alertOf is an alert as its payload says it is.
func alertOf(in *soc.InboundAlert) soc.Alert {
	detector, title, category := soc.AlertKeys(*in)
	a := soc.Alert{
		Source: in.Source, ExternalID: in.ExternalID, Title: in.Title, Description: in.Description, Severity: in.Severity, SentSeverity: in.Severity,
		Product: in.Product, Vendor: in.Vendor, Detector: in.Detector, DetectorKey: detector, TitleKey: title, Category: category,
		Tactics: in.Tactics, Techniques: in.Techniques, VendorVerdict: in.VendorVerdict,
		StartedAt: in.StartedAt, EndedAt: in.EndedAt, RepeatCount: 1, Version: 1, PayloadHash: payloadHash(in.Raw), Raw: in.Raw,
	}
	a.Flags = append(soc.DetectHostile("title", in.Title), soc.DetectHostile("description", in.Description)...)
	return a
}

// payloadHash compares payloads by meaning where they are plain JSON, so that
// white space and member order do not make a conflict.
func payloadHash(raw []byte) string {
	canonical, err := soc.CanonicalJSON(raw, soc.JSONLimits{StringBytes: ingestItemBytes, AllowNUL: true})
	if err != nil {
		canonical = raw
	}
	sum := sha256.Sum256(canonical)
	return hex.EncodeToString(sum[:])
}

// readCaseAlert reads the body of an alert of the case family. The alert's flags
// are those of all its text, since it may never come under an incident.
func readCaseAlert(in soc.CaseAlert) *ingestAlert {
	read := in.Read()
	body := read.Inbound.Raw
	read.Inbound.Raw = nil // hashed below, as this family compares it
	a := readAlert(&read.Inbound)
	for _, flags := range slices.Concat(a.entityFlags, a.evidenceFlags) {
		a.row.Flags = mergeFlags(a.row.Flags, flags)
	}
	a.observables = read.Observables
	a.row.Format, a.row.Asset, a.row.Raw = soc.FormatCase, read.Asset, body
	a.row.PayloadHash = canonicalHash(body)
	a.row.ContentKey = soc.ContentKey(a.Source, a.Title, read.Asset, read.Observables)
	return a
}

// canonicalHash is payloadHash for a body in which null and absent mean the same.
func canonicalHash(body []byte) string {
	canonical, err := soc.CanonicalPayload(body)
	if err != nil {
		canonical = body
	}
	sum := sha256.Sum256(canonical)
	return hex.EncodeToString(sum[:])
}
