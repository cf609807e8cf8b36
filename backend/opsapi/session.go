package opsapi

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

// none is the input of a route that reads nothing, and the answer of one that
// says nothing.
type none struct{}

type startSession struct {
	Client agentString `header:"User-Agent"`
	Body   struct {
		Email    string `json:"email" jsonschema:"maxLength=254"`
		Password string `json:"password" jsonschema:"maxLength=512"`
	} `body:"json"`
}

// agentString is what a client calls itself: any text, kept and never believed.
type agentString string

// UnmarshalText takes whatever comes.
func (a *agentString) UnmarshalText(text []byte) error {
	*a = agentString(text)
	return nil
}

type reauthenticate struct {
	Body struct {
		Password string `json:"password" jsonschema:"maxLength=512"`
		Code     string `json:"code,omitempty" jsonschema:"maxLength=64" jsonschema_description:"Where a second factor is enrolled."`
	} `body:"json"`
}

type changePassword struct {
	Body struct {
		Current string `json:"current" jsonschema:"maxLength=512"`
		New     string `json:"new" jsonschema:"maxLength=512"`
	} `body:"json"`
}

type oneSession struct {
	ID string `path:"id" jsonschema:"maxLength=36"`
}

// whoami is the answer of every route that starts, renews or reads a session;
// of the members a key and a person differ in, the other's are null.
type whoami struct {
	State            string          `json:"state" jsonschema:"enum=active,enum=second_factor,enum=enrolment"`
	Person           *personView     `json:"person"`
	Kind             string          `json:"kind" jsonschema:"enum=person,enum=agent,enum=service"`
	OrganizationRole *string         `json:"organizationRole"`
	Roles            []workspaceRole `json:"roles"`
	AuthenticatedAt  *schemas.Time   `json:"authenticatedAt"`
	FreshUntil       *schemas.Time   `json:"freshUntil"`
	IdleExpiresAt    *schemas.Time   `json:"idleExpiresAt"`
	ExpiresAt        *schemas.Time   `json:"expiresAt"`
	SecondFactor     *bool           `json:"secondFactor"`
	Scopes           *[]string       `json:"scopes"`
	RunID            *string         `json:"runId"`
}

type personView struct {
	ID    string `json:"id"`
	Email string `json:"email"`
	Name  string `json:"name"`
}

type workspaceRole struct {
	WorkspaceID string `json:"workspaceId"`
	Role        string `json:"role"`
}

// sessionView is one of the caller's own sessions. Address and client are what
// the sender said, shown as inert text.
type sessionView struct {
	ID         string       `json:"id"`
	StartedAt  schemas.Time `json:"startedAt"`
	LastSeenAt schemas.Time `json:"lastSeenAt"`
	ExpiresAt  schemas.Time `json:"expiresAt"`
	Address    string       `json:"address"`
	Client     string       `json:"client"`
	Current    bool         `json:"current"`
}

// registerSession adds section 3 of the contract.
func (a *api) registerSession() {
	person := web.Operation{Who: web.Person, Organization: true, Rate: "write", Write: true}
	add(a, web.Operation{
		Method: http.MethodPost, Path: prefix + "/session", Name: "start_session", Summary: "Sign in.",
		Who: web.Anyone, Rate: web.LoginClass, Write: true, Status: http.StatusCreated, Cookie: true,
	}, a.startSession)
	reauth := with(person, http.MethodPost, "/session/reauth", "reauthenticate_session", "Prove again who you are.")
	reauth.Cookie = true
	add(a, reauth, a.reauthenticate)
	half := []soc.SessionState{soc.SessionSecondFactor, soc.SessionEnrolment}
	add(a, web.Operation{
		Method: http.MethodGet, Path: prefix + "/session", Name: "get_session", Summary: "Who am I.", Who: web.Signed, Rate: "read", Partial: half,
	}, a.getSession)
	end := with(person, http.MethodDelete, "/session", "end_session", "Sign out.")
	end.Status, end.Cookie, end.Partial = http.StatusNoContent, true, half
	add(a, end, a.endSession)
	list := with(person, http.MethodGet, "/sessions", "list_sessions", "List the own sessions.")
	list.Rate, list.Write = "read", false
	add(a, list, a.listSessions)
	other := with(person, http.MethodDelete, "/sessions/{id}", "end_other_session", "End one of the own sessions.")
	other.Status = http.StatusNoContent
	add(a, other, a.endOtherSession)
	password := with(person, http.MethodPut, "/session/password", "change_password", "Change the own password.")
	password.Fresh, password.Status = true, http.StatusNoContent
	add(a, password, a.changePassword)
	a.registerSecondFactor()
}

func add[In, Out any](a *api, op web.Operation, fn func(context.Context, soc.Actor, In) (web.Reply[Out], error)) {
	web.Register(a.registry, a.family, op, fn)
}

// with is op as another route.
func with(op web.Operation, method, path, name, summary string) web.Operation {
	op.Method, op.Path, op.Name, op.Summary = method, prefix+path, name, summary
	return op
}

func (a *api) startSession(ctx context.Context, by soc.Actor, in startSession) (web.Reply[whoami], error) {
	frame := web.FrameOf(ctx)
	caller := soc.Caller{Address: frame.Address.String(), Client: string(in.Client), Call: by.Call}
	caller.Call.Door, caller.Call.Operation = a.family.Name, "start_session"
	caller.Call.RequestID, caller.Call.CorrelationID = frame.RequestID, frame.CorrelationID
	started, err := a.desk.Login(ctx, soc.Login{Email: in.Body.Email, Password: in.Body.Password}, caller)
	if err != nil {
		return web.Reply[whoami]{}, err
	}
	return a.started(started), nil
}

func (a *api) reauthenticate(ctx context.Context, by soc.Actor, in reauthenticate) (web.Reply[whoami], error) {
	started, err := a.desk.Reauthenticate(ctx, by, soc.SignInProof{Password: in.Body.Password, Code: in.Body.Code})
	if err != nil {
		return web.Reply[whoami]{}, err
	}
	return a.started(started), nil
}

// started answers with the session and its cookie.
func (a *api) started(s soc.StartedSession) web.Reply[whoami] {
	reply := web.OK(drawPerson(s.Person, s.Session))
	reply.Cookie = a.cookie(s)
	return reply
}

func (a *api) cookie(s soc.StartedSession) *http.Cookie {
	return a.registry.SessionCookie(s.Token, s.Session.ExpiresAt.Sub(s.Session.LastSeenAt))
}

func (a *api) getSession(ctx context.Context, by soc.Actor, _ none) (web.Reply[whoami], error) {
	me, err := a.desk.GetWhoami(ctx, by)
	if err != nil {
		return web.Reply[whoami]{}, err
	}
	if me.Person == nil {
		return web.OK(drawKey(me.Actor)), nil
	}
	return web.OK(drawPerson(*me.Person, *me.Session)), nil
}

func (a *api) endSession(ctx context.Context, by soc.Actor, _ none) (web.Reply[none], error) {
	if err := a.desk.Logout(ctx, by); err != nil {
		return web.Reply[none]{}, err
	}
	return web.Reply[none]{Status: http.StatusNoContent, Cookie: a.registry.SessionCookie("", 0)}, nil
}

func (a *api) listSessions(ctx context.Context, by soc.Actor, _ none) (web.Reply[[]sessionView], error) {
	sessions, err := a.desk.ListSessions(ctx, by)
	views := make([]sessionView, len(sessions))
	for i, s := range sessions {
		views[i] = sessionView{
			ID: s.ID, StartedAt: schemas.Time(s.CreatedAt), LastSeenAt: schemas.Time(s.LastSeenAt), ExpiresAt: schemas.Time(s.ExpiresAt),
			Address: s.Address, Client: s.Client, Current: s.ID == by.Credential,
		}
	}
	return web.OK(views), err
}

func (a *api) endOtherSession(ctx context.Context, by soc.Actor, in oneSession) (web.Reply[none], error) {
	if err := a.desk.EndSession(ctx, by, in.ID); err != nil {
		return web.Reply[none]{}, err
	}
	return web.Reply[none]{Status: http.StatusNoContent}, nil
}

func (a *api) changePassword(ctx context.Context, by soc.Actor, in changePassword) (web.Reply[none], error) {
	if err := a.desk.ChangePassword(ctx, by, in.Body.Current, in.Body.New); err != nil {
		return web.Reply[none]{}, err
	}
	return web.Reply[none]{Status: http.StatusNoContent}, nil
}

func drawPerson(p soc.Person, s soc.Session) whoami {
	organization := "Member"
	if p.OrganizationAdmin {
		organization = "Admin"
	}
	me := whoami{
		State: string(s.State(p)), Person: &personView{p.ID, p.Email, p.Name}, Kind: string(soc.PrincipalPerson),
		OrganizationRole: &organization, Roles: drawRoles(p.Grants), AuthenticatedAt: schemas.TimeOrNull(s.AuthenticatedAt),
		FreshUntil: schemas.TimeOrNull(s.AuthenticatedAt.Add(soc.FreshFor)), IdleExpiresAt: schemas.TimeOrNull(earlier(s.IdleExpiresAt(), s.ExpiresAt)),
		ExpiresAt: schemas.TimeOrNull(s.ExpiresAt), SecondFactor: &p.SecondFactor,
	}
	if s.State(p) != soc.SessionActive { // may do nothing yet, so it has no role
		me.OrganizationRole, me.Roles, me.FreshUntil = nil, []workspaceRole{}, nil
	}
	return me
}

func drawKey(by soc.Actor) whoami {
	me := whoami{State: "active", Kind: string(by.Kind), Roles: drawRoles(by.Grants)}
	scopes := make([]string, len(by.Scopes))
	for i, scope := range by.Scopes {
		scopes[i] = string(scope)
	}
	slices.Sort(scopes)
	me.Scopes = &scopes
	if by.Run != nil {
		me.RunID = &by.Run.ID
	}
	return me
}

func drawRoles(grants map[string]soc.Role) []workspaceRole {
	roles := make([]workspaceRole, 0, len(grants))
	for workspace, role := range grants {
		roles = append(roles, workspaceRole{workspace, string(role)})
	}
	slices.SortFunc(roles, func(a, b workspaceRole) int { return strings.Compare(a.WorkspaceID, b.WorkspaceID) })
	return roles
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
