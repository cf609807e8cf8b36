package portalapi

import (
	"context"
	"strings"
	"time"

	"vedette/backend"
	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

// dataSource is what sends to a workspace (connectorType Ingest), or through
// what it acts (Response).
type dataSource struct {
	Name            string `json:"name"`
	Icon            string `json:"icon"`
	DataConnectorID string `json:"dataConnectorId"`
	Provider        string `json:"provider"`
	Description     string `json:"description"`
	ConnectorType   string `json:"connectorType"`
	// Connected is whether something came within the last 24 hours; a way out is
	// connected as long as it is configured.
	Connected            bool            `json:"connected"`
	ModificationDateTime *schemas.Time   `json:"modificationDateTime"`
	ParametersHelper     []dataParameter `json:"parametersHelper"`
}

// dataParameter tells about a source; never a secret.
type dataParameter struct {
	PropertyName  string `json:"propertyName"`
	PropertyValue string `json:"propertyValue"`
}

type workspaceSources struct {
	WorkspaceID   string       `json:"workspaceId"`
	WorkspaceName string       `json:"workspaceName"`
	DataSources   []dataSource `json:"dataSources"`
}

func (d *door) dataSources(ctx context.Context, by soc.Actor, _ struct{}) (web.Reply[[]dataSource], error) {
	found, err := d.desk.DataSources(ctx, by)
	if err != nil {
		return web.Reply[[]dataSource]{}, err
	}
	return web.OK(d.drawSources(found)), nil
}

type sourcesAcrossInput struct {
	Workspaces []string `query:"workspaceIds" jsonschema:"maxItems=500" jsonschema_description:"Default all that are visible."`
}

func (d *door) dataSourcesAcross(ctx context.Context, by soc.Actor, in sourcesAcrossInput) (web.Reply[[]workspaceSources], error) {
	found, err := d.desk.DataSourcesAcross(ctx, by, in.Workspaces)
	if err != nil {
		return web.Reply[[]workspaceSources]{}, err
	}
	out := make([]workspaceSources, len(found))
	for n, f := range found {
		out[n] = workspaceSources{f.Workspace.ID, f.Workspace.Name, d.drawSources(f)}
	}
	return web.OK(out), nil
}

// providers are the makers of the known products.
var providers = map[string]string{
	soc.SourceSentinel: "Microsoft", soc.SourceDefenderXDR: "Microsoft", soc.SourceQRadar: "IBM", soc.SourceSplunk: "Splunk",
	soc.SourceCrowdStrike: "CrowdStrike", soc.SourceSentinelOne: "SentinelOne",
}

func (d *door) drawSources(found backend.WorkspaceSources) []dataSource {
	out := []dataSource{}
	for _, s := range found.Sources {
		provider := providers[s.Source]
		if provider == "" {
			provider = s.Source
		}
		name := soc.SourceDisplayName(s.Source)
		out = append(out, dataSource{
			Name: name, Icon: strings.ToLower(s.Source), DataConnectorID: s.Source, Provider: provider, ConnectorType: "Ingest",
			Description: "Alerts and incidents that " + name + " sends.", Connected: !s.LastAt.IsZero() && d.now().Sub(s.LastAt) <= 24*time.Hour,
			ModificationDateTime: schemas.TimeOrNull(s.LastAt),
			ParametersHelper:     []dataParameter{{"format", s.Format}, {"firstReceived", cellTime(s.FirstAt)}, {"lastReceived", cellTime(s.LastAt)}},
		})
	}
	for _, c := range found.Connectors {
		out = append(out, dataSource{
			Name: c.ID, Icon: c.Kind, DataConnectorID: c.ID, Provider: c.Kind, ConnectorType: "Response", Connected: true,
			Description: "A way to act and to read back the effect.", ParametersHelper: []dataParameter{{"kind", c.Kind}},
		})
	}
	return out
}

type anomaliesInput struct {
	Body anomaliesBody `body:"json"`
}

type anomaliesBody struct {
	WorkspaceIDs        []string       `json:"workspaceIds,omitempty" jsonschema:"maxItems=500" jsonschema_description:"Default all that are visible."`
	TimeFilterSelection *timeSelection `json:"timeFilterSelection,omitempty" jsonschema_description:"Default TwentyFourHours."`
}

type anomalies struct {
	Anomalies []anomaly `json:"anomalies"`
}

type anomaly struct {
	WorkspaceID     string       `json:"workspaceId"`
	WorkspaceName   string       `json:"workspaceName"`
	DataConnectorID string       `json:"dataConnectorId"`
	Name            string       `json:"name"`
	Type            string       `json:"type"`
	Severity        string       `json:"severity"`
	DetectedAt      schemas.Time `json:"detectedAt"`
	Description     string       `json:"description"`
}

func (d *door) anomaliesAcross(ctx context.Context, by soc.Actor, in anomaliesInput) (web.Reply[anomalies], error) {
	span, err := in.Body.TimeFilterSelection.window(d.now())
	if err != nil {
		return web.Reply[anomalies]{}, err
	}
	found, names, err := d.desk.Anomalies(ctx, by, in.Body.WorkspaceIDs, span.From, span.To)
	if err != nil {
		return web.Reply[anomalies]{}, err
	}
	out := anomalies{make([]anomaly, len(found))}
	for n, a := range found {
		out.Anomalies[n] = anomaly{
			WorkspaceID: a.Workspace, WorkspaceName: names[a.Workspace], DataConnectorID: a.Source, Name: soc.SourceDisplayName(a.Source), Type: string(a.Kind),
			Severity: soc.PortalSeverity.Word(a.Severity), DetectedAt: schemas.Time(a.DetectedAt), Description: a.Description,
		}
	}
	return web.OK(out), nil
}
