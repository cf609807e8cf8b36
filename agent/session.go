package agent

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	openai "github.com/sashabaranov/go-openai"

	"vedette/backend/soc"
)

// errStopped is why the context of a run ends that was cancelled, killed or
// lost to another worker.
var errStopped = errors.New("the run was stopped")

// errOverflow is a request that does not fit the model's context.
var errOverflow = errors.New("the request is larger than the model's context")

// stageError is a stage that failed for good.
type stageError struct{ code soc.Code }

func (e *stageError) Error() string { return "the stage failed: " + string(e.code) }

func failed(code soc.Code) error { return &stageError{code} }

// session is one stage under way: its transcript and what it uses.
type session struct {
	model     *Model
	tools     Toolbox
	stage     soc.Stage
	prompt    soc.LoopPrompt
	budget    soc.LoopBudget
	used      soc.LoopUsage // before and in this stage
	spent     soc.LoopUsage // in this stage
	price     soc.LoopPrice
	started   time.Time // of the run
	run       string
	observe   Observer
	exchanges []soc.Exchange
	seen      map[string]*repeated
	// reserved are tool calls kept for what has to come yet.
	reserved int
}

// exhausted reports whether a hard limit is reached (T21). A budget of zeros
// bounds nothing.
func (s *session) exhausted() bool {
	return s.budget.Share(s.used, s.model.now().Sub(s.started)) >= 1
}

// count adds to what the stage and the run used.
func (s *session) count(u soc.LoopUsage) {
	s.used, s.spent = s.used.Plus(u), s.spent.Plus(u)
}

// keep adds an exchange to the transcript, with secrets removed.
func (s *session) keep(kind string, request, answer any, fault *Fault, began time.Time) {
	e := soc.Exchange{Kind: kind, Request: s.inert(request), Milliseconds: s.model.now().Sub(began).Milliseconds()}
	if fault != nil {
		e.Fault = s.inert(fault)
	} else {
		e.Answer = s.inert(answer)
	}
	s.exchanges = append(s.exchanges, e)
}

func (s *session) inert(value any) json.RawMessage {
	raw, err := json.Marshal(value)
	if err != nil {
		return json.RawMessage(`null`)
	}
	clean := soc.RemoveSecrets(string(raw), s.model.Secrets...)
	if !json.Valid([]byte(clean)) {
		return json.RawMessage(`null`)
	}
	return json.RawMessage(clean)
}

// complete asks until an answer comes or the faults are too many (T22): what an
// endpoint does not take is left out, a 429 waits as long as it asks, a
// timeout or a 5xx is tried twice more, all inside the run's wall clock.
func (s *session) complete(ctx context.Context, request openai.ChatCompletionRequest, schema rawSchema, most int) (openai.ChatCompletionResponse, error) {
	none := openai.ChatCompletionResponse{}
	request.Model = s.model.NameFor(s.stage)
	tried, limited := 0, 0
	for {
		if s.exhausted() {
			return none, failed(soc.CodeBudgetExhausted)
		}
		if s.model.Open() {
			return none, failed(soc.CodeModelUnavailable)
		}
		shaped := s.model.shape(request, schema, s.outputLeft(most))
		answer, fault, err := s.attempt(ctx, shaped)
		if err != nil {
			return none, err
		}
		if fault == nil {
			return answer, nil
		}
		wait := time.Duration(0)
		switch fault.Kind {
		case FaultStopped:
			return none, errStopped
		case FaultOverflow:
			return none, errOverflow
		case FaultFiltered:
			return none, errFiltered
		case FaultUnsupported:
			if !s.model.learn(fault.Param) {
				return none, failed(soc.CodeModelFailed)
			}
			continue
		case FaultLimited:
			if limited++; limited >= limitedMost {
				return none, failed(soc.CodeModelUnavailable)
			}
			wait = min(max(fault.RetryAfter, backOff(limited-1)), waitMost)
		case FaultTimeout, FaultUnavailable:
			if tried++; tried > transient {
				return none, failed(soc.CodeModelUnavailable)
			}
			wait = min(max(fault.RetryAfter, backOff(tried-1)), waitMost)
		case FaultMissing:
			return none, failed(soc.CodeReplayMiss)
		default:
			return none, failed(soc.CodeModelFailed)
		}
		if left := s.left(); left > 0 && wait >= left {
			return none, failed(soc.CodeBudgetExhausted)
		}
		if err := s.model.sleep(ctx, wait); err != nil {
			return none, errStopped
		}
	}
}

// left is what remains of the wall clock; 0 where it is not bounded.
func (s *session) left() time.Duration {
	if s.budget.HardSeconds == 0 {
		return 0
	}
	return max(time.Second, time.Duration(s.budget.HardSeconds)*time.Second-s.model.now().Sub(s.started))
}

// outputLeft keeps one answer within the run's output tokens.
func (s *session) outputLeft(most int) int {
	if s.budget.TokensOut == 0 {
		return most
	}
	return max(1, min(most, s.budget.TokensOut-s.used.TokensOut))
}

// attempt is one request on the wire, counted and put in the transcript.
func (s *session) attempt(ctx context.Context, request openai.ChatCompletionRequest) (openai.ChatCompletionResponse, *Fault, error) {
	if err := s.model.enter(ctx); err != nil {
		return openai.ChatCompletionResponse{}, nil, errStopped
	}
	defer s.model.leave()
	limit := s.model.Timeout
	if limit == 0 {
		limit = CallTimeout
	}
	if left := s.left(); left > 0 {
		limit = min(limit, left)
	}
	timed, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	began := s.model.now()
	timed, ended := s.observe.begin(timed, s.span(OperationChat, ""))
	answer, fault := s.model.Endpoint.Complete(timed, request)
	ended(SpanEnd{s.usage(request, answer), faultCode(fault)})
	s.model.outcome(fault)
	s.clean(&answer)
	s.keep("model", request, answer, fault, began)
	if fault != nil && (fault.Kind == FaultUnsupported || fault.Kind == FaultLimited) {
		return answer, fault, nil // no model worked for it
	}
	s.count(s.usage(request, answer))
	return answer, fault, nil
}

// clean takes credentials out of what an endpoint says: one that repeats what it
// was called with must not get them into a verdict (S54).
func (s *session) clean(answer *openai.ChatCompletionResponse) {
	for i := range answer.Choices {
		m := &answer.Choices[i].Message
		m.Content, m.Refusal = soc.RemoveSecrets(m.Content, s.model.Secrets...), soc.RemoveSecrets(m.Refusal, s.model.Secrets...)
		for n := range m.ToolCalls {
			f := &m.ToolCalls[n].Function
			f.Name, f.Arguments = soc.RemoveSecrets(f.Name, s.model.Secrets...), soc.RemoveSecrets(f.Arguments, s.model.Secrets...)
		}
	}
}

// usage is what an attempt cost; where the endpoint does not say, four
// characters are a token.
func (s *session) usage(request openai.ChatCompletionRequest, answer openai.ChatCompletionResponse) soc.LoopUsage {
	u := soc.LoopUsage{ModelCalls: 1, TokensIn: answer.Usage.PromptTokens, TokensOut: answer.Usage.CompletionTokens}
	if u.TokensIn <= 0 {
		u.TokensIn, u.Estimated = size(request.Messages), true
	}
	if u.TokensOut <= 0 {
		for _, choice := range answer.Choices {
			u.TokensOut += size([]openai.ChatCompletionMessage{choice.Message})
		}
		u.Estimated = true
	}
	u.CostMicros = s.price.Cost(u.TokensIn, u.TokensOut)
	return u
}

// size estimates tokens.
func size(messages []openai.ChatCompletionMessage) int {
	n := 0
	for _, m := range messages {
		n += len(m.Content) + 16
		for _, call := range m.ToolCalls {
			n += len(call.Function.Name) + len(call.Function.Arguments) + 16
		}
	}
	return n / 4
}

// object finds the one JSON object in an answer: some endpoints put it in a
// code fence or a sentence before it.
func object(text string) string {
	from, to := strings.IndexByte(text, '{'), strings.LastIndexByte(text, '}')
	if from < 0 || to < from {
		return text
	}
	return text[from : to+1]
}
