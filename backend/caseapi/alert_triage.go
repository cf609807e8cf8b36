package caseapi

import (
	"context"
	"net/http"

	"vedette/backend/soc"
	"vedette/backend/web"
)

type dismissBody struct {
	ReasonCode string `json:"reason_code" jsonschema:"enum=known-good,enum=false-positive,enum=duplicate,enum=test,enum=out-of-scope,enum=informational"`
	Comment    string `json:"comment,omitempty" jsonschema:"maxLength=4000"`
}

type dismissInput struct {
	alertInput
	IfMatch web.IfMatch `header:"If-Match"`
	Body    dismissBody `body:"json"`
}

func (d *door) dismissAlert(ctx context.Context, by soc.Actor, in dismissInput) (web.Reply[alertDetail], error) {
	return shown(d.desk.DismissAlert(ctx, web.Answering(by, drawMoved), in.uid(), soc.DismissAlert{
		Reason: soc.DismissReason(in.Body.ReasonCode), Comment: in.Body.Comment, IfMatch: in.IfMatch.IfMatch,
	}))
}

// shown is the answer of a move that shows the alert.
func shown(found soc.AlertDetail, err error) (web.Reply[alertDetail], error) {
	if err != nil {
		return web.Reply[alertDetail]{}, alertError(err)
	}
	return drawMoved(found), nil
}

func drawMoved(found soc.AlertDetail) web.Reply[alertDetail] {
	return web.Reply[alertDetail]{Data: drawAlert(found), Revision: found.Alert.Version}
}

type escalateBody struct {
	CaseID string `json:"case_id,omitempty" jsonschema:"minLength=1,maxLength=64"`
}

type escalateInput struct {
	alertInput
	IfMatch web.IfMatch  `header:"If-Match"`
	Body    escalateBody `body:"json"`
}

// escalated is the answer of escalating.
type escalated struct {
	ID          string `json:"id"`
	Status      string `json:"status"`
	CaseID      string `json:"case_id"`
	CaseCreated bool   `json:"case_created"`
}

func (d *door) escalateAlert(ctx context.Context, by soc.Actor, in escalateInput) (web.Reply[escalated], error) {
	incident := ""
	if in.Body.CaseID != "" {
		incident = uuidOf(soc.CasePrefixCase, in.Body.CaseID)
	}
	out, err := d.desk.EscalateAlert(ctx, web.Answering(by, drawEscalated), in.uid(), incident, in.IfMatch.IfMatch)
	if err != nil {
		return web.Reply[escalated]{}, alertError(err)
	}
	return drawEscalated(out), nil
}

func drawEscalated(out soc.EscalatedAlert) web.Reply[escalated] {
	reply := web.Reply[escalated]{Status: http.StatusOK, Revision: out.Alert.Version, Data: escalated{
		ID: soc.CaseID(soc.CasePrefixAlert, out.Alert.UID), Status: string(out.Alert.Status),
		CaseID: soc.CaseID(soc.CasePrefixCase, out.Incident.ID), CaseCreated: out.Created,
	}}
	if out.Created {
		reply.Status = http.StatusCreated
	}
	return reply
}

type linkInput struct {
	alertInput
	IfMatch web.IfMatch `header:"If-Match"`
	Body    linkBody    `body:"json"`
}

type linkBody struct {
	CaseID string `json:"case_id" jsonschema:"minLength=1,maxLength=64"`
}

func (d *door) linkAlert(ctx context.Context, by soc.Actor, in linkInput) (web.Reply[alertDetail], error) {
	return shown(d.desk.LinkAlert(ctx, web.Answering(by, drawMoved), in.uid(), uuidOf(soc.CasePrefixCase, in.Body.CaseID), in.IfMatch.IfMatch))
}

type unlinkInput struct {
	alertInput
	IfMatch web.IfMatch `header:"If-Match"`
}

// nothing is the answer of what leaves nothing to show.
type nothing struct{}

func (d *door) unlinkAlert(ctx context.Context, by soc.Actor, in unlinkInput) (web.Reply[nothing], error) {
	draw := func(soc.AlertDetail) web.Reply[nothing] { return web.Reply[nothing]{Status: http.StatusNoContent} }
	out, err := d.desk.UnlinkAlert(ctx, web.Answering(by, draw), in.uid(), in.IfMatch.IfMatch)
	if err != nil {
		return web.Reply[nothing]{}, alertError(err)
	}
	return draw(out), nil
}
