package soc

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// CaseAlert is the body of POST /alerts, checked by the door. It is also how a
// stored alert of the case family is read again.
type CaseAlert struct {
	Source      string             `json:"source"` // as the family spells it
	ExternalID  string             `json:"external_id"`
	Severity    Severity           `json:"severity"`
	Title       string             `json:"title"`
	DetectedAt  time.Time          `json:"detected_at"`
	Asset       CaseAsset          `json:"asset"`
	Observables []CaseObservable   `json:"observables"`
	Description string             `json:"description"`
	Techniques  []string           `json:"techniques"`
	Raw         json.RawMessage    `json:"raw"`
	Body        []byte             `json:"-"`
	Asserted    bool               `json:"-"`
	Technique   TechniqueReference `json:"-"`
}

// CaseAsset is its asset.
type CaseAsset struct {
	ID       string `json:"id"`
	Hostname string `json:"hostname"`
	Owner    string `json:"owner"`
	IP       string `json:"ip"`
}

// CaseObservable is one of its observables.
type CaseObservable struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

// TechniqueReference resolves an ATT&CK technique id.
type TechniqueReference func(id string) (Technique, bool)

// ParseCaseAlert reads a stored body again. asserted is what was true when it
// came: that its key was tied to its source.
func ParseCaseAlert(body []byte, asserted bool, technique TechniqueReference) (CaseAlert, error) {
	var in CaseAlert
	if err := json.Unmarshal(body, &in); err != nil {
		return in, fmt.Errorf("a stored alert of the case family: %w", err)
	}
	in.Body, in.Raw = body, MemberBytes(body, RawMember)
	if string(in.Raw) == "null" {
		in.Raw = nil
	}
	in.Asserted, in.Technique = asserted, technique
	return in, nil
}

// ReadCaseAlert is a case alert as the desk takes it in.
type ReadCaseAlert struct {
	Inbound     InboundAlert
	Asset       AlertAsset
	Observables []Observable
}

// Read makes typed values of the alert: entities for an incident and
// observables for the alert. It is pure, so that the same body always gives the
// same, whenever it is read.
func (in CaseAlert) Read() ReadCaseAlert {
	d := &AlertDraft{InboundAlert: InboundAlert{
		Source: FromFamilySource(in.Source), ExternalID: in.ExternalID, Title: in.Title, Description: in.Description, Severity: in.Severity,
		Type: "alert", Techniques: in.Techniques, StartedAt: in.DetectedAt, Raw: in.Body,
	}}
	for _, id := range in.Techniques {
		if t, known := in.Technique(id); known {
			for _, tactic := range t.Tactics {
				if !slices.Contains(d.Tactics, tactic) {
					d.Tactics = append(d.Tactics, tactic)
				}
			}
		}
	}
	if len(d.Tactics) > 0 {
		d.Type = TypeWord(d.Tactics[0])
	}
	r := caseReader{draft: d, declared: map[string]bool{}}
	r.asset(in)
	r.observables(in)
	r.evidence(in)
	return ReadCaseAlert{
		Inbound: d.InboundAlert, Observables: r.collected(),
		Asset: AlertAsset{ID: in.Asset.ID, Hostname: in.Asset.Hostname, Owner: in.Asset.Owner, IP: in.Asset.IP, Asserted: in.Asserted},
	}
}

type caseReader struct {
	draft    *AlertDraft
	declared map[string]bool // by ref
	sent     map[string]string
	refs     []string
}

// asset makes the asset's host and address entities. They are no declared
// observables, or no suppression would ever cover an alert that has an asset. They are asserted where
// the key is tied to the source: then its inventory speaks. The owner is a
// property: whoever owns a host has not therefore done anything on it.
func (r *caseReader) asset(in CaseAlert) {
	provenance := AssertedIf(in.Asserted)
	if in.Asset.Hostname != "" {
		r.entity(false, in.Asset.Hostname, InboundEntity{
			Kind: KindHost, Value: in.Asset.Hostname, Provenance: provenance, Field: "asset.hostname",
			Properties: map[string]string{PropertyDeviceID: in.Asset.ID, PropertyOwner: in.Asset.Owner},
		})
	}
	if in.Asset.IP != "" {
		r.entity(false, in.Asset.IP, InboundEntity{Kind: KindIP, Value: in.Asset.IP, Provenance: provenance, Field: "asset.ip"})
	}
}

// observables adds what the sender declared, then what its payload holds.
// Declared values are parsed too: a source address is as easily forged when it
// stands in a list (S10).
func (r *caseReader) observables(in CaseAlert) {
	for n, o := range in.Observables {
		kind, known := CaseEntityKind.Core(o.Type)
		if !known {
			continue // the door has refused it
		}
		r.entity(true, o.Value, InboundEntity{Kind: kind, Value: o.Value, Provenance: ProvenanceParsed, Field: fmt.Sprintf("observables[%d]", n)})
	}
	for _, o := range ExtractObservables(in.Raw) {
		r.entity(false, o.Sent, InboundEntity{Kind: o.Kind, Value: o.Value, Display: o.Sent, Provenance: ProvenanceParsed, Field: o.Field})
	}
}

func (r *caseReader) entity(declared bool, sent string, e InboundEntity) {
	ref := r.draft.AddEntity(e)
	if ref == "" {
		return
	}
	if r.sent == nil {
		r.sent = map[string]string{}
	}
	if _, known := r.sent[ref]; !known {
		r.sent[ref] = sent
	}
	r.declared[ref] = r.declared[ref] || declared
	r.refs = append(r.refs, ref)
}

// collected are the entities of the alert as observables.
func (r *caseReader) collected() []Observable {
	out := make([]Observable, len(r.draft.Entities))
	for n, e := range r.draft.Entities {
		out[n] = Observable{
			Number: n + 1, Kind: e.Kind, Value: e.Value, Valid: e.Properties["valid"] != "false", Declared: r.declared[e.Ref],
			Provenance: e.Provenance, Field: e.Field, Sent: cut(r.sent[e.Ref], MaxEntityValue),
		}
	}
	return out
}

// evidenceFields is how many leaves of a raw payload make one row of evidence.
const evidenceFields = 100

// evidence states the alert itself in one row, and its payload in more.
func (r *caseReader) evidence(in CaseAlert) {
	at := in.DetectedAt
	fields := []Field{
		Parsed("title", in.Title), Parsed("severity", string(in.Severity)), Parsed("description", in.Description),
		Parsed("techniques", strings.Join(in.Techniques, ", ")), Parsed("asset.hostname", in.Asset.Hostname), Parsed("asset.ip", in.Asset.IP),
		Parsed("asset.owner", in.Asset.Owner), Parsed("asset.id", in.Asset.ID),
	}
	for n, o := range in.Observables {
		fields = append(fields, Parsed("observables["+strconv.Itoa(n)+"]."+o.Type, o.Value))
	}
	r.draft.AddEvidence("alert", at, r.refs, fields...)
	payload, _, err := ParsePayload(in.Raw)
	if err != nil {
		return
	}
	leaves := LeafFields(payload.Leaves(RawMember))
	for len(leaves) > 0 {
		n := min(len(leaves), evidenceFields)
		r.draft.AddEvidence("property", at, nil, leaves[:n]...)
		leaves = leaves[n:]
	}
}
