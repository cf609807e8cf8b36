package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"time"

	"vedette/backend/soc"
)

// mcpRevision is the protocol revision the measuring client speaks.
const mcpRevision = "2025-11-25"

// client calls a server over HTTP as an outside program does, for the benchmark
// and the self-tests.
type client struct {
	http *http.Client
	base string
	key  string // bearer token, empty for a session
}

// newClient makes a client with connections and cookies of its own.
func newClient(base, key string) *client {
	jar, _ := cookiejar.New(nil) // never fails without options
	return &client{http: &http.Client{Jar: jar, Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 32}}, base: base, key: key}
}

func (c *client) close() { c.http.CloseIdleConnections() }

// answer is what came back.
type answer struct {
	status int
	body   []byte
}

// ok reports that the server did what it was asked.
func (a answer) ok() bool { return a.status >= 200 && a.status < 300 }

// problem is the answer as an error.
func (a answer) problem(what string) error {
	err := fmt.Errorf("%s answered %d: %.400s", what, a.status, bytes.TrimSpace(a.body))
	if a.status == http.StatusTooManyRequests {
		err = errors.Join(err, errPace)
	}
	return err
}

// deadError is a request without a whole answer: nobody knows whether it took
// effect.
type deadError struct{ cause error }

func (e *deadError) Error() string { return e.cause.Error() }
func (e *deadError) Unwrap() error { return e.cause }

// rawJSON is a body that is encoded already.
type rawJSON = json.RawMessage

// send makes one request. An error after it was made is a deadError.
func (c *client) send(ctx context.Context, method, path string, body any, headers ...string) (answer, error) {
	var sent io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return answer{}, err
		}
		sent = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, sent)
	if err != nil {
		return answer{}, err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.key != "" {
		request.Header.Set("Authorization", "Bearer "+c.key)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := c.http.Do(request)
	if err != nil {
		return answer{}, &deadError{err}
	}
	read, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return answer{}, &deadError{err}
	}
	return answer{response.StatusCode, read}, nil
}

// signIn begins a person's session.
func (c *client) signIn(ctx context.Context, email, password string) error {
	a, err := c.send(ctx, http.MethodPost, "/api/ops/v1/session", map[string]string{"email": email, "password": password})
	if err == nil && !a.ok() {
		err = a.problem("sign-in")
	}
	return err
}

// errTool is a tool's own refusal, errPace any refusal that only asks to wait.
var (
	errTool = errors.New("the tool refused")
	errPace = errors.New("too many calls at once")
)

// paced repeats a call that the server put off for its pace, a second later and
// at most a minute long. Nothing was done by such a call.
func paced(ctx context.Context, call func() error) error {
	for tries := 0; ; tries++ {
		err := call()
		if !errors.Is(err, errPace) || tries == 60 {
			return err
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// call calls a tool of the agent door and reads its structured answer into out.
func (c *client) call(ctx context.Context, tool string, arguments, out any) error {
	body := map[string]any{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": map[string]any{"name": tool, "arguments": arguments}}
	a, err := c.send(ctx, http.MethodPost, "/mcp", body, "Accept", "application/json, text/event-stream", "MCP-Protocol-Version", mcpRevision)
	if err != nil {
		return err
	}
	var reply struct {
		Result *struct {
			Structured json.RawMessage `json:"structuredContent"`
			Content    []struct {
				Text string `json:"text"`
			} `json:"content"`
			IsError bool `json:"isError"`
		} `json:"result"`
	}
	if err := json.Unmarshal(lastEvent(a.body), &reply); err != nil || reply.Result == nil {
		return a.problem(tool)
	}
	if reply.Result.IsError {
		text := "without words"
		if len(reply.Result.Content) > 0 {
			text = reply.Result.Content[0].Text
		}
		if strings.HasPrefix(text, string(soc.CodeRateLimited)) {
			return fmt.Errorf("%s: %w: %w: %.400s", tool, errTool, errPace, text)
		}
		return fmt.Errorf("%s: %w: %.400s", tool, errTool, text)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(reply.Result.Structured, out)
}

// lastEvent is the JSON of an answer, which may be a stream of events.
func lastEvent(body []byte) []byte {
	last := body
	for line := range bytes.Lines(body) {
		if data, found := bytes.CutPrefix(line, []byte("data:")); found {
			last = bytes.TrimSpace(data)
		}
	}
	return last
}
