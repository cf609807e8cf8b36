package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"vedette/backend/soc"
	"vedette/schemas"
)

// gamebookAnswer is the receipt of both doors with what an agent needs more:
// who decides and where, and what to do in the meantime.
type gamebookAnswer struct {
	schemas.GamebookReceipt
	Approval  string     `json:"approval,omitempty"`
	Console   string     `json:"console,omitempty"`
	Next      string     `json:"next,omitempty"`
	DryRun    bool       `json:"dry_run,omitempty"`
	Class     soc.Class  `json:"reversibility,omitempty"`
	Impact    soc.Impact `json:"impact,omitempty"`
	Targets   *section   `json:"targets,omitempty"`
	Untrusted []string   `json:"untrusted,omitempty"`
	refused   *soc.Error `json:"-"`
}

func (a gamebookAnswer) decision() soc.Code  { return soc.Code(a.Code) }
func (a gamebookAnswer) refusal() *soc.Error { return a.refused }
func (a gamebookAnswer) hasUntrusted() bool  { return len(a.Untrusted) > 0 }

func submitGamebook(ctx context.Context, r *request, in schemas.SubmitGamebook) (any, error) {
	if err := incidentIDs.check("incident_id", in.IncidentID); err != nil {
		return nil, err
	}
	for i, step := range in.Playbooks {
		// Empty is the core's ENTITY_ID_MISSING; what cannot be an id at all is
		// refused before anything is looked up.
		if step.EntityID == "" {
			continue
		}
		if err := entityIDs.check(fmt.Sprintf("playbooks[%d].entity_id", i), step.EntityID); err != nil {
			return nil, err
		}
	}
	submit := in.Submit(r.ref(in.IncidentID))
	do := func(ctx context.Context, by soc.Actor) (soc.GamebookReceipt, error) {
		return r.server.desk.SubmitGamebook(ctx, by, submit)
	}
	draw := func(receipt soc.GamebookReceipt) any { return r.server.drawGamebook(in, receipt) }
	if in.DryRun {
		receipt, err := do(ctx, r.by)
		if err != nil {
			return nil, err
		}
		return draw(receipt), nil
	}
	return once(ctx, r, write[soc.GamebookReceipt]{do: do, draw: draw, freed: r.gamebookFreed})
}

// freedStates let the same proposal be made again (M28). A denial does not: it
// stands until its day is over.
var freedStates = []soc.GamebookStatus{soc.GamebookFailed, soc.GamebookExpired, soc.GamebookRolledBack}

func (r *request) gamebookFreed(ctx context.Context, stored json.RawMessage) (bool, error) {
	var receipt struct {
		ID string `json:"gamebook_id"`
	}
	if err := json.Unmarshal(stored, &receipt); err != nil || receipt.ID == "" {
		return false, err
	}
	found, err := r.server.desk.GetStatus(ctx, r.by, soc.StatusQuery{Workspace: r.by.Workspace, IDs: []string{receipt.ID}})
	if err != nil || len(found) != 1 || found[0].Gamebook == nil {
		return false, err
	}
	return slices.Contains(freedStates, found[0].Gamebook.Status), nil
}

func (s *Server) drawGamebook(in schemas.SubmitGamebook, receipt soc.GamebookReceipt) gamebookAnswer {
	out := gamebookAnswer{
		GamebookReceipt: schemas.DrawGamebookReceipt(receipt), DryRun: in.DryRun, Class: receipt.Class, Impact: receipt.Impact,
		refused: gamebookRefusal(in, receipt),
	}
	if receipt.GamebookID != "" {
		out.Console = s.consoleLink(receipt.GamebookID)
	}
	switch {
	case !receipt.Success:
		out.Next = receipt.Fix
	case in.DryRun:
		out.Next = "Nothing was stored. Send it without dry_run to submit it."
	case receipt.QueuedForApproval:
		out.Approval = needText(receipt.Need)
		out.Next = "A person decides in the console; sending it again adds nothing. Go on, pass the id to submit_investigation, and poll get_status from time to time."
	default:
		out.Next = "It runs without approval. get_status shows each step; only Confirmed means that the effect was read back."
	}
	if len(receipt.Targets) > 0 {
		out.Targets = &section{table: table{Columns: []string{"entity_id", "name", "gate", "reasons"}}}
		fill(newRoom(), &out.Targets.table, firstOf(receipt.Targets, 50), func(t soc.PlaybookTarget) []any {
			return []any{t.Entity, outside(t.Name, 64), t.Outcome, words(t.Reasons)}
		})
		out.Untrusted = []string{"targets.name"}
	}
	return out
}

// gamebookRefusal is success:false as an error that teaches.
func gamebookRefusal(in schemas.SubmitGamebook, receipt soc.GamebookReceipt) *soc.Error {
	if receipt.Success {
		return nil
	}
	e := soc.Errorf(soc.Refused, receipt.Code, "%s", receipt.Summary)
	e.Rule, e.Fix = receipt.Rule, receipt.Fix
	for _, failure := range receipt.Failures {
		e = e.WithField(fmt.Sprintf("playbooks[%d]", failure.Index), "%s: %s", failure.Code, failure.Message)
		for _, hint := range failure.Hints {
			if !slices.Contains(e.Hints, hint) && len(e.Hints) < 3 {
				e.Hints = append(e.Hints, hint)
			}
		}
	}
	if len(receipt.Failures) == 1 {
		e.Message, e.Fields = receipt.Failures[0].Message, nil
	}
	e.Message = sentence(e.Message) + " Nothing was stored."
	if e.Code == soc.CodeEntityNotInIncident {
		e.Fix = fmt.Sprintf(`See all: get_incident {"incident_id":%q,"include":["entities"]}`, in.IncidentID)
	}
	return e
}
