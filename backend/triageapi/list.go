package triageapi

import (
	"context"
	"slices"
	"time"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

// listFilter is what a list is about; a cursor is bound to it.
type listFilter struct {
	Status   []string      `query:"status" jsonschema:"enum=open,enum=triaged,enum=resolved"`
	Severity []string      `query:"severity" jsonschema:"enum=low,enum=medium,enum=high,enum=critical"`
	Type     []string      `query:"type" jsonschema:"pattern=^[a-z][a-z0-9_]{0\\,63}$" jsonschema_description:"Incident types: one or a comma list."`
	After    *schemas.Time `query:"created_after"`
	Before   *schemas.Time `query:"created_before"`
}

// pageInput is how every list of the family is paged.
type pageInput struct {
	Page    int    `query:"page" jsonschema:"minimum=1,maximum=2147483647"`
	PerPage int    `query:"per_page" jsonschema:"minimum=1,maximum=100"`
	Cursor  string `query:"cursor" jsonschema:"minLength=1,maxLength=4096"`
}

type listInput struct {
	listFilter
	pageInput
	Sort string `query:"sort" jsonschema:"enum=created_at,enum=-created_at,enum=updated_at,enum=-updated_at,enum=severity,enum=-severity,enum=status,enum=-status,enum=incident_number,enum=-incident_number"`
}

const (
	defaultSort    = "-created_at"
	defaultPerPage = 20
	// deepest is how far page numbers reach; cursors reach the end.
	deepest = 10_000
)

func (d *door) listIncidents(ctx context.Context, by soc.Actor, in listInput) (web.Reply[[]incidentItem], error) {
	none := web.Reply[[]incidentItem]{}
	if in.Sort == "" {
		in.Sort = defaultSort
	}
	in.size()
	filter, phases, err := in.core()
	if err != nil {
		return none, err
	}
	binding := in.binding(by)
	page := &web.Page{PerPage: in.PerPage}
	if filter.After, filter.Offset, err = d.position(in.pageInput, binding, page); err != nil {
		return none, err
	}
	found, err := d.desk.ListIncidentsByPhase(ctx, by, filter, phases)
	if err != nil {
		return none, err
	}
	verdicts, err := d.desk.IncidentVerdicts(ctx, by, found.Incidents)
	if err != nil {
		return none, err
	}
	items := make([]incidentItem, len(found.Incidents))
	for n, i := range found.Incidents {
		items[n] = drawItem(i, verdicts[i.ID])
	}
	page.Total, page.Capped = &found.Total, found.TotalCapped
	if found.Next != nil {
		page.Next, err = d.seal.SealJSON(binding, found.Next)
	}
	return web.Reply[[]incidentItem]{Data: items, Page: page}, err
}

// size fills in how many rows a page has.
func (in *pageInput) size() {
	if in.PerPage == 0 {
		in.PerPage = defaultPerPage
	}
}

// position is where the page begins: behind a cursor, or so many rows in.
func (d *door) position(in pageInput, binding web.Binding, page *web.Page) (*soc.Keyset, int, error) {
	if in.Cursor != "" {
		if in.Page != 0 {
			return nil, 0, soc.InvalidField("page", "cannot be given beside cursor")
		}
		var after soc.Keyset
		return &after, 0, d.seal.OpenJSON(binding, in.Cursor, &after)
	}
	number := max(in.Page, 1)
	if number*in.PerPage > deepest {
		return nil, 0, soc.Errorf(soc.Invalid, soc.CodePageTooDeep, "Page numbers reach the first %d rows.", deepest).
			WithFix("Go on with meta.next_cursor of the previous page.")
	}
	page.Number = &number
	return nil, (number - 1) * in.PerPage, nil
}

// binding is what a cursor of the list is good for.
func (in listInput) binding(by soc.Actor) web.Binding {
	return web.Binding{
		Endpoint: "triage incidents", Principal: by.ID, Workspace: by.Workspace, Filters: in.listFilter, Sort: in.Sort,
	}
}

// core is the filter in core words, with the phases its statuses are.
func (in listInput) core() (soc.IncidentFilter, []int, error) {
	f := soc.IncidentFilter{Sort: in.Sort, Limit: in.PerPage, Types: unique(in.Type)}
	for _, word := range unique(in.Severity) {
		f.Severities = append(f.Severities, soc.TriageSeverity.Cores(word)...)
	}
	if in.After != nil {
		f.CreatedAfter = time.Time(*in.After)
	}
	if in.Before != nil {
		f.CreatedBefore = time.Time(*in.Before)
		if in.After != nil && !f.CreatedAfter.Before(f.CreatedBefore) {
			return f, nil, soc.InvalidField("created_after", "must be earlier than created_before")
		}
	}
	var phases []int
	for _, word := range unique(in.Status) {
		phases = append(phases, slices.Index([]string{"open", "triaged", "resolved"}, word))
	}
	return f, phases, nil
}

// unique leaves out repetitions: each word is one range of the index.
func unique(words []string) []string {
	var out []string
	for _, word := range words {
		if !slices.Contains(out, word) {
			out = append(out, word)
		}
	}
	return out
}
