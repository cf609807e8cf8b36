package portalapi

import (
	"context"
	"slices"
	"strings"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

// gamebookPage is how many gamebooks a page of a history holds, and pages how
// many pages can be asked for: what the capped count reaches.
const (
	gamebookPage  = 50
	gamebookPages = 200
)

type historyAcrossInput struct {
	Workspaces []string `query:"workspaces" jsonschema:"maxItems=500" jsonschema_description:"Default all that are visible."`
	Statuses   []string `query:"statuses" jsonschema:"enum=Pending,enum=Queued,enum=Running,enum=Completed,enum=CompletedUnverified,enum=PartiallyCompleted,enum=Failed,enum=Halted,enum=Cancelled,enum=Rejected,enum=Expired,enum=RolledBack"`
	Page       int      `query:"currentPage" jsonschema:"minimum=1,maximum=200"`
	Query      string   `query:"query" jsonschema:"minLength=1,maxLength=200" jsonschema_description:"Words of gamebook id, title, incident title or number."`
}

type historyAcross struct {
	Items           []schemas.Gamebook `json:"items"`
	CurrentPage     int                `json:"currentPage"`
	TotalPages      int                `json:"totalPages"`
	PageSize        int                `json:"pageSize"`
	TotalCount      int                `json:"totalCount"`
	TotalCapped     bool               `json:"totalCapped"`
	HasPreviousPage bool               `json:"hasPreviousPage"`
	HasNextPage     bool               `json:"hasNextPage"`
}

func (d *door) gamebookHistoryAcross(ctx context.Context, by soc.Actor, in historyAcrossInput) (web.Reply[historyAcross], error) {
	page := max(in.Page, 1)
	found, err := d.desk.GamebookHistoryAcross(ctx, by, in.Workspaces, soc.GamebookSearch{
		Statuses: gamebookStatuses(in.Statuses), Query: in.Query, Offset: (page - 1) * gamebookPage, Limit: gamebookPage,
	})
	if err != nil {
		return web.Reply[historyAcross]{}, err
	}
	items, err := drawGamebooks(found.Records)
	pages := min((found.Total+gamebookPage-1)/gamebookPage, gamebookPages)
	return web.OK(historyAcross{
		Items: items, CurrentPage: page, TotalPages: pages, PageSize: gamebookPage, TotalCount: found.Total, TotalCapped: found.TotalCapped,
		HasPreviousPage: page > 1, HasNextPage: page < pages,
	}), err
}

// gamebookStatuses reads words that the schema has checked. Pending is a draft
// of the console, which the server never stores as a gamebook.
func gamebookStatuses(words []string) []soc.GamebookStatus {
	var statuses []soc.GamebookStatus
	for _, word := range words {
		statuses = append(statuses, soc.GamebookStatus(word))
	}
	return statuses
}

func drawGamebooks(records []soc.GamebookRecord) ([]schemas.Gamebook, error) {
	out := make([]schemas.Gamebook, len(records))
	for n, record := range records {
		var err error
		if out[n], err = schemas.DrawGamebook(record); err != nil {
			return nil, err
		}
	}
	return out, nil
}

type historyInput struct {
	Token    string   `query:"pageToken" jsonschema:"minLength=1,maxLength=4096"`
	Statuses []string `query:"statuses" jsonschema:"enum=Pending,enum=Queued,enum=Running,enum=Completed,enum=CompletedUnverified,enum=PartiallyCompleted,enum=Failed,enum=Halted,enum=Cancelled,enum=Rejected,enum=Expired,enum=RolledBack"`
}

type history struct {
	Gamebooks   []schemas.Gamebook `json:"gamebooks"`
	PageToken   *string            `json:"pageToken"`
	TotalCount  int                `json:"totalCount"`
	TotalCapped bool               `json:"totalCapped"`
}

func (d *door) gamebookHistory(ctx context.Context, by soc.Actor, in historyInput) (web.Reply[history], error) {
	b := binding(by, "gamebook history", "", in.Statuses)
	after, err := d.after(b, in.Token)
	if err != nil {
		return web.Reply[history]{}, err
	}
	found, err := d.desk.GamebookHistory(ctx, by, soc.GamebookSearch{Statuses: gamebookStatuses(in.Statuses), After: after, Limit: gamebookPage})
	if err != nil {
		return web.Reply[history]{}, err
	}
	gamebooks, err := drawGamebooks(found.Records)
	if err != nil {
		return web.Reply[history]{}, err
	}
	page, err := d.page(b, found.Next)
	return web.OK(history{Gamebooks: gamebooks, PageToken: textOrNull(page.Next), TotalCount: found.Total, TotalCapped: found.TotalCapped}), err
}

type historyStepsInput struct {
	Gamebook string `path:"gamebookId" jsonschema:"maxLength=64"`
	Year     int    `query:"year" jsonschema:"minimum=1970,maximum=9999" jsonschema_description:"Of the submission, in UTC; default the current one."`
	Tenant   string `query:"tenantId" jsonschema:"maxLength=64" jsonschema_description:"The workspace, if stated."`
}

func (d *door) gamebookSteps(ctx context.Context, by soc.Actor, in historyStepsInput) (web.Reply[[]schemas.GamebookEntry], error) {
	if in.Tenant != "" && in.Tenant != by.Workspace {
		return web.Reply[[]schemas.GamebookEntry]{}, soc.InvalidField("tenantId", "must be the workspace of the path")
	}
	record, err := d.desk.GamebookSteps(ctx, by, in.Gamebook, in.Year)
	if err != nil {
		return web.Reply[[]schemas.GamebookEntry]{}, err
	}
	out := make([]schemas.GamebookEntry, len(record.Gamebook.Steps))
	for n, step := range record.Gamebook.Steps {
		if out[n], err = schemas.DrawStep(step, record); err != nil {
			return web.Reply[[]schemas.GamebookEntry]{}, err
		}
	}
	return web.Reply[[]schemas.GamebookEntry]{Data: out, Revision: int64(record.Gamebook.Version)}, nil
}

type byIncidentInput struct {
	Incident string `path:"incidentId" jsonschema:"minLength=1,maxLength=256"`
	Source   string `query:"source" jsonschema:"minLength=1,maxLength=63"`
	PageSize int    `query:"pageSize" jsonschema:"minimum=1,maximum=200"`
	Token    string `query:"continuationToken" jsonschema:"minLength=1,maxLength=4096"`
}

func (d *door) gamebooksByIncident(ctx context.Context, by soc.Actor, in byIncidentInput) (web.Reply[[]schemas.Gamebook], error) {
	none := web.Reply[[]schemas.Gamebook]{}
	if in.Source != "" {
		known, err := d.desk.Sources(ctx, by)
		if err != nil {
			return none, err
		}
		if !slices.Contains(known, in.Source) {
			return none, soc.InvalidField("source", "must be one of %s", strings.Join(known, ", "))
		}
	}
	b := binding(by, "gamebooks by incident", in.Source, in.Incident)
	after, err := d.after(b, in.Token)
	if err != nil {
		return none, err
	}
	if in.PageSize == 0 {
		in.PageSize = gamebookPage
	}
	records, next, err := d.desk.IncidentGamebooks(ctx, by, in.Source, in.Incident, after, in.PageSize)
	if err != nil {
		return none, err
	}
	gamebooks, err := drawGamebooks(records)
	if err != nil {
		return none, err
	}
	page, err := d.page(b, next)
	return web.Reply[[]schemas.Gamebook]{Data: gamebooks, Page: page}, err
}
