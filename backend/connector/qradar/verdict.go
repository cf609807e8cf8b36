package qradar

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"vedette/backend/connector"
	"vedette/backend/soc"
)

// offenseForm is what the id of an offense looks like.
var offenseForm = regexp.MustCompile(`^[0-9]{1,12}$`)

// longestNote bounds, in bytes, a note: it travels in the query of its request.
const longestNote = 1500

// reason is the deployment's text for a verdict, empty to leave the offense open.
func (c *Connector) reason(v soc.Verdict) (text string, known bool) {
	setting, known := map[soc.Verdict]string{
		soc.VerdictTruePositive: "true_positive", soc.VerdictBenignPositive: "benign_positive",
		soc.VerdictFalsePositive: "false_positive", soc.VerdictUndetermined: "undetermined",
	}[v]
	return c.Config.Settings[setting], known
}

// WriteVerdict implements connector.VerdictWriter.
func (c *Connector) WriteVerdict(ctx context.Context, v connector.Verdict) error {
	reason, known := c.reason(v.Verdict)
	if !known || !offenseForm.MatchString(v.ExternalID) || v.Key == "" {
		return connector.Refusedf(nil, "The incident or its verdict has no word in QRadar.")
	}
	id := -1
	if reason != "" {
		list, err := c.reasons(ctx)
		if err != nil {
			return connector.Refusedf(err, "The closing reasons could not be read; nothing was written.")
		}
		if id, known = list[reason]; !known {
			return connector.Refusedf(nil, "QRadar has no closing reason %s; state another in the connector's settings.", soc.DisplayName(reason))
		}
	}
	if err := c.note(ctx, v); err != nil || id < 0 {
		return err
	}
	return c.close(ctx, v.ExternalID, id)
}

// note adds the comment unless it is there.
func (c *Connector) note(ctx context.Context, v connector.Verdict) error {
	var all []struct {
		Text string `json:"note_text"`
	}
	if err := c.list(ctx, notes, []string{v.ExternalID}, &all); err != nil {
		return connector.Refusedf(err, "The notes of the offense could not be read; nothing was written.")
	}
	for _, n := range all {
		if strings.Contains(n.Text, v.Marker()) {
			return nil
		}
	}
	var added struct {
		ID   *int64 `json:"id"`
		Text string `json:"note_text"`
	}
	if err := c.ask(ctx, addNote, []string{v.ExternalID}, url.Values{"note_text": {v.Text(longestNote)}}, "", &added); err != nil {
		return err
	}
	if added.ID == nil || !strings.Contains(added.Text, v.Marker()) {
		return connector.Unknownf(nil, "QRadar's answer does not show the note.")
	}
	return nil
}

// state is an offense's.
type state struct {
	ID     int64  `json:"id"`
	Status string `json:"status"`
	Reason *int   `json:"closing_reason_id"`
}

// closed reports whether an offense is closed with a reason.
func (s state) closed(offense string, reason int) bool {
	return fmt.Sprint(s.ID) == offense && s.Status == "CLOSED" && s.Reason != nil && *s.Reason == reason
}

// close closes an offense unless it is closed so, and reads it back.
func (c *Connector) close(ctx context.Context, id string, reason int) error {
	var before, answered, after state
	if err := c.ask(ctx, offense, []string{id}, nil, "", &before); err != nil {
		return connector.Unknownf(err, "The note is written; the offense could not be read and is not closed.")
	}
	if before.closed(id, reason) {
		return nil
	}
	query := url.Values{"status": {"CLOSED"}, "closing_reason_id": {fmt.Sprint(reason)}}
	if err := c.ask(ctx, closing, []string{id}, query, "", &answered); err != nil {
		return err
	}
	if err := c.ask(ctx, offense, []string{id}, nil, "", &after); err != nil || !after.closed(id, reason) {
		return connector.Unknownf(err, "QRadar took the closing, but does not show it yet.")
	}
	return nil
}

// reasons are the deployment's closing reasons by their text.
func (c *Connector) reasons(ctx context.Context) (map[string]int, error) {
	var all []struct {
		ID      int    `json:"id"`
		Text    string `json:"text"`
		Deleted bool   `json:"is_deleted"`
	}
	if err := c.list(ctx, reasons, nil, &all); err != nil {
		return nil, err
	}
	byText := map[string]int{}
	for _, r := range all {
		if !r.Deleted {
			byText[r.Text] = r.ID
		}
	}
	return byText, nil
}

// longestList is how many entries of a list are read; one that is longer is not
// judged by a part.
const longestList = 1000

// list reads a whole list. QRadar pages by ranges and says how long a list is.
func (c *Connector) list(ctx context.Context, e connector.Endpoint, values []string, into any) error {
	return c.ask(ctx, e, values, nil, fmt.Sprintf("items=0-%d", longestList-1), into)
}

// ask makes one call; parameters go in the query, as this API wants them.
func (c *Connector) ask(ctx context.Context, e connector.Endpoint, values []string, query url.Values, items string, into any) error {
	target, err := e.URL(c.Config.BaseURL, values...)
	if err != nil {
		return connector.Refusedf(err, "The request cannot be built.")
	}
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, e.Method, target, nil)
	if err != nil {
		return connector.Refusedf(err, "The request cannot be built.")
	}
	req.Header.Set("SEC", c.Config.Secrets["token"])
	req.Header.Set("Version", "16.0")
	req.Header.Set("Accept", "application/json")
	if items != "" {
		req.Header.Set("Range", items)
	}
	answer, err := connector.Exchange(c.Line.Client(), req)
	if err != nil {
		return connector.Explain(answer, err, e.Permission)
	}
	if items != "" && !whole(answer.Header.Get("Content-Range")) {
		return connector.Unknownf(nil, "QRadar's list is longer than %d entries, or does not say how long it is.", longestList)
	}
	return answer.Read(into)
}

var rangeForm = regexp.MustCompile(`^items (?:0-([0-9]+)|\*)/([0-9]+)$`)

// whole reports whether a list ends where the answer ends.
func whole(contentRange string) bool {
	found := rangeForm.FindStringSubmatch(contentRange)
	if found == nil {
		return false
	}
	return slices.Contains([]string{"0", next(found[1])}, found[2])
}

// next is the number after a decimal one.
func next(text string) string {
	n := 0
	if _, err := fmt.Sscan(text, &n); err != nil {
		return ""
	}
	return fmt.Sprint(n + 1)
}
