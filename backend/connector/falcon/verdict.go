package falcon

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"vedette/backend/connector"
	"vedette/backend/soc"
)

// alertForm is what the composite id of an alert looks like.
var alertForm = regexp.MustCompile(`^[A-Za-z0-9_.:-]{8,300}$`)

// longestComment bounds, in bytes, a comment that analysts are to read.
const longestComment = 4000

// tags are how the console words the resolution of a closed alert. An
// undetermined one has none.
var tags = map[soc.Verdict]string{
	soc.VerdictTruePositive: "true_positive", soc.VerdictFalsePositive: "false_positive", soc.VerdictBenignPositive: "ignored", soc.VerdictUndetermined: "",
}

// alert is what is read of one.
type alert struct {
	ID       string   `json:"composite_id"`
	Status   string   `json:"status"`
	Tags     []string `json:"tags"`
	Comments []struct {
		Value string `json:"value"`
	} `json:"comments"`
}

// shows reports whether the alert is closed with a resolution.
func (a alert) shows(tag string) bool {
	return a.Status == "closed" && (tag == "" || slices.Contains(a.Tags, tag))
}

// WriteVerdict implements connector.VerdictWriter: status, resolution and comment
// in one change, of what is not there.
func (c *Connector) WriteVerdict(ctx context.Context, v connector.Verdict) error {
	tag, known := tags[v.Verdict]
	if !known || !alertForm.MatchString(v.ExternalID) || v.Key == "" {
		return connector.Refusedf(nil, "The incident or its verdict has no word in Falcon.")
	}
	before, err := c.alert(ctx, v.ExternalID)
	if err != nil {
		return connector.Refusedf(err, "The alert could not be read; nothing was written.")
	}
	var parameters []map[string]string
	set := func(name, value string) {
		parameters = append(parameters, map[string]string{"name": name, "value": value})
	}
	if before.Status != "closed" {
		set("update_status", "closed")
	}
	for _, other := range tags {
		if other != "" && other != tag && slices.Contains(before.Tags, other) {
			set("remove_tag", other) // an earlier verdict's
		}
	}
	if tag != "" && !slices.Contains(before.Tags, tag) {
		set("add_tag", tag)
	}
	told := false
	for _, comment := range before.Comments {
		told = told || strings.Contains(comment.Value, v.Marker())
	}
	if !told {
		set("append_comment", v.Text(longestComment))
	}
	if len(parameters) == 0 {
		return nil
	}
	if _, err := c.ask(ctx, alertUpdate, nil, map[string]any{"composite_ids": []string{v.ExternalID}, "action_parameters": parameters}); err != nil {
		return err
	}
	after, err := c.alert(ctx, v.ExternalID)
	if err != nil || !after.shows(tag) {
		return connector.Unknownf(err, "Falcon took the verdict, but does not show it yet.")
	}
	return nil
}

// alert reads one alert.
func (c *Connector) alert(ctx context.Context, id string) (a alert, err error) {
	said, err := c.ask(ctx, alerts, nil, map[string][]string{"composite_ids": {id}})
	if err != nil {
		return a, err
	}
	if err := said.only(&a); err != nil {
		return a, err
	}
	if a.ID != id {
		return a, connector.Unknownf(nil, "Falcon answered with another alert than the one that was named.")
	}
	return a, nil
}
