package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"vedette/backend/soc"
	"vedette/tools"
)

// protocol is the revision of MCP that the loop speaks.
const protocol = "2026-07-28"

// RemoteTools is the agent door over MCP, under the token of a run: a loop in a
// process of its own is one client more.
type RemoteTools struct {
	*Remote
	Lease soc.RunLease
}

// Tools of a run.
func (r *Remote) Tools(lease soc.RunLease) Toolbox { return &RemoteTools{r, lease} }

// rpc is one request; into takes its result.
func (t *RemoteTools) rpc(ctx context.Context, method, name string, params map[string]any, into any) error {
	params["_meta"] = map[string]any{
		"io.modelcontextprotocol/protocolVersion":    protocol,
		"io.modelcontextprotocol/clientInfo":         map[string]any{"name": "vedette-agent", "version": t.Version},
		"io.modelcontextprotocol/clientCapabilities": map[string]any{},
	}
	headers := []string{"Accept", "application/json, text/event-stream", "MCP-Protocol-Version", protocol, "Mcp-Method", method}
	if name != "" {
		headers = append(headers, "Mcp-Name", name)
	}
	status, raw, err := t.request(ctx, http.MethodPost, tools.Path, t.Lease.Token, map[string]any{"jsonrpc": "2.0", "id": 1, "method": method, "params": params}, headers...)
	if err != nil {
		return err
	}
	var answer struct {
		Result json.RawMessage `json:"result"`
		Error  *struct {
			Code    int    `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}
	if err := json.Unmarshal(raw, &answer); err != nil || answer.Error == nil && len(answer.Result) == 0 {
		return fmt.Errorf("the agent door answered %d", status)
	}
	if answer.Error != nil {
		return soc.Errorf(soc.Denied, soc.CodeForbidden, "the agent door answered %d: %s", answer.Error.Code, soc.EscapeVisible(clipTo(answer.Error.Message, 300)))
	}
	return json.Unmarshal(answer.Result, into)
}

// Tools implements Toolbox.
func (t *RemoteTools) Tools(ctx context.Context) ([]tools.Tool, error) {
	var list struct {
		Tools []struct {
			Name        string          `json:"name"`
			Description string          `json:"description"`
			Schema      json.RawMessage `json:"inputSchema"`
		} `json:"tools"`
	}
	if err := t.rpc(ctx, "tools/list", "", map[string]any{}, &list); err != nil {
		return nil, err
	}
	out := make([]tools.Tool, len(list.Tools))
	for i, one := range list.Tools {
		out[i] = tools.Tool{Name: one.Name, Description: one.Description, Schema: one.Schema}
	}
	return out, nil
}

// Call implements Toolbox.
func (t *RemoteTools) Call(ctx context.Context, name string, arguments json.RawMessage) (tools.Result, error) {
	if !json.Valid(arguments) {
		// It could not be sent inside a request; the server would say the same.
		return refusedCall("VALIDATION_ERROR: the arguments must be one JSON object, such as {\"incident_id\":\"" + t.Lease.Incident + "\"}."), nil
	}
	var result struct {
		Content []struct {
			Text string `json:"text"`
		} `json:"content"`
		Structured json.RawMessage `json:"structuredContent"`
		IsError    bool            `json:"isError"`
	}
	if err := t.rpc(ctx, "tools/call", name, map[string]any{"name": name, "arguments": arguments}, &result); err != nil {
		return tools.Result{}, err
	}
	out := tools.Result{Body: result.Structured, IsError: result.IsError}
	for _, part := range result.Content {
		out.Text += part.Text
	}
	return out, nil
}
