package opsapi

import (
	"context"
	"net/http"

	"vedette/backend/soc"
	"vedette/backend/web"
)

type promoteInput struct {
	Incident string `path:"incident" jsonschema:"maxLength=64"`
	Entity   string `path:"entity" jsonschema:"maxLength=64"`
	Body     struct {
		To       string   `json:"to" jsonschema:"enum=SensorAsserted"`
		Reason   string   `json:"reason" jsonschema:"minLength=1,maxLength=1000"`
		Evidence []string `json:"evidenceIds" jsonschema:"minItems=1,maxItems=20" jsonschema_description:"Rows of the incident's evidence that speak for it."`
	} `body:"json"`
}

// promotedView is an entity with who vouches for it now.
type promotedView struct {
	EntityID   string `json:"entityId"`
	IncidentID string `json:"incidentId"`
	Kind       string `json:"kind"`
	Name       string `json:"name"`
	Provenance string `json:"provenance"`
}

// registerEntities adds what only people do to a target of an incident (section
// 7 of the contract).
func (a *api) registerEntities() {
	promote := web.Operation{Who: web.Person, MinRole: soc.RoleSenior, Rate: "decide", Write: true, Errors: []soc.Code{soc.CodeForbidden, soc.CodeInsufficientApprovalLevel, soc.CodeInvalidState, soc.CodeLocked}}
	add(a, with(promote, http.MethodPost, "/incidents/{incident}/entities/{entity}/promote", "promote_entity", "Vouch for a target that was read from text, in this incident only."), a.promoteEntity)
}

func (a *api) promoteEntity(ctx context.Context, by soc.Actor, in promoteInput) (web.Reply[promotedView], error) {
	draw := func(e soc.Entity) web.Reply[promotedView] {
		return web.OK(promotedView{e.ID, in.Incident, soc.PortalEntityKind.Word(e.Kind), soc.EscapeVisible(e.Display), soc.PortalProvenance.Word(e.Provenance)})
	}
	e, err := a.desk.PromoteEntity(ctx, web.Answering(by, draw), soc.Promotion{
		Incident: in.Incident, Entity: in.Entity, Reason: in.Body.Reason, Evidence: in.Body.Evidence,
	})
	if err != nil {
		return web.Reply[promotedView]{}, err
	}
	return draw(e), nil
}
