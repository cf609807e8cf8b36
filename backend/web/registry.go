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
	// Observe is told of every request that was answered, nil for nobody.
	Observe func(ctx context.Context, o Observation)
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
	// Rates replace those of every family that has the class: requests per
	// minute and credential.
	Rates map[string]int
	// InFlight bounds concurrent requests of one credential, default 64, and
	// InFlightAddress those of one address, default 256.
	InFlight, InFlightAddress int
}

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
	r.join(family)
	r.routes = append(r.routes, route)
}

// join adds a family, once, with the configured rates.
func (r *Registry) join(family *Family) {
	if slices.Contains(r.families, family) {
		return
	}
	for class, perMinute := range r.config.Rates {
		if family.Rates[class] > 0 {
			family.Rates[class] = perMinute
		}
	}
	r.families = append(r.families, family)
}

// knownRates refuses a configured class that no family has: a slip in its name
// would leave the server running with other limits than its operator thinks.
func (r *Registry) knownRates() {
	for class, perMinute := range r.config.Rates {
		known := slices.ContainsFunc(r.families, func(f *Family) bool { return f.Rates[class] > 0 })
		if !known || perMinute < 1 {
			r.faults = append(r.faults, fmt.Errorf("rate %s=%d: not a class of any family with at least 1 a minute", class, perMinute))
		}
	}
}

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
	r.knownRates()
	if len(r.faults) > 0 {
		return nil, fmt.Errorf("web: routes that may not start: %w", errors.Join(r.faults...))
	}
	r.closeOff(mux)
	mux.NotFound(func(w http.ResponseWriter, req *http.Request) { r.unknown(w, req, nil) })
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

// closeOff answers 405 to every method that a path has not, and to every method
// there is. Left alone, the router would go on to a path with a parameter in
// that place, and GET /batch would look for the object named batch.
func (r *Registry) closeOff(mux *chi.Mux) {
	has := map[string][]string{}
	for _, route := range r.routes {
		has[route.Path] = append(has[route.Path], route.Method)
		if route.Method == http.MethodGet {
			has[route.Path] = append(has[route.Path], http.MethodHead)
		}
	}
	for path, methods := range has {
		slices.Sort(methods)
		for _, method := range everyMethod {
			if !slices.Contains(methods, method) {
				mux.Method(method, path, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { r.unknown(w, req, methods) }))
			}
		}
	}
	// A method that the router does not know at all.
	mux.MethodNotAllowed(func(w http.ResponseWriter, req *http.Request) {
		r.unknown(w, req, has[mux.Find(chi.NewRouteContext(), http.MethodOptions, req.URL.EscapedPath())])
	})
}

// everyMethod are those the router tells apart.
var everyMethod = []string{
	http.MethodConnect, http.MethodDelete, http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPatch, http.MethodPost,
	http.MethodPut, http.MethodTrace,
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
