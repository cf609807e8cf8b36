package tools

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"vedette/backend/soc"
	"vedette/backend/web"
)

// Config is what a Server is made of. Desk and Sealer are required, and one of
// Authenticator, OAuth and NoAuth.
type Config struct {
	Desk          Desk
	Authenticator Authenticator
	// OAuth makes this an OAuth 2.1 resource server too (M14).
	OAuth *OAuth
	// NoAuth is the fixed principal of --no-auth; cmd allows it on loopback
	// only (M17).
	NoAuth *soc.Actor
	Sealer *web.Sealer
	// PublicURL is the address of this server without a trailing slash.
	PublicURL string
	// AllowedOrigins are the values of Origin that browsers may send; none by
	// default.
	AllowedOrigins []string
	// AllowedHosts are more values of Host beside that of PublicURL; loopback
	// names are taken with any port when PublicURL is a loopback address.
	AllowedHosts []string
	// ReadOnly leaves every tool that writes out.
	ReadOnly bool
	// Limits default to those of M5, and with NoAuth to next to none.
	Limits Limits
	// Address tells a caller's IP address, default that of the connection.
	Address func(*http.Request) string
	// Now is the clock, default time.Now.
	Now func() time.Time
	Log *slog.Logger
	// Version of the program.
	Version string
}

// Authenticator is what this door asks of web.Authenticator.
type Authenticator interface {
	Bearer(ctx context.Context, token string, from soc.Caller) (soc.Actor, error)
	Workspace(ctx context.Context, by soc.Actor, id string) (soc.Actor, error)
	Run(ctx context.Context, by soc.Actor, token string) (*soc.Run, error)
}

// Server is the agent door. Make it with New; it is safe for concurrent use and
// keeps nothing that another replica would need.
type Server struct {
	desk      Desk
	auth      Authenticator
	oauth     *resourceServer
	noAuth    *soc.Actor
	sealer    *web.Sealer
	publicURL string
	hosts     hosts
	tools     []*tool
	resources []resource
	prompts   []prompt
	limits    *limiter
	inflight  *inflight
	address   func(*http.Request) string
	now       func() time.Time
	log       *slog.Logger
	version   string
	// sessions lets session ids of the old revision through to the library,
	// which only the conformance fixture needs.
	sessions bool
	// requires lists client capabilities that a tool needs (W5).
	requires map[string]map[string]any
	library  *library
}

// New makes the door and checks everything that can be checked at start:
// schemas, descriptions, the visibility table (M10, M20).
func New(c Config) (*Server, error) {
	if c.Desk == nil || c.Sealer == nil {
		return nil, errors.New("tools: Desk and Sealer are required")
	}
	s, err := newServer(c)
	if err != nil {
		return nil, err
	}
	if s.tools, err = profile(allTools(), c.ReadOnly); err != nil {
		return nil, err
	}
	s.resources, s.prompts = allResources(), allPrompts()
	s.library = newLibrary(s)
	return s, nil
}

// newServer fills what tools have no part in.
func newServer(c Config) (*Server, error) {
	if c.Authenticator == nil && c.OAuth == nil && c.NoAuth == nil {
		return nil, errors.New("tools: without keys, issuer or --no-auth nobody could be served")
	}
	public, err := url.Parse(c.PublicURL)
	if err != nil || public.Host == "" || strings.HasSuffix(c.PublicURL, "/") {
		return nil, fmt.Errorf("tools: public URL %q is not an absolute URL without a trailing slash", c.PublicURL)
	}
	s := &Server{
		desk: c.Desk, auth: c.Authenticator, noAuth: c.NoAuth, sealer: c.Sealer, publicURL: c.PublicURL,
		hosts: hosts{public: public, allowed: c.AllowedHosts, origins: c.AllowedOrigins, own: c.NoAuth != nil},
		now:   c.Now, log: c.Log, address: c.Address, version: c.Version, inflight: newInflight(),
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.address == nil {
		s.address = func(r *http.Request) string { return r.RemoteAddr[:max(strings.LastIndexByte(r.RemoteAddr, ':'), 0)] }
	}
	if s.version == "" {
		s.version = "dev"
	}
	if c.NoAuth != nil && c.Limits == (Limits{}) {
		c.Limits = Limits{CallsPerMinute: 1_000_000, InFlight: 1000} // one test principal on loopback
	}
	s.limits = newLimiter(c.Limits, s.now)
	if c.OAuth != nil {
		s.oauth = newResourceServer(*c.OAuth, c.PublicURL, s.now)
	}
	return s, nil
}

// allTools is every tool there is; the table in visibility.go says who sees it.
func allTools() []*tool {
	read := Hints{ReadOnly: true, Idempotent: true, OpenWorld: true}
	closed := Hints{ReadOnly: true, Idempotent: true}
	submit := Hints{Destructive: true, Idempotent: true, OpenWorld: true}
	return []*tool{
		makeTool("list_incidents", "List incidents", read, listIncidents),
		makeTool("get_incident", "Get an incident", read, getIncident),
		makeTool("search_evidence", "Search evidence", read, searchEvidence),
		makeTool("get_evidence", "Get evidence", read, getEvidence),
		makeTool("find_related", "Find related incidents", read, findRelated),
		makeTool("list_playbooks", "List playbooks", closed, listPlaybooks),
		makeTool("get_sops", "Get procedures", closed, getSOPs),
		makeTool("get_status", "Get status", read, getStatus),
		makeTool("triage_incident", "Triage an incident", Hints{OpenWorld: true}, triageIncident),
		makeTool("submit_investigation", "Submit an investigation", submit, submitInvestigation),
		makeTool("submit_gamebook", "Submit a gamebook", submit, submitGamebook),
		makeTool("add_comment", "Add a comment", Hints{Idempotent: true}, addComment),
	}
}

// Tools are the tools of the server's profile for the built-in agent loop. A
// caller sees those whose scope it holds.
func (s *Server) Tools() []Tool {
	var out []Tool
	for _, t := range s.tools {
		face := t.Tool
		face.Call = func(ctx context.Context, by soc.Actor, arguments json.RawMessage) Result {
			if by.Call.RequestID == "" {
				by.Call.RequestID = newRequestID()
			}
			return s.call(ctx, caller{by: by, wire: "loop", method: "tools/call"}, t, arguments)
		}
		out = append(out, face)
	}
	return out
}

// tool finds a tool of the profile by name.
func (s *Server) tool(name string) *tool {
	if i := slices.IndexFunc(s.tools, func(t *tool) bool { return t.Name == name }); i >= 0 {
		return s.tools[i]
	}
	return nil
}

// example is a minimal set of arguments.
func (t *tool) example() string {
	var object struct {
		Required []string `json:"required"`
	}
	if json.Unmarshal(t.Schema, &object) != nil || !slices.Contains(object.Required, "incident_id") {
		return "{}"
	}
	return fmt.Sprintf(`{"incident_id":%q}`, incidentIDs.example())
}

// newRequestID names a request for audit, log and error texts.
func newRequestID() string { return rand.Text()[:12] }
