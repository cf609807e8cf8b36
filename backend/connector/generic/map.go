// Package generic maps the documented JSON alert of the house, for products
// that have no mapper of their own. example.json is a complete item.
//
// An item is an alert, or with "kind":"incident" an incident of the source.
// Members of an alert (* required):
//
//	external_id*  1-256 characters; with source the key of the alert
//	source*       slug ^[a-z0-9][a-z0-9_-]{0,62}$
//	title*        1-512 characters
//	severity*     informational, low, medium, high, critical
//	description   up to 16,384 characters
//	detector      the rule's stable id, up to 256
//	category, product, vendor, vendor_verdict   up to 256
//	type          incident type word ^[a-z][a-z0-9_]{0,63}$
//	created_at, started_at, ended_at            RFC 3339
//	tactics, techniques   up to 50 texts each
//	entities      up to 500 of {ref, kind*, value*, display, names, properties,
//	              provenance, vendor_verdict, remediated}
//	evidence      up to 1,000 of {type*, at, refs, fields*}; fields is an object of
//	              texts, numbers and booleans, or a list of {name*, value*, provenance}
//
// Members of an incident: external_id*, source*, title*, severity*,
// description, number, status (new, active, closed ...), classification,
// reason, comment, owner {name, email}, alert_ids (up to 1,000), tactics,
// techniques, products, rule_ids, created_at, modified_at, closed_at,
// first_activity, last_activity.
//
// Types are strict: a number where text belongs rejects the item, by path.
// Members that are not listed are kept in the raw payload and shown as one
// evidence row of type "property".
//
// # Provenance
//
// Everything is parsed unless the sender says "sensor_asserted", which it may
// only where a product can have an inventory: account, host, ip, mailbox,
// file_hash, cloud_resource and application. The value must also read like an
// identifier (soc.AlertDraft). "agent_added" is never accepted. What must never
// be here: storage, a clock, HTTP.
package generic

import (
	"fmt"
	"regexp"
	"slices"
	"time"
	"unicode/utf8"

	"vedette/backend/soc"
)

// Limits of an item, in characters or elements.
const (
	maxKey         = 256
	maxTitle       = 512
	maxDescription = 16_384
	maxValue       = 8192
	maxEntities    = 500
	maxEvidence    = 1000
	maxFields      = 500
	maxWords       = 50
	maxAlertIDs    = 1000
)

var (
	sourceSlug = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)
	typeWord   = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)
)

// Split returns the items of an ingest body.
func Split(body []byte) ([][]byte, error) { return soc.SplitItems(body) }

// Map reads one item. The error has one entry for every member that is not as
// documented, by path.
func Map(item []byte) (soc.Inbound, *soc.Error) {
	v, warnings, err := soc.ParsePayload(item)
	if err != nil {
		return soc.Inbound{}, err
	}
	if !v.IsObject() {
		return soc.Inbound{}, soc.InvalidField("$", "must be an object, is %s", v.Kind())
	}
	r := &reader{}
	var in soc.Inbound
	switch kind := r.text(v, "kind", "kind", maxKey, false); kind {
	case "", "alert":
		in = r.alert(v, item)
	case "incident":
		in = soc.Inbound{Incident: r.incident(v, item)}
	default:
		r.wrong("kind", "must be alert or incident")
	}
	if r.err != nil {
		return soc.Inbound{}, r.err.WithFix("Send the members as documented; backend/connector/generic/example.json is a complete item.")
	}
	in.Warnings = append(warnings, in.Warnings...)
	return in, nil
}

// reader collects everything that is wrong with an item, so that a sender
// mends it in one go.
type reader struct{ err *soc.Error }

func (r *reader) wrong(path, format string, args ...any) {
	if r.err == nil {
		r.err = soc.InvalidField(path, format, args...)
		return
	}
	r.err = r.err.WithField(path, format, args...)
}

func (r *reader) text(v soc.Payload, name, path string, limit int, required bool) string {
	m := v.Get(name)
	switch {
	case !m.Exists() || m.Kind() == "null":
		if required {
			r.wrong(path, "required")
		}
		return ""
	case !m.IsText():
		r.wrong(path, "must be a string, is %s", m.Kind())
		return ""
	case required && m.Text() == "":
		r.wrong(path, "must not be empty")
	case utf8.RuneCountInString(m.Text()) > limit:
		r.wrong(path, "must have at most %d characters", limit)
	}
	return m.Text()
}

func (r *reader) time(v soc.Payload, name, path string) time.Time {
	text := r.text(v, name, path, 64, false)
	if text == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || t.Year() < 1970 || t.Year() > 9999 {
		r.wrong(path, "must be a time as in RFC 3339, e.g. 2026-06-02T09:14:00Z")
	}
	return t.UTC()
}

func (r *reader) list(v soc.Payload, name, path string, limit int) []soc.Payload {
	m := v.Get(name)
	switch {
	case !m.Exists() || m.Kind() == "null":
		return nil
	case !m.IsArray():
		r.wrong(path, "must be an array, is %s", m.Kind())
		return nil
	case len(m.Items()) > limit:
		r.wrong(path, "must have at most %d elements", limit)
		return nil
	}
	return m.Items()
}

func (r *reader) words(v soc.Payload, name, path string, limit int) []string {
	var out []string
	for i, item := range r.list(v, name, path, limit) {
		if !item.IsText() || item.Text() == "" || utf8.RuneCountInString(item.Text()) > maxKey {
			r.wrong(fmt.Sprintf("%s[%d]", path, i), "must be a string of 1 to %d characters", maxKey)
			continue
		}
		out = append(out, item.Text())
	}
	return out
}

func (r *reader) boolean(v soc.Payload, name, path string) bool {
	m := v.Get(name)
	if m.Exists() && m.Kind() != "boolean" && m.Kind() != "null" {
		r.wrong(path, "must be a boolean, is %s", m.Kind())
	}
	return m.Text() == "true"
}

func (r *reader) source(v soc.Payload) string {
	source := r.text(v, "source", "source", maxKey, true)
	if source != "" && !sourceSlug.MatchString(source) {
		r.wrong("source", "must match %s", sourceSlug)
	}
	return source
}

func (r *reader) severity(v soc.Payload) soc.Severity {
	severity := soc.Severity(r.text(v, "severity", "severity", maxKey, true))
	if severity != "" && severity.Rank() < 0 {
		r.wrong("severity", "must be one of %v", soc.AllSeverities)
	}
	return severity
}

// known are the documented members of an alert; what is not here goes to the
// property row.
var known = []string{
	"kind", "external_id", "source", "title", "severity", "description", "detector", "category", "product", "vendor", "vendor_verdict",
	"type", "created_at", "started_at", "ended_at", "tactics", "techniques", "entities", "evidence",
}

func (r *reader) alert(v soc.Payload, raw []byte) soc.Inbound {
	d := &soc.AlertDraft{InboundAlert: soc.InboundAlert{
		Source:        r.source(v),
		ExternalID:    r.text(v, "external_id", "external_id", maxKey, true),
		Title:         r.text(v, "title", "title", maxTitle, true),
		Description:   r.text(v, "description", "description", maxDescription, false),
		Severity:      r.severity(v),
		Product:       r.text(v, "product", "product", maxKey, false),
		Vendor:        r.text(v, "vendor", "vendor", maxKey, false),
		Detector:      r.text(v, "detector", "detector", maxKey, false),
		Category:      r.text(v, "category", "category", maxKey, false),
		Type:          r.text(v, "type", "type", maxKey, false),
		VendorVerdict: r.text(v, "vendor_verdict", "vendor_verdict", maxKey, false),
		Tactics:       r.words(v, "tactics", "tactics", maxWords),
		Techniques:    r.words(v, "techniques", "techniques", maxWords),
		CreatedAt:     r.time(v, "created_at", "created_at"),
		StartedAt:     r.time(v, "started_at", "started_at"),
		EndedAt:       r.time(v, "ended_at", "ended_at"),
		Raw:           raw,
	}}
	switch {
	case d.Type == "":
		d.Type = soc.TypeWord(d.Category)
	case !typeWord.MatchString(d.Type):
		r.wrong("type", "must match %s", typeWord)
	}
	if d.StartedAt.IsZero() {
		d.StartedAt = d.CreatedAt
	}
	refs := r.entities(v, d)
	d.AddEvidence("alert", d.StartedAt, allRefs(d.Entities),
		soc.Parsed("title", d.Title), soc.Parsed("severity", string(d.Severity)), soc.Parsed("source", d.Source), soc.Parsed("product", d.Product),
		soc.Parsed("detector", d.Detector), soc.Parsed("category", d.Category), soc.Parsed("vendor_verdict", d.VendorVerdict),
		soc.Parsed("description", d.Description))
	r.evidence(v, d, refs)
	var unknown []soc.Field
	for _, m := range v.Members() {
		if !slices.Contains(known, m.Name) {
			unknown = append(unknown, soc.LeafFields(m.Value.Leaves(m.Name))...)
		}
	}
	d.AddEvidence("property", d.StartedAt, nil, unknown...)
	return d.Inbound()
}

func allRefs(entities []soc.InboundEntity) []string {
	refs := make([]string, len(entities))
	for i, e := range entities {
		refs[i] = e.Ref
	}
	return refs
}

// incident reads an incident of the source.
func (r *reader) incident(v soc.Payload, raw []byte) *soc.InboundIncident {
	owner := v.Get("owner")
	if owner.Exists() && !owner.IsObject() && owner.Kind() != "null" {
		r.wrong("owner", "must be an object, is %s", owner.Kind())
	}
	in := &soc.InboundIncident{
		Source:         r.source(v),
		ExternalID:     r.text(v, "external_id", "external_id", maxKey, true),
		Title:          r.text(v, "title", "title", maxTitle, true),
		Description:    r.text(v, "description", "description", maxDescription, false),
		Severity:       r.severity(v),
		Status:         soc.Status(r.text(v, "status", "status", maxKey, false)),
		Classification: r.text(v, "classification", "classification", maxKey, false),
		Reason:         r.text(v, "reason", "reason", maxKey, false),
		Comment:        r.text(v, "comment", "comment", maxDescription, false),
		OwnerName:      r.text(owner, "name", "owner.name", maxKey, false),
		OwnerEmail:     r.text(owner, "email", "owner.email", maxKey, false),
		AlertIDs:       r.words(v, "alert_ids", "alert_ids", maxAlertIDs),
		Tactics:        r.words(v, "tactics", "tactics", maxWords),
		Techniques:     r.words(v, "techniques", "techniques", maxWords),
		Products:       r.words(v, "products", "products", maxWords),
		RuleIDs:        r.words(v, "rule_ids", "rule_ids", maxWords),
		CreatedAt:      r.time(v, "created_at", "created_at"),
		ModifiedAt:     r.time(v, "modified_at", "modified_at"),
		ClosedAt:       r.time(v, "closed_at", "closed_at"),
		FirstActivity:  r.time(v, "first_activity", "first_activity"),
		LastActivity:   r.time(v, "last_activity", "last_activity"),
		Number:         r.number(v),
		Raw:            raw,
	}
	switch {
	case in.Status == "":
		in.Status = soc.StatusNew
	case !slices.Contains(soc.AllStatuses, in.Status):
		r.wrong("status", "must be one of %v", soc.AllStatuses)
	}
	if in.ModifiedAt.IsZero() {
		in.ModifiedAt = in.CreatedAt
	}
	return in
}
