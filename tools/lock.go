package tools

import (
	"encoding/json"
	"net/http"

	"vedette/backend/soc"
)

// Lock is the SHA-256 of every tool of the server's profile as tools/list
// shows it, and of all of them together, so that a client can pin what it was
// reviewed with (M4) and an evaluation can name it (M36).
type Lock struct {
	ToolsLock string            `json:"tools_lock"`
	Tools     map[string]string `json:"tools"`
}

// Lock computes the hashes; they change with words and schemas, and with
// nothing else.
func (s *Server) Lock() Lock {
	out := Lock{Tools: map[string]string{}}
	var all []byte
	for _, t := range s.tools {
		hash := digest(t.listed())
		out.Tools[t.Name] = hash
		all = append(all, (t.Name + " " + hash + "\n")...)
	}
	out.ToolsLock = digest(all)
	return out
}

// listed is the tool as it stands in tools/list: compact JSON, members in
// order of name.
func (t *tool) listed() []byte {
	raw, err := encode(map[string]any{
		"name": t.Name, "description": t.Description, "inputSchema": json.RawMessage(t.Schema), "annotations": t.annotations(),
	})
	if err != nil {
		panic(err) // strings and a checked schema
	}
	return raw
}

func (t *tool) annotations() map[string]any {
	return map[string]any{
		"title": t.Title, "readOnlyHint": t.Hints.ReadOnly, "destructiveHint": t.Hints.Destructive,
		"idempotentHint": t.Hints.Idempotent, "openWorldHint": t.Hints.OpenWorld,
	}
}

// serveLock answers GET /mcp/tools.lock to any live credential of this door.
func (s *Server) serveLock(w http.ResponseWriter, req *http.Request) {
	x := s.newExchange(wireLegacy)
	x.method = "tools.lock"
	x.by.Call.Operation = x.method
	answer := &answerWriter{ResponseWriter: w, x: x, ctx: req.Context()}
	answer.Header().Set("X-Request-Id", x.by.Call.RequestID)
	if refusal := s.frontLock(x, req); refusal != nil {
		answer.refuse(refusal)
		return
	}
	raw, err := encode(s.Lock())
	if err != nil {
		answer.refuse(refused(http.StatusInternalServerError, rpcInternal, x.by.Call.RequestID, err))
		return
	}
	answer.Header().Set("Content-Type", "application/json")
	answer.Header().Set("Cache-Control", "private, max-age=300")
	_, _ = answer.Write(raw)
}

func (s *Server) frontLock(x *exchange, req *http.Request) *rpcError {
	if refusal := s.hosts.check(req); refusal != nil {
		return refusal
	}
	if wait := s.limits.strangers.wait(s.address(req)); wait > 0 && s.noAuth == nil {
		x.recorded = true
		e := soc.Errorf(soc.Limited, soc.CodeRateLimited, "Too many refused requests from this address.")
		e.RetryAfter = wait
		return refused(http.StatusTooManyRequests, rpcServer, x.by.Call.RequestID, e)
	}
	if req.Method != http.MethodGet {
		return &rpcError{status: http.StatusMethodNotAllowed, code: rpcServer, text: "Only GET is served here.", why: soc.CodeMethodNotAllowed}
	}
	if refusal := x.identify(req); refusal != nil {
		s.limits.strangers.add(s.address(req))
		return refusal
	}
	return nil
}
