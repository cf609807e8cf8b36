package agent

import (
	"context"
	"encoding/json"
	"errors"

	openai "github.com/sashabaranov/go-openai"

	"vedette/backend/soc"
)

// fill does the work of one stage and returns its result.
func (s *session) fill(ctx context.Context, in soc.StageInput) (any, error) {
	switch in.Stage {
	case soc.StageHypotheses:
		return s.hypotheses(ctx, in)
	case soc.StageSelect:
		return s.selection(ctx, in)
	case soc.StageExtract:
		return s.extract(ctx, in)
	case soc.StageVerdict:
		return s.verdict(ctx, in)
	case soc.StageSelfCheck:
		return s.selfCheck(ctx, in)
	case soc.StageRespond:
		return s.respond(ctx, in)
	case soc.StageSubmit:
		return s.submit(ctx, in)
	}
	return nil, failed(soc.CodeModelFailed)
}

// answered asks, and once more with shortened values if that does not fit.
func (s *session) answered(ctx context.Context, messages []openai.ChatCompletionMessage, parse func([]byte) error) error {
	err := s.ask(ctx, messages, parse)
	if errors.Is(err, errOverflow) {
		err = s.ask(ctx, compact(messages), parse)
	}
	return err
}

// settle turns a request that fits in no form into a failed stage.
func settle(err error) error {
	if errors.Is(err, errOverflow) || errors.Is(err, errFiltered) {
		return failed(soc.CodeModelFailed)
	}
	return err
}

func (s *session) hypotheses(ctx context.Context, in soc.StageInput) (any, error) {
	var done soc.Investigated
	err := s.answered(ctx, s.opening(in.Finish, data("overview of the incident, made by the server", in.Overview)), func(raw []byte) error {
		return done.ParseStage(soc.StageHypotheses, raw)
	})
	return done.Hypotheses, settle(err)
}

// extract asks page by page. A page that fits in no form is left out, which its
// rows without facts show.
func (s *session) extract(ctx context.Context, in soc.StageInput) (any, error) {
	out := &soc.Extraction{Facts: []soc.Fact{}}
	for _, page := range in.Pages {
		messages := s.opening(in.Finish, data("hypotheses", in.Hypotheses), openai.ChatCompletionMessage{
			Role: openai.ChatMessageRoleUser, Content: "DATA evidence rows as the server gave them\n" + page.Text,
		})
		var facts []soc.Fact
		err := s.answered(ctx, messages, func(raw []byte) (err error) {
			facts, err = soc.ParseFacts(raw)
			return err
		})
		if errors.Is(err, errOverflow) {
			continue
		}
		if err != nil {
			return nil, settle(err)
		}
		out.Facts = append(out.Facts, facts...)
	}
	return out, nil
}

func (s *session) verdict(ctx context.Context, in soc.StageInput) (any, error) {
	done := soc.Investigated{Hypotheses: &soc.Hypotheses{Hypotheses: in.Hypotheses}, Extraction: &soc.Extraction{Facts: in.Facts}}
	messages := s.opening(in.Finish, data("overview of the incident, made by the server", in.Overview), data("hypotheses", in.Hypotheses),
		data("answers of other look-ups", in.Notes), data("facts with proven quotes", in.Facts), data("questions", in.Questions))
	err := s.answered(ctx, messages, func(raw []byte) error { return done.ParseStage(soc.StageVerdict, raw) })
	return done.Verdict, settle(err)
}

// selfCheck begins anew: nothing of what was said before is in the request.
func (s *session) selfCheck(ctx context.Context, in soc.StageInput) (any, error) {
	done := soc.Investigated{Extraction: &soc.Extraction{Facts: in.Facts}}
	err := s.answered(ctx, s.opening(in.Finish, data("facts with proven quotes", in.Facts)), func(raw []byte) error {
		return done.ParseStage(soc.StageSelfCheck, raw)
	})
	return done.SelfCheck, settle(err)
}

// compactValue is what is left of a long value when a request does not fit.
const compactValue = 400

// compact shortens long values of the data and says how much is left out.
func compact(messages []openai.ChatCompletionMessage) []openai.ChatCompletionMessage {
	out := make([]openai.ChatCompletionMessage, len(messages))
	for i, m := range messages {
		out[i] = m
		label, body := cutLabel(m)
		var value any
		if label == "" || json.Unmarshal([]byte(body), &value) != nil {
			continue
		}
		if raw, err := marshal(shortened(value)); err == nil {
			out[i].Content = label + " (long values cut)\n" + string(raw)
		}
	}
	return out
}
