//go:build conformance

package tools

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// progressGrace is how long a handler waits behind its last notification: the
// library drops it when the handler returns at once (W10, PR #969).
const progressGrace = 10 * time.Millisecond

// step is how long the suite's tools take between two notifications.
const step = 50 * time.Millisecond

func newConformanceLibrary(s *Server) *library {
	options := append(s.libraryOptions(), server.WithResourceCapabilities(true, true), server.WithLogging(), server.WithElicitation())
	l := &library{mcp: server.NewMCPServer("vedette-conformance", s.version, options...)}
	l.mcp.EnableSampling()
	f := &fixture{server: s, mcp: l.mcp}
	f.addContents()
	f.addNotifications()
	f.addLegacyRequests()
	f.addInputRequests()
	f.addResources()
	f.addPrompts()
	l.http = server.NewStreamableHTTPServer(l.mcp, server.WithStreamableHTTPLogger(s.log), server.WithDisableLocalhostProtection(true))
	return l
}

type fixture struct {
	server *Server
	mcp    *server.MCPServer
}

// errProtocol is an error that a fixture answers as a JSON-RPC error.
var errProtocol = errors.New("requestState does not verify")

// add registers a tool behind the duties of the wrapper that apply to one
// without our schema: no panic and no foreign error gets out.
func (f *fixture) add(tool mcp.Tool, handler server.ToolHandlerFunc) {
	no := false
	tool.Annotations = mcp.ToolAnnotation{ReadOnlyHint: &no, DestructiveHint: &no, IdempotentHint: &no, OpenWorldHint: &no}
	f.mcp.AddTool(tool, func(ctx context.Context, request mcp.CallToolRequest) (result *mcp.CallToolResult, err error) {
		x := exchangeFrom(ctx)
		defer func() {
			if value := recover(); value != nil {
				f.server.log.ErrorContext(ctx, "fixture panicked", "tool", tool.Name, "panic", value, "stack", string(debug.Stack()))
				result, err = toolResult(f.server.failure(x.by.Call.RequestID, errors.New("panic"))), nil
			}
		}()
		if result, err = handler(ctx, request); err != nil && !errors.Is(err, errProtocol) {
			return toolResult(f.server.failure(x.by.Call.RequestID, err)), nil
		}
		return result, err
	})
}

func (f *fixture) addText(name, description, text string) {
	f.add(mcp.NewTool(name, mcp.WithDescription(description)), func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		return mcp.NewToolResultText(text), nil
	})
}

func (f *fixture) addContents() {
	f.addText("test_simple_text", "Returns a text.", "This is a simple text response for testing.")
	contents := func(name, description string, content ...mcp.Content) {
		f.add(mcp.NewTool(name, mcp.WithDescription(description)), func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			return &mcp.CallToolResult{Content: content}, nil
		})
	}
	embedded := mcp.NewEmbeddedResource(mcp.TextResourceContents{
		URI: "test://embedded-resource", MIMEType: "text/plain", Text: "This is an embedded resource content.",
	})
	mixed := mcp.NewEmbeddedResource(mcp.TextResourceContents{
		URI: "test://mixed-content-resource", MIMEType: "application/json", Text: `{"test":"data","value":123}`,
	})
	contents("test_image_content", "Returns an image.", mcp.NewImageContent(fixtureImage, "image/png"))
	contents("test_audio_content", "Returns a sound.", mcp.NewAudioContent(fixtureAudio, "audio/wav"))
	contents("test_embedded_resource", "Returns an embedded resource.", embedded)
	contents("test_multiple_content_types", "Returns text, image and resource.", mcp.NewTextContent("Multiple content types test:"),
		mcp.NewImageContent(fixtureImage, "image/png"), mixed)
	f.add(mcp.NewTool("test_error_handling", mcp.WithDescription("Returns an error.")), func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		return mcp.NewToolResultError("This tool intentionally returns an error for testing"), nil
	})
	f.add(mcp.NewToolWithRawSchema("json_schema_2020_12_tool", "Has a schema with 2020-12 keywords.", []byte(fixtureSchema)), echo)
	f.add(mcp.NewToolWithRawSchema("test_header_parameter", "Has an argument that travels in a header too.", []byte(fixtureHeaderSchema)), echo)
	f.addText("test_missing_capability", "Needs sampling.", "sampling was declared")
}

func echo(_ context.Context, request mcp.CallToolRequest) (*mcp.CallToolResult, error) {
	return mcp.NewToolResultText(fmt.Sprintf("arguments: %v", request.GetArguments())), nil
}

func (f *fixture) notify(ctx context.Context, method mcp.MCPMethod, params map[string]any) error {
	return f.mcp.SendNotificationToClient(ctx, string(method), params)
}

func (f *fixture) addNotifications() {
	f.add(mcp.NewTool("test_tool_with_progress", mcp.WithDescription("Reports progress.")), func(ctx context.Context, request mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		for i, progress := range []int{0, 50, 100} {
			if i > 0 {
				time.Sleep(step)
			}
			if request.Params.Meta == nil || request.Params.Meta.ProgressToken == nil {
				continue
			}
			params := map[string]any{"progressToken": request.Params.Meta.ProgressToken, "progress": progress, "total": 100}
			if err := f.notify(ctx, mcp.MethodNotificationProgress, params); err != nil {
				return nil, err
			}
		}
		time.Sleep(progressGrace)
		return mcp.NewToolResultText("progress reported"), nil
	})
	logging := func(ctx context.Context, _ mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		info := server.RequestProtocolInfoFromContext(ctx)
		if info != nil && info.Modern && info.LogLevel == "" {
			// The modern revision logs only to a request that asked for it.
			return mcp.NewToolResultText("nothing to log to"), nil
		}
		for i, text := range []string{"Tool execution started", "Tool processing data", "Tool execution completed"} {
			if i > 0 {
				time.Sleep(step)
			}
			if err := f.notify(ctx, mcp.MethodNotificationMessage, map[string]any{"level": "info", "logger": "conformance", "data": text}); err != nil {
				return nil, err
			}
		}
		time.Sleep(progressGrace)
		return mcp.NewToolResultText("Tool with logging executed successfully"), nil
	}
	f.add(mcp.NewTool("test_tool_with_logging", mcp.WithDescription("Logs to the client.")), logging)
	f.add(mcp.NewTool("test_logging_tool", mcp.WithDescription("Logs to the client if asked.")), logging)
	f.addText("test_reconnection", "Answers at once; streams are not resumable here.", "reconnected")
	f.addChanges()
}

// addChanges are tools that change a list, which the product never does.
func (f *fixture) addChanges() {
	f.add(mcp.NewTool("test_trigger_tool_change", mcp.WithDescription("Adds a tool and takes it away.")), func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		f.mcp.AddTool(mcp.NewTool("test_passing_tool", mcp.WithDescription("Passes.")), echo)
		f.mcp.DeleteTools("test_passing_tool")
		return mcp.NewToolResultText("changed"), nil
	})
	f.add(mcp.NewTool("test_trigger_prompt_change", mcp.WithDescription("Adds a prompt and takes it away.")), func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		f.mcp.AddPrompt(mcp.NewPrompt("test_passing_prompt", mcp.WithPromptDescription("Passes.")), promptText("passing"))
		f.mcp.DeletePrompts("test_passing_prompt")
		return mcp.NewToolResultText("changed"), nil
	})
}

func (f *fixture) addResources() {
	text := func(uri, text string) server.ResourceHandlerFunc {
		return func(context.Context, mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
			return []mcp.ResourceContents{mcp.TextResourceContents{URI: uri, MIMEType: "text/plain", Text: text}}, nil
		}
	}
	add := func(uri, name, mime string, handler server.ResourceHandlerFunc) {
		f.mcp.AddResource(mcp.NewResource(uri, name, mcp.WithResourceDescription("For testing."), mcp.WithMIMEType(mime)), handler)
	}
	add("test://static-text", "static-text", "text/plain", text("test://static-text", "This is the content of the static text resource."))
	add("test://watched-resource", "watched-resource", "text/plain", text("test://watched-resource", "Watched."))
	add("test://static-binary", "static-binary", "image/png", func(context.Context, mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
		return []mcp.ResourceContents{mcp.BlobResourceContents{URI: "test://static-binary", MIMEType: "image/png", Blob: fixtureImage}}, nil
	})
	f.mcp.AddResourceTemplate(mcp.NewResourceTemplate("test://template/{id}/data", "template", mcp.WithTemplateDescription("For testing."),
		mcp.WithTemplateMIMEType("application/json")), func(ctx context.Context, request mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
		_, names := f.server.resource(request.Params.URI)
		body, err := encode(map[string]any{"id": names["id"], "templateTest": true, "data": "Data for ID: " + names["id"]})
		return []mcp.ResourceContents{mcp.TextResourceContents{URI: request.Params.URI, MIMEType: "application/json", Text: string(body)}}, err
	})
}

func promptText(text string) server.PromptHandlerFunc {
	return func(context.Context, mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
		return &mcp.GetPromptResult{Messages: []mcp.PromptMessage{{Role: mcp.RoleUser, Content: mcp.NewTextContent(text)}}}, nil
	}
}

func (f *fixture) addPrompts() {
	argument := func(name string) mcp.PromptOption {
		return mcp.WithArgument(name, mcp.ArgumentDescription("For testing."), mcp.RequiredArgument())
	}
	describe := mcp.WithPromptDescription("For testing.")
	f.mcp.AddPrompt(mcp.NewPrompt("test_simple_prompt", describe), promptText("This is a simple prompt for testing."))
	f.mcp.AddPrompt(mcp.NewPrompt("test_prompt_with_arguments", describe, argument("arg1"), argument("arg2")),
		func(ctx context.Context, request mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
			given := request.Params.Arguments
			return promptText(fmt.Sprintf("Prompt with arguments: arg1='%s', arg2='%s'", given["arg1"], given["arg2"]))(ctx, request)
		})
	f.mcp.AddPrompt(mcp.NewPrompt("test_prompt_with_embedded_resource", describe, argument("resourceUri")),
		func(_ context.Context, request mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
			return &mcp.GetPromptResult{Messages: []mcp.PromptMessage{
				{Role: mcp.RoleUser, Content: mcp.NewEmbeddedResource(mcp.TextResourceContents{
					URI: request.Params.Arguments["resourceUri"], MIMEType: "text/plain", Text: "Embedded resource content for testing.",
				})},
				{Role: mcp.RoleUser, Content: mcp.NewTextContent("Please process the embedded resource above.")},
			}}, nil
		})
	f.mcp.AddPrompt(mcp.NewPrompt("test_prompt_with_image", describe), func(context.Context, mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
		return &mcp.GetPromptResult{Messages: []mcp.PromptMessage{
			{Role: mcp.RoleUser, Content: mcp.NewImageContent(fixtureImage, "image/png")},
			{Role: mcp.RoleUser, Content: mcp.NewTextContent("Please analyze the image above.")},
		}}, nil
	})
}

const (
	fixtureImage = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=="
	fixtureAudio = "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA="

	fixtureSchema = `{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object",
"$defs":{"address":{"$anchor":"address","type":"object","properties":{"street":{"type":"string"},"city":{"type":"string"}}}},
"properties":{"name":{"type":"string"},"address":{"$ref":"#/$defs/address"},"mail":{"type":"string"},"phone":{"type":"string"}},
"allOf":[{"anyOf":[{"required":["mail"]},{"required":["phone"]}]}],"if":{"required":["mail"]},"then":{"required":["name"]},"else":{"required":["phone"]},
"additionalProperties":false}`
	fixtureHeaderSchema = `{"type":"object","properties":{"region":{"type":"string","x-mcp-header":"Region"}}}`
)
