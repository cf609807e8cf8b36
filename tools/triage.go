package tools

import (
	"context"
	"fmt"
	"time"

	"vedette/backend/soc"
	"vedette/schemas"
)

// triageWait is how long triage_incident waits for the result before it hands
// out the handle alone (M6).
const triageWait = 20 * time.Second

type triageAnswer struct {
	envelope
	Triage triaged   `json:"triage"`
	Next   *nextCall `json:"next,omitempty"`
}

func triageIncident(ctx context.Context, r *request, in schemas.TriageIncident) (any, error) {
	if err := incidentIDs.check("incident_id", in.IncidentID); err != nil {
		return nil, err
	}
	wait := triageWait
	if r.claimWait != nil {
		release, ok := r.claimWait()
		if ok {
			defer release()
		} else {
			wait = 0
		}
	}
	t, err := r.server.desk.TriageIncident(ctx, r.by, soc.TriageRequest{
		Incident: r.ref(in.IncidentID), Playbook: in.Playbook, Force: in.Force, Wait: wait,
	})
	if err != nil {
		return nil, err
	}
	out := triageAnswer{Triage: drawTriage(t)}
	if r.modelWords(t) {
		out.Untrusted = []string{"triage.reasoning"}
	}
	switch {
	case !t.State.Ended():
		out.Summary = fmt.Sprintf("%s is under way.", t.ID)
		out.Next = &nextCall{"get_status", schemas.GetStatus{IDs: []string{t.ID}, WaitSeconds: 20}}
	case t.Verdict == "":
		out.Summary = fmt.Sprintf("%s ended as %s without a verdict.", t.ID, t.State)
	default:
		out.Summary = fmt.Sprintf("%s proposes %s. It closes nothing: check the evidence it names, then submit_investigation.", t.ID, t.Verdict)
	}
	return out, nil
}

// floorEngine is the triager whose reasoning is the server's own words.
const floorEngine = "deterministic"

// modelWords reports whether the reasoning of a triage was written by a model,
// which had read the event's text, and if so notes that it was served.
func (r *request) modelWords(t soc.Triage) bool {
	if t.Reasoning == "" || t.Engine == floorEngine {
		return false
	}
	r.by.Served.Mark(t.Incident, true, len(t.Flags) > 0)
	return true
}
