package tools

import (
	"vedette/backend/soc"
	"vedette/backend/web"
)

// cursor is where a list continues. It leaves this server sealed: bound to the
// tool, the caller, the workspace and the filters, so that it can be neither
// made nor moved.
type cursor struct {
	Section string      `json:"s,omitempty"`
	After   *soc.Keyset `json:"a"`
}

func (r *request) binding(filters any) web.Binding {
	return web.Binding{Endpoint: "tool " + r.tool.Name, Principal: r.by.ID, Workspace: r.by.Workspace, Filters: filters}
}

// seal makes the cursor argument of the next call.
func (r *request) seal(filters any, c cursor) (string, error) {
	return r.server.sealer.SealJSON(r.binding(filters), c)
}

// open reads a cursor argument; "" is the first page.
func (r *request) open(filters any, token string) (cursor, error) {
	var c cursor
	if token == "" {
		return c, nil
	}
	if err := r.server.sealer.OpenJSON(r.binding(filters), token, &c); err != nil {
		if soc.KindOf(err) != soc.Invalid {
			return c, err
		}
		return c, soc.Errorf(soc.Invalid, soc.CodeValidationError,
			"Argument cursor is not one that this server gave you for these filters, or it is older than a day.").
			WithFix("Send the arguments of more.next unchanged, or start again without cursor.")
	}
	return c, nil
}
