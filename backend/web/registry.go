package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"vedette/backend/soc"
	"vedette/schemas"
)

// Config is what a Registry is made of. Identity, Recorder, Answers, Seal and
// Hosts are required.
type Config struct {
	Identity Authenticator
	Recorder Recorder
	Answers  Answers
	Seal     *Sealer
	// Log gets the access log and causes of internal errors; default none.
	Log *slog.Logger
	// Now is the clock, default time.Now.
	Now func() time.Time
	// Cookie is the name of the session cookie, default CookieSecure.
	Cookie string
	// Hosts are the host names, without port, that requests may name (S6).
	Hosts []string
	// Origins are the web origins that may call, such as the public URL's.
	Origins []string
	// TrustedProxies may state the caller's address in X-Forwarded-For.
	TrustedProxies []netip.Prefix
	// InFlight bounds concurrent requests of one credential, default 64, and
	// InFlightAddress those of one address, default 256.
	InFlight, InFlightAddress int
}

// Who may call a route, before scope and role are asked.
type Who int

// The zero Who is none: a route that has it refuses to start (S7).
const (
	Unclassified Who = iota
	// Anyone needs no credential; the address pays by the login bucket.
	Anyone
	// Signed is any live credential.
	Signed
	// Scoped is a credential that holds Scope, with at least MinRole.
	Scoped
	// Person is a live session of a person with at least MinRole; any key gets
	// 403 HUMAN_SESSION_REQUIRED.
	Person
)

// Operation is what a route is, apart from its types. It is the row of the
// permission table that list and call share, and of the generated test matrix.
type Operation struct {
	Method string
	// Path is a chi pattern below no prefix: the whole path.
	Path string
	// Name is the operation's verb and noun as the audit spells it.
	Name    string
	Summary string

	Who   Who
	Scope soc.Scope
	// MinRole in the workspace; empty only where Organization is set or for
	// Anyone and Signed.
	MinRole soc.Role
	// Fresh asks for a sign-in within the last five minutes (Person only).
	Fresh bool
	// Kinds limits the kinds of principals; empty is all (else FORBIDDEN).
	Kinds []soc.PrincipalKind
	// Organization routes are about no workspace.
	Organization bool
	// Partial routes take half-made sessions.
	Partial bool

	// Rate is the class of the family's Rates that pays.
	Rate string
	// Write is true for what changes something; false refuses idempotency keys
	// silently and is required of GET.
	Write bool
	// Secret is true where the answer holds a secret shown once.
	Secret bool
	// Status of a success, default 200; Also are those of its other successes,
	// such as 202 where work may go on.
	Status int
	Also   []int
	// Cookie is true where the answer sets or ends the session cookie.
	Cookie bool
	// Paged is true where the answer is one page of a list. A route that takes
	// the family's page token in its query is paged without saying so.
	Paged bool
	// OwnPages is true where a paged answer is more than one list and holds its
	// page token itself.
	OwnPages bool

	// Produces are the media types of an answer that is a Content.
	Produces []string
	// Media are the body's media types where they are not application/json.
	Media []string
	// MaxBody in bytes, default 1 MiB.
	MaxBody int64
	// JSON are the body's limits where they are not the house's.
	JSON soc.JSONLimits
	// Errors are the codes of this operation beyond those of every route.
	Errors []soc.Code
}

// DefaultMaxBody is the limit of a body (S57).
const DefaultMaxBody = 1 << 20

// Route is one registered operation with its schemas: what OpenAPI, the matrix
// and the permission table are made of.
type Route struct {
	Operation
	// Family is the door's name.
	Family string
	// Path and Query describe parameters, Body the request body (nil without),
	// Answer the data of a success.
	PathSchema, QuerySchema, BodySchema, AnswerSchema json.RawMessage
	// Headers are the request headers it reads beyond the common ones.
	Headers []string
	// BodyType and AnswerType are what the schemas are drawn from; BodyType is
	// nil without a body, and RawBody where the operation reads bytes itself.
	BodyType, AnswerType reflect.Type
	family               *Family
	binding              *binding
	call                 func(ctx context.Context, by soc.Actor, in reflect.Value) (replier, error)
}

// Registry holds the routes of all families and serves them.
type Registry struct {
	config        Config
	routes        []*Route
	families      []*Family
	faults        []error
	buckets       *buckets
	perCredential *gates
	perAddress    *gates
	running       running
	mux           *chi.Mux
}

// NewRegistry makes an empty registry.
func NewRegistry(c Config) (*Registry, error) {
	if c.Identity == nil || c.Recorder == nil || c.Answers == nil || c.Seal == nil || len(c.Hosts) == 0 {
		return nil, errors.New("web: Identity, Recorder, Answers, Seal and Hosts are required")
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Cookie == "" {
		c.Cookie = CookieSecure
	}
	if c.InFlight == 0 {
		c.InFlight = 64
	}
	if c.InFlightAddress == 0 {
		c.InFlightAddress = 256
	}
	return &Registry{
		config: c, buckets: newBuckets(maxBuckets), perCredential: newGates(c.InFlight),
		perAddress: newGates(c.InFlightAddress), running: running{keys: map[string]bool{}},
	}, nil
}

func (r *Registry) now() time.Time { return r.config.Now() }

// Routes lists what is registered, in order of path and method.
func (r *Registry) Routes() []Route {
	routes := make([]Route, len(r.routes))
	for i, route := range r.routes {
		routes[i] = *route
	}
	slices.SortFunc(routes, func(a, b Route) int {
		return strings.Compare(a.Path+" "+a.Method, b.Path+" "+b.Method)
	})
	return routes
}

// Register adds a route: fn is called with what the request says, after every
// check that needs no row of the operation has passed. Mistakes are reported
// by Handler, so that all of them are seen at once and none starts.
func Register[In, Out any](r *Registry, family *Family, op Operation, fn func(ctx context.Context, by soc.Actor, in In) (Reply[Out], error)) {
	route := &Route{Operation: op, Family: family.Name, family: family, AnswerType: reflect.TypeFor[Out]()}
	defer func() {
		if broken := recover(); broken != nil { // a schema that cannot be drawn
			r.faults = append(r.faults, fmt.Errorf("%s %s: %v", op.Method, op.Path, broken))
		}
	}()
	if route.MaxBody == 0 {
		route.MaxBody = DefaultMaxBody
	}
	if route.Status == 0 {
		route.Status = http.StatusOK
	}
	if len(route.Media) == 0 {
		route.Media = []string{"application/json"}
	}
	binding, err := newBinding(reflect.TypeFor[In](), route)
	if err = errors.Join(err, classified(route)); err != nil {
		r.faults = append(r.faults, fmt.Errorf("%s %s: %w", op.Method, op.Path, err))
		return
	}
	route.binding = binding
	route.PathSchema, route.QuerySchema, route.BodySchema = binding.path.schema, binding.query.schema, binding.bodySchema
	for _, header := range binding.headers {
		route.Headers = append(route.Headers, header.name)
	}
	if route.AnswerType != reflect.TypeFor[Content]() {
		route.AnswerSchema = schemas.AnswerType(route.AnswerType)
	}
	route.BodyType = binding.body.of
	route.Paged = op.Paged || binding.query.has(family.PageToken, family.FoldQuery)
	route.call = func(ctx context.Context, by soc.Actor, in reflect.Value) (replier, error) {
		return fn(ctx, by, in.Interface().(In))
	}
	if !slices.Contains(r.families, family) {
		r.families = append(r.families, family)
	}
	r.routes = append(r.routes, route)
}

// classified refuses a route that does not say who may call it (S7), or says
// what cannot be.
func classified(route *Route) error {
	var faults []error
	demand := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	op := route.Operation
	demand(op.Who != Unclassified, "no classification: say who may call it")
	demand(op.Who != Scoped || slices.Contains(soc.AllScopes, op.Scope), "Scoped needs a scope of soc.AllScopes, not %q", op.Scope)
	demand(op.Who == Scoped || op.Who == Person || op.Scope == "" && op.MinRole == "", "a scope or role asks for Who Scoped or Person")
	needsRole := (op.Who == Scoped || op.Who == Person) && !op.Organization
	demand(!needsRole || slices.Contains(soc.AllRoles, op.MinRole), "no least role in the workspace")
	demand(!op.Fresh || op.Who == Person, "Fresh asks for a person")
	demand(op.Who != Person || route.family.Cookies != CookiesIgnored, "family %s has no sessions", route.family.Name)
	demand(route.family.Rates[op.Rate] > 0, "rate class %q is not one of family %s", op.Rate, route.family.Name)
	demand(op.Name != "", "no operation name")
	demand((route.AnswerType == reflect.TypeFor[Content]()) == (len(op.Produces) > 0), "a Content, and nothing else, says what it Produces")
	demand(route.family.covers(op.Path), "path is outside the family's prefixes")
	demand(slices.Contains(methods, op.Method), "method %q", op.Method)
	demand(op.Method != http.MethodGet || !op.Write, "a GET changes nothing (S48)")
	demand(op.Method == http.MethodGet || op.Method == http.MethodPost || op.Write, "%s is a write", op.Method)
	return errors.Join(faults...)
}

var methods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

// Handler returns the server of all routes, or what keeps it from starting.
// Unknown routes and methods answer in the words of the family whose prefix
// they have; a path of no family goes to rest.
func (r *Registry) Handler(rest http.Handler) (http.Handler, error) {
	mux := chi.NewMux()
	seen := map[string]bool{}
	for _, route := range r.routes {
		key := route.Method + " " + wildcard.ReplaceAllString(route.Path, "{}")
		if seen[key] {
			r.faults = append(r.faults, fmt.Errorf("%s is registered twice", key))
		}
		seen[key] = true
		mux.Method(route.Method, route.Path, r.serve(route))
		if route.Method == http.MethodGet {
			mux.Method(http.MethodHead, route.Path, r.serve(route))
		}
	}
	if len(r.faults) > 0 {
		return nil, fmt.Errorf("web: routes that may not start: %w", errors.Join(r.faults...))
	}
	mux.NotFound(func(w http.ResponseWriter, req *http.Request) { r.unknown(w, req, nil) })
	mux.MethodNotAllowed(func(w http.ResponseWriter, req *http.Request) { r.unknown(w, req, r.allowed(req)) })
	r.mux = mux
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if r.familyOf(req.URL.Path) == nil && rest != nil {
			rest.ServeHTTP(w, req)
			return
		}
		// Route by the escaped path, so that %2F stays part of an id.
		routing := chi.NewRouteContext()
		routing.RoutePath = req.URL.EscapedPath()
		mux.ServeHTTP(w, req.WithContext(context.WithValue(req.Context(), chi.RouteCtxKey, routing)))
	}), nil
}

// familyOf is the family whose prefix the path has, nil for none.
func (r *Registry) familyOf(path string) *Family {
	for _, family := range r.families {
		if family.covers(path) {
			return family
		}
	}
	return nil
}

// allowed lists the methods a path has.
func (r *Registry) allowed(req *http.Request) []string {
	var allowed []string
	for _, method := range append([]string{http.MethodHead}, methods...) {
		if r.mux.Match(chi.NewRouteContext(), method, req.URL.EscapedPath()) {
			allowed = append(allowed, method)
		}
	}
	slices.Sort(allowed)
	return allowed
}
