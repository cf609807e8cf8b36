package tools

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// These tests hold the bare library to what mcp.md M8 says of it. One that
// fails after an upgrade is good news: the duty named in it can go.

type bare struct {
	t    *testing.T
	http *httptest.Server
}

func openBare(t *testing.T, options []server.StreamableHTTPOption, serverOptions ...server.ServerOption) *bare {
	t.Helper()
	s := server.NewMCPServer("bare", "1", append(serverOptions, server.WithResourceCapabilities(false, true))...)
	s.AddTool(mcp.NewTool("echo", mcp.WithString("text", mcp.Required()), mcp.WithReadOnlyHintAnnotation(true)),
		func(_ context.Context, request mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			switch request.GetString("text", "") {
			case "fail":
				return nil, errors.New("password=hunter2")
			case "structured":
				return mcp.NewToolResultStructuredOnly(map[string]any{"text": "<b>"}), nil
			}
			return mcp.NewToolResultText("zero value: " + request.GetString("text", "")), nil
		})
	s.AddResourceTemplate(mcp.NewResourceTemplate("x://{id}", "x"), func(context.Context, mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
		return nil, server.ErrResourceNotFound
	})
	b := &bare{t, httptest.NewServer(server.NewStreamableHTTPServer(s, options...))}
	t.Cleanup(b.http.Close)
	return b
}

func (b *bare) call(method, params string, headers ...string) (int, http.Header, string) {
	b.t.Helper()
	body := `{"jsonrpc":"2.0","id":1,"method":"` + method + `","params":` + params + `}`
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.http.URL, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := b.http.Client().Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var raw bytes.Buffer
	if _, err := raw.ReadFrom(resp.Body); err != nil {
		b.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, raw.String()
}

func (b *bare) needs(duty string, seen bool, got string) {
	b.t.Helper()
	if !seen {
		b.t.Errorf("%s: the library no longer does what mcp-go %s did; the duty can be reviewed. Got %s", duty, dutiesSeenOn, got)
	}
}

func TestLibraryStillNeedsItsDuties(t *testing.T) {
	b := openBare(t, []server.StreamableHTTPOption{server.WithStateLess(true)})
	status, _, got := b.call("ping", "{}", "Origin", "https://evil.example")
	b.needs("W1", status == 200, got)
	status, _, got = b.call("ping", "{}", "Authorization", "Bearer nonsense")
	b.needs("W3", status == 200, got)
	_, _, got = b.call("tools/call", `{"name":"echo","arguments":{"text":"fail"}}`)
	b.needs("W6", strings.Contains(got, "-32603") && strings.Contains(got, "hunter2"), got)
	_, _, got = b.call("tools/call", `{"name":"echo","arguments":{"txt":"unknown"}}`)
	b.needs("W7", strings.Contains(got, "zero value"), got)
	_, _, got = b.call("tools/call", `{"name":"echo","arguments":["text"]}`)
	b.needs("W8", strings.Contains(got, "zero value"), got)
	_, _, got = b.call("tools/call", `{"name":"echo","arguments":{"text":"a","text":"b"}}`)
	b.needs("W8 duplicate keys", strings.Contains(got, "zero value: b"), got)
	_, _, got = b.call("tools/call", `{"name":"echo","arguments":{"text":"structured"}}`)
	b.needs("W9", strings.Contains(got, `\\u003c`), got)
	status, _, got = b.call("ping", "{}", "Mcp-Session-Id", "mcp-session-00000000-0000-0000-0000-000000000000")
	b.needs("W12", status == 200, got)
	_, _, got = b.call("tools/list", "{}")
	b.needs("W13", strings.Contains(got, `"readOnlyHint":true`) && strings.Contains(got, `"destructiveHint":true`), got)
	status, _, got = b.call("resources/read", `{"uri":"x://1"}`)
	b.needs("W15", status == 200 && strings.Contains(got, "-32603"), got)
	modern := `{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}},"notifications":{}}`
	_, header, got := b.call("subscriptions/listen", modern, "MCP-Protocol-Version", "2026-07-28", "Mcp-Method", "subscriptions/listen")
	b.needs("W14", header.Get("Content-Type") == "text/event-stream" && header.Get("X-Accel-Buffering") == "", got)
}

func TestLibraryValidationReadsLikeAStructDump(t *testing.T) {
	b := openBare(t, []server.StreamableHTTPOption{server.WithStateLess(true)}, server.WithInputSchemaValidation())
	_, _, got := b.call("tools/call", `{"name":"echo","arguments":{}}`)
	b.needs("W7 texts", strings.Contains(got, "Missing:[text]"), got)
}

func TestLibraryRecoveryEchoesThePanic(t *testing.T) {
	s := server.NewMCPServer("bare", "1", server.WithRecovery())
	s.AddTool(mcp.NewTool("boom"), func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) { panic("password=hunter2") })
	answer := s.HandleMessage(t.Context(), []byte(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"boom"}}`))
	raw, err := encode(answer)
	if err != nil {
		t.Fatal(err)
	}
	(&bare{t: t}).needs("W6 recovery", bytes.Contains(raw, []byte("hunter2")), string(raw))
}
