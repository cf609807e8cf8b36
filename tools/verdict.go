package tools

import "vedette/backend/soc"

// verdict is what stands on an incident and what the triager proposed.
type verdict struct {
	Standing    string   `json:"standing"`
	By          string   `json:"by,omitempty"`
	Reason      string   `json:"reason,omitempty"`
	Score       *int     `json:"score,omitempty"`
	Held        bool     `json:"held"`
	Proposed    string   `json:"proposed,omitempty"`
	HoldReasons []string `json:"hold_reasons,omitempty"`
	Cited       []string `json:"cited,omitempty"`
	Comment     string   `json:"comment,omitempty"`
	Triage      *triaged `json:"triage,omitempty"`
}

func (d *drawing) verdict() *verdict {
	i := d.detail.Incident
	out := &verdict{
		Standing: string(i.Verdict), By: string(i.VerdictBy), Reason: i.VerdictReason, Score: i.VerdictScore, Held: i.Held,
		Proposed: string(i.ProposedVerdict), HoldReasons: words(i.HoldReasons),
	}
	if v := d.detail.Investigation; v != nil {
		out.Cited, out.Comment = firstOf(v.Cited, 50), outside(v.Comment, 1500)
	}
	if t := d.detail.Triage; t != nil {
		drawn := drawTriage(*t)
		out.Triage = &drawn
	}
	return out
}

// triaged is a run of the triager.
type triaged struct {
	ID          string       `json:"id"`
	State       soc.RunState `json:"state"`
	Verdict     string       `json:"verdict,omitempty"`
	Reason      string       `json:"reason,omitempty"`
	Confidence  *float64     `json:"confidence,omitempty"`
	Category    string       `json:"category,omitempty"`
	Engine      string       `json:"engine,omitempty"`
	Reasoning   string       `json:"reasoning,omitempty"`
	Evidence    []string     `json:"evidence,omitempty"`
	Flags       []string     `json:"flags,omitempty"`
	Held        bool         `json:"held"`
	HoldReasons []string     `json:"hold_reasons,omitempty"`
	Cached      bool         `json:"cached,omitempty"`
	Error       string       `json:"error,omitempty"`
}

func drawTriage(t soc.Triage) triaged {
	out := triaged{
		ID: t.ID, State: t.State, Verdict: string(t.Verdict), Reason: t.Reason, Category: t.Category, Engine: t.Engine,
		Reasoning: outside(t.Reasoning, 2000), Evidence: firstOf(t.EvidenceIDs, 50), Flags: firstOf(t.Flags, 20), Held: t.Held,
		HoldReasons: words(t.HoldReasons), Cached: t.Cached, Error: string(t.ErrorCode),
	}
	if t.State.Ended() && t.Verdict != "" {
		out.Confidence = &t.Confidence
	}
	return out
}
