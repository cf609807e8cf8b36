package connector

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
)

// Answer is a product's whole answer.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Exchange sends one request and judges what came of it, for every connector
// over HTTP. The error is a *Failure:
//
//	no connection was made           Refused: nothing was sent
//	400-499 except 408               Refused: the product declined
//	2xx                              no error
//	anything else                    Unknown: dropped, timed out, 3xx, 408, 5xx, unreadable
//
// The answer is returned with an error too where there is one. client comes from
// egress, which never repeats a request and caps the body, or from a Line or
// Tokens around such a client; what those stop is Refused.
func Exchange(client *http.Client, req *http.Request) (Answer, error) {
	var connected atomic.Bool
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }}
	resp, err := client.Do(req.WithContext(httptrace.WithClientTrace(req.Context(), trace)))
	if err != nil {
		cause := withoutURL(err)
		var stopped *Failure
		switch {
		case errors.As(err, &stopped): // by the connector's own line or sign-in
			return Answer{}, stopped
		case !connected.Load():
			return Answer{}, Refusedf(cause, "The product could not be reached; nothing was sent.")
		case errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled):
			return Answer{}, Unknownf(cause, "The product did not answer in time.")
		}
		return Answer{}, Unknownf(cause, "The connection to the product broke before it answered.")
	}
	defer resp.Body.Close()
	answer := Answer{Status: resp.StatusCode, Header: resp.Header}
	answer.Body, err = io.ReadAll(resp.Body)
	status := fmt.Errorf("status %d: %.500q", answer.Status, answer.Body)
	switch {
	case err != nil && (answer.Status < 400 || answer.Status >= 500):
		return answer, Unknownf(err, "The product's answer could not be read.")
	case answer.Status >= 200 && answer.Status < 300:
		return answer, nil
	case answer.Status == http.StatusRequestTimeout || answer.Status < 400 || answer.Status >= 500:
		return answer, Unknownf(status, "The product answered with status %d.", answer.Status)
	}
	return answer, Refusedf(status, "The product declined the request with status %d.", answer.Status)
}

// withoutURL drops the URL that net/http puts into its errors: it may hold a
// secret, and what it names is known to whoever reads the log.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
