package portalapi

import (
	"context"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

type submitGamebookInput struct {
	incidentInput
	Body schemas.GamebookRequest `body:"json"`
}

func (d *door) submitGamebook(ctx context.Context, by soc.Actor, in submitGamebookInput) (web.Reply[schemas.GamebookReceipt], error) {
	draw := func(r soc.GamebookReceipt) web.Reply[schemas.GamebookReceipt] {
		return web.OK(schemas.DrawGamebookReceipt(r))
	}
	receipt, err := d.desk.SubmitGamebook(ctx, web.Answering(by, draw), in.Body.Submit(in.ref(by)))
	if receipt, err = schemas.GamebookAnswer(receipt, err); err != nil {
		return web.Reply[schemas.GamebookReceipt]{}, err
	}
	return draw(receipt), nil
}

func (d *door) lastGamebook(ctx context.Context, by soc.Actor, in incidentInput) (web.Reply[schemas.Gamebook], error) {
	record, err := d.desk.LastGamebook(ctx, by, in.ref(by))
	if err != nil {
		return web.Reply[schemas.Gamebook]{}, err
	}
	out, err := schemas.DrawGamebook(record)
	return web.Reply[schemas.Gamebook]{Data: out, Revision: int64(record.Gamebook.Version)}, err
}

// gamebookCatalog is what could be done about an incident.
type gamebookCatalog struct {
	Playbooks []catalogueEntry `json:"playbooks"`
}

type catalogueEntry struct {
	ID                  string   `json:"id"`
	Name                string   `json:"name"`
	Description         string   `json:"description"`
	EntityKinds         []string `json:"entityKinds"`
	Reversibility       string   `json:"reversibility"`
	RollbackPlaybookID  *string  `json:"rollbackPlaybookId"`
	ApprovalsRequired   int      `json:"approvalsRequired"`
	ApplicableEntityIDs []string `json:"applicableEntityIds"`
}

func drawCatalogue(offers []soc.PlaybookOffer) gamebookCatalog {
	out := gamebookCatalog{Playbooks: []catalogueEntry{}}
	for _, offer := range offers {
		if !offer.Enabled {
			continue
		}
		entry := catalogueEntry{
			ID: offer.Playbook.ID, Name: offer.Playbook.Name, Description: offer.Playbook.Description,
			EntityKinds: soc.PortalEntityKind.Spell(offer.Playbook.EntityKinds), Reversibility: soc.PortalClass.Word(offer.Playbook.Class),
			RollbackPlaybookID: textOrNull(offer.Playbook.Rollback), ApprovalsRequired: offer.Need.Count, ApplicableEntityIDs: []string{},
		}
		for _, target := range offer.Targets {
			entry.ApplicableEntityIDs = append(entry.ApplicableEntityIDs, target.Entity)
		}
		out.Playbooks = append(out.Playbooks, entry)
	}
	return out
}
