package declared

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
)

// compiledRequest is a request whose shape is fixed.
type compiledRequest struct {
	method   string
	segments []template
	query    map[string]template
	headers  map[string]string
	body     *tree
}

// build makes the request that a call sends. base is the product's, as declared.
func (r compiledRequest) build(ctx context.Context, base string, v values) (*http.Request, error) {
	target := base
	for _, segment := range r.segments {
		text, err := segment.segment(v)
		if err != nil {
			return nil, err
		}
		target += "/" + url.PathEscape(text)
	}
	if len(r.query) > 0 {
		query := url.Values{}
		for name, t := range r.query {
			text, err := t.text(v)
			if err != nil {
				return nil, err
			}
			query.Set(name, text)
		}
		target += "?" + query.Encode()
	}
	var sent []byte
	if r.body != nil {
		value, err := r.body.value(v)
		if err != nil {
			return nil, err
		}
		if sent, err = json.Marshal(value); err != nil {
			return nil, err
		}
	}
	req, err := http.NewRequestWithContext(ctx, r.method, target, bytes.NewReader(sent))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	if r.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, value := range r.headers {
		req.Header.Set(name, value)
	}
	return req, nil
}

// references are the names a request refers to.
func (r compiledRequest) references() []string {
	var names []string
	for _, t := range r.segments {
		names = append(names, t.references()...)
	}
	for _, t := range r.query {
		names = append(names, t.references()...)
	}
	if r.body != nil {
		names = append(names, r.body.references()...)
	}
	return names
}
