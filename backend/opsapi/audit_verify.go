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
		To         schemas.Int `json:"to,omitempty" jsonschema:"minimum=1" jsonschema_description:"A position; default the newest. One request walks at most 200 000."`
		Checkpoint string      `json:"checkpoint,omitempty" jsonschema:"maxLength=20" jsonschema_description:"Position of a listed checkpoint that the record must hold, or last."`
	} `body:"json"`
}

// verificationView is what a walk over the record found. It is for the whole
// installation, whose chain is one.
type verificationView struct {
	OK         bool               `json:"ok"`
	From       int64              `json:"from"`
	To         int64              `json:"to" jsonschema_description:"The last position that was due; where it is below head, ask again from the next one."`
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
	verify.Rate, verify.Write = "decide", true
	add(a, with(verify, http.MethodPost, "/audit/verify", "verify_audit", "Recompute the hash chain of the audit."), a.verifyAudit)
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
	found, err := a.desk.VerifyAuditRange(ctx, web.Answering(by, drawVerification), ask)
	if err != nil {
		return web.Reply[verificationView]{}, err
	}
	return drawVerification(found), nil
}

func drawVerification(v soc.AuditRangeVerification) web.Reply[verificationView] {
	view := verificationView{OK: v.OK, From: v.From, To: v.To, Head: v.Head, Rows: v.Rows}
	if bad := v.FirstBad; bad != nil {
		view.FirstBad = &badRow{bad.Position, bad.Reason, textOrNull(bad.Found), textOrNull(bad.Expected)}
	}
	if len(v.Checkpoints) > 0 {
		view.Checkpoint = &checkpointVerdict{v.Checkpoints[0].Position, v.Checkpoints[0].OK}
	}
	return web.OK(view)
}
