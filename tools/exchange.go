package tools

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"vedette/backend/soc"
)

// Names of the protocol's metadata that the front reads itself.
const (
	metaVersion      = "io.modelcontextprotocol/protocolVersion"
	metaClient       = "io.modelcontextprotocol/clientInfo"
	metaCapabilities = "io.modelcontextprotocol/clientCapabilities"
	firstModern      = "2026-07-28"
)

// Wires, for the record.
const (
	wireModern = "modern"
	wireLegacy = "legacy"
	wireStdio  = "stdio"
)

// exchange is one JSON-RPC message on its way through this door.
type exchange struct {
	server  *Server
	started time.Time
	wire    string
	modern  bool
	by      soc.Actor
	stepUp  bool // an OAuth client, which may gain scopes
	// Of the message:
	id           json.RawMessage
	method       string
	name         string
	uri          string
	arguments    json.RawMessage
	capabilities map[string]json.RawMessage
	client       string
	// claimWait bounds waiting polls.
	claimWait func() (release func(), ok bool)
	// early is a refusal that a tool call answers as its result.
	early error
	// read and text are a resource and a prompt, made before the library asks.
	read *contents
	text string
	// recorded is set once the call is on record; code is what a failure of the
	// library is recorded as.
	recorded bool
	code     soc.Code
}

type exchangeKey struct{}

// exchangeFrom finds the exchange a library callback belongs to. It is only
// fished from the context where the library stands in between.
func exchangeFrom(ctx context.Context) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	return x
}

func (s *Server) newExchange(wire string) *exchange {
	x := &exchange{server: s, started: s.now(), wire: wire}
	x.by.Call = soc.Call{Door: "mcp", RequestID: newRequestID()}
	return x
}

// message is a JSON-RPC message as the front needs it.
type message struct {
	JSONRPC string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id"`
	Method  string          `json:"method"`
	Params  json.RawMessage `json:"params"`
}

type params struct {
	Name       string                     `json:"name"`
	URI        string                     `json:"uri"`
	Arguments  json.RawMessage            `json:"arguments"`
	ClientInfo json.RawMessage            `json:"clientInfo"`
	Meta       map[string]json.RawMessage `json:"_meta"`
}

// parse checks the raw bytes and reads the message. What two parsers could
// read differently is refused here, before any library looks (W8).
func (x *exchange) parse(raw []byte, version string) *rpcError {
	if err := soc.CheckJSON(raw, argumentLimits); err != nil {
		return refused(http.StatusBadRequest, rpcParse, x.by.Call.RequestID, err)
	}
	if trimmed := bytes.TrimLeft(raw, " \t\r\n"); trimmed[0] != '{' {
		return badRequest(rpcInvalidRequest, "Send one JSON-RPC message per request; batches are not part of the protocol.")
	}
	var m message
	if err := json.Unmarshal(raw, &m); err != nil {
		return badRequest(rpcInvalidRequest, "This is not a JSON-RPC 2.0 message.")
	}
	x.id, x.method = m.ID, m.Method
	if bytes.Equal(m.ID, []byte("null")) {
		x.id = nil
	}
	var p params
	if len(m.Params) > 0 && json.Unmarshal(m.Params, &p) != nil {
		return badRequest(rpcInvalidParams, "The params do not have the types of the protocol.")
	}
	x.name, x.uri, x.arguments = p.Name, p.URI, p.Arguments
	stated := version
	if raw := p.Meta[metaVersion]; len(raw) > 0 {
		_ = json.Unmarshal(raw, &stated) // a wrong type stays the header's word; the library refuses it
	}
	if x.modern = stated >= firstModern; x.modern && x.wire == wireLegacy {
		x.wire = wireModern
	}
	_ = json.Unmarshal(p.Meta[metaCapabilities], &x.capabilities)
	x.client = clientName(p)
	x.by.Call.Operation, x.by.Call.ClientName = x.operation(), x.client
	return nil
}

func clientName(p params) string {
	var info struct {
		Name string `json:"name"`
	}
	raw := p.Meta[metaClient]
	if len(raw) == 0 {
		raw = p.ClientInfo
	}
	if json.Unmarshal(raw, &info) != nil {
		return ""
	}
	return soc.DisplayName(info.Name)
}

// operation names the message for the record: caller's text only where it is a
// name that this server knows.
func (x *exchange) operation() string {
	if x.method == "tools/call" && x.server.tool(x.name) != nil {
		return x.name
	}
	return methodName(x.method)
}

// methodName keeps a method out of the record that is none.
func methodName(method string) string {
	if method == "" || len(method) > 64 || strings.Trim(method, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ/_") != "" {
		return "unknown"
	}
	return method
}

// admit is what every wire asks once the caller is known: rate, scope, client
// capabilities. A tool call over its rate is answered as a result, everything
// else as an error (M5).
func (x *exchange) admit() (leave func(), refusal *rpcError) {
	leave, err := x.server.limits.enter(x.by.ID)
	if err != nil {
		if x.method != "tools/call" {
			refusal := refused(http.StatusTooManyRequests, rpcServer, x.by.Call.RequestID, err)
			return nil, refusal
		}
		x.early, leave = err, func() {}
	}
	if refusal := x.capable(); refusal != nil {
		leave()
		return nil, refusal
	}
	return leave, nil
}

// capable refuses a call that needs what the client did not declare (W5).
func (x *exchange) capable() *rpcError {
	need := x.server.requires[x.name]
	if !x.modern || x.method != "tools/call" || need == nil {
		return nil
	}
	for capability := range need {
		if _, declared := x.capabilities[capability]; !declared {
			return &rpcError{
				status: http.StatusBadRequest, code: rpcMissingCapability, text: "The client did not declare a capability that this tool needs.",
				data: map[string]any{"requiredCapabilities": need}, why: soc.CodeBadRequest,
			}
		}
	}
	return nil
}

// scope is what the message needs, "" for nothing.
func (x *exchange) scope() soc.Scope {
	switch x.method {
	case "tools/call":
		if t := x.server.tool(x.name); t != nil {
			return t.Scope
		}
	case "prompts/get":
		if p := x.server.prompt(x.name); p != nil {
			return p.scope
		}
	case "resources/read":
		if r, _ := x.server.resource(x.uri); r != nil {
			return r.scope
		}
	}
	return ""
}

// sees reports whether the caller's list shows what needs a scope (M20).
func (x *exchange) sees(scope soc.Scope) bool {
	return scope == "" || x.stepUp && slices.Contains(Scopes, scope) || x.by.Has(scope)
}

// prepare makes what the library can only hand on: a resource or a prompt.
func (x *exchange) prepare(ctx context.Context) *rpcError {
	switch x.method {
	case "resources/read":
		return x.readResource(ctx)
	case "prompts/get":
		return x.fillPrompt()
	}
	return nil
}

// record puts a call on record that no tool has recorded. It must succeed
// before anything is answered.
func (x *exchange) record(ctx context.Context) error {
	if x.recorded {
		return nil
	}
	x.recorded = true
	return x.server.desk.RecordCall(context.WithoutCancel(ctx), x.by, soc.CallRecord{
		Wire: x.wire, Method: methodName(x.method), Code: x.code, IsError: x.code != "", Duration: x.server.now().Sub(x.started),
		ArgumentDigest: x.by.Call.ArgumentDigest,
	})
}
