package agent

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	openai "github.com/sashabaranov/go-openai"

	"vedette/agent/fakellm"
	"vedette/backend/soc"
	"vedette/prompts"
	"vedette/tools"
)

// exampleAgent is an agent of one's own in its simplest form: the prompt that the
// agent door offers, its tools, and a model that calls them until it has
// submitted. Everything that keeps it safe is the server's.
func exampleAgent(ctx context.Context, model *openai.Client, door *RemoteTools, incident string) (steps int, err error) {
	table, err := door.Tools(ctx)
	if err != nil {
		return 0, err
	}
	request := openai.ChatCompletionRequest{Model: "any", Messages: []openai.ChatCompletionMessage{
		{Role: "system", Content: prompts.Instructions()},
		{Role: "user", Content: prompts.Fill(prompts.MCP("investigate_incident"), map[string]string{"incident_id": incident})},
	}}
	for _, t := range table {
		request.Tools = append(request.Tools, openai.Tool{Type: "function", Function: &openai.FunctionDefinition{Name: t.Name, Description: t.Description, Parameters: t.Schema}})
	}
	for steps = 0; steps < 12; steps++ {
		answer, err := model.CreateChatCompletion(ctx, request)
		if err != nil {
			return steps, err
		}
		said := answer.Choices[0].Message
		if len(said.ToolCalls) == 0 {
			return steps, nil
		}
		request.Messages = append(request.Messages, said)
		for _, c := range said.ToolCalls {
			result, err := door.Call(ctx, c.Function.Name, json.RawMessage(c.Function.Arguments))
			if err != nil {
				return steps, err
			}
			request.Messages = append(request.Messages, openai.ChatCompletionMessage{Role: "tool", ToolCallID: c.ID, Content: result.Text})
		}
	}
	return steps, nil
}

// TestExampleAgent: over real HTTP and MCP with a scripted model, in five calls.
func TestExampleAgent(t *testing.T) {
	h := openHouse(t, nil)
	id := h.incident.ShortID
	script := []fakellm.Call{
		{Name: "get_incident", Arguments: `{"incident_id":"` + id + `","include":["alerts","entities"]}`},
		{Name: "search_evidence", Arguments: `{"incident_id":"` + id + `"}`},
		{Name: "get_evidence", Arguments: `{"incident_id":"` + id + `","evidence_ids":["E1"]}`},
		{Name: "get_sops", Arguments: `{"incident_id":"` + id + `"}`},
		{Name: "submit_investigation", Arguments: `{"incident_id":"` + id + `","classification":"TruePositive","malicious_score":90,"comment":"An encoded command was run [E1]."}`},
	}
	h.llm.Answer(func(r fakellm.Request) fakellm.Reply {
		n := 0
		for _, m := range r.Messages {
			if m.Role == "assistant" {
				n++
			}
		}
		if n == len(script) {
			return fakellm.Reply{Content: "Done."}
		}
		return fakellm.Reply{Calls: script[n : n+1]}
	})
	by, _, err := h.Desk.LoopActor(context.Background(), h.First)
	h.must(err)
	door, err := tools.New(tools.Config{Desk: h.Desk, NoAuth: &by, Sealer: h.Seal, PublicURL: "http://127.0.0.1:1", Now: h.Now})
	h.must(err)
	server := httptest.NewServer(door.Handler())
	defer server.Close()
	config := openai.DefaultConfig("any")
	config.BaseURL = h.llm.URL
	remote := &Remote{URL: server.URL, Client: &http.Client{}, Version: "example"}
	steps, err := exampleAgent(context.Background(), openai.NewClientWithConfig(config), &RemoteTools{remote, soc.RunLease{}}, id)
	h.must(err)
	h.reload()
	if steps != len(script) || h.incident.Verdict != soc.VerdictTruePositive {
		t.Errorf("%d steps, and the incident is %s", steps, h.incident.Verdict)
	}
	if all := h.llm.Requests(); !strings.Contains(all[0].Messages[1].Content, id) {
		t.Error("the prompt does not name the incident")
	}
}
