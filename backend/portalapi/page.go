package portalapi

import (
	"vedette/backend/soc"
	"vedette/backend/web"
)

// binding is what a page token of a route is good for (portal-api.md section
// 4). A fixed time window stands in the token itself, which is as sealed.
func binding(by soc.Actor, endpoint, source string, filters any) web.Binding {
	return web.Binding{Endpoint: "portal " + endpoint, Principal: by.ID, Workspace: by.Workspace, Source: source, Filters: filters}
}

// after opens the position of a page token; nil for the first page.
func (d *door) after(b web.Binding, token string) (*soc.Keyset, error) {
	if token == "" {
		return nil, nil
	}
	var position soc.Keyset
	if err := d.seal.OpenJSON(b, token, &position); err != nil {
		return nil, err
	}
	return &position, nil
}

// page seals where a list continues.
func (d *door) page(b web.Binding, next *soc.Keyset) (*web.Page, error) {
	if next == nil {
		return &web.Page{}, nil
	}
	token, err := d.seal.SealJSON(b, next)
	return &web.Page{Next: token}, err
}
