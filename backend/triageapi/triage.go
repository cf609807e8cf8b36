package triageapi

import (
	"context"
	"strings"
	"time"

	"vedette/backend/soc"
	"vedette/backend/web"
)

type triageInput struct {
	incidentInput
	Prefer web.Prefer `header:"Prefer"`
	Body   struct {
		Playbook string `json:"playbook,omitempty" jsonschema:"minLength=1,maxLength=64" jsonschema_description:"Name of a triage playbook; default is the first whose trigger fits."`
		Force    bool   `json:"force,omitempty" jsonschema_description:"Repeat work; skips no gate, limit, budget or switch."`
	} `body:"json"`
}

type pollInput struct {
	incidentInput
	Triage string     `path:"triage_id"`
	Prefer web.Prefer `header:"Prefer"`
}

// triage is a run of the triager with its result.
type triage struct {
	TriageID   string       `json:"triage_id"`
	Status     string       `json:"status"`
	Verdict    *verdict     `json:"verdict"`
	DurationMS int64        `json:"duration_ms"`
	Playbook   string       `json:"playbook"`
	Engine     string       `json:"engine"`
	Cached     bool         `json:"cached"`
	Held       bool         `json:"held"`
	Error      *triageError `json:"error"`
}

type triageError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// pollSeconds is when to ask again for a triage that goes on.
const pollSeconds = 2

func (d *door) triageIncident(ctx context.Context, by soc.Actor, in triageInput) (web.Reply[triage], error) {
	return d.runTriage(ctx, by, soc.TriageRequest{Incident: in.ref(by), Playbook: in.Body.Playbook, Force: in.Body.Force, Wait: waitOf(in.Prefer)})
}

// runTriage asks for a triage and draws it, ended or not.
func (d *door) runTriage(ctx context.Context, by soc.Actor, ask soc.TriageRequest) (web.Reply[triage], error) {
	draw := func(t soc.Triage) web.Reply[triage] {
		reply := web.OK(d.drawTriage(t))
		if !t.State.Ended() {
			reply.Status, reply.RetryAfter = 202, pollSeconds
			reply.Location = "/api/incidents/" + t.Incident + "/triage/" + t.ID
		}
		return reply
	}
	t, err := d.desk.TriageIncident(ctx, web.Answering(by, draw), ask)
	if err != nil {
		return web.Reply[triage]{}, otherTriage(err)
	}
	return draw(t), nil
}

// otherTriage tells which triage is in the way.
func otherTriage(err error) error {
	if e := soc.AsError(err); e.Code == soc.CodeConflict && strings.HasPrefix(e.Target, "triage-") {
		return web.WithDetails(err, map[string]any{"triage_id": e.Target})
	}
	return err
}

func (d *door) getTriage(ctx context.Context, by soc.Actor, in pollInput) (web.Reply[triage], error) {
	t, err := d.desk.GetTriage(ctx, by, in.ref(by), in.Triage, in.Prefer.Wait)
	if err != nil {
		return web.Reply[triage]{}, err
	}
	return web.OK(d.drawTriage(t)), nil
}

func (d *door) drawTriage(t soc.Triage) triage {
	out := triage{
		TriageID: t.ID, Status: soc.TriageRunState.Word(t.State), Verdict: triageVerdict(t), DurationMS: d.duration(t).Milliseconds(),
		Playbook: t.Playbook, Engine: t.Engine, Cached: t.Cached, Held: t.Held,
	}
	if t.State == soc.RunFailed {
		out.Verdict = nil
		out.Error = &triageError{Code: strings.ToLower(string(t.ErrorCode)), Message: t.ErrorMessage}
	}
	return out
}

// duration is first start to end of work, or to now while it goes on; waiting
// in the queue does not count.
func (d *door) duration(t soc.Triage) time.Duration {
	switch {
	case t.StartedAt.IsZero():
		return 0
	case t.FinishedAt.IsZero():
		return max(0, d.now().Sub(t.StartedAt))
	}
	return max(0, t.FinishedAt.Sub(t.StartedAt))
}
