package console

import (
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"vedette/backend"
	"vedette/backend/soc"
	"vedette/backend/web"
)

// Facts is what the pages tell everyone. It is no secret: nothing of a tenant,
// no counts, no version.
type Facts struct {
	PublicURL string
	// Demo is true where the demonstration runs, Simulation where response goes
	// to a simulation.
	Demo, Simulation bool
}

// Config is what a Console is made of; all of it is required but Log and Now.
type Config struct {
	Facts    Facts
	Desk     *backend.Desk
	Registry *web.Registry
	Identity web.Authenticator
	Recorder web.Recorder
	// Seal makes page tokens and views of approval cards.
	Seal *web.Sealer
	// Provider is who else may prove people; nil for nobody.
	Provider *Provider
	Log      *slog.Logger
	Now      func() time.Time
}

// Console serves the pages. Make it with New.
type Console struct {
	facts     Facts
	desk      *backend.Desk
	registry  *web.Registry
	identity  web.Authenticator
	recorder  web.Recorder
	seal      *web.Sealer
	provider  *relyingParty
	log       *slog.Logger
	now       func() time.Time
	assets    map[string]*asset
	templates map[string]*template.Template
	cross     *http.CrossOriginProtection
	signIns   *web.Limiter
	requests  *web.Limiter
	streams   *web.Limiter
	live      *hub
	// beat is liveBeat but in tests.
	beat time.Duration

	routes []*route
	faults []error
	nav    []*route
	mux    *chi.Mux
}

// Requests a minute: tries to sign in per address, pages and forms per session.
const (
	signInsPerMinute = 20
	pagesPerMinute   = 600
	pagesAtOnce      = 16
)

// New makes the console, or says everything that keeps it from starting.
func New(config Config) (*Console, error) {
	c := &Console{
		facts: config.Facts, desk: config.Desk, registry: config.Registry, identity: config.Identity, recorder: config.Recorder,
		seal: config.Seal, log: config.Log, now: config.Now, cross: http.NewCrossOriginProtection(), mux: chi.NewMux(),
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	if c.now == nil {
		c.now = time.Now
	}
	if p := config.Provider; p != nil {
		if err := p.valid(); err != nil {
			return nil, err
		}
		c.provider = &relyingParty{Provider: *p, callback: c.facts.PublicURL + "/console/sign-in/callback", now: c.now}
	}
	c.signIns = web.NewLimiter(signInsPerMinute, 4, c.now)
	c.requests = web.NewLimiter(pagesPerMinute, pagesAtOnce, c.now)
	c.streams = web.NewLimiter(pagesPerMinute, streamsAtOnce, c.now)
	c.live, c.beat = newHub(config.Desk, c.log), liveBeat
	var err error
	if c.assets, err = loadAssets(); err != nil {
		return nil, err
	}
	if c.templates, err = c.loadTemplates(); err != nil {
		return nil, err
	}
	c.register()
	if err := c.mount(); err != nil {
		return nil, fmt.Errorf("console: pages that may not start: %w", err)
	}
	return c, nil
}

// register lists the pages, one line for each noun.
func (c *Console) register() {
	c.registerEntry()
	c.registerSession()
	c.registerWelcome()
	c.registerSecondFactor()
	c.registerApprovals()
	c.registerGamebooks()
	c.registerProvider()
	c.registerWebhooks()
	c.registerConnectors()
	c.registerConnectorForms()
	c.registerAccess()
	c.registerPeople()
	c.registerKeys()
	c.registerPlaybooks()
	c.registerKillSwitch()
	c.registerIncidentList()
	c.registerIncidentPage()
	c.registerIncidentForms()
	c.registerIncidentFiles()
	c.registerAttachments()
	c.registerHeld()
	c.registerEntities()
	c.registerProposal()
	c.registerOverview()
	c.registerAgents()
	c.registerRuns()
	c.registerAudit()
	c.registerPolicy()
	c.registerChanges()
}

// mount puts the table on the router.
func (c *Console) mount() error {
	seen := map[string]bool{}
	for _, r := range c.routes {
		key := r.Method + " " + r.pattern
		if seen[key] {
			c.faults = append(c.faults, fmt.Errorf("%s is registered twice", key))
		}
		seen[key] = true
		c.mux.Method(r.Method, r.pattern, c.serve(r))
		if r.Method == http.MethodGet {
			c.mux.Method(http.MethodHead, r.pattern, c.serve(r))
		}
		if r.Nav != nil {
			c.nav = append(c.nav, r)
		}
	}
	for _, r := range c.routes {
		if r.Method == http.MethodPost && !seen["GET "+c.backPattern(r)] {
			c.faults = append(c.faults, fmt.Errorf("%s %s: Back %q is no page", r.Method, r.Path, r.Back))
		}
	}
	slices.SortFunc(c.nav, func(a, b *route) int { return a.Nav.Order - b.Nav.Order })
	c.mux.Get("/console/events", c.serveEvents)
	c.mux.NotFound(c.unknown)
	c.mux.MethodNotAllowed(c.unknown)
	return errors.Join(c.faults...)
}

func (c *Console) backPattern(r *route) string {
	if r.Who == Member {
		return workspacePrefix + r.Back
	}
	return "/console" + r.Back
}

// ServeHTTP serves the status page at /, the console below /console, and a 404
// elsewhere.
func (c *Console) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	switch path := req.URL.Path; {
	case path == "/":
		c.serveStatus(w, req)
	case strings.HasPrefix(path, assetPrefix):
		c.serveAsset(w, req)
	case path == "/console" || strings.HasPrefix(path, "/console/"):
		c.setHeaders(w.Header())
		// Route by the escaped path, so that %2F stays part of an id.
		routing := chi.NewRouteContext()
		routing.RoutePath = strings.TrimSuffix(req.URL.EscapedPath(), "/")
		c.mux.ServeHTTP(w, req.WithContext(withRouting(req.Context(), routing)))
	default:
		http.Error(w, "not found", http.StatusNotFound)
	}
}

// setHeaders is what a page may do in a browser: load our own files, talk to
// us, and be framed by nobody (S47). Pico draws its marks from data: images,
// which no page of ours fills with anything.
func (c *Console) setHeaders(header http.Header) {
	header.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "+
		"form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'")
	// Within the site only. With none at all browsers send forms with the origin
	// "null", which is nobody's and refused: nobody could sign in.
	header.Set("Referrer-Policy", "same-origin")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()")
	if strings.HasPrefix(c.facts.PublicURL, "https://") {
		header.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// Drain ends the event streams, so that the listener can.
func (c *Console) Drain() { c.live.close() }

// at is the address of a page of the actor's workspace; parts are escaped.
func (c *Console) at(by soc.Actor, path string, parts ...string) string {
	address := "/console/w/" + by.Workspace + path
	for _, part := range parts {
		address += "/" + url.PathEscape(part)
	}
	return address
}
