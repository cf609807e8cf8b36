package sentinel

import (
	"slices"
	"strings"

	"vedette/backend/soc"
)

// mapAlert reads an alert with its entity graph. The key is SystemAlertId.
func mapAlert(r row, raw []byte) (soc.Inbound, *soc.Error) {
	id := r.text("SystemAlertId", "systemAlertId")
	if id == "" && r.envelope.Member("kind") == "SecurityAlert" {
		id = r.envelope.Member("name")
	}
	if id == "" {
		return soc.Inbound{}, soc.InvalidField("SystemAlertId", "required").
			WithFix("Send the row with its SystemAlertId, the GUID of the alert.")
	}
	extended := r.dynamic("ExtendedProperties", "additionalData")
	provider := r.text("ProviderName", "providerName", "productName")
	d := &soc.AlertDraft{InboundAlert: soc.InboundAlert{
		Source:        soc.SourceSentinel,
		ExternalID:    id,
		Title:         r.text("DisplayName", "AlertName", "alertDisplayName", "friendlyName"),
		Description:   r.text("Description", "description"),
		Product:       r.text("ProductName", "productName"),
		Vendor:        r.text("VendorName", "vendorName"),
		Detector:      detector(r, extended),
		Category:      extended.First("MicrosoftDefenderAtp.Category", "Category").Text(),
		Tactics:       r.words("Tactics", "tactics"),
		Techniques:    techniques(r, extended),
		StartedAt:     r.time("StartTime", "startTimeUtc"),
		EndedAt:       r.time("EndTime", "endTimeUtc"),
		CreatedAt:     r.time("TimeGenerated", "timeGenerated", "ProcessingEndTime", "processingEndTime"),
		VendorVerdict: extended.Member("Classification"),
		Raw:           raw,
	}}
	var known bool
	if d.Severity, known = severity(r.text("AlertSeverity", "severity")); !known {
		d.Warn("unknown_severity")
	}
	if d.Title == "" {
		d.Title = "Untitled alert"
		d.Warn("missing_title")
	}
	if d.StartedAt.IsZero() {
		d.StartedAt = d.CreatedAt
	}
	d.Type = alertType(d, provider)
	g := newGraph(d, provider, r.dynamic("Entities", "entities"))
	main := alertFields(r, d, g.scheduled)
	d.AddEvidence("alert", d.StartedAt, nil, main...)
	g.build()
	d.Evidence[0].Refs = allRefs(d.Entities)
	properties(d, extended)
	d.AddEvidence("remediation", d.StartedAt, nil, soc.Asserted("remediation_steps", strings.Join(r.dynamic("RemediationSteps", "remediationSteps").Texts(), "\n")))
	return d.Inbound(), nil
}

func allRefs(entities []soc.InboundEntity) []string {
	refs := make([]string, len(entities))
	for i, e := range entities {
		refs[i] = e.Ref
	}
	return refs
}

// genericTypes are AlertTypes that name a product and not a rule.
var genericTypes = map[string]bool{"WindowsDefenderAtp": true, "WindowsDefenderAv": true, "CustomerTI": true, "MTP": true}

// detector is the stable id of the rule: a scheduled rule's GUID, Defender's
// DetectorId, else the AlertType where that names a rule.
func detector(r row, extended soc.Payload) string {
	if ids := extended.Get("Analytic Rule Ids").Dynamic().Texts(); len(ids) > 0 {
		return ids[0]
	}
	if id := extended.Member("DetectorId"); id != "" {
		return id
	}
	kind := r.text("AlertType", "alertType")
	if workspace, rule, found := strings.Cut(kind, "_"); found {
		if _, guid := soc.CanonicalGUID(workspace); guid {
			return rule
		}
	}
	if genericTypes[kind] || kind == r.text("DisplayName", "alertDisplayName") {
		return ""
	}
	return kind
}

func techniques(r row, extended soc.Payload) []string {
	var out []string
	for _, list := range [][]string{
		r.words("Techniques", "techniques"), r.words("SubTechniques", "subTechniques"),
		strings.FieldsFunc(extended.Member("MitreTechniques"), func(c rune) bool { return c == ';' || c == ',' || c == ' ' }),
	} {
		for _, t := range list {
			if !slices.Contains(out, t) {
				out = append(out, t)
			}
		}
	}
	return out
}

// alertType is the incident type word of the triage family: what the mail
// product reports is phishing unless it says malware, else the category or the
// first tactic.
func alertType(d *soc.AlertDraft, provider string) string {
	title := strings.ToLower(d.Title)
	switch {
	case provider == "OATP" && strings.Contains(title, "malware"):
		return "malware"
	case provider == "OATP", strings.Contains(title, "phish"):
		return "phishing"
	case d.Category != "":
		return soc.TypeWord(d.Category)
	case len(d.Tactics) > 0:
		return soc.TypeWord(d.Tactics[0])
	}
	return "alert"
}

// alertFields are the columns of the row itself. Title, description and
// compromised entity of a scheduled rule may be filled from the logs it reads,
// so there they are parsed.
func alertFields(r row, d *soc.AlertDraft, scheduled bool) []soc.Field {
	sure := soc.Asserted
	written := soc.Asserted
	if scheduled {
		written = soc.Parsed
	}
	return []soc.Field{
		written("title", d.Title),
		sure("severity", string(d.Severity)),
		sure("product", d.Product),
		sure("provider", r.text("ProviderName", "providerName")),
		sure("component", r.text("ProductComponentName")),
		written("compromised_entity", r.text("CompromisedEntity", "compromisedEntity")),
		sure("alert_id", d.ExternalID),
		sure("vendor_alert_id", r.text("VendorOriginalId", "vendorOriginalId", "providerAlertId")),
		sure("alert_type", r.text("AlertType", "alertType")),
		sure("detector", d.Detector),
		sure("status", r.text("Status", "status")),
		sure("tactics", strings.Join(d.Tactics, ", ")),
		sure("techniques", strings.Join(d.Techniques, ", ")),
		sure("start_time", r.text("StartTime", "startTimeUtc")),
		sure("end_time", r.text("EndTime", "endTimeUtc")),
		sure("time_generated", r.text("TimeGenerated", "timeGenerated")),
		sure("confidence", r.text("ConfidenceLevel", "confidenceLevel")),
		sure("resource_id", r.text("ResourceId")),
		written("description", d.Description),
		sure("alert_link", r.text("AlertLink", "alertLink")),
		sure("links", strings.Join(texts(r.dynamic("ExtendedLinks")), ", ")),
	}
}

func texts(v soc.Payload) []string {
	var out []string
	for _, leaf := range v.Leaves("") {
		out = append(out, leaf.Text)
	}
	return out
}

// properties makes one row of the extended properties. Their values may quote
// what an attacker wrote (user agents, query results), so they are parsed.
func properties(d *soc.AlertDraft, extended soc.Payload) {
	var fields []soc.Field
	for _, m := range extended.Members() {
		value := m.Value.Text()
		if inner := m.Value.Dynamic(); inner.IsObject() || inner.IsArray() {
			value = strings.Join(texts(inner), ", ")
		}
		fields = append(fields, soc.Parsed(soc.TypeWord(m.Name), value))
	}
	d.AddEvidence("property", d.StartedAt, nil, fields...)
}

// mapBookmark reads a hunter's bookmark as an informational alert: a person
// saved the row, no rule fired. Its query result holds raw log columns.
func mapBookmark(v soc.Payload, raw []byte) (soc.Inbound, *soc.Error) {
	id, p := v.Member("name"), v.Get("properties")
	if id == "" {
		return soc.Inbound{}, soc.InvalidField("name", "required").WithFix("Send the bookmark with its name, a GUID.")
	}
	r := row{p, v}
	d := &soc.AlertDraft{InboundAlert: soc.InboundAlert{
		Source: soc.SourceSentinel, ExternalID: id, Title: p.First("displayName", "friendlyName").Text(), Description: p.Member("notes"),
		Severity: soc.SeverityInformational, Product: "Azure Sentinel", Vendor: "Microsoft", Detector: "", Category: "Bookmark", Type: "bookmark",
		StartedAt: r.time("eventTime", "created"), EndedAt: r.time("eventTime", "created"), CreatedAt: r.time("created"), Raw: raw,
	}}
	if d.Title == "" {
		d.Title = "Untitled bookmark"
		d.Warn("missing_title")
	}
	var refs []string
	result := p.Get("queryResult").Dynamic()
	for _, m := range result.Get("__entityMapping").Members() {
		kind := map[string]soc.EntityKind{"Account": soc.KindAccount, "Host": soc.KindHost, "IP": soc.KindIP, "URL": soc.KindURL}[m.Value.Text()]
		if kind == "" {
			kind = soc.KindOther
		}
		refs = append(refs, d.AddEntity(soc.InboundEntity{
			Kind: kind, Value: strings.TrimPrefix(m.Name, `\`), Display: m.Name, Provenance: soc.ProvenanceParsed, Field: "properties.queryResult",
		}))
	}
	d.AddEvidence("alert", d.StartedAt, refs,
		soc.Parsed("title", d.Title), soc.Parsed("notes", d.Description), soc.Parsed("created_by", p.Member("createdBy", "name")),
		soc.Parsed("created_by_mail", p.Member("createdBy", "email")), soc.Parsed("query", p.Member("query")))
	d.AddEvidence("property", d.StartedAt, refs, soc.LeafFields(result.Leaves(""))...)
	return d.Inbound(), nil
}
