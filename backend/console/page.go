package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"vedette/backend"
	"vedette/backend/soc"
)

// Who may open a page.
type Who int

// The zero Who is none: a page that has it keeps the server from starting (S7).
const (
	Unclassified Who = iota
	// Anyone needs no session.
	Anyone
	// Signed is a person with a live session; the page is about no workspace.
	Signed
	// Member is a person with at least Role in the workspace of the path.
	Member
)

// Page is one row of the table of pages, apart from its types.
type Page struct {
	// Method is GET for what shows something and POST for what changes something.
	Method string
	// Path is a chi pattern: below /console/w/{workspace} for Who Member, below
	// /console otherwise.
	Path string
	// Name is what audit and log call it.
	Name string
	Who  Who
	// Role is the least role in the workspace, of a Member.
	Role soc.Role
	// Admin asks for an admin of the organization, of a Member too.
	Admin bool
	// Fresh asks for a sign-in within the last five minutes.
	Fresh bool
	// Partial are the states of a half-made session that may come here too.
	Partial []soc.SessionState
	// Nav puts the page in the navigation.
	Nav *Nav
	// Section is the path of the page with a Nav that this one belongs to.
	Section string
	// Back is the path, in the same words as Path, of the page whose form this
	// POST is; the same parameters fill it.
	Back string
	// MaxBody in bytes, default 64 KiB.
	MaxBody int64
	// File says that the form may end in a file, which sentFile hands over unread.
	File bool
}

// Nav is a page's place in the navigation.
type Nav struct {
	Title string
	// Key opens it after g.
	Key   string
	Order int
}

// route is a page with its handler.
type route struct {
	Page
	// pattern is the whole path.
	pattern string
	binding *binding
	call    func(ctx context.Context, by soc.Actor, in reflect.Value) (View, error)
}

// admits reports whether somebody has the role that the page asks for.
func (r *route) admits(by soc.Actor) error {
	if err := by.May("", r.Role); err != nil || !r.Admin || by.OrganizationAdmin {
		return err
	}
	return soc.Errorf(soc.Denied, soc.CodeForbidden, "Only an admin of the organization may do this.").WithFix("Ask an admin of the organization.")
}

const workspacePrefix = "/console/w/{workspace}"

// add registers a page. Mistakes are reported by New, all at once.
func add[In any](c *Console, p Page, handle func(ctx context.Context, by soc.Actor, in In) (View, error)) {
	r := &route{Page: p, pattern: "/console" + p.Path, call: func(ctx context.Context, by soc.Actor, in reflect.Value) (View, error) {
		return handle(ctx, by, in.Interface().(In))
	}}
	if p.Who == Member {
		r.pattern = workspacePrefix + p.Path
	}
	if r.MaxBody == 0 {
		r.MaxBody = maxForm
	}
	var err error
	r.binding, err = newBinding(reflect.TypeFor[In](), r)
	if err = errors.Join(err, r.classified()); err != nil {
		c.faults = append(c.faults, fmt.Errorf("%s %s: %w", p.Method, p.Path, err))
	}
	c.routes = append(c.routes, r)
}

// classified refuses a page that does not say who may open it, or says what
// cannot be.
func (r *route) classified() error {
	var faults []error
	demand := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	demand(r.Who != Unclassified, "no classification: say who may open it")
	demand(r.Method == http.MethodGet || r.Method == http.MethodPost, "method %q: pages are got, forms are posted", r.Method)
	demand((r.Who == Member) == (r.Role != soc.RoleNone), "a role is a Member's, and a Member has one")
	demand(r.Role == soc.RoleNone || slices.Contains(soc.AllRoles, r.Role), "role %q", r.Role)
	demand(!r.Admin || r.Who == Member, "Admin is of a Member")
	demand(r.Name != "", "no name")
	demand(r.Path == "" || strings.HasPrefix(r.Path, "/"), "a path starts with a slash")
	demand(r.Nav == nil || r.Method == http.MethodGet && !strings.Contains(r.Path, "{"), "what stands in the navigation needs no parameter")
	demand(r.Back == "" || r.Method == http.MethodPost, "Back is of a form")
	demand(r.Method == http.MethodGet || r.Back != "", "a form says on which page it stands")
	demand(!r.File || r.Method == http.MethodPost, "a file comes with a form")
	demand(!r.Fresh || r.Who != Anyone, "Fresh asks for a person")
	return errors.Join(faults...)
}

// Route is what the matrix of tests is made of.
type Route struct {
	Page
	// Pattern is the whole path with its parameters.
	Pattern string
}

// Routes lists the table of pages in order of path and method.
func (c *Console) Routes() []Route {
	routes := make([]Route, len(c.routes))
	for i, r := range c.routes {
		routes[i] = Route{r.Page, r.pattern}
	}
	slices.SortFunc(routes, func(a, b Route) int { return strings.Compare(a.Pattern+" "+a.Method, b.Pattern+" "+b.Method) })
	return routes
}

// View is what a handler wants drawn, or where the browser should go.
type View struct {
	// Template is the page's file in template/, without its ending.
	Template string
	Title    string
	Data     any
	// Status of the answer, default 200.
	Status int
	// Redirect leads, after a change, to a page of the console (303). Notice is
	// the word of notice.go for what that page says first.
	Redirect, Notice string
	// Cookie sets or ends the session.
	Cookie *http.Cookie
	// File is a download instead of a page.
	File *File
}

// File is a download. Browsers save it and never show it (S47).
type File struct {
	Name, Media string
	Body        []byte
	// Chunks, where set, hand over Size bytes in place of Body, one piece at a time.
	Size   int64
	Chunks backend.Chunks
}
