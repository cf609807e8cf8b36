package console

import (
	"context"
	"net/http"

	"vedette/backend/soc"
)

type welcomeLink struct {
	Token string `path:"link" max:"100"`
}

type welcomeForm struct {
	Token string `path:"link" max:"100"`
	New   string `form:"new" max:"512"`
	Again string `form:"again" max:"512"`
}

// welcomePage is what the page behind an invitation or a reset shows.
type welcomePage struct {
	soc.LinkFor
	Token string
}

// registerWelcome adds the page behind a link by which a person chooses a
// password. Whoever has the link needs no session; looking at it changes nothing.
func (c *Console) registerWelcome() {
	add(c, Page{Method: http.MethodGet, Path: "/welcome/{link}", Name: "person_link_page", Who: Anyone}, c.welcome)
	add(c, Page{Method: http.MethodPost, Path: "/welcome/{link}", Name: "use_person_link", Who: Anyone, Back: "/welcome/{link}"}, c.choosePassword)
}

func (c *Console) welcome(ctx context.Context, _ soc.Actor, in welcomeLink) (View, error) {
	found, err := c.desk.OpenPersonLink(ctx, in.Token)
	return View{Template: "welcome", Title: "Choose a password", Data: welcomePage{found, in.Token}}, err
}

// choosePassword leads to the sign-in, which asks for a second factor where the
// role demands one.
func (c *Console) choosePassword(ctx context.Context, by soc.Actor, in welcomeForm) (View, error) {
	if in.New != in.Again {
		return View{}, soc.InvalidField("again", "must be the new password once more")
	}
	err := c.desk.FollowPersonLink(ctx, by, in.Token, in.New)
	return View{Redirect: "/console/sign-in", Notice: "password-chosen"}, err
}
