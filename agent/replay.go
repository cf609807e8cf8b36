package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	openai "github.com/sashabaranov/go-openai"

	"vedette/backend/soc"
	"vedette/tools"
)

// ErrReplayMiss is a request that is not in the recording. It is never sent.
var ErrReplayMiss = soc.Errorf(soc.Conflict, soc.CodeReplayMiss, "A request of the replay is not in the recording.").
	WithFix("The prompts, the parser or the order of calls changed since; record the run anew.")

// Difference is a stage whose replay gave another result.
type Difference struct {
	Stage    soc.Stage
	Recorded string
	Replayed string
}

// Replay runs the stages of a recorded run again against the stored answers of
// the model and of the tools (T24), and gives what came out differently: nothing
// for a faithful recording. prompts are those of this program. Nothing leaves
// the process.
func Replay(ctx context.Context, t soc.RunTranscript, prompts []soc.LoopPrompt, budget soc.LoopBudget) ([]Difference, error) {
	if !t.Whole {
		return nil, soc.Errorf(soc.Refused, soc.CodeTranscriptTampered, "The recording is not as it was stored.")
	}
	var done soc.Investigated
	var used soc.LoopUsage
	var out []Difference
	incident := t.Run.IncidentShortID
	for _, stage := range t.Stages {
		if !stage.Stage.Drawn() {
			var exchanges []soc.Exchange
			if err := json.Unmarshal(stage.Exchanges, &exchanges); err != nil {
				return out, err
			}
			in := done.Input(stage.Stage, incident)
			different, err := replayStage(ctx, stage, in, done, exchanges, prompts, budget, used)
			if err != nil {
				return out, err
			}
			if different != nil {
				out = append(out, *different)
			}
		}
		if stage.Error == soc.CodeModelUnavailable {
			continue // the run waited, and the stage was asked anew
		}
		used = used.Plus(stage.Usage)
		if stage.Error != "" {
			break
		}
		if err := done.ParseStage(stage.Stage, stage.Result); err != nil {
			return out, err
		}
	}
	return out, nil
}

// replayStage fills one stage from its recording. A stage that was told to come
// to an end is asked both ways, since the clock is not in the recording.
func replayStage(ctx context.Context, stage soc.RunStage, in soc.StageInput, done soc.Investigated, exchanges []soc.Exchange, prompts []soc.LoopPrompt, budget soc.LoopBudget, used soc.LoopUsage) (*Difference, error) {
	budget.HardSeconds, budget.SoftSeconds = 0, 0
	for _, finish := range []bool{false, true} {
		in.Finish = finish
		r := newRecording(exchanges)
		s := &session{
			model: &Model{Endpoint: r, Name: stage.Model, Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }, lacks: r.lacks},
			tools: r, stage: stage.Stage, budget: budget, used: used,
		}
		s.started = s.model.now()
		for _, p := range prompts {
			if p.Name == string(stage.Stage) {
				s.prompt = p
			}
		}
		result, err := s.fill(ctx, in)
		if r.missed && !finish {
			continue
		}
		if r.missed {
			return nil, ErrReplayMiss
		}
		return compare(stage, result, err, done, r)
	}
	return nil, ErrReplayMiss
}

// compare holds a replayed stage to the recorded one.
func compare(stage soc.RunStage, result any, failure error, done soc.Investigated, r *recording) (*Difference, error) {
	var ended *stageError
	if errors.As(failure, &ended) {
		if stage.Error == ended.code {
			return nil, nil
		}
		return &Difference{stage.Stage, recordedAs(stage), string(ended.code)}, nil
	}
	if failure != nil {
		return nil, failure
	}
	raw, err := soc.CanonicalRecord(result)
	if err != nil {
		return nil, err
	}
	if left := r.left(); left > 0 {
		return &Difference{stage.Stage, fmt.Sprintf("%d calls", len(r.exchanges)), fmt.Sprintf("%d calls", len(r.exchanges)-left)}, nil
	}
	if stage.Error != "" {
		return &Difference{stage.Stage, recordedAs(stage), string(raw)}, nil
	}
	if stage.Stage == soc.StageExtract {
		// What is stored is what the server proved of it: each kept fact was said,
		// and as many were dropped as are missing.
		return compareFacts(stage, raw)
	}
	if err := done.ParseStage(stage.Stage, raw); err != nil {
		return nil, err
	}
	if again, err := soc.CanonicalRecord(done.Result(stage.Stage)); err != nil || !bytes.Equal(again, stage.Result) {
		return &Difference{stage.Stage, string(stage.Result), string(again)}, err
	}
	return nil, nil
}

func compareFacts(stage soc.RunStage, raw []byte) (*Difference, error) {
	var stored, said soc.Extraction
	if err := errors.Join(json.Unmarshal(stage.Result, &stored), json.Unmarshal(raw, &said)); err != nil {
		return nil, err
	}
	spoken := map[[2]string]bool{}
	for _, f := range said.Facts {
		spoken[[2]string{f.Evidence, soc.EscapeVisible(f.Claim)}] = true
	}
	for _, f := range stored.Facts {
		if !spoken[[2]string{f.Evidence, f.Claim}] {
			return &Difference{stage.Stage, string(stage.Result), string(raw)}, nil
		}
	}
	if len(stored.Facts)+stored.Dropped > len(said.Facts) {
		return &Difference{stage.Stage, string(stage.Result), string(raw)}, nil
	}
	return nil, nil
}

func recordedAs(stage soc.RunStage) string {
	if stage.Error != "" {
		return string(stage.Error)
	}
	return string(stage.Result)
}

// recording answers as the transcript of one stage has it: an endpoint and a
// toolbox that know these exchanges and no others.
type recording struct {
	exchanges []soc.Exchange
	taken     []bool
	lacks     map[string]bool
	missed    bool
}

func newRecording(exchanges []soc.Exchange) *recording {
	r := &recording{exchanges: exchanges, taken: make([]bool, len(exchanges)), lacks: map[string]bool{}}
	offered, asked := false, false
	for _, e := range exchanges {
		var request openai.ChatCompletionRequest
		if e.Kind == "model" && json.Unmarshal(e.Request, &request) == nil {
			offered, asked = offered || len(request.Tools) > 0, true
		}
	}
	// An endpoint without tool calls was told about them in words.
	r.lacks[paramTools] = asked && !offered
	return r
}

func (r *recording) left() (n int) {
	for _, taken := range r.taken {
		if !taken {
			n++
		}
	}
	return n
}

// find takes the next exchange whose request is the same.
func (r *recording) find(kind string, same func(json.RawMessage) bool) (soc.Exchange, bool) {
	for i, e := range r.exchanges {
		if !r.taken[i] && e.Kind == kind && same(e.Request) {
			r.taken[i] = true
			return e, true
		}
	}
	r.missed = true
	return soc.Exchange{}, false
}

// Complete implements Endpoint. What was said makes a request; how it was asked
// for depends on what the endpoint was known to take by then.
func (r *recording) Complete(_ context.Context, request openai.ChatCompletionRequest) (answer openai.ChatCompletionResponse, fault *Fault) {
	want, err := said(request.Messages)
	e, found := r.find("model", func(raw json.RawMessage) bool {
		var recorded openai.ChatCompletionRequest
		if json.Unmarshal(raw, &recorded) != nil || err != nil {
			return false
		}
		got, err := said(recorded.Messages)
		return err == nil && got == want
	})
	if !found {
		return answer, &Fault{Kind: FaultMissing}
	}
	if len(e.Fault) > 0 {
		fault = &Fault{}
		if json.Unmarshal(e.Fault, fault) != nil {
			return answer, &Fault{Kind: FaultMissing}
		}
		return answer, fault
	}
	if json.Unmarshal(e.Answer, &answer) != nil || len(answer.Choices) == 0 {
		r.missed = true
		return answer, &Fault{Kind: FaultMissing}
	}
	return answer, nil
}

// said is messages as the transcript has them.
func said(messages []openai.ChatCompletionMessage) (string, error) {
	raw, err := json.Marshal(messages)
	return soc.RemoveSecrets(string(raw)), err
}

// Tools implements Toolbox: the definitions are not part of what was said.
func (r *recording) Tools(context.Context) ([]tools.Tool, error) {
	out := make([]tools.Tool, len(selectTools))
	for i, name := range selectTools {
		out[i] = tools.Tool{Name: name, Schema: json.RawMessage(emptyObject)}
	}
	return out, nil
}

// Call implements Toolbox.
func (r *recording) Call(_ context.Context, name string, arguments json.RawMessage) (tools.Result, error) {
	want, err := json.Marshal(toolRequest{name, string(arguments)})
	if err != nil {
		return tools.Result{}, err
	}
	e, found := r.find("tool", func(raw json.RawMessage) bool {
		return soc.RemoveSecrets(string(want)) == string(raw)
	})
	var answer toolAnswer
	if !found || json.Unmarshal(e.Answer, &answer) != nil {
		return tools.Result{}, ErrReplayMiss
	}
	return tools.Result{Text: answer.Text, Body: json.RawMessage(answer.Text), IsError: answer.IsError, Code: answer.Code}, nil
}
