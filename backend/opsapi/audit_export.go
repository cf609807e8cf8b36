package opsapi

import (
	"context"
	"net/http"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

type exportInput struct {
	Body struct {
		Format    string        `json:"format" jsonschema:"enum=jsonl,enum=csv"`
		From      *schemas.Time `json:"from,omitempty"`
		To        *schemas.Time `json:"to,omitempty" jsonschema_description:"The first moment after."`
		Actor     string        `json:"actorId,omitempty" jsonschema:"maxLength=64"`
		Event     string        `json:"event,omitempty" jsonschema:"maxLength=64"`
		Code      string        `json:"code,omitempty" jsonschema:"maxLength=64"`
		Incident  string        `json:"incidentId,omitempty" jsonschema:"maxLength=64" jsonschema_description:"INC-..., or the UUID that entries show, also of a deleted incident."`
		Gamebook  string        `json:"gamebookId,omitempty" jsonschema:"maxLength=64"`
		Run       string        `json:"runId,omitempty" jsonschema:"maxLength=64"`
		Request   string        `json:"requestId,omitempty" jsonschema:"maxLength=128"`
		Workspace string        `json:"workspaceId,omitempty" jsonschema:"maxLength=64" jsonschema_description:"That of the request; another is unknown."`
	} `body:"json"`
}

type oneExport struct {
	ID string `path:"id" jsonschema:"maxLength=36"`
}

// exportView is a part of the audit that is being written out, or was.
type exportView struct {
	ID         string        `json:"id"`
	State      string        `json:"state" jsonschema:"enum=running,enum=done,enum=failed,enum=expired"`
	Format     string        `json:"format" jsonschema:"enum=jsonl,enum=csv"`
	Rows       int64         `json:"rows"`
	Bytes      int64         `json:"bytes"`
	SHA256     *string       `json:"sha256" jsonschema_description:"Of the whole file, hexadecimal."`
	Problem    *string       `json:"problem"`
	CreatedBy  string        `json:"createdBy"`
	CreatedAt  schemas.Time  `json:"createdAt"`
	FinishedAt *schemas.Time `json:"finishedAt"`
	ExpiresAt  *schemas.Time `json:"expiresAt" jsonschema_description:"Until when its content is kept, a day from when it was done."`
}

// exportMedia are the media types of the files.
var exportMedia = map[soc.ExportFormat]string{soc.ExportJSONL: "application/x-ndjson", soc.ExportCSV: "text/csv; charset=utf-8"}

// registerExports adds exports of section 13 of the contract.
func (a *api) registerExports() {
	read := web.Operation{Who: web.Scoped, Scope: soc.ScopeAuditRead, MinRole: soc.RoleManager, Rate: "read", Kinds: peopleAndServices}
	ask := with(read, http.MethodPost, "/audit/exports", "export_audit", "Write entries of the audit to a file; its last line proves where they stand in the chain.")
	ask.Rate, ask.Write, ask.Status, ask.Errors = "decide", true, http.StatusAccepted, []soc.Code{soc.CodeConflict, soc.CodeLocked}
	add(a, ask, a.exportAudit)
	add(a, with(read, http.MethodGet, "/audit/exports/{id}", "get_audit_export", "How far an export is."), a.getExport)
	content := with(read, http.MethodGet, "/audit/exports/{id}/content", "get_audit_export_content", "The file of an export that is done.")
	content.Produces, content.Errors = []string{"application/x-ndjson", "text/csv"}, []soc.Code{soc.CodeInvalidState}
	add(a, content, a.getExportContent)
}

func (a *api) exportAudit(ctx context.Context, by soc.Actor, in exportInput) (web.Reply[exportView], error) {
	b := in.Body
	f := auditFilter{
		From: b.From, To: b.To, Actor: b.Actor, Event: b.Event, Code: b.Code, Incident: b.Incident, Gamebook: b.Gamebook, Run: b.Run, Request: b.Request, Workspace: b.Workspace,
	}
	draw := func(e soc.AuditExport) web.Reply[exportView] {
		return web.Reply[exportView]{Data: drawExport(e), Status: http.StatusAccepted, Location: prefix + "/audit/exports/" + e.ID}
	}
	e, err := a.desk.ExportAudit(ctx, web.Answering(by, draw), f.core(), soc.ExportFormat(b.Format))
	if err != nil {
		return web.Reply[exportView]{}, err
	}
	return draw(e), nil
}

func (a *api) getExport(ctx context.Context, by soc.Actor, in oneExport) (web.Reply[exportView], error) {
	e, err := a.desk.GetAuditExport(ctx, by, in.ID)
	if err != nil {
		return web.Reply[exportView]{}, err
	}
	return web.OK(drawExport(e)), nil
}

func (a *api) getExportContent(ctx context.Context, by soc.Actor, in oneExport) (web.Reply[web.Content], error) {
	e, next, err := a.desk.OpenAuditExport(ctx, by, in.ID)
	if err != nil {
		return web.Reply[web.Content]{}, err
	}
	return web.OK(web.Content{Media: exportMedia[e.Format], Name: "audit-" + e.ID + "." + string(e.Format), Next: next, Size: e.Bytes}), nil
}

func drawExport(e soc.AuditExport) exportView {
	return exportView{
		ID: e.ID, State: string(e.State), Format: string(e.Format), Rows: e.Rows, Bytes: e.Bytes, SHA256: textOrNull(e.SHA256), Problem: textOrNull(e.Problem),
		CreatedBy: e.By, CreatedAt: schemas.Time(e.CreatedAt), FinishedAt: schemas.TimeOrNull(e.FinishedAt), ExpiresAt: schemas.TimeOrNull(e.ExpiresAt),
	}
}
