package agent

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	openai "github.com/sashabaranov/go-openai"

	"vedette/backend/soc"
	"vedette/prompts"
)

// errFiltered is a request that a content filter refused.
var errFiltered = errors.New("a content filter refused the request")

// answerTokens bounds one answer.
const answerTokens = 3000

// data is evidence in a labelled message of its own: text in it instructs
// nobody (S39).
func data(label string, value any) openai.ChatCompletionMessage {
	raw, err := marshal(value)
	if err != nil {
		raw = []byte(`{}`)
	}
	return openai.ChatCompletionMessage{Role: openai.ChatMessageRoleUser, Content: "DATA " + label + "\n" + string(raw)}
}

// marshal writes JSON without HTML escapes, which would corrupt what is to be
// quoted (W9).
func marshal(value any) ([]byte, error) {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return []byte(strings.TrimRight(b.String(), "\n")), nil
}

// opening is the system message and the data of a stage.
func (s *session) opening(finish bool, messages ...openai.ChatCompletionMessage) []openai.ChatCompletionMessage {
	out := append([]openai.ChatCompletionMessage{{Role: openai.ChatMessageRoleSystem, Content: s.prompt.Text}}, messages...)
	if finish {
		out = append(out, openai.ChatCompletionMessage{Role: openai.ChatMessageRoleUser, Content: prompts.Finish()})
	}
	for i := range out {
		out[i].Content = soc.RemoveSecrets(out[i].Content, s.model.Secrets...)
	}
	return out
}

// ask has a stage answered: one continuation of a cut answer, one repair of one
// that does not parse, one retry of a refusal with values withheld (T22).
func (s *session) ask(ctx context.Context, messages []openai.ChatCompletionMessage, parse func([]byte) error) error {
	withheld, repaired := false, false
	for {
		text, refused, err := s.answer(ctx, messages)
		switch {
		case errors.Is(err, errFiltered):
			refused = true
		case err != nil:
			return err
		}
		if refused {
			if withheld {
				return failed(soc.CodeModelRefused)
			}
			withheld, messages = true, withhold(messages)
			continue
		}
		fault := parse([]byte(object(text)))
		if fault == nil {
			return nil
		}
		if repaired {
			return failed(soc.CodeModelFailed)
		}
		repaired = true
		messages = append(messages[:len(messages):len(messages)],
			openai.ChatCompletionMessage{Role: openai.ChatMessageRoleAssistant, Content: clip(text)},
			openai.ChatCompletionMessage{Role: openai.ChatMessageRoleUser, Content: prompts.Repair(faultText(fault))})
	}
}

// clip bounds what is sent back of a bad answer.
func clip(text string) string {
	if text == "" {
		return "(empty)"
	}
	return strings.ToValidUTF8(text[:min(len(text), 8000)], "")
}

// faultText is the parser's own sentence with the path it is about.
func faultText(err error) string {
	e := soc.AsError(err)
	text := e.Message
	for _, path := range slices.Sorted(maps.Keys(e.Fields)) {
		for _, fault := range e.Fields[path] {
			text = strings.TrimSpace(text + " " + path + ": " + fault)
		}
	}
	if !strings.HasSuffix(text, ".") {
		text += "."
	}
	return text
}

// answer is one whole answer as text.
func (s *session) answer(ctx context.Context, messages []openai.ChatCompletionMessage) (text string, refused bool, err error) {
	if s.tooLarge(messages) {
		return "", false, errOverflow
	}
	choice, err := s.choose(ctx, messages)
	if err != nil {
		return "", false, err
	}
	text = choice.Message.Content
	if choice.FinishReason == openai.FinishReasonLength && text != "" {
		more := append(messages[:len(messages):len(messages)],
			openai.ChatCompletionMessage{Role: openai.ChatMessageRoleAssistant, Content: text},
			openai.ChatCompletionMessage{Role: openai.ChatMessageRoleUser, Content: prompts.Continue()})
		if choice, err = s.choose(ctx, more); err != nil {
			return "", false, err
		}
		text += choice.Message.Content
	}
	refused = choice.Message.Refusal != "" || choice.FinishReason == openai.FinishReasonContentFilter || strings.TrimSpace(text) == ""
	return text, refused, nil
}

func (s *session) choose(ctx context.Context, messages []openai.ChatCompletionMessage) (openai.ChatCompletionChoice, error) {
	answer, err := s.complete(ctx, openai.ChatCompletionRequest{Messages: messages}, rawSchema(s.prompt.Schema), answerTokens)
	if err != nil {
		return openai.ChatCompletionChoice{}, err
	}
	return answer.Choices[0], nil
}

// tooLarge estimates before sending.
func (s *session) tooLarge(messages []openai.ChatCompletionMessage) bool {
	limit := s.model.Context
	if limit == 0 {
		limit = contextSize
	}
	return size(messages)+answerTokens > limit
}

// withheldKeys hold text from outside; ids, kinds, counts and times stay.
var withheldKeys = map[string]bool{"value": true, "text": true, "quote": true, "claim": true, "title": true, "sentence": true, "rows": true, "name": true}

// withhold replaces values by nothing and leaves the ids, for an endpoint whose
// filter takes evidence of an attack for one.
func withhold(messages []openai.ChatCompletionMessage) []openai.ChatCompletionMessage {
	out := make([]openai.ChatCompletionMessage, len(messages))
	for i, m := range messages {
		out[i] = m
		label, body, found := strings.Cut(m.Content, "\n")
		var value any
		if m.Role != openai.ChatMessageRoleUser || !found || !strings.HasPrefix(label, "DATA ") || json.Unmarshal([]byte(body), &value) != nil {
			continue
		}
		raw, err := marshal(without(value))
		if err == nil {
			out[i].Content = label + " (values withheld, ids kept)\n" + string(raw)
		}
	}
	return out
}

func without(value any) any {
	switch v := value.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, member := range v {
			if withheldKeys[key] {
				out[key] = "[withheld]"
				continue
			}
			out[key] = without(member)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, member := range v {
			out[i] = without(member)
		}
		return out
	}
	return value
}
