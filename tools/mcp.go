package tools

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"vedette/backend/soc"
	"vedette/prompts"
)

// This file alone knows the MCP library (M7). Everything it does not do, or
// does otherwise than we need (mcp.md M8, seen in v1.2.1), is done by the front
// before and the wrapper behind it.

// listTTL is how long lists and discovery may be cached by their one reader.
const listTTL = 300_000 // milliseconds

// library is the MCP library, set up for this server.
type library struct {
	mcp  *server.MCPServer
	http http.Handler
}

func newLibrary(s *Server) *library {
	hooks := &server.Hooks{}
	hooks.AddOnError(func(ctx context.Context, _ any, _ mcp.MCPMethod, _ any, _ error) {
		// The error's text may be the library's; the record keeps a code only.
		if x := exchangeFrom(ctx); x != nil && x.code == "" {
			x.code = soc.CodeBadRequest
		}
	})
	hooks.AddAfterListResources(func(ctx context.Context, _ any, _ *mcp.ListResourcesRequest, result *mcp.ListResourcesResult) {
		result.Resources = slices.DeleteFunc(slices.Clone(result.Resources), func(r mcp.Resource) bool { return !s.showsResource(ctx, r.URI) })
	})
	hooks.AddAfterListResourceTemplates(func(ctx context.Context, _ any, _ *mcp.ListResourceTemplatesRequest, result *mcp.ListResourceTemplatesResult) {
		result.ResourceTemplates = slices.DeleteFunc(slices.Clone(result.ResourceTemplates), func(r mcp.ResourceTemplate) bool {
			return !s.showsResource(ctx, r.URITemplate.Raw())
		})
	})
	options := append(s.libraryOptions(), server.WithHooks(hooks))
	l := &library{mcp: server.NewMCPServer("vedette", s.version, options...)}
	l.addTools(s)
	l.addResources(s)
	l.addPrompts(s)
	l.http = server.NewStreamableHTTPServer(l.mcp,
		server.WithStateLess(true), server.WithDisableStreaming(true), server.WithStreamableHTTPLogger(s.log),
		// The front checks Host against its own list, behind a proxy too.
		server.WithDisableLocalhostProtection(true))
	return l
}

// libraryOptions declares tools, resources, prompts and completions, and asks
// nothing of a client (M9, W11). listChanged is true because the library's
// acknowledgement of a subscription fails without it (W16).
func (s *Server) libraryOptions() []server.ServerOption {
	options := []server.ServerOption{
		server.WithToolCapabilities(true), server.WithResourceCapabilities(false, true), server.WithPromptCapabilities(true),
		server.WithCompletions(), server.WithInstructions(prompts.Instructions()), server.WithLogger(s.log),
		server.WithCacheHints(0, mcp.CacheScopePrivate),
		server.WithToolFilter(func(ctx context.Context, tools []mcp.Tool) []mcp.Tool {
			return slices.DeleteFunc(slices.Clone(tools), func(t mcp.Tool) bool { return !s.showsTool(ctx, t.Name) })
		}),
		server.WithPromptFilter(func(ctx context.Context, all []mcp.Prompt) []mcp.Prompt {
			return slices.DeleteFunc(slices.Clone(all), func(p mcp.Prompt) bool { return !s.showsPrompt(ctx, p.Name) })
		}),
		server.WithPromptCompletionProvider(completer{s}), server.WithResourceCompletionProvider(completer{s}),
	}
	for _, method := range []mcp.MCPMethod{
		mcp.MethodToolsList, mcp.MethodResourcesList, mcp.MethodResourcesTemplatesList, mcp.MethodPromptsList, mcp.MethodServerDiscover,
	} {
		options = append(options, server.WithMethodCacheHints(method, listTTL, mcp.CacheScopePrivate))
	}
	return options
}

func (s *Server) showsTool(ctx context.Context, name string) bool {
	x, t := exchangeFrom(ctx), s.tool(name)
	return x != nil && (t == nil || x.sees(t.Scope))
}

func (s *Server) showsPrompt(ctx context.Context, name string) bool {
	x, p := exchangeFrom(ctx), s.prompt(name)
	return x != nil && (p == nil || x.sees(p.scope))
}

func (s *Server) showsResource(ctx context.Context, uri string) bool {
	x := exchangeFrom(ctx)
	i := slices.IndexFunc(s.resources, func(r resource) bool { return r.uri == uri })
	return x != nil && (i < 0 || x.sees(s.resources[i].scope))
}

func (l *library) addTools(s *Server) {
	for _, t := range s.tools {
		tool := mcp.NewToolWithRawSchema(t.Name, t.Description, t.Schema)
		tool.Annotations = mcp.ToolAnnotation{
			Title: t.Title, ReadOnlyHint: &t.Hints.ReadOnly, DestructiveHint: &t.Hints.Destructive,
			IdempotentHint: &t.Hints.Idempotent, OpenWorldHint: &t.Hints.OpenWorld,
		}
		l.mcp.AddTool(tool, func(ctx context.Context, _ mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			return toolResult(exchangeFrom(ctx).callTool(ctx, t)), nil
		})
	}
}

// callTool runs a tool with the bytes the front read, not with what the library
// made of them (W7).
func (x *exchange) callTool(ctx context.Context, t *tool) Result {
	if x.early != nil {
		result := x.server.failure(x.by.Call.RequestID, x.early)
		x.code = result.Code
		return result
	}
	x.recorded = true
	return x.server.call(ctx, x.caller(), t, x.arguments)
}

// toolResult is a result as the library sends it: text and structured content
// from the same bytes (W9), and the labels of M25.
func toolResult(r Result) *mcp.CallToolResult {
	out := &mcp.CallToolResult{IsError: r.IsError, Content: []mcp.Content{mcp.TextContent{Type: "text", Text: r.Text}}}
	if r.Body != nil {
		out.StructuredContent = r.Body
	}
	integrity := "trusted"
	if r.Untrusted {
		integrity = "untrusted"
	}
	out.Meta = mcp.NewMetaFromMap(map[string]any{"vedette/integrity": integrity, "vedette/confidentiality": "workspace"})
	return out
}

func (l *library) addResources(s *Server) {
	read := func(ctx context.Context, _ mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
		c := exchangeFrom(ctx).read
		return []mcp.ResourceContents{mcp.TextResourceContents{URI: c.uri, MIMEType: c.mime, Text: c.text}}, nil
	}
	for _, r := range s.resources {
		if r.template() {
			l.mcp.AddResourceTemplate(mcp.NewResourceTemplate(r.uri, r.name, mcp.WithTemplateDescription(r.description),
				mcp.WithTemplateMIMEType(r.mime)), read)
			continue
		}
		l.mcp.AddResource(mcp.NewResource(r.uri, r.name, mcp.WithResourceTitle(r.title), mcp.WithResourceDescription(r.description),
			mcp.WithMIMEType(r.mime)), read)
	}
}

func (l *library) addPrompts(s *Server) {
	for _, p := range s.prompts {
		options := []mcp.PromptOption{mcp.WithPromptTitle(p.title), mcp.WithPromptDescription(p.description)}
		for _, argument := range p.arguments {
			options = append(options, mcp.WithArgument(argument.name, mcp.ArgumentDescription(argument.description), mcp.RequiredArgument()))
		}
		l.mcp.AddPrompt(mcp.NewPrompt(p.name, options...), func(ctx context.Context, _ mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
			return &mcp.GetPromptResult{Description: p.description, Messages: []mcp.PromptMessage{{
				Role: mcp.RoleUser, Content: mcp.TextContent{Type: "text", Text: exchangeFrom(ctx).text},
			}}}, nil
		})
	}
}

// completer suggests ids for arguments of prompts and templates.
type completer struct{ server *Server }

// CompletePromptArgument implements server.PromptCompletionProvider.
func (c completer) CompletePromptArgument(ctx context.Context, name string, argument mcp.CompleteArgument, given mcp.CompleteContext) (*mcp.Completion, error) {
	x, p := exchangeFrom(ctx), c.server.prompt(name)
	if p == nil || !x.sees(p.scope) {
		return &mcp.Completion{}, nil
	}
	i := slices.IndexFunc(p.arguments, func(a promptArgument) bool { return a.name == argument.Name })
	if i < 0 {
		return &mcp.Completion{}, nil
	}
	return completion(x.complete(ctx, p.arguments[i].ids, argument.Value, given.Arguments)), nil
}

// CompleteResourceArgument implements server.ResourceCompletionProvider.
func (c completer) CompleteResourceArgument(ctx context.Context, uri string, argument mcp.CompleteArgument, given mcp.CompleteContext) (*mcp.Completion, error) {
	x := exchangeFrom(ctx)
	i := slices.IndexFunc(c.server.resources, func(r resource) bool { return r.uri == uri })
	if i < 0 || !x.sees(c.server.resources[i].scope) {
		return &mcp.Completion{}, nil
	}
	return completion(x.complete(ctx, argument.Name, argument.Value, given.Arguments)), nil
}

func completion(values []string) *mcp.Completion {
	return &mcp.Completion{Values: values, Total: len(values)}
}

func (l *library) serveHTTP(w http.ResponseWriter, req *http.Request) { l.http.ServeHTTP(w, req) }

// session is the one client of a stdio connection. The library's own is a
// package variable, so that two connections in one process would share it.
type session struct {
	notifications chan mcp.JSONRPCNotification
}

func newSession() *session { return &session{make(chan mcp.JSONRPCNotification, 64)} }

// Initialize implements server.ClientSession; a connection is born ready.
func (*session) Initialize() {}

// Initialized implements server.ClientSession.
func (*session) Initialized() bool { return true }

// NotificationChannel implements server.ClientSession.
func (s *session) NotificationChannel() chan<- mcp.JSONRPCNotification { return s.notifications }

// SessionID implements server.ClientSession.
func (*session) SessionID() string { return "stdio" }

// next waits for something to tell the client, as JSON.
func (s *session) next(ctx context.Context) (json.RawMessage, error) {
	select {
	case notification := <-s.notifications:
		return encode(notification)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// handle answers one message of a stdio connection; nil where there is no
// answer.
func (l *library) handle(ctx context.Context, s *session, message json.RawMessage) (json.RawMessage, error) {
	answer := l.mcp.HandleMessage(l.mcp.WithContext(ctx, s), message)
	if answer == nil {
		return nil, nil
	}
	return encode(answer)
}
