package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"vedette/backend/connector/egress"
	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/tools"
)

// agentDoor makes the MCP server. Without authentication it serves one fixed
// principal, the demo's agent (M17).
func (w *wiring) agentDoor(origins []string) (*tools.Server, error) {
	c := tools.Config{
		Desk: w.desk, Authenticator: w.identity, Sealer: w.sealer, PublicURL: w.publicURL, AllowedOrigins: origins,
		ReadOnly: w.command.ReadOnly, Now: time.Now, Log: w.log, Version: versionText(),
		Address: func(req *http.Request) string { return web.FrameOf(req.Context()).Address.String() },
	}
	oauth, err := w.tokenIssuer()
	if err != nil {
		return nil, err
	}
	c.OAuth = oauth
	if w.everybody != nil {
		c.Authenticator, c.OAuth, c.NoAuth = nil, nil, w.everybody
	}
	return tools.New(c)
}

// tokenIssuer makes the MCP door a resource server of --oauth-issuer (M14),
// reached through the same egress rules as everything else (S50).
func (w *wiring) tokenIssuer() (*tools.OAuth, error) {
	issuer := w.command.OAuthIssuer
	if issuer == "" {
		return nil, nil
	}
	allowed, err := egress.NewPolicy(w.command.EgressAllow)
	if err != nil {
		return nil, err
	}
	if err := allowed.Check(issuer); err != nil {
		return nil, fmt.Errorf("--oauth-issuer: %w", err)
	}
	actor := func(ctx context.Context, token tools.Token) (soc.Actor, error) {
		by, err := w.desk.AuthenticateOAuth(ctx, token.ClientID, soc.Caller{})
		if err != nil {
			return soc.Actor{}, err
		}
		return w.desk.ResolveWorkspace(ctx, by, "")
	}
	return &tools.OAuth{Issuer: issuer, HTTP: allowed.Client(egress.Options{}), Actor: actor}, nil
}

// wireEverybody finds the principal of --no-auth.
func (w *wiring) wireEverybody(ctx context.Context) error {
	if !w.command.NoAuth {
		return nil
	}
	if w.demo == nil {
		return errors.New("--no-auth serves the agent of a demonstration: give --demo too")
	}
	by, err := w.desk.AuthenticateKey(ctx, w.demo.Keys.Agent, soc.Caller{})
	if err == nil {
		by, err = w.desk.ResolveWorkspace(ctx, by, w.demo.Workspaces[0].ID)
	}
	w.everybody = &by
	return err
}

// mountAgentDoor puts MCP and its metadata on the listener.
func (w *wiring) mountAgentDoor(doors *http.ServeMux, origins []string) error {
	door, err := w.agentDoor(origins)
	if err != nil {
		return err
	}
	handler := door.Handler()
	for _, path := range []string{tools.Path, tools.PathLock, tools.PathMetadata, tools.PathMetadata + tools.Path} {
		doors.Handle(path, handler)
	}
	return nil
}
