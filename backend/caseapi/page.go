package caseapi

import (
	"vedette/backend/soc"
	"vedette/backend/web"
)

// pageInput is how a list is paged.
type pageInput struct {
	Cursor string `query:"cursor" jsonschema:"minLength=1,maxLength=4096"`
	Limit  int    `query:"limit" jsonschema:"minimum=1,maximum=200"`
}

const defaultLimit = 50

func (in pageInput) limit() int {
	if in.Limit == 0 {
		return defaultLimit
	}
	return in.Limit
}

// binding is what a cursor of a list is good for: this list with these filters,
// for this caller.
func binding(by soc.Actor, endpoint string, filters any) web.Binding {
	return web.Binding{Endpoint: "case " + endpoint, Principal: by.ID, Workspace: by.Workspace, Filters: filters}
}

// open reads the position that a cursor holds, nil without one.
func open[Position any](d *door, in pageInput, bound web.Binding) (*Position, error) {
	if in.Cursor == "" {
		return nil, nil
	}
	after := new(Position)
	return after, d.seal.OpenJSON(bound, in.Cursor, after)
}

// page is the page that ends before a position, the last one without.
func page[Position any](d *door, bound web.Binding, next *Position) (*web.Page, error) {
	if next == nil {
		return &web.Page{}, nil
	}
	token, err := d.seal.SealJSON(bound, next)
	return &web.Page{Next: token}, err
}
