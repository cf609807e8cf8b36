package fakellm

import (
	"encoding/json"
	"fmt"
)

// Analyst is a scripted model that does its task well: it quotes what the
// evidence says and answers with the verdict it is given. It proves plumbing
// and says nothing about quality.
type Analyst struct {
	// Verdict and Check are the classifications of the two stages.
	Verdict, Check string
	Score          int
	// Calls are made in the select stage, one answer each.
	Calls []Call
	// Respond picks the first target that is offered.
	Respond bool
}

// Answer is the analyst's answer to a request.
func (a Analyst) Answer(r Request) Reply {
	switch r.Stage() {
	case "hypotheses":
		return Reply{Content: `{"hypotheses":[{"id":"H1","kind":"malicious","claim":"An attacker did it.","supported_by":["A tool of attackers"],"refuted_by":["A change ticket"]},{"id":"H2","kind":"benign","claim":"An administrator did it.","supported_by":["A change ticket"],"refuted_by":["A tool of attackers"]}]}`}
	case "select":
		if n := answers(r); n < len(a.Calls) {
			return Reply{Calls: a.Calls[n : n+1]}
		}
		return Reply{Content: `{"done":true}`}
	case "extract":
		return Reply{Content: encode(map[string]any{"facts": factsOf(r.Data("evidence rows"))})}
	case "verdict":
		return Reply{Content: a.verdict(r)}
	case "self_check":
		return Reply{Content: encode(map[string]any{"classification": a.Check, "contrary": "", "why": ""})}
	case "respond":
		return Reply{Content: encode(map[string]any{"steps": a.steps(r), "sop": ""})}
	}
	return Reply{Content: "{}"}
}

// answers counts the answers of the model that a request holds.
func answers(r Request) int {
	n := 0
	for _, m := range r.Messages {
		if m.Role == "assistant" {
			n++
		}
	}
	return n
}

// factsOf quotes the first field of every row.
func factsOf(page string) []map[string]string {
	var body struct {
		Evidence []struct {
			ID     string `json:"id"`
			Fields []struct {
				Name  string `json:"name"`
				Value string `json:"value"`
			} `json:"fields"`
		} `json:"evidence"`
	}
	facts := []map[string]string{}
	if json.Unmarshal([]byte(page), &body) != nil {
		return facts
	}
	for _, row := range body.Evidence {
		for _, f := range row.Fields {
			if quote := f.Value[:min(len(f.Value), 40)]; quote != "" {
				facts = append(facts, map[string]string{"claim": "The field " + f.Name + " was recorded.", "evidence_id": row.ID, "quote": quote})
				break
			}
		}
	}
	return facts
}

func (a Analyst) verdict(r Request) string {
	var facts []struct {
		ID string `json:"id"`
	}
	ids := []string{}
	if json.Unmarshal([]byte(r.Data("facts")), &facts) == nil {
		for _, f := range facts[:min(len(facts), 5)] {
			ids = append(ids, f.ID)
		}
	}
	var answered []map[string]any
	for _, q := range []string{"who", "what", "where", "when", "seen_before", "benign_explanation", "effect"} {
		answered = append(answered, map[string]any{"question": q, "answer": "As recorded.", "facts": ids})
	}
	return encode(map[string]any{
		"hypotheses":     []any{map[string]any{"id": "H1", "state": "open", "facts": ids}},
		"classification": a.Verdict, "reason": "", "score": a.Score, "answers": answered,
		"rationale": []any{map[string]any{"sentence": fmt.Sprintf("The facts say %s.", a.Verdict), "facts": ids}},
	})
}

func (a Analyst) steps(r Request) []map[string]string {
	var body struct {
		Playbooks []struct {
			ID      string `json:"id"`
			Enabled bool   `json:"enabled"`
			Targets struct {
				Rows [][]any `json:"rows"`
			} `json:"targets"`
		} `json:"playbooks"`
	}
	steps := []map[string]string{}
	if !a.Respond || json.Unmarshal([]byte(r.Data("playbooks")), &body) != nil {
		return steps
	}
	for _, p := range body.Playbooks {
		if len(p.Targets.Rows) > 0 && len(p.Targets.Rows[0]) > 0 && p.Enabled {
			return append(steps, map[string]string{"playbook_id": p.ID, "entity_id": fmt.Sprint(p.Targets.Rows[0][0])})
		}
	}
	return steps
}

func encode(value any) string {
	raw, err := json.Marshal(value)
	if err != nil {
		return ""
	}
	return string(raw)
}
