package opsapi

import (
	"context"
	"net/http"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

type inviteInput struct {
	Body struct {
		Email  string       `json:"email" jsonschema:"minLength=3,maxLength=254"`
		Name   string       `json:"name" jsonschema:"minLength=1,maxLength=100"`
		Grants []grantInput `json:"grants" jsonschema:"maxItems=200" jsonschema_description:"Roles of viewer are in force at once; more waits for a second person, in one workspace at a time."`
		Reason string       `json:"reason,omitempty" jsonschema:"maxLength=1000"`
	} `body:"json"`
}

type linkInput struct {
	ID   string   `path:"id" jsonschema:"maxLength=36"`
	Body struct{} `body:"json"`
}

// invitedMember is a new person with the link that no other answer holds.
type invitedMember struct {
	memberView
	InviteURL       string       `json:"inviteUrl" jsonschema_description:"Where the person chooses a password, once."`
	InviteExpiresAt schemas.Time `json:"inviteExpiresAt"`
	Change          *changeView  `json:"change" jsonschema_description:"What roles above viewer wait as."`
}

// resetLink is the link of a reset that two people let through.
type resetLink struct {
	PersonID  string       `json:"personId"`
	URL       string       `json:"url" jsonschema_description:"Where the person chooses a password, once."`
	ExpiresAt schemas.Time `json:"expiresAt"`
}

// registerPeopleLinks adds what lets people in, of section 12 of the contract.
func (a *api) registerPeopleLinks() {
	write := web.Operation{
		Who: web.Person, Organization: true, Rate: "write", Write: true,
		Errors: []soc.Code{soc.CodeForbidden, soc.CodeNotFound, soc.CodeConflict, soc.CodeInvalidState, soc.CodeLocked},
	}
	create := with(write, http.MethodPost, "/people", "invite_person", "Make a person who chooses a password by a link, shown once, that works for 72 hours.")
	create.Status, create.Secret = http.StatusCreated, true
	add(a, create, a.invitePerson)
	wait := write
	wait.Status = http.StatusAccepted
	add(a, with(wait, http.MethodPost, "/people/{id}/enable", "enable_person", "Ask that a disabled person is let in again; a second person confirms."), a.askPerson(a.desk.AskEnable))
	add(a, with(wait, http.MethodPost, "/people/{id}/reset", "reset_person", "Ask for a new password and second factor of a person; a second person confirms."), a.askPerson(a.desk.AskReset))
	collect := with(write, http.MethodPost, "/people/{id}/link", "collect_person_link", "Collect the link of a reset that two people let through, once, within 24 hours.")
	collect.Status, collect.Secret, collect.Errors = http.StatusCreated, true, append([]soc.Code{soc.CodeApprovalExpired}, write.Errors...)
	add(a, collect, a.collectLink)
}

func (a *api) invitePerson(ctx context.Context, by soc.Actor, in inviteInput) (web.Reply[invitedMember], error) {
	invite := soc.PersonInvite{Email: in.Body.Email, Name: in.Body.Name, Grants: map[string]soc.Role{}, Reason: in.Body.Reason}
	for _, grant := range in.Body.Grants {
		if _, twice := invite.Grants[grant.WorkspaceID]; twice {
			return web.Reply[invitedMember]{}, soc.InvalidField("grants", "Must name each workspace once.")
		}
		invite.Grants[grant.WorkspaceID] = soc.Role(grant.Role)
	}
	draw := func(out soc.IssuedLink) web.Reply[invitedMember] {
		view := invitedMember{memberView: drawMember(out.Person), InviteURL: a.desk.LinkURL(out.Token), InviteExpiresAt: schemas.Time(out.ExpiresAt)}
		if out.Change != nil {
			change := a.drawChange(*out.Change)
			view.Change = &change
		}
		return web.Reply[invitedMember]{Data: view, Status: http.StatusCreated, Location: prefix + "/people"}
	}
	out, err := a.desk.InvitePerson(ctx, web.Answering(by, draw), invite)
	if err != nil {
		return web.Reply[invitedMember]{}, err
	}
	return draw(out), nil
}

func (a *api) askPerson(ask func(ctx context.Context, by soc.Actor, id, reason string) (*soc.PolicyChange, error)) func(context.Context, soc.Actor, reasonInput) (web.Reply[changeView], error) {
	draw := func(c soc.PolicyChange) web.Reply[changeView] {
		return web.Reply[changeView]{Data: a.drawChange(c), Status: http.StatusAccepted, Location: prefix + "/changes/" + c.ID}
	}
	return func(ctx context.Context, by soc.Actor, in reasonInput) (web.Reply[changeView], error) {
		change, err := ask(ctx, web.Answering(by, draw), in.ID, in.Body.Reason)
		if err != nil {
			return web.Reply[changeView]{}, err
		}
		return draw(*change), nil
	}
}

func (a *api) collectLink(ctx context.Context, by soc.Actor, in linkInput) (web.Reply[resetLink], error) {
	draw := func(out soc.IssuedLink) web.Reply[resetLink] {
		return web.Reply[resetLink]{
			Data:   resetLink{PersonID: out.Person.ID, URL: a.desk.LinkURL(out.Token), ExpiresAt: schemas.Time(out.ExpiresAt)},
			Status: http.StatusCreated, Location: prefix + "/people",
		}
	}
	out, err := a.desk.CollectPersonLink(ctx, web.Answering(by, draw), in.ID)
	if err != nil {
		return web.Reply[resetLink]{}, err
	}
	return draw(out), nil
}
