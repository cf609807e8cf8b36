package main

import (
	"context"
	"log/slog"

	"vedette/backend"
	"vedette/backend/soc"
)

// identity lets the doors ask the desk who calls (web.Authenticator and
// web.Recorder).
type identity struct {
	desk *backend.Desk
	log  *slog.Logger
}

func (i identity) Basic(ctx context.Context, clientID, secret string, from soc.Caller) (soc.Actor, error) {
	return i.desk.AuthenticateBasic(ctx, clientID, secret, from)
}

func (i identity) Bearer(ctx context.Context, token string, from soc.Caller) (soc.Actor, error) {
	return i.desk.AuthenticateKey(ctx, token, from)
}

func (i identity) Session(ctx context.Context, cookie string, from soc.Caller) (soc.Actor, error) {
	return i.desk.AuthenticateSession(ctx, cookie, from)
}

func (i identity) Workspace(ctx context.Context, by soc.Actor, id string) (soc.Actor, error) {
	return i.desk.ResolveWorkspace(ctx, by, id)
}

func (i identity) Sources(ctx context.Context, by soc.Actor) ([]string, error) {
	return i.desk.Sources(ctx, by)
}

func (i identity) Run(ctx context.Context, by soc.Actor, token string) (*soc.Run, error) {
	return i.desk.ResolveRun(ctx, by, token)
}

func (i identity) RecordCall(ctx context.Context, by soc.Actor, call soc.CallRecord) error {
	return i.desk.RecordCall(ctx, by, call)
}

// RecordRefusal has nobody to tell that it failed but the log: the caller is
// refused either way.
func (i identity) RecordRefusal(ctx context.Context, by soc.Actor, call soc.Call, failure *soc.Error) {
	if err := i.desk.RecordRefusal(ctx, by, call, failure); err != nil {
		i.log.ErrorContext(ctx, "a refusal could not be put on record", "request_id", call.RequestID, "error", err.Error())
	}
}
