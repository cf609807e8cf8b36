package tools

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"vedette/backend/soc"
)

// hosts says which names and origins may be used to reach this server (W1).
type hosts struct {
	public  *url.URL
	allowed []string
	origins []string
	// own also takes the server's own origin: with --no-auth there is nothing
	// else that a page of this server could show.
	own bool
}

func (h hosts) check(req *http.Request) *rpcError {
	refusal := refused(http.StatusForbidden, rpcServer, "", soc.Errorf(soc.Denied, soc.CodeOriginRejected,
		"This server is not reached under that name or from that web page."))
	if !h.known(req.Host) {
		return refusal
	}
	origins := req.Header.Values("Origin")
	if len(origins) == 0 {
		return nil
	}
	if len(origins) > 1 || !slices.Contains(h.origins, origins[0]) && !h.ownOrigin(req.Host, origins[0]) {
		return refusal
	}
	return nil
}

func (h hosts) known(host string) bool {
	if strings.EqualFold(host, h.public.Host) || slices.ContainsFunc(h.allowed, func(a string) bool { return strings.EqualFold(a, host) }) {
		return true
	}
	return loopback(h.public.Host) && loopback(host)
}

func (h hosts) ownOrigin(host, origin string) bool {
	u, err := url.Parse(origin)
	return h.own && err == nil && u.Scheme == h.public.Scheme && loopback(u.Host) && strings.EqualFold(u.Host, host)
}

func loopback(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = strings.Trim(host, "[]")
	}
	return strings.EqualFold(name, "localhost") || name == "127.0.0.1" || name == "::1"
}

// identify is the credential step: Bearer, in the header only (M13).
func (x *exchange) identify(req *http.Request) *rpcError {
	s := x.server
	call := x.by.Call
	if s.noAuth != nil {
		x.by = *s.noAuth
		x.by.Call, x.by.Served = call, &soc.Served{}
		return nil
	}
	headers := req.Header.Values("Authorization")
	if len(headers) != 1 {
		return x.unauthorized(nil, false)
	}
	scheme, token, _ := strings.Cut(headers[0], " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" || len(token) > 16<<10 {
		return x.unauthorized(nil, true)
	}
	by, stepUp, err := s.authenticate(req.Context(), token, soc.Caller{Address: s.address(req), Client: req.UserAgent(), Call: call})
	if err != nil {
		return x.unauthorized(err, true)
	}
	x.by, x.stepUp = by, stepUp
	x.by.Call, x.by.Served = call, &soc.Served{}
	return nil
}

// authenticate tells a key from an OAuth token and takes agents and services
// only: a person's key or cookie is not accepted here.
func (s *Server) authenticate(ctx context.Context, token string, from soc.Caller) (by soc.Actor, stepUp bool, err error) {
	switch {
	case s.oauth != nil && strings.Count(token, ".") == 2:
		by, err = s.oauth.verify(ctx, token)
		stepUp = true
	case s.auth != nil:
		by, err = s.auth.Bearer(ctx, token, from)
	default:
		err = soc.Errorf(soc.Unauthenticated, soc.CodeUnauthorized, "Missing or invalid credentials.")
	}
	if err == nil && by.Kind != soc.PrincipalAgent && by.Kind != soc.PrincipalService {
		err = soc.Errorf(soc.Unauthenticated, soc.CodeUnauthorized, "Missing or invalid credentials.")
	}
	return by, stepUp, err
}

// unauthorized is the 401: one text for unknown, wrong, revoked and disabled.
func (x *exchange) unauthorized(cause error, presented bool) *rpcError {
	if known := soc.AsError(cause); known != nil && known.Kind != soc.Unauthenticated {
		return refused(statusOf(known), rpcServer, x.by.Call.RequestID, known)
	}
	e := soc.Errorf(soc.Unauthenticated, soc.CodeUnauthorized, "Missing or invalid credentials.")
	if known := soc.AsError(cause); known != nil && known.Code == soc.CodeCredentialExpired {
		e = soc.Errorf(soc.Unauthenticated, soc.CodeCredentialExpired, "The credential has expired.")
	}
	refusal := refused(http.StatusUnauthorized, rpcServer, x.by.Call.RequestID, e)
	refusal.challenge = x.server.challenge("", presented)
	return refusal
}

// lacking is the 403 of a credential without a scope: one challenge with the
// full list, so that an OAuth client can step up once (M15).
func (x *exchange) lacking(scope soc.Scope) *rpcError {
	refusal := refused(http.StatusForbidden, rpcServer, x.by.Call.RequestID, x.by.MayScope(scope))
	refusal.challenge = x.server.challenge("insufficient_scope", true)
	return refusal
}

func (s *Server) challenge(problem string, presented bool) string {
	text := `Bearer realm="vedette"`
	switch {
	case problem != "":
		text += `, error="` + problem + `"`
	case presented:
		text += `, error="invalid_token"`
	}
	if s.oauth != nil {
		text += `, resource_metadata="` + s.publicURL + PathMetadata + Path + `"`
	}
	return text + `, scope="` + strings.Join(words(Scopes), " ") + `"`
}

var workspaceID = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`)

// place finds the workspace and the run of the call (M18, M19).
func (x *exchange) place(req *http.Request) *rpcError {
	workspaces, tokens := req.Header.Values("Vedette-Workspace"), req.Header.Values("Vedette-Run-Token")
	if len(workspaces) > 1 || len(tokens) > 1 {
		return badRequest(rpcInvalidRequest, "Send Vedette-Workspace and Vedette-Run-Token at most once.")
	}
	return x.settle(req.Context(), strings.Join(workspaces, ""), strings.Join(tokens, ""))
}

// settle is place for any wire.
func (x *exchange) settle(ctx context.Context, workspace, token string) *rpcError {
	if workspace != "" && !workspaceID.MatchString(workspace) {
		return badRequest(rpcInvalidRequest, "Vedette-Workspace must be a GUID.")
	}
	if x.server.auth == nil || x.stepUp {
		// A fixed principal, and an OAuth client, have exactly one.
		if workspace != "" && !strings.EqualFold(workspace, x.by.Workspace) {
			return refused(http.StatusNotFound, rpcServer, x.by.Call.RequestID, soc.NotFoundf("There is no such workspace."))
		}
	} else {
		by, err := x.server.auth.Workspace(ctx, x.by, strings.ToLower(workspace))
		if kind := soc.KindOf(err); kind == soc.NotFound || kind == soc.Denied {
			err = soc.NotFoundf("There is no such workspace.")
		}
		if err != nil {
			return refused(statusOf(err), rpcServer, x.by.Call.RequestID, err)
		}
		x.by = by
	}
	if token == "" || x.server.auth == nil {
		return nil
	}
	run, err := x.server.auth.Run(ctx, x.by, token)
	if err != nil {
		return refused(statusOf(err), rpcServer, x.by.Call.RequestID, err)
	}
	x.by.Run = run
	return nil
}
