package opsapi

import (
	"context"
	"net/http"
	"time"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

// feedbackWindow is what the figures cover where no time is named.
const feedbackWindow = 90 * 24 * time.Hour

type feedbackInput struct {
	From *schemas.Time `query:"from" jsonschema_description:"First moment of the decisions; the default is 90 days before to."`
	To   *schemas.Time `query:"to" jsonschema_description:"The first moment after; the default is now."`
}

// shareView is a count out of a number with its Wilson 95 % interval.
type shareView struct {
	N     int     `json:"n"`
	Of    int     `json:"of"`
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

type reliabilityView struct {
	From             schemas.Time         `json:"from"`
	To               schemas.Time         `json:"to"`
	Decided          int                  `json:"decided" jsonschema_description:"Incidents that a person decided after the triage had spoken."`
	Undetermined     int                  `json:"undetermined" jsonschema_description:"Those on which the triage gave no answer."`
	Agreed           shareView            `json:"agreed"`
	CalibrationError float64              `json:"calibrationError"`
	Bins             []reliabilityBinView `json:"bins"`
}

type reliabilityBinView struct {
	From       float64   `json:"from"`
	To         float64   `json:"to"`
	Confidence float64   `json:"confidence" jsonschema_description:"Mean of the answers of this bin."`
	Right      shareView `json:"right"`
}

// registerFeedback adds how often the triage and the people agree.
func (a *api) registerFeedback() {
	read := web.Operation{Who: web.Scoped, Scope: soc.ScopeOpsRead, MinRole: soc.RoleViewer, Rate: "read", Kinds: []soc.PrincipalKind{soc.PrincipalPerson, soc.PrincipalService}}
	add(a, with(read, http.MethodGet, "/feedback/calibration", "get_calibration", "How often stated confidence was right, by what people decided."), a.getCalibration)
}

func (a *api) getCalibration(ctx context.Context, by soc.Actor, in feedbackInput) (web.Reply[reliabilityView], error) {
	to := time.Now().UTC()
	if in.To != nil {
		to = time.Time(*in.To)
	}
	from := to.Add(-feedbackWindow)
	if in.From != nil {
		from = time.Time(*in.From)
	}
	r, err := a.desk.FloorReliability(ctx, by, from, to)
	if err != nil {
		return web.Reply[reliabilityView]{}, err
	}
	view := reliabilityView{
		From: schemas.Time(from), To: schemas.Time(to), Decided: r.Decided, Undetermined: r.Undetermined, Agreed: shareOf(r.Right, r.Answered),
		CalibrationError: r.CalibrationError, Bins: []reliabilityBinView{},
	}
	for _, b := range r.Bins {
		if b.N > 0 {
			view.Bins = append(view.Bins, reliabilityBinView{b.From, b.To, b.Confidence, shareOf(b.Right, b.N)})
		}
	}
	return web.OK(view), nil
}

func shareOf(n, of int) shareView {
	low, high := soc.Wilson(n, of)
	return shareView{N: n, Of: of, Value: float64(n) / float64(max(of, 1)), Low: low, High: high}
}
