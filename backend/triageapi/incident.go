package triageapi

import (
	"context"
	"fmt"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

// incidentItem is an incident in a list.
type incidentItem struct {
	ID             string              `json:"id"`
	IncidentNumber string              `json:"incident_number"`
	IncidentType   string              `json:"incident_type"`
	Severity       string              `json:"severity"`
	Status         string              `json:"status"`
	Source         string              `json:"source"`
	CreatedAt      schemas.SecondsTime `json:"created_at"`
	UpdatedAt      schemas.SecondsTime `json:"updated_at"`
	ShortID        string              `json:"short_id"`
	Title          *string             `json:"title"`
	Verdict        *verdict            `json:"verdict"`
	Held           bool                `json:"held"`
}

// incidentDetail is one incident. raw_data is the stored payload, byte for
// byte; recommended_actions are names only, reading them does nothing.
type incidentDetail struct {
	incidentItem
	RawData            schemas.Verbatim     `json:"raw_data"`
	RecommendedActions []string             `json:"recommended_actions"`
	Resolution         *string              `json:"resolution"`
	ProposedVerdict    *verdict             `json:"proposed_verdict"`
	Version            int64                `json:"version"`
	TriagedAt          *schemas.SecondsTime `json:"triaged_at"`
}

func (d *door) getIncident(ctx context.Context, by soc.Actor, in incidentInput) (web.Reply[incidentDetail], error) {
	none := web.Reply[incidentDetail]{}
	found, err := d.desk.GetIncident(ctx, by, in.ref(by), soc.IncidentParts{})
	if err != nil {
		return none, err
	}
	i := found.Incident
	raw, err := d.desk.RawPayload(ctx, by, soc.IncidentRef{Workspace: by.Workspace, ID: i.ID})
	if err != nil {
		return none, err
	}
	verdicts, err := d.desk.IncidentVerdicts(ctx, by, []soc.Incident{i})
	if err != nil {
		return none, err
	}
	return web.Reply[incidentDetail]{Data: drawDetail(i, raw, verdicts[i.ID]), Revision: i.Version}, nil
}

func drawDetail(i soc.Incident, raw []byte, from soc.IncidentVerdict) incidentDetail {
	data := incidentDetail{
		incidentItem: drawItem(i, from), RawData: raw, RecommendedActions: []string{}, Version: i.Version,
		TriagedAt: schemas.SecondsOrNull(i.TriagedAt),
	}
	if from.Triage != nil {
		data.RecommendedActions = append(data.RecommendedActions, from.Triage.Actions...)
	}
	if i.Status == soc.StatusClosed {
		data.Resolution = textOrNull(i.ClosingComment)
	}
	if i.Held {
		data.ProposedVerdict = proposedVerdict(i, from)
	}
	return data
}

func drawItem(i soc.Incident, from soc.IncidentVerdict) incidentItem {
	return incidentItem{
		ID: i.ID, IncidentNumber: incidentNumber(i), IncidentType: i.Type, Severity: soc.TriageSeverity.Word(i.Severity),
		Status: soc.TriageStatus(i.Status, i.Verdict != "" || i.ProposedVerdict != ""), Source: soc.FamilySource(i.Source),
		CreatedAt: schemas.SecondsTime(i.CreatedAt), UpdatedAt: schemas.SecondsTime(i.UpdatedAt), ShortID: i.ShortID,
		Title: textOrNull(i.Title), Verdict: shownVerdict(i, from), Held: i.Held,
	}
}

// incidentNumber is the year of creation and the workspace's running number.
func incidentNumber(i soc.Incident) string {
	return fmt.Sprintf("INC-%04d-%04d", i.CreatedAt.UTC().Year(), i.Number)
}

func textOrNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// list is words as a list that is [] where it is empty.
func list[Word ~string](words []Word) []string {
	out := make([]string, len(words))
	for i, word := range words {
		out[i] = string(word)
	}
	return out
}
