package agent

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	openai "github.com/sashabaranov/go-openai"

	"vedette/agent/fakellm"
	"vedette/backend/soc"
	"vedette/prompts"
)

const goodCheck = `{"classification":"TruePositive","contrary":"","why":""}`

// asking is a self-check stage against an endpoint over real HTTP; waits are
// noted and not waited for.
type asking struct {
	*session
	server *fakellm.Server
	waited []time.Duration
}

func newAsking(t *testing.T, replies ...fakellm.Reply) *asking {
	t.Helper()
	n := 0
	server := fakellm.New(func(fakellm.Request) fakellm.Reply {
		n++
		return replies[min(n, len(replies))-1]
	})
	t.Cleanup(server.Close)
	endpoint, err := NewEndpoint(Settings{BaseURL: server.URL, Key: "sk-test-0123456789abcdef", Client: &http.Client{}})
	if err != nil {
		t.Fatal(err)
	}
	a := &asking{server: server}
	m := &Model{Endpoint: endpoint, Name: "scripted", Timeout: 300 * time.Millisecond, Secrets: []string{"sk-test-0123456789abcdef"}, Sleep: func(ctx context.Context, d time.Duration) error {
		a.waited = append(a.waited, d)
		return ctx.Err()
	}}
	a.session = &session{model: m, stage: soc.StageSelfCheck, budget: soc.ShippedLoopBudget, started: m.now()}
	for _, p := range prompts.Stages() {
		if p.Name == string(soc.StageSelfCheck) {
			a.prompt = soc.LoopPrompt{Name: p.Name, Text: p.System, Schema: p.Schema, SHA256: p.SHA256}
		}
	}
	return a
}

func (a *asking) check() (*soc.SelfCheck, error) {
	out, err := a.fill(context.Background(), soc.StageInput{Stage: soc.StageSelfCheck, Incident: "INC-1", Facts: []soc.Fact{{ID: "F1", Claim: "c", Evidence: "E1", Quote: "ignore the rules"}}})
	check, _ := out.(*soc.SelfCheck)
	return check, err
}

func codeOf(err error) soc.Code {
	var ended *stageError
	if errors.As(err, &ended) {
		return ended.code
	}
	return ""
}

// TestT22Faults is the table of triage.md T22 for one stage: what the endpoint
// does, how often it is asked, and how the stage ends.
func TestT22Faults(t *testing.T) {
	good := fakellm.Reply{Content: goodCheck}
	for _, row := range []struct {
		name    string
		replies []fakellm.Reply
		asked   int
		code    soc.Code
		waits   int
	}{
		{"an answer", []fakellm.Reply{good}, 1, "", 0},
		{"in a fence", []fakellm.Reply{{Content: "Here it is:\n```json\n" + goodCheck + "\n```"}}, 1, "", 0},
		{"malformed once", []fakellm.Reply{{Content: "{"}, good}, 2, "", 0},
		{"a wrong word once", []fakellm.Reply{{Content: `{"classification":"Evil","contrary":"","why":""}`}, good}, 2, "", 0},
		{"an unread fact", []fakellm.Reply{{Content: `{"classification":"TruePositive","contrary":"F9","why":""}`}, good}, 2, "", 0},
		{"malformed twice", []fakellm.Reply{{Content: "no"}, {Content: `{"classification":1}`}}, 2, soc.CodeModelFailed, 0},
		{"refused once", []fakellm.Reply{{Refusal: "I cannot help with that."}, good}, 2, "", 0},
		{"refused twice", []fakellm.Reply{{Refusal: "I cannot."}, {Refusal: "I cannot."}}, 2, soc.CodeModelRefused, 0},
		{"empty twice", []fakellm.Reply{{Content: " "}, {Content: ""}}, 2, soc.CodeModelRefused, 0},
		{"content filter as an error", []fakellm.Reply{{Status: 400, Code: "content_filter", Message: "filtered"}, good}, 2, "", 0},
		{"content filter as an end", []fakellm.Reply{{Content: "x", Finish: "content_filter"}, good}, 2, "", 0},
		{"cut", []fakellm.Reply{{Content: goodCheck[:20], Finish: "length"}, {Content: goodCheck[20:]}}, 2, "", 0},
		{"cut, then nonsense, repaired", []fakellm.Reply{{Content: goodCheck[:20], Finish: "length"}, {Content: "??"}, good}, 3, "", 0},
		{"429 with Retry-After", []fakellm.Reply{{Status: 429, RetryAfter: "7"}, good}, 2, "", 1},
		{"429 for ever", []fakellm.Reply{{Status: 429, RetryAfter: "1"}}, limitedMost, soc.CodeModelUnavailable, limitedMost - 1},
		{"503 once", []fakellm.Reply{{Status: 503}, good}, 2, "", 1},
		{"500 for ever", []fakellm.Reply{{Status: 500}}, 3, soc.CodeModelUnavailable, 2},
		{"broken connection", []fakellm.Reply{{Content: goodCheck, Drop: true}, good}, 2, "", 1},
		{"not an answer", []fakellm.Reply{{Raw: `{"choices":[]}`}, good}, 2, "", 1},
		{"HTML", []fakellm.Reply{{Raw: "<html>"}, good}, 2, "", 1},
		{"silent", []fakellm.Reply{{Hang: true}, good}, 2, "", 1},
		{"slow bytes", []fakellm.Reply{{Content: goodCheck, Slow: 20 * time.Millisecond}, good}, 2, "", 1},
		{"no usage", []fakellm.Reply{{Content: goodCheck, NoUsage: true}}, 1, "", 0},
		{"wrong key", []fakellm.Reply{{Status: 401}}, 1, soc.CodeModelFailed, 0},
		{"no schemas", []fakellm.Reply{{Status: 400, Message: "response_format is not supported"}, good}, 2, "", 0},
		{"no seed", []fakellm.Reply{{Status: 400, Message: "Unsupported parameter", Param: "seed"}, good}, 2, "", 0},
		{"too large, then cut down", []fakellm.Reply{{Status: 400, Code: "context_length_exceeded"}, good}, 2, "", 0},
		{"too large in any form", []fakellm.Reply{{Status: 400, Code: "context_length_exceeded"}}, 2, soc.CodeModelFailed, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := newAsking(t, row.replies...)
			check, err := a.check()
			if codeOf(err) != row.code || (row.code == "") != (err == nil) {
				t.Fatalf("ended with %v, want %q", err, row.code)
			}
			if err == nil && (check == nil || check.Classification != soc.VerdictTruePositive) {
				t.Errorf("%+v", check)
			}
			if n := len(a.server.Requests()); n != row.asked || len(a.exchanges) != n {
				t.Errorf("asked %d times with %d in the transcript, want %d", n, len(a.exchanges), row.asked)
			}
			if len(a.waited) != row.waits {
				t.Errorf("waited %v", a.waited)
			}
			for _, e := range a.exchanges {
				if strings.Contains(string(e.Request)+string(e.Answer)+string(e.Fault), "sk-test") {
					t.Error("a key is in the transcript")
				}
			}
		})
	}
}

// TestT22Details: what a row of the table promises beside its end.
func TestT22Details(t *testing.T) {
	t.Run("Retry-After is honoured", func(t *testing.T) {
		a := newAsking(t, fakellm.Reply{Status: 429, RetryAfter: "7"}, fakellm.Reply{Content: goodCheck})
		if _, err := a.check(); err != nil || a.waited[0] != 7*time.Second {
			t.Errorf("waited %v (%v)", a.waited, err)
		}
		if a.model.width() != 2 {
			t.Errorf("%d at once after a 429, want half", a.model.width())
		}
	})
	t.Run("Retry-After beyond the wall clock ends the run", func(t *testing.T) {
		a := newAsking(t, fakellm.Reply{Status: 429, RetryAfter: "110"})
		a.started = time.Now().Add(-time.Duration(a.budget.HardSeconds-100) * time.Second)
		if _, err := a.check(); codeOf(err) != soc.CodeBudgetExhausted || len(a.waited) > 0 {
			t.Errorf("%v after %v", err, a.waited)
		}
	})
	t.Run("values are withheld and ids kept after a refusal", func(t *testing.T) {
		a := newAsking(t, fakellm.Reply{Refusal: "no"}, fakellm.Reply{Content: goodCheck})
		if _, err := a.check(); err != nil {
			t.Fatal(err)
		}
		second := a.server.Requests()[1].Messages[1].Content
		if strings.Contains(second, "ignore the rules") || !strings.Contains(second, `"E1"`) {
			t.Error(second)
		}
	})
	t.Run("a repair quotes the fault", func(t *testing.T) {
		a := newAsking(t, fakellm.Reply{Content: `{"classification":"Evil","contrary":"","why":""}`}, fakellm.Reply{Content: goodCheck})
		if _, err := a.check(); err != nil {
			t.Fatal(err)
		}
		messages := a.server.Requests()[1].Messages
		if last := messages[len(messages)-1].Content; !strings.Contains(last, "classification") || !strings.Contains(last, "FalsePositive") {
			t.Error(last)
		}
	})
	t.Run("the circuit opens after five failures in a minute", func(t *testing.T) {
		a := newAsking(t, fakellm.Reply{Status: 500})
		for range 2 {
			_, _ = a.check()
		}
		if !a.model.Open() {
			t.Fatal("closed")
		}
		asked := len(a.server.Requests())
		if _, err := a.check(); codeOf(err) != soc.CodeModelUnavailable || len(a.server.Requests()) != asked || asked != breakAfter {
			t.Errorf("%v with %d requests", err, len(a.server.Requests()))
		}
		a.model.Now = func() time.Time { return time.Now().Add(2 * breakWithin) }
		if a.model.Open() {
			t.Error("still open two minutes later")
		}
	})
	t.Run("usage is estimated and marked", func(t *testing.T) {
		a := newAsking(t, fakellm.Reply{Content: goodCheck, NoUsage: true})
		a.price = soc.LoopPrice{In: 1_000_000, Out: 2_000_000}
		if _, err := a.check(); err != nil || !a.spent.Estimated || a.spent.TokensIn < 100 || a.spent.CostMicros < int64(a.spent.TokensIn) {
			t.Errorf("%+v (%v)", a.spent, err)
		}
	})
	t.Run("a cancelled run aborts the request in flight", func(t *testing.T) {
		a := newAsking(t, fakellm.Reply{Hang: true})
		a.model.Timeout = time.Minute
		ctx, cancel := context.WithCancelCause(context.Background())
		go func() {
			for len(a.server.Requests()) == 0 {
				time.Sleep(time.Millisecond)
			}
			cancel(errStopped)
		}()
		if _, err := a.fill(ctx, soc.StageInput{Stage: soc.StageSelfCheck}); !errors.Is(err, errStopped) || len(a.exchanges) != 1 {
			t.Errorf("%v with %d in the transcript", err, len(a.exchanges))
		}
	})
	t.Run("what an endpoint does not take is asked once", func(t *testing.T) {
		a := newAsking(t, fakellm.Reply{Status: 400, Param: "seed", Message: "no"}, fakellm.Reply{Content: goodCheck})
		for range 2 {
			if _, err := a.check(); err != nil {
				t.Fatal(err)
			}
		}
		all := a.server.Requests()
		if len(all) != 3 || all[0].Seed == nil || all[2].Seed != nil || all[2].Stream {
			t.Errorf("%d requests", len(all))
		}
	})
}

// TestS61BudgetsAreHard: no request leaves once a limit is reached.
func TestS61BudgetsAreHard(t *testing.T) {
	for name, used := range map[string]soc.LoopUsage{
		"calls": {ModelCalls: 12}, "input": {TokensIn: 150_000}, "output": {TokensOut: 12_000}, "money": {CostMicros: 500_000},
	} {
		a := newAsking(t, fakellm.Reply{Content: goodCheck})
		a.used = used
		if _, err := a.check(); codeOf(err) != soc.CodeBudgetExhausted || len(a.server.Requests()) != 0 {
			t.Errorf("%s: %v after %d requests", name, err, len(a.server.Requests()))
		}
	}
	a := newAsking(t, fakellm.Reply{Content: goodCheck})
	a.started = time.Now().Add(-time.Hour)
	if _, err := a.check(); codeOf(err) != soc.CodeBudgetExhausted || len(a.server.Requests()) != 0 {
		t.Errorf("time: %v", err)
	}
}

// TestEndpointSettings: headers, keys and Azure's paths, as they arrive.
func TestEndpointSettings(t *testing.T) {
	server := fakellm.New(func(fakellm.Request) fakellm.Reply { return fakellm.Reply{Content: "{}"} })
	defer server.Close()
	ask := func(s Settings) fakellm.Request {
		t.Helper()
		s.Client, s.Key = &http.Client{}, "secret-key"
		endpoint, err := NewEndpoint(s)
		if err != nil {
			t.Fatal(err)
		}
		if _, fault := endpoint.Complete(context.Background(), openai.ChatCompletionRequest{Model: "m-1.5"}); fault != nil {
			t.Fatal(fault)
		}
		all := server.Requests()
		return all[len(all)-1]
	}
	plain := ask(Settings{BaseURL: server.URL + "/", Headers: map[string]string{"X-Team": "soc"}})
	if plain.Path != "/v1/chat/completions" || plain.Header.Get("Authorization") != "Bearer secret-key" || plain.Header.Get("X-Team") != "soc" {
		t.Errorf("%s %v", plain.Path, plain.Header)
	}
	azure := ask(Settings{BaseURL: strings.TrimSuffix(server.URL, "/v1"), AzureVersion: "2024-10-21"})
	if azure.Path != "/openai/deployments/m-1.5/chat/completions?api-version=2024-10-21" || azure.Header.Get("Api-Key") != "secret-key" {
		t.Errorf("%s %v", azure.Path, azure.Header)
	}
}

// TestExamplesPassTheShippedParser: each few-shot answer is one that the loop
// would take (T20).
func TestExamplesPassTheShippedParser(t *testing.T) {
	for _, p := range prompts.Stages() {
		done := soc.Investigated{
			Hypotheses: &soc.Hypotheses{Hypotheses: []soc.Hypothesis{{ID: "H1"}, {ID: "H2"}}},
			Extraction: &soc.Extraction{Facts: []soc.Fact{{ID: "F1"}, {ID: "F2"}}},
		}
		var err error
		switch p.Name {
		case "select":
			var end struct {
				Done bool `json:"done"`
			}
			err = json.Unmarshal(p.Example, &end)
		case "extract":
			_, err = soc.ParseFacts(p.Example)
		default:
			err = done.ParseStage(soc.Stage(p.Name), p.Example)
		}
		if err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
	}
}
