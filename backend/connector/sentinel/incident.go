package sentinel

import (
	"strconv"
	"strings"

	"vedette/backend/soc"
)

// mapIncident reads one version of an incident; the desk keeps the one with the
// latest ModifiedAt. The key is the incident's GUID.
func mapIncident(r row, raw []byte) (soc.Inbound, *soc.Error) {
	id := r.text("IncidentName")
	if id == "" {
		id = r.envelope.Member("name")
	}
	if id == "" {
		return soc.Inbound{}, soc.InvalidField("IncidentName", "required").
			WithFix("Send the row with its IncidentName, the GUID of the incident.")
	}
	in := soc.Inbound{}
	warn := func(bad bool, word string) {
		if bad {
			in.Warnings = append(in.Warnings, word)
		}
	}
	number, err := strconv.ParseInt(r.text("IncidentNumber", "incidentNumber"), 10, 64)
	warn(err != nil, "missing_incident_number")
	level, known := severity(r.text("Severity", "severity"))
	warn(!known, "unknown_severity")
	status, known := incidentStatus(r.text("Status", "status"))
	warn(!known, "unknown_status")
	owner, additional := r.dynamic("Owner", "owner"), r.dynamic("AdditionalData", "additionalData")
	incident := soc.InboundIncident{
		Source:         soc.SourceSentinel,
		ExternalID:     id,
		Number:         number,
		Title:          r.text("Title", "title"),
		Description:    r.text("Description", "description"),
		Severity:       level,
		Status:         status,
		Classification: r.text("Classification", "classification"),
		Reason:         r.text("ClassificationReason", "classificationReason"),
		Comment:        r.text("ClassificationComment", "classificationComment"),
		OwnerName:      owner.First("assignedTo", "userPrincipalName", "email").Text(),
		OwnerEmail:     owner.First("email", "userPrincipalName").Text(),
		AlertIDs:       r.words("AlertIds", "alertIds"),
		Tactics:        row{additional, additional}.words("tactics"),
		Techniques:     row{additional, additional}.words("techniques"),
		Products:       additional.Get("alertProductNames").Texts(),
		RuleIDs:        ruleIDs(r.words("RelatedAnalyticRuleIds", "relatedAnalyticRuleIds")),
		CreatedAt:      r.time("CreatedTime", "createdTimeUtc"),
		ModifiedAt:     r.time("LastModifiedTime", "lastModifiedTimeUtc", "TimeGenerated"),
		ClosedAt:       r.time("ClosedTime", "closedTimeUtc"),
		FirstActivity:  r.time("FirstActivityTime", "firstActivityTimeUtc"),
		LastActivity:   r.time("LastActivityTime", "lastActivityTimeUtc"),
		Raw:            raw,
	}
	if incident.Title == "" {
		warn(true, "missing_title")
		incident.Title = "Untitled incident"
	}
	warn(incident.CreatedAt.IsZero(), "missing_created_time")
	in.Incident = &incident
	return in, nil
}

func incidentStatus(word string) (soc.Status, bool) {
	switch strings.ToLower(word) {
	case "new":
		return soc.StatusNew, true
	case "active", "inprogress":
		return soc.StatusActive, true
	case "closed", "resolved":
		return soc.StatusClosed, true
	}
	return soc.StatusNew, false
}

// ruleIDs keeps the last part of ARM ids, the rule's own GUID.
func ruleIDs(ids []string) []string {
	for i, id := range ids {
		ids[i] = id[strings.LastIndexByte(id, '/')+1:]
	}
	return ids
}
