package opsapi

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

type leaseInput struct {
	Body struct {
		Version string      `json:"version,omitempty" jsonschema:"maxLength=64"`
		Models  []string    `json:"models,omitempty" jsonschema:"maxItems=8"`
		Wait    schemas.Int `json:"wait,omitempty" jsonschema:"minimum=0,maximum=25" jsonschema_description:"Seconds to wait for a run."`
	} `body:"json"`
}

type heartbeatInput struct {
	oneRun
	Body struct {
		Fence schemas.Int `json:"fence" jsonschema:"minimum=1"`
		Usage *beatUsage  `json:"usage,omitempty"`
	} `body:"json"`
}

type beatUsage struct {
	Calls     schemas.Int `json:"calls" jsonschema:"minimum=0"`
	TokensIn  schemas.Int `json:"tokensIn" jsonschema:"minimum=0"`
	TokensOut schemas.Int `json:"tokensOut" jsonschema:"minimum=0"`
}

type stageUpload struct {
	oneRun
	Stage string `path:"stage" jsonschema:"enum=hypotheses,enum=select,enum=extract,enum=verdict,enum=self_check,enum=respond,enum=submit"`
	Body  struct {
		Fence     schemas.Int         `json:"fence" jsonschema:"minimum=1"`
		Attempt   schemas.Int         `json:"attempt,omitempty" jsonschema:"minimum=1"`
		Chain     string              `json:"chain" jsonschema:"maxLength=64" jsonschema_description:"That of the stage before."`
		Result    *schemas.FreeObject `json:"result,omitempty" jsonschema:"nullable"`
		Exchanges []exchangeIn        `json:"exchanges,omitempty" jsonschema:"maxItems=200"`
		Usage     stageUsage          `json:"usage"`
		Error     string              `json:"error,omitempty" jsonschema:"enum=MODEL_FAILED,enum=MODEL_REFUSED,enum=MODEL_UNAVAILABLE,enum=BUDGET_EXHAUSTED"`
	} `body:"json"`
}

type exchangeIn struct {
	Kind    string              `json:"kind" jsonschema:"enum=model,enum=tool"`
	Request schemas.FreeObject  `json:"request"`
	Answer  *schemas.FreeObject `json:"answer,omitempty"`
	Fault   *schemas.FreeObject `json:"fault,omitempty"`
	MS      schemas.Int         `json:"ms" jsonschema:"minimum=0"`
}

type stageUsage struct {
	Model      string      `json:"model" jsonschema:"maxLength=128"`
	ModelCalls schemas.Int `json:"modelCalls" jsonschema:"minimum=0"`
	TokensIn   schemas.Int `json:"tokensIn" jsonschema:"minimum=0"`
	TokensOut  schemas.Int `json:"tokensOut" jsonschema:"minimum=0"`
	CostMicros schemas.Int `json:"costMicros,omitempty" jsonschema:"minimum=0"`
	Estimated  bool        `json:"estimated"`
}

type finishInput struct {
	oneRun
	Body struct {
		Fence   schemas.Int  `json:"fence" jsonschema:"minimum=1"`
		Chain   string       `json:"chain" jsonschema:"maxLength=64"`
		Outcome string       `json:"outcome" jsonschema:"enum=done,enum=failed"`
		Error   *finishError `json:"error,omitempty"`
	} `body:"json"`
}

type finishError struct {
	Code string `json:"code" jsonschema:"maxLength=64"`
}

// leaseView is a run handed to a worker; runToken proves it at every door.
type leaseView struct {
	RunID          string             `json:"runId"`
	WorkspaceID    string             `json:"workspaceId"`
	IncidentID     string             `json:"incidentId"`
	RunToken       string             `json:"runToken"`
	Fence          int64              `json:"fence"`
	LeaseExpiresAt schemas.Time       `json:"leaseExpiresAt"`
	Stage          string             `json:"stage"`
	Input          schemas.FreeObject `json:"input"`
	Chain          string             `json:"chain"`
	Completed      []completedView    `json:"completed"`
	Prompts        []promptView       `json:"prompts"`
	Budget         soc.LoopBudget     `json:"budget"`
	Used           soc.LoopUsage      `json:"used"`
	Error          *string            `json:"error" jsonschema_description:"A stage failed; the run is to be finished."`
}

type completedView struct {
	Stage  string              `json:"stage"`
	Chain  string              `json:"chain"`
	Result *schemas.FreeObject `json:"result"`
}

type promptView struct {
	Name   string             `json:"name"`
	SHA256 string             `json:"sha256"`
	Text   string             `json:"text"`
	Schema schemas.FreeObject `json:"schema"`
}

type pulseView struct {
	LeaseExpiresAt *schemas.Time `json:"leaseExpiresAt"`
	Stop           *string       `json:"stop" jsonschema:"enum=cancelled,enum=kill_switch,enum=budget,enum=suspended"`
}

type storedStage struct {
	Chain  string     `json:"chain"`
	Next   *nextStage `json:"next"`
	Finish bool       `json:"finish"`
}

type nextStage struct {
	Stage string             `json:"stage"`
	Input schemas.FreeObject `json:"input"`
}

// registerLoop adds section 8.2 of the contract: what `vedette agent` does with
// runs of its own identity. The desk answers any other kind of caller as if there
// were no such run.
func (a *api) registerLoop() {
	work := web.Operation{Who: web.Scoped, Scope: soc.ScopeRunsWork, MinRole: soc.RoleViewer, Rate: "write"}
	work.Errors = []soc.Code{soc.CodeLocked, soc.CodeServiceUnavailable}
	lease := work
	lease.Secret, lease.Also = true, []int{http.StatusNoContent}
	add(a, with(lease, http.MethodPost, "/runs/lease", "lease_run", "Take the next run of one's own identity; 204 if there is none."), a.leaseRun)
	work.Errors = append(work.Errors, soc.CodeInvalidState, soc.CodeConflict)
	add(a, with(work, http.MethodPost, "/runs/{id}/heartbeat", "heartbeat_run", "Keep a lease, and learn whether to stop."), a.heartbeatRun)
	add(a, with(work, http.MethodPost, "/runs/{id}/finish", "finish_run", "End a run, with what it submitted or with the floor's verdict."), a.finishRun)
	work.Write, work.MaxBody = true, 5<<20
	work.JSON = soc.JSONLimits{StringBytes: 1 << 20, Values: 1 << 18}
	work.Errors = append(work.Errors, soc.CodeTranscriptTampered)
	add(a, with(work, http.MethodPut, "/runs/{id}/stages/{stage}", "store_run_stage", "Hand in the result of a stage."), a.storeStage)
}

func (a *api) leaseRun(ctx context.Context, by soc.Actor, in leaseInput) (web.Reply[leaseView], error) {
	lease, found, err := a.desk.LeaseRun(ctx, by, in.Body.Models, time.Duration(in.Body.Wait)*time.Second)
	if err != nil || !found {
		return web.Reply[leaseView]{Status: http.StatusNoContent}, err
	}
	return web.OK(drawLease(lease)), nil
}

func (a *api) heartbeatRun(ctx context.Context, by soc.Actor, in heartbeatInput) (web.Reply[pulseView], error) {
	var used soc.LoopUsage
	if u := in.Body.Usage; u != nil {
		used = soc.LoopUsage{ModelCalls: int(u.Calls), TokensIn: int(u.TokensIn), TokensOut: int(u.TokensOut)}
	}
	pulse, err := a.desk.HeartbeatRun(ctx, by, in.ID, int64(in.Body.Fence), used)
	view := pulseView{LeaseExpiresAt: schemas.TimeOrNull(pulse.Expires)}
	if pulse.Stop != "" {
		view.Stop = &pulse.Stop
	}
	return web.OK(view), err
}

func (a *api) storeStage(ctx context.Context, by soc.Actor, in stageUpload) (web.Reply[storedStage], error) {
	b := in.Body
	report := soc.StageReport{
		Run: in.ID, Fence: int64(b.Fence), Stage: soc.Stage(in.Stage), Chain: b.Chain, Model: b.Usage.Model, Error: soc.Code(b.Error),
		Usage: soc.LoopUsage{ModelCalls: int(b.Usage.ModelCalls), TokensIn: int(b.Usage.TokensIn), TokensOut: int(b.Usage.TokensOut), CostMicros: int64(b.Usage.CostMicros), Estimated: b.Usage.Estimated},
	}
	if b.Result != nil {
		report.Result = json.RawMessage(*b.Result)
	}
	for _, e := range b.Exchanges {
		x := soc.Exchange{Kind: e.Kind, Request: json.RawMessage(e.Request), Milliseconds: int64(e.MS)}
		if e.Answer != nil {
			x.Answer = json.RawMessage(*e.Answer)
		}
		if e.Fault != nil {
			x.Fault = json.RawMessage(*e.Fault)
		}
		report.Exchanges = append(report.Exchanges, x)
	}
	draw := func(r soc.StageReceipt) web.Reply[storedStage] {
		view := storedStage{Chain: r.Chain, Finish: r.Finish}
		if !r.Finish {
			view.Next = &nextStage{string(r.Stage), free(r.Input)}
		}
		return web.OK(view)
	}
	receipt, err := a.desk.StoreRunStage(ctx, web.Answering(by, draw), report)
	if err != nil {
		return web.Reply[storedStage]{}, err
	}
	return draw(receipt), nil
}

func (a *api) finishRun(ctx context.Context, by soc.Actor, in finishInput) (web.Reply[runView], error) {
	end := soc.RunEnd{Run: in.ID, Fence: int64(in.Body.Fence), Chain: in.Body.Chain}
	if e := in.Body.Error; e != nil {
		end.Error = soc.Code(e.Code)
	}
	v, err := a.desk.FinishRun(ctx, by, end)
	if err != nil {
		return web.Reply[runView]{}, err
	}
	return web.OK(drawRun(v)), nil
}

func drawLease(l soc.RunLease) leaseView {
	v := leaseView{
		RunID: l.Run, WorkspaceID: l.Workspace, IncidentID: l.Incident, RunToken: l.Token, Fence: l.Fence, LeaseExpiresAt: schemas.Time(l.Expires), Stage: string(l.Stage),
		Input: free(l.Input), Chain: l.Chain, Completed: []completedView{}, Prompts: []promptView{}, Budget: l.Budget, Used: l.Used,
	}
	for _, s := range l.Completed {
		one := completedView{Stage: string(s.Stage), Chain: s.Chain}
		if len(s.Result) > 0 {
			result := schemas.FreeObject(s.Result)
			one.Result = &result
		}
		v.Completed = append(v.Completed, one)
	}
	for _, p := range l.Prompts {
		v.Prompts = append(v.Prompts, promptView{p.Name, p.SHA256, p.Text, schemas.FreeObject(p.Schema)})
	}
	if l.Error != "" {
		code := string(l.Error)
		v.Error = &code
	}
	return v
}

// free is a record whose members the contract leaves to the loop.
func free(value any) schemas.FreeObject {
	raw, err := json.Marshal(value)
	if err != nil {
		return schemas.FreeObject("{}")
	}
	return schemas.FreeObject(raw)
}
