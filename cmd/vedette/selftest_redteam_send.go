package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"vedette/backend/soc"
)

// evil is one attacker with its own connections.
type evil struct {
	http  *http.Client
	base  string
	world *redWorld
	key   string
	read  map[string]bool // incidents whose text it was served
}

func newEvil(base string, world *redWorld, n int) *evil {
	return &evil{
		http: &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 2}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		base: base, world: world, key: world.agents[n], read: map[string]bool{},
	}
}

func (e *evil) close() { e.http.CloseIdleConnections() }

// attack is one request. A tool call goes to the agent door.
type attack struct {
	key          string // default the attacker's own
	method, path string
	body         []byte
	header       map[string]string
	// stranger attacks without a credential that counts: told to wait, it has
	// its answer.
	stranger bool
}

// tool makes a call of a tool; arguments are sent as they are where they are
// raw already.
func tool(name string, arguments any) attack {
	encoded, raw := arguments.(rawJSON)
	if !raw {
		encoded, _ = json.Marshal(arguments) // maps of texts and numbers
	}
	body := `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":` + strconv.Quote(name) + `,"arguments":` + string(encoded) + `}}`
	return attack{method: http.MethodPost, path: "/mcp", body: []byte(body), header: map[string]string{
		"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": mcpRevision,
	}}
}

// rest makes a request of the REST families.
func rest(method, path string, body any) attack {
	a := attack{method: method, path: path}
	if body != nil {
		a.body, _ = json.Marshal(body) // maps of texts and numbers
	}
	return a
}

// redReply is what an attack was answered.
type redReply struct {
	status    int
	request   string // the server's id of it
	body      []byte
	code      string // of a refusal
	refused   bool
	queued    bool // it waits for people
	running   bool // it was let run
	gamebooks []string
	stranger  bool
	mcp       bool
}

// waits bounds how often an attacker that is told to wait does so.
const waits = 40

// send makes one request; an attacker with a credential waits where it is told
// that it asks too often, so that the attack reaches what it is aimed at.
func (e *evil) send(ctx context.Context, a attack) (redReply, error) {
	for range waits {
		reply, wait, err := e.sendOnce(ctx, a)
		if err != nil || wait == 0 || a.stranger {
			return reply, err
		}
		pause(ctx, wait)
		if err := ctx.Err(); err != nil {
			return reply, err
		}
	}
	return redReply{}, errors.New("the server kept asking to wait")
}

func (e *evil) sendOnce(ctx context.Context, a attack) (reply redReply, wait time.Duration, err error) {
	request, err := http.NewRequestWithContext(ctx, a.method, e.base+a.path, bytes.NewReader(a.body))
	if err != nil {
		return reply, 0, err
	}
	if len(a.body) > 0 {
		request.Header.Set("Content-Type", "application/json")
	}
	key := a.key
	if key == "" && !a.stranger {
		key = e.key
	}
	if key != "" {
		request.Header.Set("Authorization", "Bearer "+key)
	}
	for name, value := range a.header {
		if name == "Host" {
			request.Host = value
			continue
		}
		request.Header.Set(name, value)
	}
	response, err := e.http.Do(request)
	if err != nil {
		return reply, 0, err
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, 4<<20))
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return reply, 0, err
	}
	reply = redReply{status: response.StatusCode, request: response.Header.Get("X-Request-Id"), body: body, stranger: a.stranger}
	if reply.status == http.StatusTooManyRequests {
		seconds, _ := strconv.Atoi(response.Header.Get("Retry-After"))
		wait = time.Duration(max(seconds, 1)) * time.Second
	}
	reply.mcp = a.path == "/mcp"
	reply.read()
	if reply.mcp && reply.code == string(soc.CodeRateLimited) { // a tool's refusal is an answer of status 200
		wait = max(wait, time.Second)
	}
	return reply, wait, nil
}

// read finds out what an answer says.
func (r *redReply) read() {
	if r.mcp {
		r.readTool()
		return
	}
	r.readReceipt(r.body)
	if r.status >= 300 {
		r.refused, r.code = true, problemCode(r.body)
	}
}

// readTool reads the answer of the agent door.
func (r *redReply) readTool() {
	var reply struct {
		Error *struct {
			Code int `json:"code"`
		} `json:"error"`
		Result *struct {
			Structured json.RawMessage `json:"structuredContent"`
			Content    []struct {
				Text string `json:"text"`
			} `json:"content"`
			IsError bool `json:"isError"`
		} `json:"result"`
	}
	if err := json.Unmarshal(lastEvent(r.body), &reply); err != nil {
		r.refused = r.status >= 300
		return
	}
	switch {
	case reply.Error != nil:
		r.refused, r.code = true, "JSON-RPC "+strconv.Itoa(reply.Error.Code)
	case reply.Result == nil:
		r.refused, r.code = true, problemCode(r.body)
	case reply.Result.IsError:
		r.refused = true
		if len(reply.Result.Content) > 0 {
			r.code, _, _ = strings.Cut(reply.Result.Content[0].Text, ":")
		}
	default:
		r.readReceipt(reply.Result.Structured)
	}
}

// readReceipt reads what became of a submit.
func (r *redReply) readReceipt(body []byte) {
	var receipt struct {
		Success  *bool  `json:"success"`
		Code     string `json:"code"`
		Gamebook string `json:"gamebook_id"`
		Queued   bool   `json:"is_queued_for_approval"`
		Data     *struct {
			Success  *bool  `json:"success"`
			Code     string `json:"code"`
			Gamebook string `json:"gamebook_id"`
			Queued   bool   `json:"is_queued_for_approval"`
		} `json:"data"`
	}
	if json.Unmarshal(body, &receipt) != nil {
		return
	}
	if receipt.Data != nil && receipt.Success == nil {
		receipt.Success, receipt.Code, receipt.Gamebook, receipt.Queued = receipt.Data.Success, receipt.Data.Code, receipt.Data.Gamebook, receipt.Data.Queued
	}
	if receipt.Success == nil {
		return
	}
	if !*receipt.Success {
		r.refused, r.code = true, receipt.Code
		return
	}
	if receipt.Gamebook != "" {
		r.gamebooks = append(r.gamebooks, receipt.Gamebook)
		r.queued, r.running = receipt.Queued, !receipt.Queued
	}
}

// problemCode is the code of a refusal in any family's form.
func problemCode(body []byte) string {
	var problem struct {
		Code   string          `json:"code"`
		Reason string          `json:"reason"`
		Error  json.RawMessage `json:"error"`
	}
	if json.Unmarshal(body, &problem) != nil {
		return ""
	}
	var word string
	var inner struct {
		Code string `json:"code"`
	}
	switch {
	case problem.Reason != "":
		return problem.Reason
	case problem.Code != "":
		return problem.Code
	case json.Unmarshal(problem.Error, &word) == nil:
		return word
	case json.Unmarshal(problem.Error, &inner) == nil:
		return inner.Code
	}
	return ""
}

// coded reports whether a code is one of the published ones, in the spelling of
// any family, or a code of the protocol itself.
func coded(code string) bool {
	return strings.HasPrefix(code, "JSON-RPC -3") || slices.ContainsFunc(soc.AllCodes, func(c soc.Code) bool { return strings.EqualFold(string(c), code) })
}

// onRecord reports whether a refusal must stand in the record: every no to a
// principal, and every tool call. What is refused before anybody is identified,
// by its Origin or Host, and what is no request of a route at all, such as a
// broken body, has no entry.
func (r redReply) onRecord() bool {
	exempt := []string{string(soc.CodeRateLimited), string(soc.CodeOriginRejected)}
	if !r.mcp {
		exempt = append(exempt, string(soc.CodeValidationError), string(soc.CodeBadRequest), string(soc.CodePayloadTooLarge), string(soc.CodeUnsupportedMediaType),
			string(soc.CodeMethodNotAllowed), string(soc.CodeNotFound), "malformed_body")
	}
	return !r.stranger && !strings.HasPrefix(r.code, "JSON-RPC") && !slices.ContainsFunc(exempt, func(c string) bool { return strings.EqualFold(c, r.code) })
}
