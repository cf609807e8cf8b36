package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	openai "github.com/sashabaranov/go-openai"

	"vedette/backend/soc"
	"vedette/tools"
)

// Toolbox is the agent door as the loop sees it: the tools of its scopes, in
// this process or over MCP. Nothing else acts for it.
type Toolbox interface {
	// Tools are those the loop's key sees, ordered by name.
	Tools(ctx context.Context) ([]tools.Tool, error)
	// Call runs a tool under the run's token. It fails only where the run is no
	// longer the loop's; what a tool says is in the result.
	Call(ctx context.Context, name string, arguments json.RawMessage) (tools.Result, error)
}

// Local is the toolbox of a loop in the server's own process: the same handlers,
// validation, gate and ledger.
type Local struct {
	Table []tools.Tool
	// By proves the run anew and says who calls. A run that is over gives an
	// error: its agent must not fall back to another authority.
	By func(ctx context.Context) (soc.Actor, error)
}

// Tools implements Toolbox.
func (l Local) Tools(ctx context.Context) ([]tools.Tool, error) {
	by, err := l.By(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(l.Table), func(t tools.Tool) bool { return !by.Has(t.Scope) }), nil
}

// Call implements Toolbox.
func (l Local) Call(ctx context.Context, name string, arguments json.RawMessage) (tools.Result, error) {
	by, err := l.By(ctx)
	if err != nil {
		return tools.Result{}, err
	}
	n := slices.IndexFunc(l.Table, func(t tools.Tool) bool { return t.Name == name && by.Has(t.Scope) })
	if n < 0 {
		return unknownTool(name, nil), nil
	}
	return l.Table[n].Call(ctx, by, arguments), nil
}

// selectTools are the tools that a model may call, all of them reads (T18).
var selectTools = []string{"find_related", "get_evidence", "get_incident", "get_sops", "list_playbooks", "search_evidence"}

// offered are the definitions of the tools of the select stage, as they stand in
// the table.
func (s *session) offered(ctx context.Context) ([]openai.Tool, error) {
	table, err := s.tools.Tools(ctx)
	if err != nil {
		return nil, err
	}
	var out []openai.Tool
	for _, t := range table {
		if slices.Contains(selectTools, t.Name) {
			out = append(out, openai.Tool{Type: openai.ToolTypeFunction, Function: &openai.FunctionDefinition{Name: t.Name, Description: t.Description, Parameters: t.Schema}})
		}
	}
	return out, nil
}

// repeated is a call that was made, for those that come again.
type repeated struct {
	times  int
	result tools.Result
}

// call runs a tool for a stage: within the budget, with the answer to an
// identical second call from what is known, and a third one refused (T22).
func (s *session) call(ctx context.Context, name string, arguments json.RawMessage) (tools.Result, error) {
	if len(bytes.TrimSpace(arguments)) == 0 {
		arguments = json.RawMessage(`{}`)
	}
	key := name
	if canonical, err := soc.CanonicalJSON(arguments, soc.JSONLimits{}); err == nil {
		key += " " + string(canonical)
	} else {
		key += " " + string(arguments)
	}
	if s.seen == nil {
		s.seen = map[string]*repeated{}
	}
	if known := s.seen[key]; known != nil {
		known.times++
		if most := s.budget.Identical; most > 0 && known.times > most {
			return refusedCall("This call was made before, with this answer. Use what it gave, or ask something else."), nil
		}
		return known.result, nil
	}
	if s.budget.ToolCalls > 0 && s.used.ToolCalls >= s.budget.ToolCalls-s.reserved {
		return refusedCall("No tool calls are left in this investigation. Finish with what you have."), nil
	}
	began := s.model.now()
	result, err := s.carry(ctx, name, arguments)
	if err != nil {
		return result, err
	}
	s.count(soc.LoopUsage{ToolCalls: 1})
	result.Text = soc.RemoveSecrets(result.Text, s.model.Secrets...)
	s.keep("tool", toolRequest{name, string(arguments)}, toolAnswer{result.Text, result.IsError, result.Code}, nil, began)
	s.seen[key] = &repeated{1, result}
	return result, nil
}

// carry has one call of the table carried out.
func (s *session) carry(ctx context.Context, name string, arguments json.RawMessage) (tools.Result, error) {
	ctx, ended := s.observe.begin(ctx, s.span(OperationTool, name))
	result, err := s.tools.Call(ctx, name, arguments)
	code := result.Code
	if code == "" && (err != nil || result.IsError) {
		code = soc.CodeValidationError
	}
	ended(SpanEnd{Code: code})
	return result, err
}

// toolRequest and toolAnswer are a tool call as the transcript keeps it.
type toolRequest struct {
	Tool      string `json:"tool"`
	Arguments string `json:"arguments"`
}

type toolAnswer struct {
	Text    string   `json:"text"`
	IsError bool     `json:"error,omitempty"`
	Code    soc.Code `json:"code,omitempty"`
}

func refusedCall(text string) tools.Result {
	return tools.Result{Text: text, IsError: true, Code: soc.CodeValidationError}
}

// unknownTool answers a call of what is not offered, with the allowed values and
// an example.
func unknownTool(name string, allowed []string) tools.Result {
	shown := soc.EscapeVisible(name[:min(len(name), 40)])
	return tools.Result{
		Text:    fmt.Sprintf("VALIDATION_ERROR: there is no tool %q. Call one of %s, such as search_evidence with {\"incident_id\":\"INC-7K2M9Q4T\",\"query\":\"powershell\"}.", shown, strings.Join(allowed, ", ")),
		IsError: true, Code: soc.CodeValidationError,
	}
}

// evidenceIn are the evidence ids that an answer of search_evidence or
// get_evidence holds, in order.
func evidenceIn(result tools.Result) []string {
	var body struct {
		Columns  []string `json:"columns"`
		Rows     [][]any  `json:"rows"`
		Evidence []struct {
			ID string `json:"id"`
		} `json:"evidence"`
	}
	if result.IsError || json.Unmarshal([]byte(result.Text), &body) != nil {
		return nil
	}
	var ids []string
	add := func(id string) {
		if _, ok := soc.ParseEvidenceID(id); ok && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	for _, row := range body.Rows {
		if len(row) > 0 && len(body.Columns) > 0 && body.Columns[0] == "id" {
			if id, text := row[0].(string); text {
				add(id)
			}
		}
	}
	for _, row := range body.Evidence {
		add(row.ID)
	}
	return ids
}
