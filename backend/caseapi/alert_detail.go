package caseapi

import (
	"context"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

// alertDetail is one alert.
type alertDetail struct {
	alertItem
	SentSeverity string              `json:"sent_severity"`
	Description  string              `json:"description"`
	ReceivedAt   schemas.SecondsTime `json:"received_at"`
	LastSeen     schemas.SecondsTime `json:"last_seen"`
	DuplicateOf  *string             `json:"duplicate_of"`
	Asset        asset               `json:"asset"`
	Observables  []alertObservable   `json:"observables"`
	Techniques   []string            `json:"techniques"`
	Dismissed    *dismissal          `json:"dismissed"`
	Suppression  suppressionOutcome  `json:"suppression"`
	Enrichment   enrichment          `json:"enrichment"`
	Flags        []flag              `json:"flags"`
	Version      int64               `json:"version"`
	// Raw is the sender's payload, only where it was asked for.
	Raw schemas.Verbatim `json:"raw,omitempty"`
}

type asset struct {
	Hostname *string `json:"hostname"`
	Owner    *string `json:"owner"`
	ID       *string `json:"id"`
	IP       *string `json:"ip"`
}

// alertObservable is a value of an alert; known are the shipped lists it is on.
type alertObservable struct {
	ID         string   `json:"id"`
	Type       string   `json:"type"`
	Value      string   `json:"value"`
	Valid      bool     `json:"valid"`
	Provenance string   `json:"provenance"`
	Known      []string `json:"known"`
	// Declared says that the sender named it, Path where it stands otherwise.
	Declared bool   `json:"declared"`
	Path     string `json:"path"`
}

type dismissal struct {
	ReasonCode string              `json:"reason_code"`
	Comment    string              `json:"comment"`
	By         string              `json:"by"`
	At         schemas.SecondsTime `json:"at"`
}

type enrichment struct {
	Tags           []string `json:"tags"`
	Owner          *string  `json:"owner"`
	Criticality    *string  `json:"criticality"`
	SeverityRaised bool     `json:"severity_raised"`
}

// flag is a finding of the detectors of hostile text.
type flag struct {
	Rule   string `json:"rule"`
	Field  string `json:"field"`
	Offset int    `json:"offset"`
}

type alertInput struct {
	ID string `path:"id"`
}

func (in alertInput) uid() string { return uuidOf(soc.CasePrefixAlert, in.ID) }

type getAlertInput struct {
	alertInput
	Raw bool `query:"raw" jsonschema_description:"Add the payload of the sender, byte for byte."`
}

func (d *door) getAlert(ctx context.Context, by soc.Actor, in getAlertInput) (web.Reply[alertDetail], error) {
	found, err := d.desk.GetAlert(ctx, by, in.uid(), in.Raw)
	if err != nil {
		return web.Reply[alertDetail]{}, err
	}
	return web.Reply[alertDetail]{Data: drawAlert(found), Revision: found.Alert.Version}, nil
}

func drawAlert(found soc.AlertDetail) alertDetail {
	a := found.Alert
	data := alertDetail{
		alertItem: drawAlertItem(a), SentSeverity: string(a.SentSeverity), Description: a.Description,
		ReceivedAt: schemas.SecondsTime(a.IngestedAt), LastSeen: schemas.SecondsTime(a.LastSeen), DuplicateOf: idOrNull(soc.CasePrefixAlert, a.DuplicateOf),
		Asset:       asset{textOrNull(a.Asset.Hostname), textOrNull(a.Asset.Owner), textOrNull(a.Asset.ID), textOrNull(a.Asset.IP)},
		Observables: make([]alertObservable, len(found.Observables)), Techniques: append([]string{}, a.Techniques...), Suppression: drawOutcome(a.Suppression),
		Enrichment: enrichment{append([]string{}, a.Enrichment.Tags...), textOrNull(a.Enrichment.Owner), textOrNull(a.Enrichment.Criticality), a.Enrichment.Raised},
		Flags:      make([]flag, len(a.Flags)), Version: a.Version, Raw: found.Raw,
	}
	for n, o := range found.Observables {
		data.Observables[n] = alertObservable{
			ID: soc.CaseID(soc.CasePrefixObservable, o.ID()), Type: soc.CaseEntityKind.Word(o.Kind), Value: o.Value, Valid: o.Valid,
			Provenance: string(o.Provenance), Known: append([]string{}, o.Known...), Declared: o.Declared, Path: o.Field,
		}
	}
	for n, f := range a.Flags {
		data.Flags[n] = flag(f)
	}
	if string(found.Raw) == "null" { // sent as null, which is as if absent
		data.Raw = nil
	}
	if a.Dismissal != nil {
		data.Dismissed = &dismissal{string(a.Dismissal.Reason), a.Dismissal.Comment, principal(a.Dismissal.By), schemas.SecondsTime(a.Dismissal.At)}
	}
	return data
}

func textOrNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
