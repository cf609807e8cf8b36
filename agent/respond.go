package agent

import (
	"context"
	"encoding/json"

	"vedette/backend/soc"
	"vedette/tools"
)

// respond picks steps where the verdict is an alarm. The model picks from what
// the server offers for this incident; the gate and people decide.
func (s *session) respond(ctx context.Context, in soc.StageInput) (any, error) {
	none := &soc.Response{Steps: []soc.ResponseStep{}}
	if in.Outcome == nil || in.Outcome.Classification != soc.VerdictTruePositive && in.Outcome.Classification != soc.VerdictSuspicious {
		return none, nil
	}
	raw, err := marshal(map[string]any{"incident_id": in.Incident})
	if err != nil {
		return nil, err
	}
	result, err := s.call(ctx, "list_playbooks", raw)
	if err != nil {
		return nil, err
	}
	offers := offersIn(result)
	if len(offers) == 0 {
		return none, nil
	}
	var done soc.Investigated
	messages := s.opening(in.Finish, data("facts with proven quotes", in.Facts), data("procedures", in.Notes), data("playbooks and targets of this incident", json.RawMessage(result.Text)))
	err = s.answered(ctx, messages, func(raw []byte) error {
		if err := done.ParseStage(soc.StageRespond, raw); err != nil {
			return err
		}
		for _, step := range done.Response.Steps {
			if !offers[step] {
				return soc.InvalidField("steps", "must hold a playbook with one of its own target ids, as the data has them")
			}
		}
		return nil
	})
	if err != nil {
		return nil, settle(err)
	}
	return done.Response, nil
}

// offersIn are the pairs of playbook and target that list_playbooks gave.
func offersIn(result tools.Result) map[soc.ResponseStep]bool {
	var body struct {
		Playbooks []struct {
			ID      string `json:"id"`
			Enabled bool   `json:"enabled"`
			Targets struct {
				Columns []string `json:"columns"`
				Rows    [][]any  `json:"rows"`
			} `json:"targets"`
		} `json:"playbooks"`
	}
	out := map[soc.ResponseStep]bool{}
	if result.IsError || json.Unmarshal([]byte(result.Text), &body) != nil {
		return out
	}
	for _, p := range body.Playbooks {
		for _, row := range p.Targets.Rows {
			if len(row) == 0 || !p.Enabled {
				continue
			}
			if id, ok := row[0].(string); ok {
				out[soc.ResponseStep{Playbook: p.ID, Entity: id}] = true
			}
		}
	}
	return out
}

// submit carries out what respond stored: the gamebook if there is one, then the
// investigation. Both are idempotent by what they say (S27), so a worker that
// died in between does it again without a second one.
func (s *session) submit(ctx context.Context, in soc.StageInput) (any, error) {
	out := &soc.Submission{}
	if in.Outcome == nil {
		return nil, failed(soc.CodeModelFailed)
	}
	if in.Response != nil && len(in.Response.Steps) > 0 {
		steps := make([]map[string]any, len(in.Response.Steps))
		for n, step := range in.Response.Steps {
			steps[n] = map[string]any{"playbook_id": step.Playbook, "entity_id": step.Entity}
		}
		result, err := s.hand(ctx, "submit_gamebook", map[string]any{"incident_id": in.Incident, "playbooks": steps, "rationale": rationaleOf(in.Outcome.Comment)})
		if err != nil {
			return nil, err
		}
		var receipt struct {
			ID *string `json:"gamebook_id"`
		}
		if json.Unmarshal(result.Body, &receipt) == nil && receipt.ID != nil {
			out.Gamebook = *receipt.ID
		}
	}
	arguments := map[string]any{
		"incident_id": in.Incident, "classification": in.Outcome.Classification, "malicious_score": in.Outcome.Score, "comment": in.Outcome.Comment,
	}
	if in.Outcome.Reason != "" {
		arguments["classification_reason"] = in.Outcome.Reason
	}
	if out.Gamebook != "" {
		arguments["gamebook_ids"] = []string{out.Gamebook}
	}
	result, err := s.hand(ctx, "submit_investigation", arguments)
	if err != nil {
		return nil, err
	}
	var receipt struct {
		ID   *string  `json:"investigation_id"`
		Code soc.Code `json:"code"`
	}
	if json.Unmarshal(result.Body, &receipt) == nil && receipt.ID != nil {
		out.Investigation = *receipt.ID
	}
	out.Code = receipt.Code
	if out.Investigation == "" {
		return out, failed(soc.CodeModelFailed)
	}
	return out, nil
}

// rationaleMost is what a gamebook's rationale may hold.
const rationaleMost = 3000

func rationaleOf(comment string) string { return clipTo(comment, rationaleMost) }

// hand submits something. The budget of tool calls does not keep a finished
// investigation from being handed in.
func (s *session) hand(ctx context.Context, tool string, arguments map[string]any) (tools.Result, error) {
	raw, err := marshal(arguments)
	if err != nil {
		return tools.Result{}, err
	}
	began := s.model.now()
	result, err := s.carry(ctx, tool, raw)
	if err != nil {
		return result, err
	}
	s.count(soc.LoopUsage{ToolCalls: 1})
	s.keep("tool", toolRequest{tool, string(raw)}, toolAnswer{result.Text, result.IsError, result.Code}, nil, began)
	return result, nil
}
