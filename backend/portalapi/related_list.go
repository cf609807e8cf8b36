package portalapi

import (
	"context"
	"strings"

	"vedette/backend/soc"
	"vedette/backend/web"
)

// relatedQuestion asks for the incidents that hold an entity, at whichever
// endpoint.
type relatedQuestion struct {
	timeFilter
	kind, value, token string
	// endpoint, source and about are what its page tokens are bound to.
	endpoint, source, about string
	find                    func(soc.RelatedQuery) (soc.RelatedPage, error)
}

// relatedPosition is where a list by entity continues. The window is fixed at
// the first call and travels along.
type relatedPosition struct {
	Window window      `json:"w"`
	After  *soc.Keyset `json:"a"`
}

const relatedPage = 50

// related answers a page of incidents by entity.
func (d *door) related(ctx context.Context, by soc.Actor, q relatedQuestion) (web.Reply[relatedIncidents], error) {
	none := web.Reply[relatedIncidents]{}
	kind, known := soc.PortalEntityKind.CoreFold(q.kind)
	if !known {
		return none, soc.InvalidField("EntityKind", "must be one of %s", strings.Join(soc.PortalEntityKind.All(), ", "))
	}
	span, err := q.window(d.now())
	if err != nil {
		return none, err
	}
	position := relatedPosition{Window: span}
	b := binding(by, q.endpoint, q.source, []any{q.about, kind, q.value, q.Type, q.Start, q.End})
	if q.token != "" {
		if err := d.seal.OpenJSON(b, q.token, &position); err != nil {
			return none, err
		}
	}
	found, err := q.find(soc.RelatedQuery{
		Kind: kind, Value: q.value, Since: position.Window.From, Until: position.Window.To, After: position.After, Limit: relatedPage,
	})
	if err != nil {
		return none, err
	}
	workspace, err := d.desk.GetWorkspace(ctx, by)
	if err != nil {
		return none, err
	}
	data := relatedIncidents{make([]incidentItem, len(found.Rows))}
	for n, i := range found.Rows {
		data.Incidents[n] = drawItem(i, workspace, found.Entities[i.ID])
	}
	page := &web.Page{}
	if found.Next != nil {
		position.After = found.Next
		page.Next, err = d.seal.SealJSON(b, position)
	}
	return web.Reply[relatedIncidents]{Data: data, Page: page}, err
}
