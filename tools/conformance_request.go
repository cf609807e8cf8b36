//go:build conformance

package tools

import (
	"context"
	"fmt"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"vedette/backend/web"
)

// This file holds the fixture tools that ask the client for something, which no
// tool of the product does (M9).

func schema(required []string, properties map[string]any) map[string]any {
	if required == nil {
		required = []string{}
	}
	return map[string]any{"type": "object", "properties": properties, "required": required}
}

func typed1(name, kind string) map[string]any {
	return schema([]string{name}, map[string]any{name: map[string]any{"type": kind}})
}

// elicit asks a client of the old revision.
func (f *fixture) elicit(name, prefix string, options []mcp.ToolOption, message func(mcp.CallToolRequest) string, requested map[string]any) {
	options = append(options, mcp.WithDescription("Asks the user."))
	f.add(mcp.NewTool(name, options...), func(ctx context.Context, request mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		result, err := f.mcp.RequestElicitation(ctx, mcp.ElicitationRequest{
			Request: mcp.Request{Method: string(mcp.MethodElicitationCreate)},
			Params:  mcp.ElicitationParams{Message: message(request), RequestedSchema: requested},
		})
		if err != nil {
			return nil, err
		}
		return mcp.NewToolResultText(fmt.Sprintf("%s: action=%s, content=%v", prefix, result.Action, result.Content)), nil
	})
}

func (f *fixture) addLegacyRequests() {
	f.add(mcp.NewTool("test_sampling", mcp.WithDescription("Asks the client's model."), mcp.WithString("prompt", mcp.Required())),
		func(ctx context.Context, request mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			//lint:ignore SA1019 the suite's set for the old revision asks for sampling
			result, err := f.mcp.RequestSampling(ctx, mcp.CreateMessageRequest{
				Request: mcp.Request{Method: string(mcp.MethodSamplingCreateMessage)}, CreateMessageParams: question(request.GetString("prompt", ""), 100),
			})
			if err != nil {
				return nil, err
			}
			text, _ := result.Content.(mcp.TextContent)
			return mcp.NewToolResultText("LLM response: " + text.Text), nil
		})
	fixed := func(text string) func(mcp.CallToolRequest) string {
		return func(mcp.CallToolRequest) string { return text }
	}
	f.elicit("test_elicitation", "User response", []mcp.ToolOption{mcp.WithString("message", mcp.Required())},
		func(request mcp.CallToolRequest) string { return request.GetString("message", "") },
		schema([]string{"username", "email"}, map[string]any{
			"username": map[string]any{"type": "string", "description": "User's response"},
			"email":    map[string]any{"type": "string", "description": "User's email address"},
		}))
	f.elicit("test_elicitation_sep1034_defaults", "Elicitation completed", nil, fixed("Provide your information"), schema(nil, map[string]any{
		"name": map[string]any{"type": "string", "default": "John Doe"}, "age": map[string]any{"type": "integer", "default": 30},
		"score":    map[string]any{"type": "number", "default": 95.5},
		"status":   map[string]any{"type": "string", "enum": []string{"active", "inactive", "pending"}, "default": "active"},
		"verified": map[string]any{"type": "boolean", "default": true},
	}))
	options := []string{"option1", "option2", "option3"}
	titled := func(words ...string) []any {
		var all []any
		for i, word := range words {
			all = append(all, map[string]any{"const": fmt.Sprintf("value%d", i+1), "title": word})
		}
		return all
	}
	f.elicit("test_elicitation_sep1330_enums", "Elicitation completed", nil, fixed("Select options"), schema(nil, map[string]any{
		"untitledSingle": map[string]any{"type": "string", "enum": options},
		"titledSingle":   map[string]any{"type": "string", "oneOf": titled("First Option", "Second Option", "Third Option")},
		"legacyEnum":     map[string]any{"type": "string", "enum": []string{"opt1", "opt2", "opt3"}, "enumNames": []string{"Option One", "Option Two", "Option Three"}},
		"untitledMulti":  map[string]any{"type": "array", "items": map[string]any{"type": "string", "enum": options}},
		"titledMulti":    map[string]any{"type": "array", "items": map[string]any{"anyOf": titled("First Choice", "Second Choice", "Third Choice")}},
	}))
}

func question(text string, tokens int) mcp.CreateMessageParams {
	return mcp.CreateMessageParams{
		Messages: []mcp.SamplingMessage{{Role: mcp.RoleUser, Content: mcp.NewTextContent(text)}}, MaxTokens: tokens,
	}
}

// round is what a modern tool asks in one of its rounds.
type round struct {
	elicit map[string]mcp.ElicitationParams
	sample map[string]mcp.CreateMessageParams
	roots  []string
}

// answered reports whether every question of the round has an answer of the
// right shape; what was not asked is ignored.
func (r round) answered(given mcp.InputResponses) bool {
	for key := range r.elicit {
		if answer := server.ElicitationResponse(given, key); answer == nil || answer.Action == "" {
			return false
		}
	}
	for key := range r.sample {
		if answer, ok := given[key]; !ok || answer.DecodeFor(mcp.MethodSamplingCreateMessage) != nil || answer.Sampling == nil {
			return false
		}
	}
	for _, key := range r.roots {
		if answer, ok := given[key]; !ok || answer.DecodeFor(mcp.MethodListRoots) != nil || answer.Roots == nil {
			return false
		}
	}
	return true
}

// ask draws the round, without what the client did not declare.
func (r round) ask(ctx context.Context, state string) *server.InputRequestBuilder {
	declared := exchangeFrom(ctx).capabilities
	build := server.NewInputRequestBuilder(state)
	if _, ok := declared["elicitation"]; ok {
		for key, params := range r.elicit {
			build.Elicit(key, params)
		}
	}
	if _, ok := declared["sampling"]; ok {
		for key, params := range r.sample {
			build.Sample(key, params)
		}
	}
	if _, ok := declared["roots"]; ok {
		for _, key := range r.roots {
			build.Roots(key)
		}
	}
	return build
}

// asks registers a tool that needs its rounds answered one after the other.
// The state is sealed for the tool and names the round, so a client can neither
// make nor move it.
func (f *fixture) asks(name string, stateful bool, done func(mcp.InputResponses) string, rounds ...round) {
	binding := web.Binding{Endpoint: "conformance " + name}
	f.add(mcp.NewTool(name, mcp.WithDescription("Needs input.")), func(ctx context.Context, request mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		at := 0
		if state := request.Params.RequestState; state != "" {
			if err := f.server.sealer.OpenJSON(binding, state, &at); err != nil || at >= len(rounds) {
				return nil, errProtocol
			}
		}
		given := request.Params.InputResponses
		if len(given) > 0 && rounds[at].answered(given) && (!stateful || request.Params.RequestState != "") {
			if at++; at == len(rounds) {
				return mcp.NewToolResultText(done(given)), nil
			}
		}
		state := ""
		if stateful {
			var err error
			if state, err = f.server.sealer.SealJSON(binding, at); err != nil {
				return nil, err
			}
		}
		return rounds[at].ask(ctx, state).ToolResult(), nil
	})
}

func (f *fixture) addInputRequests() {
	name := round{elicit: map[string]mcp.ElicitationParams{"user_name": {Message: "What is your name?", RequestedSchema: typed1("name", "string")}}}
	capital := round{sample: map[string]mcp.CreateMessageParams{"capital_question": question("What is the capital of France?", 100)}}
	approve := round{elicit: map[string]mcp.ElicitationParams{"ok": {Message: "Is this right?", RequestedSchema: typed1("ok", "boolean")}}}
	all := round{
		elicit: name.elicit, sample: map[string]mcp.CreateMessageParams{"greeting": question("Generate a greeting", 50)}, roots: []string{"client_roots"},
	}
	hello := func(given mcp.InputResponses) string {
		content, _ := server.ElicitationResponse(given, "user_name").Content.(map[string]any)
		return fmt.Sprintf("Hello, %v!", content["name"])
	}
	text := func(text string) func(mcp.InputResponses) string {
		return func(mcp.InputResponses) string { return text }
	}
	f.asks("test_input_required_result_elicitation", false, hello, name)
	f.asks("test_streaming_elicitation", false, hello, name)
	f.asks("test_input_required_result_sampling", false, func(given mcp.InputResponses) string {
		answer := given["capital_question"]
		_ = answer.DecodeFor(mcp.MethodSamplingCreateMessage) // answered has decoded it once
		content, _ := mcp.ParseSamplingContent(answer.Sampling.Content)
		said, _ := content.(mcp.TextContent)
		return said.Text
	}, capital)
	f.asks("test_input_required_result_list_roots", false, func(given mcp.InputResponses) string {
		answer := given["client_roots"]
		_ = answer.DecodeFor(mcp.MethodListRoots)
		return fmt.Sprintf("roots: %v", answer.Roots.Roots)
	}, round{roots: []string{"client_roots"}})
	f.asks("test_input_required_result_request_state", true, text("state-ok"), approve)
	f.asks("test_input_required_result_tampered_state", true, text("state-ok"), approve)
	f.asks("test_input_required_result_multiple_inputs", true, text("all answered"), all)
	f.asks("test_input_required_result_capabilities", false, text("answered"), all)
	f.asks("test_input_required_result_multi_round", true, text("both rounds answered"),
		round{elicit: map[string]mcp.ElicitationParams{"step1": {Message: "Step 1: What is your name?", RequestedSchema: typed1("name", "string")}}},
		round{elicit: map[string]mcp.ElicitationParams{"step2": {Message: "Step 2: What is your favorite color?", RequestedSchema: typed1("color", "string")}}})
	context1 := round{elicit: map[string]mcp.ElicitationParams{"user_context": {Message: "What context should the prompt use?", RequestedSchema: typed1("context", "string")}}}
	f.mcp.AddPrompt(mcp.NewPrompt("test_input_required_result_prompt", mcp.WithPromptDescription("Needs input.")),
		func(ctx context.Context, request mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
			if !context1.answered(request.Params.InputResponses) || len(request.Params.InputResponses) == 0 {
				return context1.ask(ctx, "").PromptResult(), nil
			}
			return promptText("Context taken.")(ctx, request)
		})
}
