package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	openai "github.com/sashabaranov/go-openai"

	"vedette/backend/soc"
	"vedette/prompts"
	"vedette/tools"
)

// Bounds of the select stage (T18, T21).
const (
	selectCalls = 4  // model calls
	selectBad   = 3  // wrong calls in a row that end the stage
	rowsPerPage = 10 // rows of one get_evidence
	pagesMost   = 4  // pages that are extracted
	related     = 3  // entities looked up elsewhere
	noteBytes   = 4000
)

// selection is stage 3 under way.
type selection struct {
	*session
	incident string
	out      soc.Selection
	wanted   []string // evidence rows the model asked for, first
	found    []string // rows that searches showed
}

// selection does the predefined look-ups, lets the model add to them, and reads
// the rows that were found in full.
func (s *session) selection(ctx context.Context, in soc.StageInput) (any, error) {
	x := &selection{session: s, incident: in.Incident, out: soc.Selection{Calls: []soc.SelectedCall{}, Pages: []soc.ServedPage{}, Notes: []soc.SelectedNote{}}}
	messages, err := x.predefined(ctx, in)
	if err != nil {
		return nil, err
	}
	x.reserved = pagesMost + 1 // the rows that were found, and the playbooks
	if err := x.converse(ctx, messages, in.Finish); err != nil {
		return nil, err
	}
	x.reserved = 1
	return &x.out, x.read(ctx)
}

// predefined are the queries that every incident gets, by kind of entity.
func (x *selection) predefined(ctx context.Context, in soc.StageInput) ([]openai.ChatCompletionMessage, error) {
	messages := []openai.ChatCompletionMessage{data("overview of the incident, made by the server", in.Overview), data("hypotheses", in.Hypotheses)}
	look := func(tool string, arguments map[string]any) error {
		raw, err := marshal(arguments)
		if err != nil {
			return err
		}
		result, err := x.run(ctx, tool, raw)
		if err == nil {
			messages = append(messages, openai.ChatCompletionMessage{Role: openai.ChatMessageRoleUser, Content: "DATA answer of " + tool + "\n" + result.Text})
		}
		return err
	}
	if err := look("search_evidence", map[string]any{"incident_id": x.incident, "limit": 15}); err != nil {
		return nil, err
	}
	if err := look("get_sops", map[string]any{"incident_id": x.incident}); err != nil {
		return nil, err
	}
	if in.Overview == nil {
		return messages, nil
	}
	for _, e := range in.Overview.Look[:min(len(in.Overview.Look), related)] {
		if err := look("find_related", map[string]any{"entity_id": e.ID, "limit": 5}); err != nil {
			return nil, err
		}
		if in.Overview.EvidenceRows > 15 {
			if err := look("search_evidence", map[string]any{"incident_id": x.incident, "entity_id": e.ID, "limit": 8}); err != nil {
				return nil, err
			}
		}
	}
	return messages, nil
}

// run calls a tool and keeps what it was good for.
func (x *selection) run(ctx context.Context, tool string, arguments json.RawMessage) (tools.Result, error) {
	result, err := x.call(ctx, tool, arguments)
	if err != nil {
		return result, err
	}
	x.out.Calls = append(x.out.Calls, soc.SelectedCall{Tool: tool, Arguments: soc.RemoveSecrets(string(arguments), x.model.Secrets...), IsError: result.IsError, Bytes: len(result.Text)})
	switch ids := evidenceIn(result); {
	case tool == "get_evidence":
		x.wanted = appendNew(x.wanted, ids)
	case tool == "search_evidence":
		x.found = appendNew(x.found, ids)
	case !result.IsError && (tool == "find_related" || tool == "get_sops") && len(x.out.Notes) < 6:
		x.out.Notes = append(x.out.Notes, soc.SelectedNote{Tool: tool, Text: note(result.Text)})
	}
	return result, nil
}

// note keeps an answer short enough to be told to later stages.
func note(text string) string {
	if len(text) <= noteBytes {
		return text
	}
	var value any
	if json.Unmarshal([]byte(text), &value) == nil {
		if raw, err := marshal(shortened(value)); err == nil && len(raw) <= noteBytes {
			return string(raw)
		}
	}
	return fmt.Sprintf("%s [%d bytes left out]", clipTo(text, noteBytes), len(text)-noteBytes)
}

func appendNew(list, more []string) []string {
	for _, one := range more {
		if !slices.Contains(list, one) {
			list = append(list, one)
		}
	}
	return list
}

// converse lets the model look up what else decides. However it ends, what was
// found stays; only a model that does not answer at all fails the stage.
func (x *selection) converse(ctx context.Context, first []openai.ChatCompletionMessage, finish bool) error {
	offered, err := x.offered(ctx)
	if err != nil {
		return err
	}
	messages := x.opening(finish, first...)
	if x.model.Lacks(paramTools) {
		messages = append(messages, openai.ChatCompletionMessage{Role: openai.ChatMessageRoleUser, Content: prompts.ToolsAsText(definitions(offered))})
	}
	bad, compacted := 0, false
	for n := 0; n < selectCalls; n++ {
		if n > 0 && x.budget.Share(x.used, 0) >= 0.8 {
			return nil // what is found has to be read and judged yet
		}
		if x.tooLarge(messages) && !compacted {
			compacted, messages = true, compact(messages)
		}
		if x.tooLarge(messages) {
			return nil
		}
		answer, err := x.complete(ctx, openai.ChatCompletionRequest{Messages: messages, Tools: offered}, "", answerTokens)
		if errors.Is(err, errOverflow) && !compacted {
			compacted, messages = true, compact(messages)
			continue
		}
		if errors.Is(err, errOverflow) || errors.Is(err, errFiltered) {
			return nil
		}
		if err != nil {
			return err
		}
		calls, textual := asked(answer.Choices[0].Message)
		if len(calls) == 0 {
			return nil
		}
		more, wrong, err := x.carryOut(ctx, answer.Choices[0].Message, calls, textual, offered, bad)
		if err != nil {
			return err
		}
		if bad = wrong; bad >= selectBad {
			return nil
		}
		messages = append(messages, more...)
	}
	return nil
}

// asked are the calls of an answer: as tool calls, or as JSON in its text.
func asked(m openai.ChatCompletionMessage) (calls []openai.ToolCall, textual bool) {
	if len(m.ToolCalls) > 0 {
		return m.ToolCalls, false
	}
	var body struct {
		Calls []struct {
			Tool      string          `json:"tool"`
			Arguments json.RawMessage `json:"arguments"`
		} `json:"calls"`
	}
	if json.Unmarshal([]byte(object(m.Content)), &body) != nil {
		return nil, true
	}
	for _, c := range body.Calls {
		calls = append(calls, openai.ToolCall{Type: openai.ToolTypeFunction, Function: openai.FunctionCall{Name: c.Tool, Arguments: string(c.Arguments)}})
	}
	return calls, true
}

// carryOut runs the calls of one answer. A wrong one is answered with what is
// allowed and counts; the third wrong one in a row ends the stage.
func (x *selection) carryOut(ctx context.Context, said openai.ChatCompletionMessage, calls []openai.ToolCall, textual bool, offered []openai.Tool, bad int) ([]openai.ChatCompletionMessage, int, error) {
	out := []openai.ChatCompletionMessage{{Role: openai.ChatMessageRoleAssistant, Content: said.Content, ToolCalls: said.ToolCalls}}
	names := make([]string, len(offered))
	for i, t := range offered {
		names[i] = t.Function.Name
	}
	for _, c := range calls {
		var result tools.Result
		var err error
		if slices.Contains(names, c.Function.Name) && bad < selectBad {
			result, err = x.run(ctx, c.Function.Name, json.RawMessage(c.Function.Arguments))
		} else {
			result = unknownTool(c.Function.Name, names)
			x.count(soc.LoopUsage{ToolCalls: 1})
			x.out.Calls = append(x.out.Calls, soc.SelectedCall{Tool: "(unknown)", Arguments: "{}", IsError: true, Bytes: len(result.Text)})
		}
		if err != nil {
			return nil, bad, err
		}
		if bad++; !result.IsError {
			bad = 0
		}
		message := openai.ChatCompletionMessage{Role: openai.ChatMessageRoleTool, ToolCallID: c.ID, Content: result.Text}
		if textual {
			message = openai.ChatCompletionMessage{Role: openai.ChatMessageRoleUser, Content: "DATA answer of a tool\n" + result.Text}
		}
		out = append(out, message)
	}
	return out, bad, nil
}

// definitions are tools as JSON lines.
func definitions(offered []openai.Tool) string {
	text := ""
	for _, t := range offered {
		if raw, err := marshal(t.Function); err == nil {
			text += string(raw) + "\n"
		}
	}
	return text
}

// read serves the rows that were found in full, page by page, those that the
// model asked for first.
func (x *selection) read(ctx context.Context) error {
	ids := appendNew(slices.Clone(x.wanted), x.found)
	for len(ids) > 0 && len(x.out.Pages) < pagesMost {
		batch := ids[:min(len(ids), rowsPerPage)]
		raw, err := marshal(map[string]any{"incident_id": x.incident, "evidence_ids": batch})
		if err != nil {
			return err
		}
		result, err := x.run(ctx, "get_evidence", raw)
		if err != nil {
			return err
		}
		served := evidenceIn(result)
		if len(served) == 0 {
			return nil // no calls are left, or the rows are gone
		}
		x.out.Pages = append(x.out.Pages, soc.ServedPage{Evidence: served, Text: result.Text})
		// What did not fit on the page comes on the next one.
		ids = slices.DeleteFunc(ids, func(id string) bool { return slices.Contains(served, id) })
	}
	return nil
}
