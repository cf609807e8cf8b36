package opsapi

import (
	"context"
	"net/http"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

type positionInput struct {
	Incident string `path:"incident" jsonschema:"maxLength=64"`
}

// positionView is the deterministic triager's position with its basis.
type positionView struct {
	TriageID       string             `json:"triageId"`
	At             schemas.Time       `json:"at"`
	Classification string             `json:"classification"`
	Confidence     float64            `json:"confidence"`
	Held           bool               `json:"held"`
	HoldReasons    []heldReason       `json:"holdReasons"`
	Reasoning      string             `json:"reasoning" jsonschema_description:"The server's own sentences; alert text is never among them."`
	Rationale      schemas.FreeObject `json:"rationale" jsonschema_description:"History, signals with their evidence, vetoes, what speaks against it, what would change it, the whole distribution and the version of the weights."`
}

// registerPosition adds the floor's position on an incident, which people see
// beside any model's (triage.md T33).
func (a *api) registerPosition() {
	read := web.Operation{Who: web.Scoped, Scope: soc.ScopeOpsRead, MinRole: soc.RoleViewer, Rate: "read", Kinds: []soc.PrincipalKind{soc.PrincipalPerson, soc.PrincipalService}}
	add(a, with(read, http.MethodGet, "/incidents/{incident}/position", "get_position", "What the deterministic triage says of an incident, and why."), a.getPosition)
}

func (a *api) getPosition(ctx context.Context, by soc.Actor, in positionInput) (web.Reply[positionView], error) {
	t, err := a.desk.FloorPosition(ctx, by, soc.IncidentRef{ID: in.Incident})
	if err != nil {
		return web.Reply[positionView]{}, err
	}
	view := positionView{
		TriageID: t.ID, At: schemas.Time(t.FinishedAt), Classification: string(t.Verdict), Confidence: t.Confidence, Held: t.Held,
		HoldReasons: []heldReason{}, Reasoning: t.Reasoning, Rationale: schemas.FreeObject(t.Result),
	}
	for _, code := range t.HoldReasons {
		meaning, _ := soc.MeaningOf(code)
		view.HoldReasons = append(view.HoldReasons, heldReason{Code: string(code), Text: meaning.Meaning, Resolves: soc.NextStep(code)})
	}
	return web.OK(view), nil
}
