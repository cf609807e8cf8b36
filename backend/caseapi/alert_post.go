package caseapi

import (
	"context"
	"errors"
	"net/http"
	"time"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

// alertBody is the body of POST /alerts.
type alertBody struct {
	Source      string           `json:"source" jsonschema:"pattern=^[a-z0-9][a-z0-9_-]{0\\,62}$"`
	ExternalID  string           `json:"external_id" jsonschema:"minLength=1,maxLength=256"`
	Severity    string           `json:"severity" jsonschema:"enum=informational,enum=low,enum=medium,enum=high,enum=critical"`
	Title       string           `json:"title" jsonschema:"minLength=1,maxLength=512"`
	DetectedAt  *schemas.Time    `json:"detected_at,omitempty"`
	Asset       *assetBody       `json:"asset,omitempty"`
	Observables []observableBody `json:"observables,omitempty" jsonschema:"maxItems=200"`
	// Raw is kept byte for byte; it is cut from the body as it was sent.
	Raw         *schemas.FreeObject `json:"raw,omitempty"`
	Description string              `json:"description,omitempty" jsonschema:"maxLength=16384"`
	Techniques  []string            `json:"techniques,omitempty" jsonschema:"maxItems=50,maxLength=32" jsonschema_description:"ATT&CK technique ids."`
}

type assetBody struct {
	Hostname string `json:"hostname,omitempty" jsonschema:"maxLength=256"`
	Owner    string `json:"owner,omitempty" jsonschema:"maxLength=256"`
	ID       string `json:"id,omitempty" jsonschema:"maxLength=256"`
	IP       string `json:"ip,omitempty" jsonschema:"maxLength=256"`
}

type observableBody struct {
	Type  string `json:"type" jsonschema:"enum=user,enum=hostname,enum=ip,enum=url,enum=domain,enum=filename,enum=hash,enum=process,enum=email,enum=message_id,enum=registry_key,enum=registry_value,enum=cloud_resource,enum=application,enum=other"`
	Value string `json:"value" jsonschema:"minLength=1,maxLength=8192"`
}

// alertLimits let the payload of another system hold U+0000.
var alertLimits = soc.JSONLimits{Raw: []string{soc.RawMember}}

// sentAlert is an alert on its way in.
type sentAlert struct {
	Body alertBody   `body:"json"`
	Sent web.RawBody `body:"sent"`
}

type postAlertInput struct {
	sentAlert
	Update bool `query:"update" jsonschema_description:"Let a newer payload of a known alert replace the old one."`
}

func (in sentAlert) core() soc.CaseAlert {
	b := in.Body
	alert := soc.CaseAlert{
		Source: b.Source, ExternalID: b.ExternalID, Severity: soc.Severity(b.Severity), Title: b.Title, Description: b.Description,
		Techniques: b.Techniques, Body: in.Sent.Data,
	}
	if b.DetectedAt != nil {
		alert.DetectedAt = time.Time(*b.DetectedAt).UTC()
	}
	if b.Asset != nil {
		alert.Asset = soc.CaseAsset{ID: b.Asset.ID, Hostname: b.Asset.Hostname, Owner: b.Asset.Owner, IP: b.Asset.IP}
	}
	for _, o := range b.Observables {
		alert.Observables = append(alert.Observables, soc.CaseObservable{Type: o.Type, Value: o.Value})
	}
	if b.Raw != nil {
		alert.Raw = soc.MemberBytes(in.Sent.Data, soc.RawMember)
	}
	return alert
}

// alertReceipt is the answer to POST /alerts. id is null only for what a dry run
// would have made.
type alertReceipt struct {
	ID               *string            `json:"id"`
	Deduplicated     bool               `json:"deduplicated"`
	Status           string             `json:"status"`
	Dedup            *dedup             `json:"dedup"`
	RepeatCount      int                `json:"repeat_count"`
	Updated          bool               `json:"updated"`
	Suppression      suppressionOutcome `json:"suppression"`
	ObservablesAdded int                `json:"observables_added"`
}

type dedup struct {
	Rule       string  `json:"rule"`
	WindowH    *int    `json:"window_h,omitempty"`
	AbsorbedID *string `json:"absorbed_id,omitempty"`
}

type suppressionOutcome struct {
	Applied bool     `json:"applied"`
	Matched []string `json:"matched"`
	Because *string  `json:"because"`
}

func (d *door) postAlert(ctx context.Context, by soc.Actor, in postAlertInput) (web.Reply[alertReceipt], error) {
	receipt, err := d.desk.PostAlert(ctx, web.Answering(by, drawReceipt), soc.PostAlert{Alert: in.core(), Update: in.Update})
	if err != nil {
		return web.Reply[alertReceipt]{}, alertError(err)
	}
	return drawReceipt(receipt), nil
}

func (d *door) dryRunAlert(ctx context.Context, by soc.Actor, in postAlertInput) (web.Reply[alertReceipt], error) {
	receipt, err := d.desk.PostAlert(ctx, by, soc.PostAlert{Alert: in.core(), Update: in.Update, DryRun: true})
	if err != nil {
		return web.Reply[alertReceipt]{}, alertError(err)
	}
	reply := drawReceipt(receipt)
	reply.Status = http.StatusOK
	return reply, nil
}

func drawReceipt(r soc.AlertReceipt) web.Reply[alertReceipt] {
	data := alertReceipt{
		ID: idOrNull(soc.CasePrefixAlert, r.Alert.UID), Deduplicated: r.Dedup != "", Status: string(r.Alert.Status), RepeatCount: r.Alert.RepeatCount,
		Updated: r.Updated, Suppression: drawOutcome(r.Suppression), ObservablesAdded: r.Added,
	}
	if r.Dedup != "" {
		data.Dedup = &dedup{Rule: string(r.Dedup)}
	}
	if r.Dedup == soc.DedupContent {
		data.Dedup.WindowH, data.Dedup.AbsorbedID = &r.WindowHours, idOrNull(soc.CasePrefixAlert, r.Absorbed)
	}
	reply := web.Reply[alertReceipt]{Data: data, Status: http.StatusOK}
	if r.Created {
		reply.Status = http.StatusCreated
	}
	return reply
}

func drawOutcome(s soc.AlertSuppression) suppressionOutcome {
	out := suppressionOutcome{Applied: s.Applied, Matched: make([]string, len(s.Matched))}
	for n, id := range s.Matched {
		out.Matched[n] = soc.CaseID(soc.CasePrefixSuppression, id)
	}
	if s.Because != "" {
		because := string(s.Because)
		out.Because = &because
	}
	return out
}

// alertError tells what is in the way of an alert, in this family's words.
func alertError(err error) error {
	if conflict := (soc.AlertConflict{}); errors.As(err, &conflict) {
		return web.WithDetails(err, map[string]any{
			"alert_id": soc.CaseID(soc.CasePrefixAlert, conflict.Alert), "differing_fields": conflict.Fields, "hint": "repeat with ?update=true to replace it",
		})
	}
	if state := (soc.AlertStateError{}); errors.As(err, &state) {
		details := map[string]any{}
		if state.Alert.DuplicateOf != "" {
			details["duplicate_of"] = soc.CaseID(soc.CasePrefixAlert, state.Alert.DuplicateOf)
		}
		if in := state.Alert.CaseOf(); in != "" {
			details["case_id"] = soc.CaseID(soc.CasePrefixCase, in)
		}
		return web.WithDetails(err, details)
	}
	return err
}
