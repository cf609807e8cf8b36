package tools

import (
	"encoding/json"
	"net/http"

	"vedette/backend/soc"
)

// Codes of JSON-RPC 2.0 and of MCP that this door answers itself.
const (
	rpcParse             = -32700
	rpcInvalidRequest    = -32600
	rpcInvalidParams     = -32602
	rpcInternal          = -32603
	rpcServer            = -32000
	rpcResourceNotFound  = -32002 // legacy; the modern revision uses rpcInvalidParams
	rpcMissingCapability = -32021
)

// rpcError is a refusal before, or instead of, the library.
type rpcError struct {
	status int
	code   int
	text   string
	data   map[string]any
	// why is what the record says.
	why soc.Code
	// challenge is the WWW-Authenticate of a 401 or 403; retry the seconds of a 429.
	challenge string
	retry     int
}

// body is the JSON-RPC error response to id.
func (e *rpcError) body(id json.RawMessage) []byte {
	if len(id) == 0 {
		id = json.RawMessage("null")
	}
	type detail struct {
		Code    int            `json:"code"`
		Message string         `json:"message"`
		Data    map[string]any `json:"data,omitempty"`
	}
	raw, err := encode(struct {
		JSONRPC string          `json:"jsonrpc"`
		ID      json.RawMessage `json:"id"`
		Error   detail          `json:"error"`
	}{"2.0", id, detail{e.code, e.text, e.data}})
	if err != nil { // an id of ours is valid JSON, so this does not happen
		return []byte(`{"jsonrpc":"2.0","id":null,"error":{"code":-32603,"message":"Internal error"}}`)
	}
	return raw
}

// refused turns an error of this door or the desk into a JSON-RPC error, with
// the same text a tool would answer.
func refused(status, code int, reference string, err error) *rpcError {
	e := soc.AsError(err)
	return &rpcError{
		status: status, code: code, text: failureText(reference, e), data: map[string]any{"code": e.Code}, why: e.Code, retry: e.RetryAfter,
	}
}

func badRequest(code int, format string, args ...any) *rpcError {
	return refused(http.StatusBadRequest, code, "", soc.Errorf(soc.Invalid, soc.CodeBadRequest, format, args...))
}
