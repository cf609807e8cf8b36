package portalapi

import (
	"context"
	"crypto/rand"
	"time"

	"vedette/backend/soc"
	"vedette/backend/web"
)

type acrossInput struct {
	Body acrossBody `body:"json"`
}

type acrossBody struct {
	IsFirstCall         *bool             `json:"isFirstCall,omitempty" jsonschema_description:"Default: whether there are no tokens."`
	WorkspacePageTokens []workspaceTokens `json:"workspacePageTokens,omitempty" jsonschema_description:"sourcePageTokens of the answer before, unmodified."`
	acrossFilter
}

// acrossFilter are the filters; a page token is good for the same ones only.
type acrossFilter struct {
	Sources             []string       `json:"sources,omitempty" jsonschema:"maxItems=100" jsonschema_description:"Default all."`
	Severities          []string       `json:"severities,omitempty" jsonschema:"enum=Informational,enum=Low,enum=Medium,enum=High,enum=Critical"`
	Statuses            []string       `json:"statuses,omitempty" jsonschema:"enum=New,enum=Active,enum=Closed"`
	TimeFilterSelection *timeSelection `json:"timeFilterSelection,omitempty" jsonschema_description:"By creation; default TwentyFourHours."`
	Query               string         `json:"query,omitempty" jsonschema:"minLength=1,maxLength=200" jsonschema_description:"Words of title, description, number or id."`
	AssigneeIDs         []string       `json:"assigneeIds,omitempty" jsonschema:"maxItems=100"`
	AssigneeEmails      []string       `json:"assigneeEmails,omitempty" jsonschema:"maxItems=100"`
	IncludeUnassigned   bool           `json:"includeUnassigned,omitempty"`
}

// workspaceTokens says where the sources of a workspace go on.
type workspaceTokens struct {
	WorkspaceID  string            `json:"workspaceId" jsonschema:"maxLength=64"`
	SourceTokens map[string]string `json:"sourceTokens"`
}

type incidentsAcross struct {
	Incidents              []incidentItem    `json:"incidents"`
	SourcePageTokens       []workspaceTokens `json:"sourcePageTokens"`
	MoreIncidentsAvailable bool              `json:"moreIncidentsAvailable"`
	UnavailableWorkspaces  []string          `json:"unavailableWorkspaces"`
}

// acrossPosition is what a token of one source holds. All tokens of an answer
// share list and page, so that one kept from an earlier answer does not pass
// for one of this; the window is fixed at the first call.
type acrossPosition struct {
	List   string      `json:"l"`
	Page   int         `json:"n"`
	Window window      `json:"w"`
	After  *soc.Keyset `json:"a,omitempty"`
}

func (d *door) incidentsAcross(ctx context.Context, by soc.Actor, in acrossInput) (web.Reply[incidentsAcross], error) {
	none := web.Reply[incidentsAcross]{}
	first := len(in.Body.WorkspacePageTokens) == 0
	if in.Body.IsFirstCall != nil && *in.Body.IsFirstCall != first {
		return none, soc.InvalidField("isFirstCall", "must be true without workspacePageTokens and false with them")
	}
	f, err := in.Body.filter()
	if err != nil {
		return none, err
	}
	var streams []soc.AcrossStream
	at := acrossPosition{List: rand.Text()}
	if first {
		at.Window, err = in.Body.TimeFilterSelection.window(d.now())
	} else {
		streams, at, err = d.acrossStreams(by, in.Body)
	}
	if err != nil {
		return none, err
	}
	// The ends of a window are inside; those of the filter are not.
	f.CreatedAfter, f.CreatedBefore = at.Window.From.Add(-time.Microsecond), at.Window.To.Add(time.Microsecond)
	page, err := d.desk.ListIncidentsAcross(ctx, by, f, streams)
	if err != nil {
		return none, err
	}
	at.Page++
	tokens, err := d.acrossTokens(by, in.Body.acrossFilter, at, page.Streams)
	data := incidentsAcross{
		Incidents: make([]incidentItem, len(page.Incidents)), SourcePageTokens: tokens, MoreIncidentsAvailable: len(tokens) > 0,
		UnavailableWorkspaces: list(page.Unavailable),
	}
	for n, i := range page.Incidents {
		data.Incidents[n] = drawItem(i, page.Workspaces[i.Workspace], page.Entities[i.ID])
	}
	return web.OK(data), err
}

// filter is the filter in the desk's words.
func (b acrossFilter) filter() (soc.IncidentFilter, error) {
	f := soc.IncidentFilter{
		Sources: b.Sources, Query: b.Query, AssigneeIDs: b.AssigneeIDs, AssigneeEmails: b.AssigneeEmails, Unassigned: b.IncludeUnassigned,
	}
	for _, word := range b.Severities {
		f.Severities = append(f.Severities, soc.PortalSeverity.Cores(word)...)
	}
	for _, word := range b.Statuses {
		f.Statuses = append(f.Statuses, soc.PortalStatus.Cores(word)...)
	}
	for name, texts := range map[string][]string{"sources": b.Sources, "assigneeIds": b.AssigneeIDs, "assigneeEmails": b.AssigneeEmails} {
		for _, text := range texts {
			if text == "" || len(text) > 320 {
				return f, soc.InvalidField(name, "must hold texts of 1 to 320 bytes")
			}
		}
	}
	return f, nil
}

func acrossBinding(by soc.Actor, f acrossFilter, workspace, source string) web.Binding {
	return web.Binding{Endpoint: "portal incidents across-workspaces", Principal: by.ID, Workspace: workspace, Source: source, Filters: f}
}

// acrossStreams opens the tokens of one answer: all of it or some, each once.
func (d *door) acrossStreams(by soc.Actor, body acrossBody) (streams []soc.AcrossStream, at acrossPosition, err error) {
	seen := map[string]bool{}
	for _, w := range body.WorkspacePageTokens {
		if seen[w.WorkspaceID] || len(w.SourceTokens) == 0 {
			return nil, at, soc.InvalidCursor()
		}
		seen[w.WorkspaceID] = true
		for source, token := range w.SourceTokens {
			var one acrossPosition
			if err := d.seal.OpenJSON(acrossBinding(by, body.acrossFilter, w.WorkspaceID, source), token, &one); err != nil {
				return nil, at, err
			}
			if len(streams) > 0 && (one.List != at.List || one.Page != at.Page) {
				return nil, at, soc.InvalidCursor()
			}
			at = one
			streams = append(streams, soc.AcrossStream{Workspace: w.WorkspaceID, Source: source, After: one.After})
		}
	}
	return streams, at, nil
}

// acrossTokens seals where every source goes on.
func (d *door) acrossTokens(by soc.Actor, f acrossFilter, at acrossPosition, streams []soc.AcrossStream) ([]workspaceTokens, error) {
	tokens := []workspaceTokens{}
	for _, s := range streams {
		at.After = s.After
		token, err := d.seal.SealJSON(acrossBinding(by, f, s.Workspace, s.Source), at)
		if err != nil {
			return nil, err
		}
		if len(tokens) == 0 || tokens[len(tokens)-1].WorkspaceID != s.Workspace {
			tokens = append(tokens, workspaceTokens{WorkspaceID: s.Workspace, SourceTokens: map[string]string{}})
		}
		tokens[len(tokens)-1].SourceTokens[s.Source] = token
	}
	return tokens, nil
}
