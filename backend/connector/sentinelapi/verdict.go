package sentinelapi

import (
	"context"
	"encoding/json"
	"net/http"
	"regexp"

	"github.com/google/uuid"

	"vedette/backend/connector"
	"vedette/backend/soc"
)

// longestComment is in bytes; the API allows 30,000 characters.
const longestComment = 29000

// conflicts is how often a change is tried over another one's.
const conflicts = 3

// commentNamespace is that of comment ids: a comment of one decision has one id,
// so that a second telling finds it. It never changes.
var commentNamespace = uuid.MustParse("0e8f0c52-7b3c-5f0e-8d5e-2d3a3f6c8b11")

var incidentForm = regexp.MustCompile(`^[0-9A-Za-z-]{1,64}$`)

// closing is Sentinel's classification and reason of a verdict. A false positive
// wants one of two reasons; without one of ours it is inaccurate data. Sentinel
// has no word for suspicious.
func closing(v soc.Verdict, reason string) (classification, why string) {
	switch v {
	case soc.VerdictTruePositive:
		return "TruePositive", "SuspiciousActivity"
	case soc.VerdictBenignPositive:
		return "BenignPositive", "SuspiciousButExpected"
	case soc.VerdictFalsePositive:
		if reason == "IncorrectAlertLogic" {
			return "FalsePositive", "IncorrectAlertLogic"
		}
		return "FalsePositive", "InaccurateData"
	}
	return "Undetermined", ""
}

// remote is an incident as the API shows it. Only what may be written is sent
// back.
type remote struct {
	Etag       string                     `json:"etag"`
	Properties map[string]json.RawMessage `json:"properties"`
}

// kept are the properties that a change repeats: a PUT that leaves them out
// would empty them.
var kept = []string{"title", "description", "severity", "owner", "labels", "firstActivityTimeUtc", "lastActivityTimeUtc"}

func (r remote) text(name string) string {
	var s string
	_ = json.Unmarshal(r.Properties[name], &s) // what is no text is ""
	return s
}

func (r remote) closedAs(classification, why string) bool {
	return r.text("status") == "Closed" && r.text("classification") == classification && r.text("classificationReason") == why
}

// WriteVerdict implements connector.VerdictWriter: first the comment, under an id
// of the decision's own, then the closing over the version that was read.
func (c *Connector) WriteVerdict(ctx context.Context, v connector.Verdict) error {
	if !incidentForm.MatchString(v.ExternalID) {
		return connector.Refusedf(nil, "The incident has no id of Sentinel's.")
	}
	if _, err := c.incident(ctx, v.ExternalID); err != nil {
		return err
	}
	if err := c.comment(ctx, v); err != nil {
		return err
	}
	classification, why := closing(v.Verdict, v.Reason)
	for range conflicts {
		have, err := c.incident(ctx, v.ExternalID)
		if err != nil {
			return err
		}
		if have.closedAs(classification, why) {
			return nil
		}
		if err := c.close(ctx, v, have, classification, why); err != nil {
			return err
		}
	}
	have, err := c.incident(ctx, v.ExternalID)
	if err == nil && !have.closedAs(classification, why) {
		err = connector.Unknownf(nil, "Sentinel does not show the incident as closed; others may be changing it.")
	}
	return err
}

func (c *Connector) incident(ctx context.Context, id string) (remote, error) {
	var r remote
	_, err := c.Ask(ctx, c.call(readIncident, []string{id}, nil), &r)
	if err == nil && (r.Properties == nil || r.text("title") == "" || r.text("severity") == "") {
		err = connector.Unknownf(nil, "Sentinel's answer is no incident.")
	}
	return r, err
}

// close writes the closing. Where somebody changed the incident meanwhile the
// API declines (409 or 412) and nothing is written: the caller reads again.
func (c *Connector) close(ctx context.Context, v connector.Verdict, have remote, classification, why string) error {
	properties := map[string]any{"status": "Closed", "classification": classification, "classificationComment": v.Text(1000)}
	if why != "" {
		properties["classificationReason"] = why
	}
	for _, name := range kept {
		if value, stated := have.Properties[name]; stated {
			properties[name] = value
		}
	}
	call := c.call(writeIncident, []string{v.ExternalID}, nil)
	call.Body, call.IfMatch = map[string]any{"etag": have.Etag, "properties": properties}, have.Etag
	var made remote
	answer, err := c.Ask(ctx, call, &made)
	if answer.Status == http.StatusConflict || answer.Status == http.StatusPreconditionFailed {
		return nil
	}
	return err
}

// comment writes the comment unless it is there.
func (c *Connector) comment(ctx context.Context, v connector.Verdict) error {
	id := uuid.NewSHA1(commentNamespace, []byte(v.Key)).String()
	var have struct {
		Properties *struct {
			Message string `json:"message"`
		} `json:"properties"`
	}
	answer, err := c.Ask(ctx, c.call(readComment, []string{v.ExternalID, id}, nil), &have)
	if err == nil && have.Properties != nil {
		return nil
	}
	if err != nil && answer.Status != http.StatusNotFound {
		return err
	}
	call := c.call(writeComment, []string{v.ExternalID, id}, nil)
	call.Body = map[string]any{"properties": map[string]any{"message": v.Text(longestComment)}}
	have.Properties = nil
	_, err = c.Ask(ctx, call, &have)
	if err == nil && have.Properties == nil {
		err = connector.Unknownf(nil, "Sentinel's answer does not show the comment.")
	}
	return err
}
