package console

import (
	"bytes"
	"context"
	"embed"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"vedette/backend/soc"
)

//go:embed template/*.html
var templateFiles embed.FS

// Frame is the dot of every template: the page's own data and what surrounds
// every page.
type Frame struct {
	Title string
	// Data is what the handler gave.
	Data any
	// Problem is what went wrong, nil for nothing.
	Problem *Problem
	// Alone is true on the page that is about the problem and nothing else.
	Alone bool
	// Notice is what was just done, "" for nothing.
	Notice string
	Facts  Facts
	// Person is the name of who looks, "" for nobody.
	Person string
	// Base stands before every link of the workspace; Workspace and Workspaces
	// are this one and all that the person may choose.
	Base       string
	Workspace  soc.Workspace
	Workspaces []soc.Workspace
	Nav        []NavItem
	// Kill are the engaged switches that concern the workspace.
	Kill []soc.KillSwitch
	// Token is the anti-forgery token of forms, Path the page's own address, Seq
	// where the live stream goes on.
	Token   string
	Path    string
	Seq     int64
	Section string

	by   soc.Actor
	now  time.Time
	form url.Values
}

// NavItem is a line of the navigation.
type NavItem struct {
	Title, Path, Key string
	Current          bool
}

// May reports whether the person has at least a role here. What it hides the
// desk refuses too; it is hidden so that nobody runs into that.
func (f Frame) May(role string) bool { return f.by.Session && f.by.May("", soc.Role(role)) == nil }

// Decides reports whether the person has at least a role here that decides: an
// admin of the organization may see and configure, and decides nothing by that.
func (f Frame) Decides(role string) bool {
	return f.by.Session && f.by.DecidingRole().AtLeast(soc.Role(role))
}

// Fresh reports whether the last proof of identity still counts.
func (f Frame) Fresh() bool { return f.by.Fresh(f.now) }

// Was is what the form that was refused had in a field.
func (f Frame) Was(name string) string { return f.form.Get(name) }

// Had reports whether a box of the form that was refused was ticked.
func (f Frame) Had(name, value string) bool {
	for _, v := range f.form[name] {
		if v == value {
			return true
		}
	}
	return false
}

// Admin reports whether the person is an admin of the organization.
func (f Frame) Admin() bool { return f.by.Session && f.by.OrganizationAdmin }

// Role is the person's role here.
func (f Frame) Role() string { return string(f.by.Role) }

// Me is the person's id.
func (f Frame) Me() string { return f.by.ID }

// Now is the server's clock in milliseconds, which countdowns go by.
func (f Frame) Now() int64 { return f.now.UnixMilli() }

// Time is the server's clock.
func (f Frame) Time() time.Time { return f.now }

// surround fills in what stands around every page of somebody signed in.
func (c *Console) surround(ctx context.Context, f *Frame) (err error) {
	f.Person = f.by.Name
	if f.Workspaces, err = c.desk.ListWorkspaces(ctx, f.by, ""); err != nil || f.by.Workspace == "" {
		return err
	}
	f.Base = "/console/w/" + f.by.Workspace
	for _, w := range f.Workspaces {
		if w.ID == f.by.Workspace {
			f.Workspace = w
		}
	}
	for _, r := range c.nav {
		if r.Who == Member && r.admits(f.by) == nil {
			f.Nav = append(f.Nav, NavItem{r.Nav.Title, f.Base + r.Path, r.Nav.Key, r.Path == f.Section})
		}
	}
	if f.by.May("", soc.RoleViewer) != nil {
		return nil
	}
	f.Kill, err = c.killSwitches(ctx, f.by)
	return err
}

// loadTemplates parses every page with the layout and the parts. A template
// that does not parse keeps the server from starting.
func (c *Console) loadTemplates() (map[string]*template.Template, error) {
	shared, err := template.New("").Funcs(c.functions()).ParseFS(templateFiles, "template/layout.html", "template/parts.html")
	if err != nil {
		return nil, err
	}
	files, err := templateFiles.ReadDir("template")
	if err != nil {
		return nil, err
	}
	pages := map[string]*template.Template{}
	for _, file := range files {
		name, isPage := pageName(file.Name())
		if !isPage {
			continue
		}
		page, err := shared.Clone()
		if err != nil {
			return nil, err
		}
		if pages[name], err = page.ParseFS(templateFiles, "template/"+file.Name()); err != nil {
			return nil, err
		}
	}
	return pages, nil
}

func pageName(file string) (string, bool) {
	name := file[:len(file)-len(".html")]
	return name, name != "layout" && name != "parts"
}

// draw writes a page: the whole of it, or what changes where the page fetches
// itself again.
func (c *Console) draw(w http.ResponseWriter, req *http.Request, status int, name string, frame Frame) {
	layout := "page"
	if req.Header.Get("HX-Request") != "" {
		layout = "part"
	}
	var out bytes.Buffer
	page := c.templates[name]
	if page == nil {
		c.log.LogAttrs(req.Context(), slog.LevelError, "no template", slog.String("template", name))
		http.Error(w, "The server could not complete the request.", http.StatusInternalServerError)
		return
	}
	if err := page.ExecuteTemplate(&out, layout, frame); err != nil {
		c.log.LogAttrs(req.Context(), slog.LevelError, "template", slog.String("template", name), slog.String("error", err.Error()))
		http.Error(w, "The server could not complete the request.", http.StatusInternalServerError)
		return
	}
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Vary", "HX-Request")
	header.Set("Content-Length", strconv.Itoa(out.Len()))
	w.WriteHeader(status)
	if req.Method != http.MethodHead {
		_, _ = w.Write(out.Bytes()) // the caller has gone
	}
}
