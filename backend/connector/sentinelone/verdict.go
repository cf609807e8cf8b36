package sentinelone

import (
	"context"
	"encoding/json"
	"net/url"
	"regexp"
	"strings"

	"vedette/backend/connector"
	"vedette/backend/soc"
)

// threatForm is what the id of a threat looks like.
var threatForm = regexp.MustCompile(`^[0-9]{15,20}$`)

// longestNote bounds, in bytes, a note.
const longestNote = 4000

// words are the API's verdicts. It has none for what was detected rightly and is
// harmless: that is no threat, which false_positive says; the note tells the rest.
var words = map[soc.Verdict]string{
	soc.VerdictTruePositive: "true_positive", soc.VerdictFalsePositive: "false_positive", soc.VerdictBenignPositive: "false_positive",
	soc.VerdictSuspicious: "suspicious", soc.VerdictUndetermined: "undefined",
}

// resolved is the status of a threat that is closed.
const resolved = "resolved"

// WriteVerdict implements connector.VerdictWriter: a note, the analyst's verdict
// and the incident status, each unless it is there.
func (c *Connector) WriteVerdict(ctx context.Context, v connector.Verdict) error {
	word, known := words[v.Verdict]
	if !known || !threatForm.MatchString(v.ExternalID) || v.Key == "" {
		return connector.Refusedf(nil, "The incident or its verdict has no word in SentinelOne.")
	}
	before, status, err := c.judged(ctx, v.ExternalID)
	if err != nil {
		return connector.Refusedf(err, "The threat could not be read; nothing was written.")
	}
	if err := c.note(ctx, v); err != nil {
		return err
	}
	if before != word {
		if err := c.change(ctx, analystVerdict, v.ExternalID, map[string]string{"analystVerdict": word}); err != nil {
			return err
		}
	}
	if status != resolved {
		if err := c.change(ctx, incidentStatus, v.ExternalID, map[string]string{"incidentStatus": resolved}); err != nil {
			return err
		}
	}
	after, status, err := c.judged(ctx, v.ExternalID)
	if err != nil || after != word || status != resolved {
		return connector.Unknownf(err, "SentinelOne took the verdict, but does not show it yet.")
	}
	return nil
}

// note adds the comment unless it is there.
func (c *Connector) note(ctx context.Context, v connector.Verdict) error {
	there := false
	err := c.list(ctx, notes, []string{v.ExternalID}, url.Values{}, func(items []json.RawMessage) error {
		for _, raw := range items {
			var n struct {
				Text string `json:"text"`
			}
			if err := json.Unmarshal(raw, &n); err != nil {
				return connector.Unknownf(err, "SentinelOne's note could not be read.")
			}
			there = there || strings.Contains(n.Text, v.Marker())
		}
		return nil
	})
	switch {
	case err != nil:
		return connector.Refusedf(err, "The notes of the threat could not be read; nothing was written.")
	case there:
		return nil
	}
	return c.change(ctx, addNote, v.ExternalID, map[string]string{"text": v.Text(longestNote)})
}

// change changes one threat.
func (c *Connector) change(ctx context.Context, e connector.Endpoint, id string, data map[string]string) error {
	affected, err := c.act(ctx, e, nil, "ids", id, data)
	switch {
	case err != nil:
		return err
	case affected == 0:
		return connector.Refusedf(nil, "SentinelOne changed no threat: none with this id is within the token's scope.")
	case affected > 1:
		return connector.Unknownf(nil, "SentinelOne says that it changed %d threats where one was named.", affected)
	}
	return nil
}

// judged reads a threat's verdict and status.
func (c *Connector) judged(ctx context.Context, id string) (verdict, status string, err error) {
	type judgement struct {
		ID   string `json:"id"`
		Info *struct {
			Verdict string `json:"analystVerdict"`
			Status  string `json:"incidentStatus"`
		} `json:"threatInfo"`
	}
	var seen []judgement
	err = c.list(ctx, threats, nil, url.Values{"ids": {id}}, func(items []json.RawMessage) error {
		for _, raw := range items {
			var j judgement
			if err := json.Unmarshal(raw, &j); err != nil || j.Info == nil {
				return connector.Unknownf(err, "SentinelOne's threat could not be read.")
			}
			seen = append(seen, j)
		}
		return nil
	})
	switch {
	case err != nil:
		return "", "", err
	case len(seen) != 1 || seen[0].ID != id:
		return "", "", connector.Unknownf(nil, "SentinelOne answered with %d threats where one was asked for.", len(seen))
	}
	return seen[0].Info.Verdict, seen[0].Info.Status, nil
}
