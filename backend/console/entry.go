package console

import (
	"context"
	"net/http"
	"regexp"

	"vedette/backend/soc"
)

// gamebookID is what the link names that agents, chat and mail are given:
// /console?gamebook=GB-.... The page decides nothing (S20), and looks up
// nothing: whoever opens it is nobody yet.
var gamebookID = regexp.MustCompile(`^GB-[0-9A-Z]{4,32}$`)

type entrance struct {
	Gamebook string `query:"gamebook" max:"64"`
}

type oneGamebook struct {
	Gamebook string `path:"gamebook" max:"64"`
}

// registerEntry adds the pages that lead to others.
func (c *Console) registerEntry() {
	add(c, Page{Method: http.MethodGet, Path: "", Name: "console_entry", Who: Anyone}, c.enter)
	add(c, Page{Method: http.MethodGet, Path: "/home", Name: "home_page", Who: Signed}, c.home)
	add(c, Page{Method: http.MethodGet, Path: "/gamebook/{gamebook}", Name: "gamebook_link", Who: Signed}, c.findGamebook)
	add(c, Page{Method: http.MethodGet, Path: "", Name: "workspace_home", Who: Member, Role: soc.RoleViewer}, c.workspaceHome)
}

// enter is the page behind every link that left the house. It is the same for
// everybody, holds nothing that could be sent and asks nothing of the desk, so
// that it does not matter how often which scanner opens it. From there a step
// within the site goes on, to which browsers add the session.
func (c *Console) enter(_ context.Context, _ soc.Actor, in entrance) (View, error) {
	if gamebookID.MatchString(in.Gamebook) {
		return View{Template: "continue", Title: in.Gamebook, Data: "/console/gamebook/" + in.Gamebook}, nil
	}
	return View{Redirect: "/console/home"}, nil
}

// home leads to the first page of the first workspace.
func (c *Console) home(ctx context.Context, by soc.Actor, _ struct{}) (View, error) {
	workspaces, err := c.desk.ListWorkspaces(ctx, by, "")
	if err != nil {
		return View{}, err
	}
	if len(workspaces) == 0 {
		return View{Template: "nowhere", Title: "No workspace"}, nil
	}
	return View{Redirect: "/console/w/" + workspaces[0].ID}, nil
}

// workspaceHome leads to the first page that the person may open.
func (c *Console) workspaceHome(_ context.Context, by soc.Actor, _ struct{}) (View, error) {
	for _, r := range c.nav {
		if r.Who == Member && r.admits(by) == nil {
			return View{Redirect: c.at(by, r.Path)}, nil
		}
	}
	return View{Template: "nowhere", Title: "No page"}, nil
}

// findGamebook leads from a bare id to the card in the workspace that has it.
// One of a workspace that the person may not read is not found.
func (c *Console) findGamebook(ctx context.Context, by soc.Actor, in oneGamebook) (View, error) {
	workspaces, err := c.desk.ListWorkspaces(ctx, by, "")
	if err != nil {
		return View{}, err
	}
	for _, w := range workspaces {
		there, err := c.identity.Workspace(ctx, by, w.ID)
		if err != nil {
			continue // without a role there, it is as if it were not
		}
		if _, err = c.desk.GetGamebook(ctx, there, in.Gamebook, 0); err == nil {
			return View{Redirect: c.at(there, "/approvals", in.Gamebook)}, nil
		} else if soc.KindOf(err) != soc.NotFound {
			return View{}, err
		}
	}
	return View{}, soc.NotFoundf("There is no such gamebook.").WithFix("The link may be of another organization, or its incident was deleted.")
}
