package xdr

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"vedette/backend/connector"
	"vedette/backend/soc"
)

// longestComment is in bytes; the API allows 30,000 characters.
const longestComment = 29000

var incidentForm = regexp.MustCompile(`^[0-9]{1,19}$`)

// determinations are the product's words for our reasons, per verdict. What it
// has no word for is "other".
var determinations = map[soc.Verdict]map[string]string{
	soc.VerdictTruePositive: {
		"MultistagedAttack": "multiStagedAttack", "Malware": "malware", "MaliciousUserActivity": "maliciousUserActivity", "UnwantedSoftware": "unwantedSoftware",
		"Phishing": "phishing", "CompromisedUser": "compromisedAccount", "Apt": "apt",
	},
	soc.VerdictFalsePositive:  {"NotMalicious": "notMalicious", "NoEnoughDataToValidate": "notEnoughDataToValidate"},
	soc.VerdictBenignPositive: {"SecurityTesting": "securityTesting", "ConfirmedUserActivity": "confirmedUserActivity", "LineOfBusinessApplication": "lineOfBusinessApplication", "SecurityPersonnel": "securityPersonnel"},
}

var classifications = map[soc.Verdict]string{
	soc.VerdictTruePositive: "truePositive", soc.VerdictFalsePositive: "falsePositive", soc.VerdictBenignPositive: "informationalExpectedActivity",
}

// closing is the product's classification and determination of a verdict. It has
// no word for suspicious.
func closing(v soc.Verdict, reason string) (classification, determination string) {
	classification, known := classifications[v]
	if !known {
		return "unknown", "unknown"
	}
	if determination = determinations[v][reason]; determination == "" {
		determination = "other"
	}
	return classification, determination
}

// remote is an incident as the API shows it.
type remote struct {
	ID             string `json:"id"`
	Status         string `json:"status"`
	Classification string `json:"classification"`
	Determination  string `json:"determination"`
	Comments       []struct {
		Comment string `json:"comment"`
	} `json:"comments"`
}

func (r remote) closedAs(classification, determination string) bool {
	return r.Status == "resolved" && r.Classification == classification && r.Determination == determination
}

// WriteVerdict implements connector.VerdictWriter.
func (c *Connector) WriteVerdict(ctx context.Context, v connector.Verdict) error {
	if !incidentForm.MatchString(v.ExternalID) {
		return connector.Refusedf(nil, "The incident has no id of Defender XDR's.")
	}
	have, err := c.incident(ctx, v.ExternalID)
	if err != nil {
		return err
	}
	said := func(r remote) bool {
		return slices.ContainsFunc(r.Comments, func(one struct {
			Comment string `json:"comment"`
		},
		) bool {
			return strings.Contains(one.Comment, v.Marker())
		})
	}
	if !said(have) {
		var comments struct{}
		body := map[string]any{"@odata.type": "microsoft.graph.security.alertComment", "comment": v.Text(longestComment)}
		if _, err := c.Ask(ctx, connector.Call{Endpoint: writeComment, Values: []string{v.ExternalID}, Body: body}, &comments); err != nil {
			return err
		}
	}
	classification, determination := closing(v.Verdict, v.Reason)
	if !have.closedAs(classification, determination) {
		var made remote
		body := map[string]any{"status": "resolved", "classification": classification, "determination": determination}
		if _, err := c.Ask(ctx, connector.Call{Endpoint: writeIncident, Values: []string{v.ExternalID}, Body: body}, &made); err != nil {
			return err
		}
	}
	if have, err = c.incident(ctx, v.ExternalID); err == nil && !(said(have) && have.closedAs(classification, determination)) {
		err = connector.Unknownf(nil, "Defender XDR does not show the verdict yet.")
	}
	return err
}

func (c *Connector) incident(ctx context.Context, id string) (remote, error) {
	var r remote
	_, err := c.Ask(ctx, connector.Call{Endpoint: readIncident, Values: []string{id}}, &r)
	if err == nil && (r.ID != id || r.Status == "") {
		err = connector.Unknownf(nil, "The answer is not the incident that was asked for.")
	}
	return r, err
}
