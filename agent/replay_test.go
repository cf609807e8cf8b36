package agent

import (
	"context"
	"encoding/json"
	"testing"

	"vedette/agent/fakellm"
	"vedette/backend/soc"
	"vedette/prompts"
)

func (h *house) transcript(run string) soc.RunTranscript {
	h.t.Helper()
	host := h.Host
	host.Workspace = h.First
	t, err := h.Desk.RunTranscript(context.Background(), host, run)
	h.must(err)
	return t
}

func shippedPrompts() []soc.LoopPrompt {
	var out []soc.LoopPrompt
	for _, p := range prompts.Stages() {
		out = append(out, soc.LoopPrompt{Name: p.Name, SHA256: p.SHA256, Text: p.System, Schema: p.Schema})
	}
	return out
}

// TestT24ReplayReproduces: whole investigations, faulty endpoints and failed runs
// come out of their recordings as they went in, with the endpoint gone.
func TestT24ReplayReproduces(t *testing.T) {
	good := alarm()
	good.Calls = []fakellm.Call{{Name: "find_everything", Arguments: "{"}, {Name: "search_evidence", Arguments: `{"query":"powershell"}`}}
	seen := 0
	faulty := func(r fakellm.Request) fakellm.Reply {
		switch seen++; seen {
		case 1:
			return fakellm.Reply{Status: 429, RetryAfter: "3"}
		case 2:
			return fakellm.Reply{Content: `{"hypotheses":[`, Finish: "length"}
		case 3:
			return fakellm.Reply{Content: "?"}
		case 5:
			return fakellm.Reply{Status: 500}
		}
		if r.Stage() == "verdict" && seen%2 == 0 {
			return fakellm.Reply{Refusal: "I would rather not."}
		}
		return good.Answer(r)
	}
	for name, answer := range map[string]func(fakellm.Request) fakellm.Reply{
		"whole": good.Answer, "faulty": faulty, "refusing": func(r fakellm.Request) fakellm.Reply {
			if r.Stage() == "verdict" {
				return fakellm.Reply{Refusal: "no"}
			}
			return good.Answer(r)
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := openHouse(t, nil)
			h.llm.Answer(answer)
			lease, err := h.work()
			h.must(err)
			asked := len(h.llm.Requests())
			recorded := h.transcript(lease.Run)
			differences, err := Replay(context.Background(), recorded, shippedPrompts(), soc.ShippedLoopBudget)
			if err != nil || len(differences) > 0 || len(h.llm.Requests()) != asked {
				t.Fatalf("%+v (%v), %d new requests", differences, err, len(h.llm.Requests())-asked)
			}
			changed := shippedPrompts()
			changed[0].Text += " Be brief."
			if _, err := Replay(context.Background(), recorded, changed, soc.ShippedLoopBudget); soc.AsError(err) == nil || soc.AsError(err).Code != soc.CodeReplayMiss {
				t.Errorf("another prompt: %v", err)
			}
			recorded.Whole = false
			if _, err := Replay(context.Background(), recorded, shippedPrompts(), soc.ShippedLoopBudget); soc.AsError(err).Code != soc.CodeTranscriptTampered {
				t.Errorf("a tampered recording: %v", err)
			}
		})
	}
}

// TestT24ReplayNotices: an answer that was changed in the recording is a
// difference, not a success.
func TestT24ReplayNotices(t *testing.T) {
	h := openHouse(t, nil)
	lease, err := h.work()
	h.must(err)
	recorded := h.transcript(lease.Run)
	for n := range recorded.Stages {
		if recorded.Stages[n].Stage != soc.StageSelfCheck {
			continue
		}
		var check soc.SelfCheck
		h.must(json.Unmarshal(recorded.Stages[n].Result, &check))
		check.Classification = soc.VerdictFalsePositive
		recorded.Stages[n].Result, err = soc.CanonicalRecord(check)
		h.must(err)
	}
	differences, err := Replay(context.Background(), recorded, shippedPrompts(), soc.ShippedLoopBudget)
	if err != nil || len(differences) != 1 || differences[0].Stage != soc.StageSelfCheck {
		t.Errorf("%+v (%v)", differences, err)
	}
}
