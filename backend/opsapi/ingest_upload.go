package opsapi

import (
	"context"
	"net/http"

	"vedette/backend"
	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

type uploadInput struct {
	Format string      `path:"format" jsonschema:"maxLength=64"`
	Body   *web.Stream `body:"stream"`
}

type oneUpload struct {
	ID string `path:"id" jsonschema:"maxLength=36"`
}

type uploadFailures struct {
	ID       string      `path:"id" jsonschema:"maxLength=36"`
	PageSize schemas.Int `query:"pageSize" jsonschema:"minimum=1,maximum=200"`
	Token    string      `query:"continuationToken"`
}

// uploadView is a stream of alerts, under way or ended.
type uploadView struct {
	ID        string       `json:"id"`
	Format    string       `json:"format"`
	State     string       `json:"state" jsonschema:"enum=receiving,enum=done,enum=failed,enum=cancelled"`
	Problem   *string      `json:"problem" jsonschema_description:"Why it failed; what came before is stored."`
	Bytes     int64        `json:"bytes"`
	Items     int64        `json:"items"`
	Created   int64        `json:"created"`
	Updated   int64        `json:"updated"`
	Duplicate int64        `json:"duplicate"`
	Conflict  int64        `json:"conflict"`
	Rejected  int64        `json:"rejected"`
	PerSecond float64      `json:"perSecond"`
	StartedAt schemas.Time `json:"startedAt"`
	MovedAt   schemas.Time `json:"movedAt" jsonschema_description:"When it last got further, or ended."`
}

// uploadFailure is an item that was not stored; item counts from 0.
type uploadFailure struct {
	Item       int64                `json:"item"`
	Status     string               `json:"status" jsonschema:"enum=rejected,enum=conflict"`
	ExternalID *string              `json:"externalId"`
	Errors     *map[string][]string `json:"errors"`
}

// registerUploads adds the streams of section 11 of the contract.
func (a *api) registerUploads() {
	send := web.Operation{
		Who: web.Scoped, Scope: soc.ScopeAlertsWrite, MinRole: soc.RoleViewer, Kinds: []soc.PrincipalKind{soc.PrincipalPerson, soc.PrincipalService},
		Rate: "ingest", Write: true, Errors: []soc.Code{soc.CodeNotFound, soc.CodeServiceUnavailable},
	}
	upload := with(send, http.MethodPost, "/ingest/{format}/uploads", "upload_alerts", "Store a stream of alerts while it comes.")
	upload.Media, upload.MaxBody, upload.Status = []string{"application/json", mediaLines}, soc.MaxStreamBytes, http.StatusAccepted
	add(a, upload, a.uploadAlerts)
	get := with(send, http.MethodGet, "/ingest/uploads/{id}", "get_upload", "How far a stream came.")
	get.Write, get.Rate, get.Errors = false, "read", nil
	add(a, get, a.getUpload)
	add(a, with(get, http.MethodGet, "/ingest/uploads/{id}/failures", "list_upload_failures", "The items of a stream that were not stored."), a.listUploadFailures)
	stop := with(send, http.MethodDelete, "/ingest/uploads/{id}", "cancel_upload", "Stop a stream; what is in stays.")
	stop.Rate, stop.Errors = "write", []soc.Code{soc.CodeInvalidState}
	add(a, stop, a.cancelUpload)
}

func (a *api) uploadAlerts(ctx context.Context, by soc.Actor, in uploadInput) (web.Reply[uploadView], error) {
	draw := func(u soc.IngestUpload) web.Reply[uploadView] {
		reply := a.uploadOK(u)
		reply.Status, reply.Location = http.StatusAccepted, prefix+"/ingest/uploads/"+u.ID
		return reply
	}
	up, err := a.desk.UploadAlerts(ctx, by, backend.IngestStream{
		Format: in.Format, Body: in.Body,
		Claim: func(sum []byte) (soc.Actor, error) {
			by, err := in.Body.Claim(ctx, by, append([]byte(in.Format+"\n"), sum...))
			return web.Answering(by, draw), err
		},
	})
	if err != nil {
		return web.Reply[uploadView]{}, err
	}
	return draw(up), nil
}

func (a *api) getUpload(ctx context.Context, by soc.Actor, in oneUpload) (web.Reply[uploadView], error) {
	up, err := a.desk.GetIngestUpload(ctx, by, in.ID)
	if err != nil {
		return web.Reply[uploadView]{}, err
	}
	return a.uploadOK(up), nil
}

func (a *api) cancelUpload(ctx context.Context, by soc.Actor, in oneUpload) (web.Reply[uploadView], error) {
	up, err := a.desk.CancelIngestUpload(ctx, web.Answering(by, a.uploadOK), in.ID)
	if err != nil {
		return web.Reply[uploadView]{}, err
	}
	return a.uploadOK(up), nil
}

func (a *api) listUploadFailures(ctx context.Context, by soc.Actor, in uploadFailures) (web.Reply[[]uploadFailure], error) {
	none := web.Reply[[]uploadFailure]{}
	binding := web.Binding{Endpoint: "ops upload failures", Principal: by.ID, Workspace: by.Workspace, Filters: in.ID}
	after, err := a.after(binding, in.Token)
	if err != nil {
		return none, err
	}
	found, next, err := a.desk.ListIngestFailures(ctx, by, in.ID, after, pageSize(in.PageSize))
	if err != nil {
		return none, err
	}
	views := make([]uploadFailure, len(found))
	for i, f := range found {
		views[i] = uploadFailure{Item: f.Item, Status: f.Status, ExternalID: textOrNull(f.ExternalID)}
		if len(f.Errors) > 0 {
			views[i].Errors = &f.Errors
		}
	}
	reply := web.OK(views)
	reply.Page, err = a.page(binding, next)
	return reply, err
}

func (a *api) uploadOK(u soc.IngestUpload) web.Reply[uploadView] {
	return web.OK(uploadView{
		ID: u.ID, Format: u.Format, State: string(u.StateAt(a.desk.Now())), Problem: textOrNull(u.Problem), Bytes: u.Bytes, Items: u.Received,
		Created: u.Created, Updated: u.Updated, Duplicate: u.Duplicate, Conflict: u.Conflict, Rejected: u.Rejected, PerSecond: u.PerSecond(),
		StartedAt: schemas.Time(u.StartedAt), MovedAt: schemas.Time(u.MovedAt),
	})
}
