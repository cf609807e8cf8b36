package opsapi

import (
	"context"
	"net/http"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

type backupInput struct {
	Body struct {
		Label string `json:"label,omitempty" jsonschema:"maxLength=64"`
	} `body:"json"`
}

type backupPage struct {
	PageSize schemas.Int `query:"pageSize" jsonschema:"minimum=1,maximum=200"`
	Token    string      `query:"continuationToken"`
}

type oneBackup struct {
	ID string `path:"id" jsonschema:"maxLength=36"`
}

// backupView is a copy of the database. Where it stands is for the host to know.
type backupView struct {
	ID            string        `json:"id"`
	State         string        `json:"state" jsonschema:"enum=running,enum=done,enum=failed"`
	Label         *string       `json:"label"`
	Bytes         int64         `json:"bytes"`
	SHA256        *string       `json:"sha256" jsonschema_description:"Of the file, hexadecimal."`
	SchemaVersion int64         `json:"schemaVersion"`
	AuditPosition int64         `json:"auditPosition"`
	Verified      bool          `json:"verified" jsonschema_description:"Its pages, references, schema and audit were read and are whole."`
	Problem       *string       `json:"problem"`
	CreatedBy     string        `json:"createdBy"`
	CreatedAt     schemas.Time  `json:"createdAt"`
	FinishedAt    *schemas.Time `json:"finishedAt"`
}

// registerBackups adds copies of section 13 of the contract.
func (a *api) registerBackups() {
	read := web.Operation{
		Who: web.Scoped, Scope: soc.ScopeOpsTighten, MinRole: soc.RoleAdmin, Organization: true, Rate: "read", Kinds: peopleAndServices,
		Errors: []soc.Code{soc.CodeInsufficientWorkspaceRole, soc.CodeForbidden},
	}
	start := with(read, http.MethodPost, "/backups", "start_backup", "Copy the database to the folder that the host named.")
	start.Rate, start.Write, start.Status = "decide", true, http.StatusAccepted
	start.Errors = append([]soc.Code{soc.CodeConflict, soc.CodeInvalidState, soc.CodeLocked}, read.Errors...)
	add(a, start, a.startBackup)
	add(a, with(read, http.MethodGet, "/backups", "list_backups", "Copies that were asked for, newest first."), a.listBackups)
	one := with(read, http.MethodGet, "/backups/{id}", "get_backup", "How far a copy is.")
	one.Errors = append([]soc.Code{soc.CodeNotFound}, read.Errors...)
	add(a, one, a.getBackup)
}

func (a *api) startBackup(ctx context.Context, by soc.Actor, in backupInput) (web.Reply[backupView], error) {
	draw := func(b soc.BackupTask) web.Reply[backupView] {
		return web.Reply[backupView]{Data: drawBackup(b), Status: http.StatusAccepted, Location: prefix + "/backups/" + b.ID}
	}
	b, err := a.desk.StartBackup(ctx, web.Answering(by, draw), in.Body.Label)
	if err != nil {
		return web.Reply[backupView]{}, err
	}
	return draw(b), nil
}

func (a *api) listBackups(ctx context.Context, by soc.Actor, in backupPage) (web.Reply[[]backupView], error) {
	binding := web.Binding{Endpoint: "ops backups", Principal: by.ID}
	after, err := a.after(binding, in.Token)
	if err != nil {
		return web.Reply[[]backupView]{}, err
	}
	found, next, err := a.desk.ListBackups(ctx, by, after, pageSize(in.PageSize))
	if err != nil {
		return web.Reply[[]backupView]{}, err
	}
	views := make([]backupView, len(found))
	for i, b := range found {
		views[i] = drawBackup(b)
	}
	reply := web.OK(views)
	reply.Page, err = a.page(binding, next)
	return reply, err
}

func (a *api) getBackup(ctx context.Context, by soc.Actor, in oneBackup) (web.Reply[backupView], error) {
	b, err := a.desk.GetBackup(ctx, by, in.ID)
	if err != nil {
		return web.Reply[backupView]{}, err
	}
	return web.OK(drawBackup(b)), nil
}

func drawBackup(b soc.BackupTask) backupView {
	return backupView{
		ID: b.ID, State: string(b.State), Label: textOrNull(b.Label), Bytes: b.Made.Bytes, SHA256: textOrNull(b.Made.SHA256), SchemaVersion: b.Made.Schema,
		AuditPosition: b.Made.Position, Verified: b.State == soc.TaskDone, Problem: textOrNull(soc.EscapeVisible(b.Problem)),
		CreatedBy: b.By, CreatedAt: schemas.Time(b.CreatedAt), FinishedAt: schemas.TimeOrNull(b.FinishedAt),
	}
}
