package opsapi

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

type auditFilter struct {
	From      *schemas.Time `query:"from"`
	To        *schemas.Time `query:"to" jsonschema_description:"The first moment after."`
	Actor     string        `query:"actorId" jsonschema:"maxLength=64"`
	Event     string        `query:"event" jsonschema:"maxLength=64"`
	Code      string        `query:"code" jsonschema:"maxLength=64"`
	Incident  string        `query:"incidentId" jsonschema:"maxLength=64" jsonschema_description:"INC-..., or the UUID that entries show, also of a deleted incident."`
	Gamebook  string        `query:"gamebookId" jsonschema:"maxLength=64"`
	Run       string        `query:"runId" jsonschema:"maxLength=64"`
	Request   string        `query:"requestId" jsonschema:"maxLength=128"`
	Workspace string        `query:"workspaceId" jsonschema:"maxLength=64" jsonschema_description:"That of the request; another is unknown."`
}

type auditPageInput struct {
	auditFilter
	PageSize schemas.Int `query:"pageSize" jsonschema:"minimum=1,maximum=200"`
	Token    string      `query:"continuationToken"`
}

type oneEntry struct {
	Position string `path:"position" jsonschema:"maxLength=20"`
}

type auditActor struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
	Name string `json:"name"`
}

// auditView is an entry of the record. Controls in its texts are escaped to be
// looked at; the hash is over the entry as it was written.
type auditView struct {
	Position      int64        `json:"position"`
	At            schemas.Time `json:"at"`
	Actor         auditActor   `json:"actor"`
	Event         string       `json:"event"`
	WorkspaceID   string       `json:"workspaceId"`
	IncidentID    *string      `json:"incidentId" jsonschema_description:"The UUID, which outlives the incident."`
	GamebookID    *string      `json:"gamebookId"`
	RunID         *string      `json:"runId"`
	Target        *string      `json:"target"`
	Door          *string      `json:"door"`
	Operation     *string      `json:"operation"`
	Digest        *string      `json:"digest"`
	PolicyVersion int64        `json:"policyVersion" jsonschema_description:"0 where no policy was asked."`
	Decision      *string      `json:"decision"`
	Code          *string      `json:"code"`
	Rules         []string     `json:"rules"`
	Before        *string      `json:"before"`
	After         *string      `json:"after"`
	Detail        *string      `json:"detail" jsonschema_description:"JSON as text."`
	RequestID     *string      `json:"requestId"`
	Hash          string       `json:"hash"`
	PrevHash      string       `json:"prevHash"`
}

// registerAudit adds the record of section 13 of the contract.
func (a *api) registerAudit() {
	read := web.Operation{Who: web.Scoped, Scope: soc.ScopeAuditRead, MinRole: soc.RoleManager, Rate: "read", Kinds: peopleAndServices}
	add(a, with(read, http.MethodGet, "/audit", "list_audit", "Entries of the audit, newest first; a page may be short and have more behind it."), a.listAudit)
	add(a, with(read, http.MethodGet, "/audit/{position}", "get_audit", "One entry of the audit."), a.getAudit)
	a.registerVerification()
	a.registerExports()
}

func (f auditFilter) core() soc.AuditFilter {
	core := soc.AuditFilter{
		Workspace: f.Workspace, Incident: f.Incident, Event: f.Event, Actor: f.Actor, Code: soc.Code(f.Code), Gamebook: f.Gamebook, Run: f.Run, RequestID: f.Request,
	}
	if f.From != nil {
		core.From = time.Time(*f.From)
	}
	if f.To != nil {
		core.To = time.Time(*f.To)
	}
	return core
}

func (a *api) listAudit(ctx context.Context, by soc.Actor, in auditPageInput) (web.Reply[[]auditView], error) {
	none := web.Reply[[]auditView]{}
	bound := web.Binding{Endpoint: "ops audit", Principal: by.ID, Workspace: by.Workspace, Filters: in.auditFilter}
	position, err := a.after(bound, in.Token)
	if err != nil {
		return none, err
	}
	f := in.core()
	f.Limit = pageSize(in.PageSize)
	if position != nil {
		f.Before, _ = strconv.ParseInt(position.Value, 10, 64)
	}
	found, err := a.desk.FindAudit(ctx, by, f)
	if err != nil {
		return none, err
	}
	views := make([]auditView, len(found.Entries))
	for i, e := range found.Entries {
		views[i] = drawEntry(e)
	}
	reply := web.OK(views)
	var next *soc.Keyset
	if found.Next != 0 {
		next = &soc.Keyset{Value: strconv.FormatInt(found.Next, 10)}
	}
	reply.Page, err = a.page(bound, next)
	return reply, err
}

func (a *api) getAudit(ctx context.Context, by soc.Actor, in oneEntry) (web.Reply[auditView], error) {
	// What is no number is no entry's: 0, which none has.
	position, _ := strconv.ParseInt(in.Position, 10, 64)
	e, err := a.desk.GetAudit(ctx, by, position)
	if err != nil {
		return web.Reply[auditView]{}, err
	}
	return web.OK(drawEntry(e)), nil
}

func drawEntry(e soc.AuditEntry) auditView {
	shown := func(text string) *string { return textOrNull(soc.EscapeVisible(text)) }
	return auditView{
		Position: e.Position, At: schemas.Time(e.At), Actor: auditActor{string(e.ActorKind), soc.EscapeVisible(e.Actor), soc.EscapeVisible(e.ActorName)},
		Event: e.Event, WorkspaceID: e.Workspace, IncidentID: textOrNull(e.Incident), GamebookID: textOrNull(e.Gamebook), RunID: textOrNull(e.Run),
		Target: shown(e.Target), Door: shown(e.Door), Operation: shown(e.Operation), Digest: shown(e.Digest), PolicyVersion: e.PolicyVersion,
		Decision: textOrNull(e.Decision), Code: textOrNull(string(e.Code)), Rules: append([]string{}, e.Rules...), Before: shown(e.Before), After: shown(e.After),
		Detail: shown(e.Detail), RequestID: shown(e.RequestID), Hash: e.Hash, PrevHash: e.PrevHash,
	}
}
