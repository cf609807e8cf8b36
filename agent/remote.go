package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"vedette/backend/soc"
)

// Remote are the runs of a server elsewhere, by the routes of ops-api.md section
// 8.2, for a loop in a process of its own that holds an agent key and nothing
// else (S62).
type Remote struct {
	// URL of the server without a trailing slash.
	URL string
	Key string
	// Workspace narrows a key of several; empty for a key of one.
	Workspace string
	Client    *http.Client
	Version   string
}

// remoteBody bounds an answer.
const remoteBody = 8 << 20

// request sends one request with the key and, for a leased run, its token.
func (r *Remote) request(ctx context.Context, method, path, token string, body any, headers ...string) (int, []byte, error) {
	raw, err := marshal(body)
	if err != nil {
		return 0, nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, r.URL+path, bytes.NewReader(raw))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Authorization", "Bearer "+r.Key)
	req.Header.Set("Content-Type", "application/json")
	if r.Workspace != "" {
		req.Header.Set("Vedette-Workspace", r.Workspace)
	}
	if token != "" {
		req.Header.Set("Vedette-Run-Token", token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	answer, err := r.Client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	read, err := io.ReadAll(io.LimitReader(answer.Body, remoteBody))
	return answer.StatusCode, read, err
}

// patience is how often a move is tried again that a broken connection or a 5xx
// cost; each is safe to repeat.
const patience = 4

// move is one move of a run; into may be nil.
func (r *Remote) move(ctx context.Context, method, path, token string, body, into any) (status int, err error) {
	var raw []byte
	for n := 0; ; n++ {
		status, raw, err = r.request(ctx, method, "/api/ops/v1"+path, token, body)
		if n >= patience || err == nil && status < 500 && status != http.StatusTooManyRequests {
			break
		}
		select {
		case <-time.After(backOff(n)):
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	if err != nil {
		return 0, err
	}
	if status >= 300 {
		return status, refusalOf(status, raw)
	}
	if into == nil || status == http.StatusNoContent {
		return status, nil
	}
	envelope := struct {
		Data any `json:"data"`
	}{into}
	return status, json.Unmarshal(raw, &envelope)
}

// refusalOf is a problem document as the desk's own error.
func refusalOf(status int, raw []byte) error {
	var problem struct {
		Code   soc.Code `json:"code"`
		Detail string   `json:"detail"`
	}
	_ = json.Unmarshal(raw, &problem)
	kind := soc.Internal
	switch status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		kind = soc.Invalid
	case http.StatusUnauthorized, http.StatusForbidden:
		kind = soc.Denied
	case http.StatusNotFound:
		kind = soc.NotFound
	case http.StatusConflict:
		kind = soc.Conflict
	}
	return soc.Errorf(kind, problem.Code, "the server answered %d: %s", status, soc.EscapeVisible(clipTo(problem.Detail, 300)))
}

// Lease implements Runs.
func (r *Remote) Lease(ctx context.Context, models []string, wait time.Duration) (lease soc.RunLease, found bool, err error) {
	var body struct {
		RunID       string `json:"runId"`
		WorkspaceID string `json:"workspaceId"`
		IncidentID  string `json:"incidentId"`
		RunToken    string `json:"runToken"`
		Fence       int64
		Expires     time.Time `json:"leaseExpiresAt"`
		Stage       soc.Stage
		Input       soc.StageInput
		Chain       string
		Prompts     []soc.LoopPrompt
		Budget      soc.LoopBudget
		Used        soc.LoopUsage
		Error       *soc.Code
	}
	ask := map[string]any{"version": r.Version, "models": models, "wait": int(min(wait, 20*time.Second) / time.Second)}
	status, err := r.move(ctx, http.MethodPost, "/runs/lease", "", ask, &body)
	if err != nil || status == http.StatusNoContent {
		return lease, false, err
	}
	if body.Error == nil {
		body.Error = new(soc.Code)
	}
	return soc.RunLease{
		Workspace: body.WorkspaceID, Run: body.RunID, Token: body.RunToken, Incident: body.IncidentID, Fence: body.Fence, Expires: body.Expires, Stage: body.Stage,
		Input: body.Input, Chain: body.Chain, Budget: body.Budget, Used: body.Used, Prompts: body.Prompts, Error: *body.Error,
	}, true, nil
}

// Heartbeat implements Runs.
func (r *Remote) Heartbeat(ctx context.Context, lease soc.RunLease, used soc.LoopUsage) (soc.RunPulse, error) {
	var body struct {
		Expires time.Time `json:"leaseExpiresAt"`
		Stop    string    `json:"stop"`
	}
	said := map[string]any{"fence": lease.Fence, "usage": map[string]int{"calls": used.ModelCalls, "tokensIn": used.TokensIn, "tokensOut": used.TokensOut}}
	_, err := r.move(ctx, http.MethodPost, "/runs/"+lease.Run+"/heartbeat", lease.Token, said, &body)
	return soc.RunPulse{Expires: body.Expires, Stop: body.Stop}, err
}

// Store implements Runs.
func (r *Remote) Store(ctx context.Context, lease soc.RunLease, report soc.StageReport) (soc.StageReceipt, error) {
	said := map[string]any{
		"fence": report.Fence, "chain": report.Chain, "exchanges": drawExchanges(report.Exchanges),
		"usage": map[string]any{
			"model": report.Model, "modelCalls": report.Usage.ModelCalls, "tokensIn": report.Usage.TokensIn, "tokensOut": report.Usage.TokensOut,
			"costMicros": report.Usage.CostMicros, "estimated": report.Usage.Estimated,
		},
	}
	if len(report.Result) > 0 {
		said["result"] = report.Result
	}
	if report.Error != "" {
		said["error"] = report.Error
	}
	var body struct {
		Chain string `json:"chain"`
		Next  struct {
			Stage soc.Stage      `json:"stage"`
			Input soc.StageInput `json:"input"`
		} `json:"next"`
		Finish bool `json:"finish"`
	}
	_, err := r.move(ctx, http.MethodPut, "/runs/"+lease.Run+"/stages/"+string(report.Stage), lease.Token, said, &body)
	return soc.StageReceipt{Chain: body.Chain, Stage: body.Next.Stage, Input: body.Next.Input, Finish: body.Finish}, err
}

// drawExchanges leaves out the members that are not there.
func drawExchanges(exchanges []soc.Exchange) []map[string]any {
	out := []map[string]any{}
	for _, e := range exchanges {
		one := map[string]any{"kind": e.Kind, "request": e.Request, "ms": max(0, e.Milliseconds)}
		if len(e.Answer) > 0 {
			one["answer"] = e.Answer
		}
		if len(e.Fault) > 0 {
			one["fault"] = e.Fault
		}
		out = append(out, one)
	}
	return out
}

// Finish implements Runs.
func (r *Remote) Finish(ctx context.Context, lease soc.RunLease, end soc.RunEnd) error {
	said := map[string]any{"fence": end.Fence, "chain": end.Chain, "outcome": "done"}
	if end.Error != "" {
		said["outcome"], said["error"] = "failed", map[string]any{"code": end.Error}
	}
	_, err := r.move(ctx, http.MethodPost, "/runs/"+lease.Run+"/finish", lease.Token, said, nil)
	return err
}

// Check asks the server once, so that a wrong key or address is known at start.
func (r *Remote) Check(ctx context.Context) error {
	status, raw, err := r.request(ctx, http.MethodPost, "/api/ops/v1/runs/lease", "", map[string]any{"wait": -1})
	switch {
	case err != nil:
		return err
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return fmt.Errorf("the key was refused: %w", refusalOf(status, raw))
	case status != http.StatusBadRequest || !strings.Contains(string(raw), "wait"):
		return errors.New("this is no Vedette server, or one of another version")
	}
	return nil
}
