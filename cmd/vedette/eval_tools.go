package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/tools"
)

// evalScopes are what an evaluation reads with at the agent door.
var evalScopes = []soc.Scope{soc.ScopeIncidentsRead, soc.ScopeAgentToolsRead}

// agentKey makes a key that reads through the agent door.
func (l *evalLab) agentKey(ctx context.Context, workspace string) (string, error) {
	issued, err := l.local.desk.CreateKey(ctx, l.local.host, soc.NewCredential{
		Organization: l.organization, Kind: soc.PrincipalAgent, Name: "evaluation agent", Role: soc.RoleAnalyst, Workspaces: []string{workspace}, Scopes: evalScopes,
	})
	return issued.Secret, err
}

// handlers are the tools in this process.
type handlers struct {
	table []tools.Tool
	by    soc.Actor
}

func newHandlers(l *evalLab, workspace string) (handlers, error) {
	sealer, err := web.NewSealer(time.Now, web.SealKey{ID: 1, Key: [32]byte{1}})
	if err != nil {
		return handlers{}, err
	}
	by := soc.Actor{
		Kind: soc.PrincipalAgent, ID: "evaluation", Credential: "evaluation", Name: "Evaluation", Organization: l.organization, Workspace: workspace,
		Role: soc.RoleAnalyst, Scopes: evalScopes,
	}
	door, err := tools.New(tools.Config{Desk: l.local.desk, NoAuth: &by, Sealer: sealer, PublicURL: "http://127.0.0.1:1", Now: time.Now})
	if err != nil {
		return handlers{}, err
	}
	return handlers{door.Tools(), by}, nil
}

// Call implements eval.Tools.
func (h handlers) Call(ctx context.Context, tool string, in any) (string, error) {
	n := slices.IndexFunc(h.table, func(t tools.Tool) bool { return t.Name == tool })
	if n < 0 {
		return "", fmt.Errorf("there is no tool %s", tool)
	}
	arguments, err := json.Marshal(in)
	if err != nil {
		return "", err
	}
	result := h.table[n].Call(ctx, h.by, arguments)
	if result.IsError {
		return "", errors.New(result.Text)
	}
	return result.Text, nil
}

// mcpTools are the tools of a server over MCP.
type mcpTools struct{ client *client }

// Call implements eval.Tools.
func (m mcpTools) Call(ctx context.Context, tool string, in any) (string, error) {
	var body json.RawMessage
	err := paced(ctx, func() error { return m.client.call(ctx, tool, in, &body) })
	return string(body), err
}
