package opsapi

import (
	"context"
	"net/http"
	"slices"
	"time"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

type memoryInput struct {
	Incident string        `query:"incidentId" jsonschema:"minLength=1,maxLength=64" jsonschema_description:"The alert types of this incident."`
	KeyKind  string        `query:"keyKind" jsonschema:"enum=title,enum=detector"`
	Key      string        `query:"key" jsonschema:"minLength=1,maxLength=512" jsonschema_description:"A key as this route tells it."`
	AsOf     *schemas.Time `query:"asOf" jsonschema_description:"Only decisions made by then; the default is all."`
}

type undoMemoryInput struct {
	ID   string `path:"id" jsonschema:"maxLength=36"`
	Body struct {
		Reason string `json:"reason" jsonschema:"minLength=1,maxLength=1000"`
	} `body:"json"`
}

// memoryView is what is remembered of one alert type.
type memoryView struct {
	TitleKey    *string             `json:"titleKey"`
	DetectorKey *string             `json:"detectorKey"`
	Closable    bool                `json:"closable" jsonschema_description:"Whether the history alone would let a benign verdict close; severity, vetoes and flags are judged per incident."`
	WhyNot      []string            `json:"whyNot"`
	Levels      []memoryLevelView   `json:"levels"`
	Events      []memoryDecidedView `json:"events" jsonschema_description:"The newest 50 decisions, also those that count no more."`
}

type memoryLevelView struct {
	Level     string        `json:"level"`
	Counts    verdictCounts `json:"counts"`
	First     *schemas.Time `json:"first"`
	Last      *schemas.Time `json:"last"`
	LastFive  []string      `json:"lastFive" jsonschema_description:"Newest first."`
	ByPersons int           `json:"byPersons"`
	BySource  int           `json:"bySource"`
}

type verdictCounts struct {
	TruePositive   int `json:"TruePositive"`
	BenignPositive int `json:"BenignPositive"`
	FalsePositive  int `json:"FalsePositive"`
}

type memoryDecidedView struct {
	ID           string       `json:"id"`
	Verdict      string       `json:"verdict"`
	By           string       `json:"by" jsonschema:"enum=person,enum=source"`
	DecidedAt    schemas.Time `json:"decidedAt"`
	IncidentID   string       `json:"incidentId"`
	SupersededBy *string      `json:"supersededBy" jsonschema_description:"The decision that replaced it, or the word for what undid it; null while it counts."`
}

type undoneView struct {
	EventID   string        `json:"eventId"`
	State     string        `json:"state" jsonschema:"enum=undone,enum=pending"`
	Verdict   string        `json:"verdict"`
	AskedBy   *string       `json:"askedBy" jsonschema_description:"Who asked first, while a second person has to ask for the same."`
	ExpiresAt *schemas.Time `json:"expiresAt"`
}

// registerMemory adds what people see of verdict memory and how they take a
// decision out of it (section 12 of the contract).
func (a *api) registerMemory() {
	read := web.Operation{Who: web.Scoped, Scope: soc.ScopeOpsRead, MinRole: soc.RoleViewer, Rate: "read", Kinds: []soc.PrincipalKind{soc.PrincipalPerson, soc.PrincipalService}}
	add(a, with(read, http.MethodGet, "/memory", "inspect_memory", "What is remembered of alert types, and what would let them close."), a.inspectMemory)
	undo := web.Operation{
		Who: web.Person, MinRole: soc.RoleSenior, Rate: "decide", Write: true, Errors: []soc.Code{soc.CodeInvalidState},
	}
	add(a, with(undo, http.MethodPost, "/memory/events/{id}/undo", "undo_memory_event", "Take a decision out of memory; a TruePositive takes two people."), a.undoMemory)
}

func (a *api) inspectMemory(ctx context.Context, by soc.Actor, in memoryInput) (web.Reply[[]memoryView], error) {
	q := soc.MemoryQuery{Incident: in.Incident, KeyKind: in.KeyKind, Key: in.Key}
	if in.AsOf != nil {
		q.AsOf = time.Time(*in.AsOf)
	}
	found, err := a.desk.InspectMemory(ctx, by, q)
	if err != nil {
		return web.Reply[[]memoryView]{}, err
	}
	views := make([]memoryView, len(found))
	for n, m := range found {
		views[n] = drawMemory(m)
	}
	return web.OK(views), nil
}

func drawMemory(m soc.MemoryOfType) memoryView {
	view := memoryView{
		TitleKey: orNull(m.Key.Title), DetectorKey: orNull(m.Key.Detector), Closable: len(m.WhyNot) == 0, WhyNot: []string{},
		Levels: []memoryLevelView{}, Events: []memoryDecidedView{},
	}
	for _, gap := range m.WhyNot {
		view.WhyNot = append(view.WhyNot, string(gap))
	}
	for _, level := range m.Levels {
		lastFive := make([]string, len(level.Newest))
		for i, v := range level.Newest {
			lastFive[i] = string(v)
		}
		view.Levels = append(view.Levels, memoryLevelView{
			Level: string(level.Level), Counts: verdictCounts(level.Counts), First: timeOrNull(level.First), Last: timeOrNull(level.Last),
			LastFive: slices.Clip(lastFive), ByPersons: level.Deciders["person"], BySource: level.Deciders["source"],
		})
	}
	for _, e := range m.Events {
		view.Events = append(view.Events, memoryDecidedView{e.ID, string(e.Verdict), e.By, schemas.Time(e.DecidedAt), e.Incident, orNull(e.SupersededBy)})
	}
	return view
}

func (a *api) undoMemory(ctx context.Context, by soc.Actor, in undoMemoryInput) (web.Reply[undoneView], error) {
	out, err := a.desk.UndoMemory(ctx, web.Answering(by, drawUndone), soc.MemoryUndo{Event: in.ID, Reason: in.Body.Reason})
	if err != nil {
		return web.Reply[undoneView]{}, err
	}
	return drawUndone(out), nil
}

func drawUndone(out soc.MemoryUndone) web.Reply[undoneView] {
	view := undoneView{EventID: out.Event.ID, State: "undone", Verdict: string(out.Event.Verdict)}
	if out.Asked == nil {
		return web.OK(view)
	}
	view.State, view.AskedBy, view.ExpiresAt = "pending", orNull(soc.EscapeVisible(out.Asked.Name)), timeOrNull(out.Asked.ExpiresAt())
	reply := web.OK(view)
	reply.Status = http.StatusAccepted
	return reply
}

// timeOrNull is a time, nil for none.
func timeOrNull(t time.Time) *schemas.Time {
	if t.IsZero() {
		return nil
	}
	out := schemas.Time(t)
	return &out
}
