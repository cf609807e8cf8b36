package portalapi

import (
	"context"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

type byEntityInput struct {
	Source string `path:"source" jsonschema:"maxLength=63"`
	Kind   string `query:"EntityKind,required" jsonschema_description:"One of the entity kinds, compared without regard to case."`
	Filter string `query:"EntityFilter,required" jsonschema:"minLength=1,maxLength=512"`
	timeFilter
	Incident string `query:"IncidentId" jsonschema:"minLength=1,maxLength=256" jsonschema_description:"An incident to leave out."`
	auditNames
	Token string `query:"ContinuationToken" jsonschema:"minLength=1,maxLength=4096"`
}

// auditNames are what a caller says a question is about.
type auditNames struct {
	EntityName   string `query:"EntityName" jsonschema:"maxLength=512" jsonschema_description:"For the audit record only."`
	ResourceID   string `query:"ResourceId" jsonschema:"maxLength=512" jsonschema_description:"For the audit record only."`
	ResourceName string `query:"ResourceName" jsonschema:"maxLength=512" jsonschema_description:"For the audit record only."`
}

type relatedIncidents struct {
	Incidents []incidentItem `json:"incidents"`
}

// incidentItem is an incident in a list.
type incidentItem struct {
	ID                    string        `json:"id"`
	Name                  string        `json:"name"`
	DisplayID             string        `json:"displayId"`
	Title                 string        `json:"title"`
	Description           string        `json:"description"`
	Number                int64         `json:"number"`
	Type                  string        `json:"type"`
	Source                string        `json:"source"`
	SourceDisplayName     string        `json:"sourceDisplayName"`
	WorkspaceID           string        `json:"workspaceId"`
	WorkspaceName         string        `json:"workspaceName"`
	CreationTime          schemas.Time  `json:"creationTime"`
	LastModificationTime  schemas.Time  `json:"lastModificationTime"`
	LastActivityTime      *schemas.Time `json:"lastActivityTime"`
	Severity              string        `json:"severity"`
	Status                string        `json:"status"`
	Classification        *string       `json:"classification"`
	ClassificationReason  *string       `json:"classificationReason"`
	ClassificationComment *string       `json:"classificationComment"`
	Comment               *string       `json:"comment"`
	Tactics               []string      `json:"tactics"`
	RuleIDs               []string      `json:"ruleIds"`
	AlertProductNames     []string      `json:"alertProductNames"`
	User                  user          `json:"user"`
	IsAssigned            bool          `json:"isAssigned"`
	ProductID             *string       `json:"productId"`
	AlertsCount           int           `json:"alertsCount"`
	Entities              []entity      `json:"entities"`
	Held                  bool          `json:"held"`
}

func (d *door) byEntity(ctx context.Context, by soc.Actor, in byEntityInput) (web.Reply[relatedIncidents], error) {
	return d.related(ctx, by, relatedQuestion{
		timeFilter: in.timeFilter, kind: in.Kind, value: in.Filter, token: in.Token, endpoint: "by-entity", source: in.Source, about: in.Incident,
		find: func(q soc.RelatedQuery) (soc.RelatedPage, error) {
			in.claim(by)
			return d.desk.IncidentsByEntity(ctx, by, in.Source, in.Incident, q)
		},
	})
}

// claim notes what the caller says the question is about.
func (in auditNames) claim(by soc.Actor) {
	claims := map[string]string{}
	for name, text := range map[string]string{"EntityName": in.EntityName, "ResourceId": in.ResourceID, "ResourceName": in.ResourceName} {
		if text != "" {
			claims[name] = text
		}
	}
	if by.Served != nil && len(claims) > 0 {
		by.Served.Claims = claims
	}
}

func drawItem(i soc.Incident, workspace soc.Workspace, entities []soc.Entity) incidentItem {
	return incidentItem{
		ID: i.ExternalID, Name: i.ExternalID, DisplayID: i.ShortID, Title: i.Title, Description: i.Description, Number: i.Number, Type: i.Type,
		Source: i.Source, SourceDisplayName: soc.SourceDisplayName(i.Source), WorkspaceID: i.Workspace, WorkspaceName: workspace.Name,
		CreationTime: schemas.Time(i.CreatedAt), LastModificationTime: schemas.Time(i.UpdatedAt), LastActivityTime: schemas.TimeOrNull(i.LastActivity),
		Severity: soc.PortalSeverity.Word(i.Severity), Status: soc.PortalStatus.Word(i.Status),
		Classification: textOrNull(string(i.Verdict)), ClassificationReason: textOrNull(i.VerdictReason),
		ClassificationComment: textOrNull(i.ClosingComment), Comment: textOrNull(i.ClosingComment), Tactics: list(i.Tactics), RuleIDs: list(i.RuleIDs),
		AlertProductNames: list(i.Products), User: drawUser(i), IsAssigned: assigned(i), AlertsCount: i.AlertCount,
		Entities: drawEntities(entities), Held: i.Held,
	}
}
