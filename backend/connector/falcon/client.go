package falcon

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"vedette/backend/connector"
)

// envelope is what every answer is wrapped in.
type envelope struct {
	Meta *struct {
		TraceID    string `json:"trace_id"`
		Pagination *struct {
			Total int64 `json:"total"`
		} `json:"pagination"`
	} `json:"meta"`
	Resources []json.RawMessage `json:"resources"`
	Errors    []apiError        `json:"errors"`
}

type apiError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// ask makes one call and opens its answer. An error inside a success is Refused
// where nothing was done and every error declines the request (4xx), else
// Unknown.
func (c *Connector) ask(ctx context.Context, e connector.Endpoint, query url.Values, body any) (envelope, error) {
	target := c.Config.BaseURL + e.Path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	var sent []byte
	if body != nil {
		var err error
		if sent, err = json.Marshal(body); err != nil {
			return envelope{}, connector.Refusedf(err, "The request cannot be built.")
		}
	}
	req, err := http.NewRequestWithContext(ctx, e.Method, target, bytes.NewReader(sent))
	if err != nil {
		return envelope{}, connector.Refusedf(err, "The request cannot be built.")
	}
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	answer, err := connector.Exchange(c.client, req)
	if err != nil {
		return envelope{}, connector.Explain(answer, err, e.Permission)
	}
	var said envelope
	if err := answer.Read(&said); err != nil {
		return envelope{}, err
	}
	if said.Meta == nil {
		return envelope{}, connector.Unknownf(fmt.Errorf("%.200q", answer.Body), "The answer is not Falcon's.")
	}
	return said, said.failure()
}

// failure judges the errors inside a success.
func (e envelope) failure() error {
	if len(e.Errors) == 0 {
		return nil
	}
	cause := fmt.Errorf("errors %+.500v, trace %.64q", e.Errors, e.Meta.TraceID)
	for _, said := range e.Errors {
		if said.Code < 400 || said.Code >= 500 || said.Code == http.StatusRequestTimeout || len(e.Resources) > 0 {
			return connector.Unknownf(cause, "Falcon reported an error inside a success.")
		}
	}
	return connector.Refusedf(cause, "Falcon declined the request inside a success.")
}

// only reads the one resource that was asked for.
func (e envelope) only(into any) error {
	if len(e.Resources) != 1 {
		return connector.Unknownf(nil, "Falcon answered with %d resources where one was named.", len(e.Resources))
	}
	if err := json.Unmarshal(e.Resources[0], into); err != nil {
		return connector.Unknownf(err, "Falcon's answer could not be read.")
	}
	return nil
}

// asWanted returns nil where a refusal does not matter, because what was asked
// for is so already.
func asWanted(refused error, state func() (string, error), wanted string) error {
	if connector.OutcomeOf(refused) != connector.Refused {
		return refused
	}
	if now, err := state(); err == nil && now == wanted {
		return nil
	}
	return refused
}
