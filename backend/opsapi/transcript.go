package opsapi

import (
	"context"
	"encoding/json"
	"net/http"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

// transcriptView is everything that was said in a run, stage by stage. Evidence
// stands in it as it was served: in its envelope, escaped.
type transcriptView struct {
	Run    runView     `json:"run"`
	Chain  string      `json:"chain" jsonschema:"enum=ok,enum=tampered"`
	Stages []stageView `json:"stages"`
}

type stageView struct {
	Seq       int                  `json:"seq"`
	Stage     string               `json:"stage"`
	Model     *string              `json:"model"`
	Result    *schemas.FreeObject  `json:"result"`
	Exchanges []schemas.FreeObject `json:"exchanges"`
	Used      soc.LoopUsage        `json:"used"`
	Error     *string              `json:"error"`
	Chain     string               `json:"chain"`
	At        schemas.Time         `json:"at"`
}

// ledgerView is one call that was served to a run.
type ledgerView struct {
	Tool           string       `json:"tool"`
	ArgumentDigest string       `json:"argumentDigest"`
	Rows           int          `json:"rows"`
	Evidence       []string     `json:"evidence"`
	Flagged        bool         `json:"flagged"`
	Milliseconds   int64        `json:"ms"`
	At             schemas.Time `json:"at"`
}

// registerTranscripts adds what people read of a run (section 8.1).
func (a *api) registerTranscripts() {
	read := web.Operation{Who: web.Scoped, Scope: soc.ScopeOpsRead, MinRole: soc.RoleAnalyst, Rate: "read", Kinds: peopleAndServices}
	add(a, with(read, http.MethodGet, "/runs/{id}/transcript", "get_run_transcript", "What was said in a run of the loop, with secrets removed."), a.getTranscript)
	add(a, with(read, http.MethodGet, "/runs/{id}/ledger", "get_run_ledger", "The calls that were served to a run, in order."), a.getLedger)
}

func (a *api) getTranscript(ctx context.Context, by soc.Actor, in oneRun) (web.Reply[transcriptView], error) {
	t, err := a.desk.RunTranscript(ctx, by, in.ID)
	if err != nil {
		return web.Reply[transcriptView]{}, err
	}
	v := transcriptView{Run: drawRun(t.Run), Chain: "tampered", Stages: []stageView{}}
	if t.Whole {
		v.Chain = "ok"
	}
	for _, s := range t.Stages {
		one := stageView{Seq: s.Seq, Stage: string(s.Stage), Exchanges: []schemas.FreeObject{}, Used: s.Usage, Chain: s.Chain, At: schemas.Time(s.At)}
		var exchanges []json.RawMessage
		if json.Unmarshal(s.Exchanges, &exchanges) == nil {
			for _, e := range exchanges {
				one.Exchanges = append(one.Exchanges, schemas.FreeObject(e))
			}
		}
		if len(s.Result) > 0 && json.Valid(s.Result) {
			result := schemas.FreeObject(s.Result)
			one.Result = &result
		}
		if s.Model != "" {
			model := soc.EscapeVisible(s.Model)
			one.Model = &model
		}
		if s.Error != "" {
			code := string(s.Error)
			one.Error = &code
		}
		v.Stages = append(v.Stages, one)
	}
	return web.OK(v), nil
}

func (a *api) getLedger(ctx context.Context, by soc.Actor, in oneRun) (web.Reply[[]ledgerView], error) {
	rows, err := a.desk.RunLedger(ctx, by, in.ID)
	views := make([]ledgerView, len(rows))
	for i, l := range rows {
		views[i] = ledgerView{l.Tool, l.ArgumentDigest, l.Rows, append([]string{}, l.Evidence...), l.Flagged, l.Duration.Milliseconds(), schemas.Time(l.At)}
	}
	return web.OK(views), err
}
