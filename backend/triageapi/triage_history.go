package triageapi

import (
	"context"

	"vedette/backend/soc"
	"vedette/backend/web"
)

type historyInput struct {
	incidentInput
	pageInput
}

// listTriages is the history of an incident's triages, newest first.
func (d *door) listTriages(ctx context.Context, by soc.Actor, in historyInput) (web.Reply[[]triage], error) {
	none := web.Reply[[]triage]{}
	in.size()
	binding := web.Binding{Endpoint: "triages", Principal: by.ID, Workspace: by.Workspace, Source: in.ref(by).ID}
	page := &web.Page{PerPage: in.PerPage}
	after, offset, err := d.position(in.pageInput, binding, page)
	if err != nil {
		return none, err
	}
	found, err := d.desk.ListTriages(ctx, by, in.ref(by), after, offset, in.PerPage)
	if err != nil {
		return none, err
	}
	out := make([]triage, len(found.Triages))
	for n, t := range found.Triages {
		out[n] = d.drawTriage(t)
	}
	page.Total, page.Capped = &found.Total, found.TotalCapped
	if found.Next != nil {
		page.Next, err = d.seal.SealJSON(binding, found.Next)
	}
	return web.Reply[[]triage]{Data: out, Page: page}, err
}
