package portalapi

import (
	"context"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

type getIncidentInput struct {
	incidentInput
	WithDetails bool `query:"withDetails" jsonschema_description:"Without effect: the answer always holds the details."`
}

// incidentDetail is the answer to GET INC.
type incidentDetail struct {
	Source               string               `json:"source"`
	Incident             incident             `json:"incident"`
	InvestigationDetails investigationDetails `json:"investigationDetails"`
	Evidence             evidenceRows         `json:"evidence"`
	GamebookCatalog      gamebookCatalog      `json:"gamebookCatalog"`
	Truncated            truncated            `json:"truncated"`
}

type incident struct {
	ID                     string       `json:"id"`
	ShortID                string       `json:"shortId"`
	Number                 int64        `json:"number"`
	Title                  string       `json:"title"`
	Description            string       `json:"description"`
	Severity               string       `json:"severity"`
	Status                 string       `json:"status"`
	Classification         *string      `json:"classification"`
	ClassificationReason   *string      `json:"classificationReason"`
	ClassificationComment  *string      `json:"classificationComment"`
	ProposedClassification *string      `json:"proposedClassification"`
	Held                   bool         `json:"held"`
	WorkspaceID            string       `json:"workspaceId"`
	Tactics                []string     `json:"tactics"`
	AlertProductNames      []string     `json:"alertProductNames"`
	User                   user         `json:"user"`
	IsAssigned             bool         `json:"isAssigned"`
	AlertsCount            int          `json:"alertsCount"`
	CreatedAt              schemas.Time `json:"createdAt"`
	CreationTime           schemas.Time `json:"creationTime"`
	UpdatedAt              schemas.Time `json:"updatedAt"`
	LastModificationTime   schemas.Time `json:"lastModificationTime"`
	// LastActivityTime is null where no alert says when it happened.
	LastActivityTime *schemas.Time `json:"lastActivityTime"`
}

// user is the assignee; always an object.
type user struct {
	ID          *string `json:"id"`
	DisplayName *string `json:"displayName"`
	Email       *string `json:"email"`
}

type investigationDetails struct {
	Entities []entity `json:"entities"`
	Alerts   []alert  `json:"alerts"`
}

type alert struct {
	ID          string       `json:"id"`
	ExternalID  string       `json:"externalId"`
	Title       string       `json:"title"`
	Severity    string       `json:"severity"`
	ProductName string       `json:"productName"`
	VendorName  string       `json:"vendorName"`
	CreatedAt   schemas.Time `json:"createdAt"`
	Tactics     []string     `json:"tactics"`
	Techniques  []string     `json:"techniques"`
}

// truncated counts what the detail leaves out.
type truncated struct {
	Entities int `json:"entities"`
	Alerts   int `json:"alerts"`
	Evidence int `json:"evidence"`
}

// detailRows bounds each list of the detail.
const detailRows = 200

func (d *door) getIncident(ctx context.Context, by soc.Actor, in getIncidentInput) (web.Reply[incidentDetail], error) {
	detail, err := d.desk.GetIncident(ctx, by, in.ref(by), soc.IncidentParts{Alerts: true, Entities: true, Evidence: true, Limit: detailRows})
	if err != nil {
		return web.Reply[incidentDetail]{}, err
	}
	columns, err := d.columns(ctx, by, detail.Incident, detail.Evidence)
	if err != nil {
		return web.Reply[incidentDetail]{}, err
	}
	offers, err := d.desk.IncidentCatalogue(ctx, by, detail.Entities)
	if err != nil {
		return web.Reply[incidentDetail]{}, err
	}
	i := detail.Incident
	return web.Reply[incidentDetail]{Revision: i.Version, Data: incidentDetail{
		Source: i.Source, Incident: drawIncident(i),
		InvestigationDetails: investigationDetails{drawEntities(detail.Entities), drawAlerts(detail.Alerts)},
		Evidence:             drawEvidence(detail.Evidence, columns), GamebookCatalog: drawCatalogue(offers),
		Truncated: truncated{
			Entities: max(0, i.EntityCount-len(detail.Entities)), Alerts: max(0, i.AlertCount-len(detail.Alerts)),
			Evidence: max(0, i.EvidenceCount-len(detail.Evidence)),
		},
	}}, nil
}

func drawIncident(i soc.Incident) incident {
	return incident{
		ID: i.ExternalID, ShortID: i.ShortID, Number: i.Number, Title: i.Title, Description: i.Description,
		Severity: soc.PortalSeverity.Word(i.Severity), Status: soc.PortalStatus.Word(i.Status),
		Classification: textOrNull(string(i.Verdict)), ClassificationReason: textOrNull(i.VerdictReason),
		ClassificationComment: textOrNull(i.ClosingComment), ProposedClassification: textOrNull(string(i.ProposedVerdict)), Held: i.Held,
		WorkspaceID: i.Workspace, Tactics: list(i.Tactics), AlertProductNames: list(i.Products),
		User: drawUser(i), IsAssigned: assigned(i), AlertsCount: i.AlertCount,
		CreatedAt: schemas.Time(i.CreatedAt), CreationTime: schemas.Time(i.CreatedAt),
		UpdatedAt: schemas.Time(i.UpdatedAt), LastModificationTime: schemas.Time(i.UpdatedAt), LastActivityTime: schemas.TimeOrNull(i.LastActivity),
	}
}

func drawUser(i soc.Incident) user {
	return user{textOrNull(i.AssigneeID), textOrNull(i.AssigneeName), textOrNull(i.AssigneeEmail)}
}

func assigned(i soc.Incident) bool {
	return i.AssigneeID != "" || i.AssigneeName != "" || i.AssigneeEmail != ""
}

func drawAlerts(alerts []soc.Alert) []alert {
	out := make([]alert, len(alerts))
	for n, a := range alerts {
		out[n] = alert{
			ID: a.ID, ExternalID: a.ExternalID, Title: a.Title, Severity: soc.PortalSeverity.Word(a.Severity), ProductName: a.Product,
			VendorName: a.Vendor, CreatedAt: schemas.Time(a.CreatedAt), Tactics: list(a.Tactics), Techniques: list(a.Techniques),
		}
	}
	return out
}
