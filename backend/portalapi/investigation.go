package portalapi

import (
	"context"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

type submitInvestigationInput struct {
	incidentInput
	Body schemas.InvestigationRequest `body:"json"`
}

func (d *door) submitInvestigation(ctx context.Context, by soc.Actor, in submitInvestigationInput) (web.Reply[schemas.InvestigationReceipt], error) {
	draw := func(r soc.InvestigationReceipt) web.Reply[schemas.InvestigationReceipt] {
		return web.OK(schemas.DrawInvestigationReceipt(r))
	}
	receipt, err := d.desk.SubmitInvestigation(ctx, web.Answering(by, draw), in.Body.Submit(in.ref(by)))
	if receipt, err = schemas.InvestigationAnswer(receipt, err); err != nil {
		return web.Reply[schemas.InvestigationReceipt]{}, err
	}
	return draw(receipt), nil
}
