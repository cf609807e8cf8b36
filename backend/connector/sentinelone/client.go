package sentinelone

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"vedette/backend/connector"
)

// apiError is one entry of the API's list of errors, which may come with any
// status.
type apiError struct {
	Code   int64  `json:"code"`
	Title  string `json:"title"`
	Detail any    `json:"detail"`
}

// ask makes one call and reads its answer. values fill the path's wildcards.
func (c *Connector) ask(ctx context.Context, e connector.Endpoint, values []string, query url.Values, body, into any) error {
	target, err := e.URL(c.Config.BaseURL, values...)
	if err != nil {
		return connector.Refusedf(err, "The request cannot be built.")
	}
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	var sent []byte
	if body != nil {
		if sent, err = json.Marshal(body); err != nil {
			return connector.Refusedf(err, "The request cannot be built.")
		}
	}
	req, err := http.NewRequestWithContext(ctx, e.Method, target, bytes.NewReader(sent))
	if err != nil {
		return connector.Refusedf(err, "The request cannot be built.")
	}
	req.Header.Set("Authorization", "ApiToken "+c.Config.Secrets["api_token"])
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	answer, err := connector.Exchange(c.Line.Client(), req)
	if err != nil {
		return connector.Explain(answer, err, e.Permission)
	}
	var said struct {
		Errors []apiError `json:"errors"`
	}
	if err := answer.Read(&said); err != nil {
		return err
	}
	if len(said.Errors) > 0 {
		return connector.Unknownf(fmt.Errorf("errors %+.500v", said.Errors), "SentinelOne reported an error inside a success.")
	}
	return answer.Read(into)
}

// selection names what an action is for; an action without a filter would be
// for everything, so none is ever sent without one.
type selection struct {
	Filter map[string][]string `json:"filter"`
	Data   map[string]string   `json:"data"`
}

// act sends an action for one id or hash and returns how many things it was
// sent to.
func (c *Connector) act(ctx context.Context, e connector.Endpoint, values []string, filter, value string, data map[string]string) (affected int64, err error) {
	if data == nil {
		data = map[string]string{}
	}
	var said struct {
		Data *struct {
			Affected *int64 `json:"affected"`
		} `json:"data"`
	}
	err = c.ask(ctx, e, values, nil, selection{Filter: map[string][]string{filter: {value}}, Data: data}, &said)
	switch {
	case err != nil:
		return 0, err
	case said.Data == nil || said.Data.Affected == nil || *said.Data.Affected < 0:
		return 0, connector.Unknownf(nil, "SentinelOne's answer does not say what it did.")
	}
	return *said.Data.Affected, nil
}

// Bounds of a list that is read to its end.
const (
	pageSize = "200"
	maxPages = 25
)

// list reads every page of a list. each is called with the raw items of a page.
func (c *Connector) list(ctx context.Context, e connector.Endpoint, values []string, query url.Values, each func([]json.RawMessage) error) error {
	query.Set("limit", pageSize)
	for range maxPages {
		var page struct {
			Data       *[]json.RawMessage `json:"data"`
			Pagination *struct {
				NextCursor string `json:"nextCursor"`
			} `json:"pagination"`
		}
		if err := c.ask(ctx, e, values, query, nil, &page); err != nil {
			return err
		}
		if page.Data == nil || page.Pagination == nil {
			return connector.Unknownf(nil, "SentinelOne's answer holds no list.")
		}
		if err := each(*page.Data); err != nil {
			return err
		}
		if page.Pagination.NextCursor == "" {
			return nil
		}
		query.Set("cursor", page.Pagination.NextCursor)
	}
	return connector.Unknownf(nil, "SentinelOne's list has more than %d pages of %s; it is not judged by a part.", maxPages, pageSize)
}

// look reads the first entry of a list, to see whether it may.
func (c *Connector) look(ctx context.Context, e connector.Endpoint) error {
	var page struct {
		Data *[]json.RawMessage `json:"data"`
	}
	err := c.ask(ctx, e, nil, url.Values{"limit": {"1"}}, nil, &page)
	if err == nil && page.Data == nil {
		return connector.Unknownf(nil, "SentinelOne's answer holds no list.")
	}
	return err
}
