package splunk

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"vedette/backend/connector"
	"vedette/backend/soc"
)

// notableForm is what the id of a notable event looks like: digits and letters
// around @@.
var notableForm = regexp.MustCompile(`^[A-Za-z0-9_.:@-]{1,200}$`)

// longestComment bounds, in bytes, a comment that analysts are to read.
const longestComment = 4000

// disposition is the deployment's word for a verdict.
func (c *Connector) disposition(v soc.Verdict, reason string) string {
	setting := map[soc.Verdict]string{
		soc.VerdictTruePositive: "true_positive", soc.VerdictBenignPositive: "benign_positive",
		soc.VerdictFalsePositive: "false_positive", soc.VerdictUndetermined: "undetermined",
	}[v]
	if v == soc.VerdictFalsePositive && reason == "IncorrectAlertLogic" {
		setting = "false_positive_logic"
	}
	return c.Config.Settings[setting]
}

// WriteVerdict implements connector.VerdictWriter.
func (c *Connector) WriteVerdict(ctx context.Context, v connector.Verdict) error {
	disposition := c.disposition(v.Verdict, v.Reason)
	if !notableForm.MatchString(v.ExternalID) || v.Key == "" || disposition == "" {
		return connector.Refusedf(nil, "The incident or its verdict has no word in Splunk.")
	}
	before, err := c.reviews(ctx, v.ExternalID)
	if err != nil {
		return connector.Refusedf(err, "The reviews of the notable event could not be read; nothing was written.")
	}
	told := slices.ContainsFunc(before, func(r review) bool { return strings.Contains(r.Comment, v.Marker()) })
	if told && c.shows(before, disposition) {
		return nil
	}
	form := url.Values{"ruleUIDs": {v.ExternalID}, "status": {c.Config.Settings["closed_status"]}, "disposition": {disposition}, "output_mode": {"json"}}
	if !told {
		form.Set("comment", v.Text(longestComment))
	}
	if err := c.update(ctx, form); err != nil {
		return err
	}
	after, err := c.reviews(ctx, v.ExternalID)
	if err != nil || !c.shows(after, disposition) {
		return connector.Unknownf(err, "Splunk took the verdict, but does not show it yet.")
	}
	return nil
}

// update changes one notable event.
func (c *Connector) update(ctx context.Context, form url.Values) error {
	var said struct {
		Success *bool `json:"success"`
		Changed *int  `json:"success_count"`
		Failed  int   `json:"failure_count"`
	}
	if err := c.ask(ctx, update, nil, nil, form, &said); err != nil {
		return err
	}
	switch {
	case said.Success == nil || said.Changed == nil:
		return connector.Unknownf(nil, "Splunk's answer does not say what it did.")
	case !*said.Success && *said.Changed == 0:
		return connector.Refusedf(nil, "Splunk declined the change inside a success.")
	case !*said.Success || *said.Changed != 1 || said.Failed != 0:
		return connector.Unknownf(nil, "Splunk changed %d notable events where one was named.", *said.Changed)
	}
	return nil
}

// review is one entry of the collection.
type review struct {
	Notable     string `json:"rule_id"`
	Status      string `json:"status"`
	Disposition string `json:"disposition"`
	Comment     string `json:"comment"`
}

// shows reports whether the latest review has the verdict.
func (c *Connector) shows(latestFirst []review, disposition string) bool {
	return len(latestFirst) > 0 && latestFirst[0].Status == c.Config.Settings["closed_status"] && latestFirst[0].Disposition == disposition
}

// reviews reads what was made of a notable event, the latest first.
func (c *Connector) reviews(ctx context.Context, notable string) ([]review, error) {
	wanted, err := json.Marshal(map[string]string{"rule_id": notable})
	if err != nil {
		return nil, err
	}
	var found *[]review
	query := url.Values{"query": {string(wanted)}, "sort": {"time:-1"}, "limit": {"100"}, "output_mode": {"json"}}
	if err := c.ask(ctx, reviews, []string{c.Config.Settings["review_app"]}, query, nil, &found); err != nil {
		return nil, err
	}
	if found == nil {
		return nil, connector.Unknownf(nil, "Splunk's answer holds no list.")
	}
	if slices.ContainsFunc(*found, func(r review) bool { return r.Notable != notable }) {
		return nil, connector.Unknownf(nil, "Splunk answered with reviews that were not asked for.")
	}
	return *found, nil
}

// capabilities reads what the token's user may do.
func (c *Connector) capabilities(ctx context.Context) ([]string, error) {
	var said struct {
		Entry []struct {
			Content struct {
				Capabilities []string `json:"capabilities"`
			} `json:"content"`
		} `json:"entry"`
	}
	if err := c.ask(ctx, whoami, nil, url.Values{"output_mode": {"json"}}, nil, &said); err != nil {
		return nil, err
	}
	if len(said.Entry) != 1 {
		return nil, connector.Unknownf(nil, "Splunk's answer does not tell the session.")
	}
	return said.Entry[0].Content.Capabilities, nil
}

// ask makes one call; Splunk takes forms and answers JSON.
func (c *Connector) ask(ctx context.Context, e connector.Endpoint, values []string, query, form url.Values, into any) error {
	target, err := e.URL(c.Config.BaseURL, values...)
	if err != nil {
		return connector.Refusedf(err, "The request cannot be built.")
	}
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, e.Method, target, strings.NewReader(form.Encode()))
	if err != nil {
		return connector.Refusedf(err, "The request cannot be built.")
	}
	req.Header.Set("Authorization", "Bearer "+c.Config.Secrets["token"])
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	answer, err := connector.Exchange(c.Line.Client(), req)
	if err != nil {
		return connector.Explain(answer, err, e.Permission)
	}
	var said struct {
		Messages []struct{ Type, Text string } `json:"messages"`
	}
	// A list has no messages; anything that is no JSON fails below.
	if json.Unmarshal(answer.Body, &said) == nil {
		for _, m := range said.Messages {
			if m.Type == "ERROR" || m.Type == "FATAL" {
				return connector.Unknownf(fmt.Errorf("%.500s", m.Text), "Splunk reported an error inside a success.")
			}
		}
	}
	return answer.Read(into)
}
