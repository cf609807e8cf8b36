package opsapi

import (
	"context"
	"net/http"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

type verifyInput struct {
	Body struct {
		From       schemas.Int `json:"from,omitempty" jsonschema:"minimum=1" jsonschema_description:"A position; default the first."`
		To         schemas.Int `json:"to,omitempty" jsonschema:"minimum=1" jsonschema_description:"A position; default the newest."`
		Checkpoint string      `json:"checkpoint,omitempty" jsonschema:"maxLength=20" jsonschema_description:"Position of a listed checkpoint that the record must hold, or last."`
	} `body:"json"`
}

// verificationView is what a walk over the record found. It is for the whole
// installation, whose chain is one.
type verificationView struct {
	ID         *string            `json:"id" jsonschema_description:"Of a walk that takes longer than a request; null of one that was answered at once."`
	State      string             `json:"state" jsonschema:"enum=running,enum=done"`
	OK         *bool              `json:"ok" jsonschema_description:"Null until the walk is done."`
	From       int64              `json:"from"`
	To         int64              `json:"to" jsonschema_description:"The last position that is due."`
	Head       int64              `json:"head"`
	Rows       int64              `json:"rows"`
	FirstBad   *badRow            `json:"firstBad"`
	Checkpoint *checkpointVerdict `json:"checkpoint" jsonschema_description:"Null where none was asked for, or where it lies behind what was walked."`
}

type badRow struct {
	Position int64   `json:"position"`
	Reason   string  `json:"reason"`
	Found    *string `json:"found"`
	Expected *string `json:"expected"`
}

type checkpointVerdict struct {
	Position int64 `json:"position"`
	OK       bool  `json:"ok"`
}

type checkpointsView struct {
	Checkpoints []checkpointView `json:"checkpoints"`
	Warning     *string          `json:"warning" jsonschema_description:"Said where no checkpoint has left the database."`
}

type checkpointView struct {
	Position  int64  `json:"position"`
	Hash      string `json:"hash"`
	At        string `json:"at"`
	Signature string `json:"signature"`
	KeyID     string `json:"keyId"`
}

// registerVerification adds checkpoints and verification of section 13.
func (a *api) registerVerification() {
	read := web.Operation{Who: web.Scoped, Scope: soc.ScopeAuditRead, MinRole: soc.RoleManager, Rate: "read", Kinds: peopleAndServices}
	add(a, with(read, http.MethodGet, "/audit/checkpoints", "list_checkpoints", "The newest signed checkpoints of the audit, newest first."), a.listCheckpoints)
	verify := read
	verify.Rate, verify.Write, verify.Also, verify.Errors = "decide", true, []int{http.StatusAccepted}, []soc.Code{soc.CodeConflict, soc.CodeLocked}
	add(a, with(verify, http.MethodPost, "/audit/verify", "verify_audit", "Recompute the hash chain of the audit; over 25 s or 200 000 rows the worker does it."), a.verifyAudit)
	add(a, with(read, http.MethodGet, "/audit/verifications/{id}", "get_audit_verification", "How far a walk over the audit is, or what it found."), a.getVerification)
}

func (a *api) listCheckpoints(ctx context.Context, by soc.Actor, _ none) (web.Reply[checkpointsView], error) {
	found, err := a.desk.ListCheckpoints(ctx, by)
	if err != nil {
		return web.Reply[checkpointsView]{}, err
	}
	view := checkpointsView{Checkpoints: []checkpointView{}}
	for _, c := range found {
		view.Checkpoints = append(view.Checkpoints, checkpointView{c.Position, c.Hash, c.At, c.Signature.Signature, soc.KeyFingerprint(c.Key)})
	}
	if len(found) == 0 {
		view.Warning = textOrNull("No checkpoint has left the database: a rewrite of the whole audit could not be told.")
	}
	return web.OK(view), nil
}

func (a *api) verifyAudit(ctx context.Context, by soc.Actor, in verifyInput) (web.Reply[verificationView], error) {
	ask := soc.AuditRange{From: int64(in.Body.From), To: int64(in.Body.To), Checkpoint: in.Body.Checkpoint}
	out, err := a.desk.VerifyAuditRange(ctx, web.Answering(by, drawOutcome), ask)
	if err != nil {
		return web.Reply[verificationView]{}, err
	}
	return drawOutcome(out), nil
}

func (a *api) getVerification(ctx context.Context, by soc.Actor, in oneExport) (web.Reply[verificationView], error) {
	v, err := a.desk.GetVerification(ctx, by, in.ID)
	if err != nil {
		return web.Reply[verificationView]{}, err
	}
	return web.OK(drawTask(v)), nil
}

func drawOutcome(out soc.VerificationOutcome) web.Reply[verificationView] {
	if out.Task != nil {
		return web.Reply[verificationView]{Data: drawTask(*out.Task), Status: http.StatusAccepted, Location: prefix + "/audit/verifications/" + out.Task.ID}
	}
	view := drawVerification(out.Found)
	view.OK = &out.Found.OK
	return web.OK(view)
}

func drawTask(v soc.VerificationTask) verificationView {
	view := drawVerification(v.Found)
	view.ID, view.State = &v.ID, string(v.State)
	if v.State == soc.TaskDone {
		view.OK = &v.Found.OK
	}
	return view
}

func drawVerification(v soc.AuditRangeVerification) verificationView {
	view := verificationView{State: string(soc.TaskDone), From: v.From, To: v.To, Head: v.Head, Rows: v.Rows}
	if bad := v.FirstBad; bad != nil {
		view.FirstBad = &badRow{bad.Position, bad.Reason, textOrNull(bad.Found), textOrNull(bad.Expected)}
	}
	if len(v.Checkpoints) > 0 {
		view.Checkpoint = &checkpointVerdict{v.Checkpoints[0].Position, v.Checkpoints[0].OK}
	}
	return view
}
