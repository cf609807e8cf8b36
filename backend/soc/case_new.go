package soc

import (
	"encoding/json"
	"slices"
	"time"
)

// SourceManual is the source of a case that somebody made by hand.
const SourceManual = "manual"

// NewCase is the body of POST /cases, checked by the door.
type NewCase struct {
	Title       string              `json:"title"`
	Severity    Severity            `json:"severity"`
	Description string              `json:"description,omitempty"`
	Hostname    string              `json:"hostname,omitempty"`
	Owner       string              `json:"owner,omitempty"`
	AssetID     string              `json:"asset_id,omitempty"`
	IP          string              `json:"ip,omitempty"`
	Observables []NewCaseObservable `json:"observables,omitempty"`
	Techniques  []string            `json:"techniques,omitempty"`
}

// NewCaseObservable is one of its typed values, of a kind of the core.
type NewCaseObservable struct {
	Kind  EntityKind `json:"kind"`
	Value string     `json:"value"`
}

// Alert is the one alert that such a case is about. What somebody typed is
// parsed, whoever it was: no inventory vouches for it (S10). tactics are those
// of its techniques.
func (c NewCase) Alert(tactics []string, at time.Time) (InboundAlert, error) {
	raw, err := json.Marshal(c)
	if err != nil {
		return InboundAlert{}, err
	}
	d := &AlertDraft{InboundAlert: InboundAlert{
		Source: SourceManual, Severity: c.Severity, Title: c.Title, Description: c.Description, Type: "case", Techniques: c.Techniques,
		Tactics: slices.Clone(tactics), StartedAt: at, Raw: raw,
	}}
	var refs []string
	add := func(kind EntityKind, value, field string, properties map[string]string) {
		if ref := d.AddEntity(InboundEntity{Kind: kind, Value: value, Provenance: ProvenanceParsed, Field: field, Properties: properties}); ref != "" {
			refs = append(refs, ref)
		}
	}
	if c.Hostname != "" {
		add(KindHost, c.Hostname, "asset.hostname", map[string]string{PropertyDeviceID: c.AssetID, PropertyOwner: c.Owner})
	}
	if c.IP != "" {
		add(KindIP, c.IP, "asset.ip", nil)
	}
	for _, o := range c.Observables {
		add(o.Kind, o.Value, "observables", nil)
	}
	d.AddEvidence("alert", at, refs, Parsed("title", c.Title), Parsed("severity", string(c.Severity)), Parsed("description", c.Description),
		Parsed("asset.hostname", c.Hostname), Parsed("asset.ip", c.IP), Parsed("asset.owner", c.Owner))
	return d.InboundAlert, nil
}
