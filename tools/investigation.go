package tools

import (
	"context"
	"fmt"

	"vedette/backend/soc"
	"vedette/schemas"
)

// investigationAnswer is the receipt of both doors with the next step.
type investigationAnswer struct {
	schemas.InvestigationReceipt
	Next    string `json:"next,omitempty"`
	refused *soc.Error
}

func (a investigationAnswer) decision() soc.Code  { return soc.Code(a.Code) }
func (a investigationAnswer) refusal() *soc.Error { return a.refused }

func submitInvestigation(ctx context.Context, r *request, in schemas.SubmitInvestigation) (any, error) {
	if err := incidentIDs.check("incident_id", in.IncidentID); err != nil {
		return nil, err
	}
	for i, id := range in.GamebookIDs {
		if err := gamebookIDs.check(fmt.Sprintf("gamebook_ids[%d]", i), id); err != nil {
			return nil, err
		}
	}
	submit := in.Submit(r.ref(in.IncidentID))
	return once(ctx, r, write[soc.InvestigationReceipt]{
		do: func(ctx context.Context, by soc.Actor) (soc.InvestigationReceipt, error) {
			return r.server.desk.SubmitInvestigation(ctx, by, submit)
		},
		draw: drawInvestigation,
	})
}

func drawInvestigation(receipt soc.InvestigationReceipt) any {
	out := investigationAnswer{InvestigationReceipt: schemas.DrawInvestigationReceipt(receipt)}
	switch {
	case !receipt.Success:
		out.Next = receipt.Fix
		e := soc.Errorf(soc.Refused, receipt.Code, "%s", sentence(receipt.Summary)+" Nothing was stored.")
		e.Fix = receipt.Fix
		out.refused = e
	case receipt.Held:
		out.Next = "A person decides about the verdict; sending it again adds nothing."
		if receipt.Citations.Unread+receipt.Citations.Unknown > 0 {
			out.Next += " Some citations name rows that you did not read or that do not exist: correct them only if you read those rows."
		}
	default:
		out.Next = "Done; nothing more is needed for this incident."
	}
	return out
}
