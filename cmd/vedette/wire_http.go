package main

import (
	"context"
	"net/http"

	"vedette/backend/caseapi"
	"vedette/backend/console"
	"vedette/backend/opsapi"
	"vedette/backend/portalapi"
	"vedette/backend/triageapi"
	"vedette/backend/web"
	"vedette/backend/web/openapi"
)

// wireHTTP puts every door on the one listener.
func (w *wiring) wireHTTP(context.Context) error {
	hosts, origins := w.rules.names(w.publicURL)
	cookie := web.CookieLoopback
	if w.rules.secureCookie(w.publicURL) {
		cookie = web.CookieSecure
	}
	registry, err := web.NewRegistry(web.Config{
		Identity: w.identity, Recorder: w.identity, Answers: w.desk, Seal: w.sealer, Log: w.log, Cookie: cookie,
		Hosts: hosts, Origins: origins, TrustedProxies: w.rules.proxies, Rates: w.command.Rates, Observe: w.watch.request,
	})
	if err != nil {
		return err
	}
	w.registerFamilies(registry)
	w.health = opsapi.NewHealth(w.desk, opsapi.HealthConfig{FreeDisk: database(w.environment.program.DB).freeDisk, Worker: true})
	doors := http.NewServeMux()
	doors.Handle("/healthz", http.HandlerFunc(w.health.ServeHealth))
	doors.Handle("/api/v1/healthz", http.HandlerFunc(w.health.ServeHealth))
	doors.Handle("/livez", http.HandlerFunc(w.health.ServeLive))
	doors.Handle("/readyz", http.HandlerFunc(w.health.ServeReady))
	doors.Handle("/metrics", w.guardedMetrics())
	pages, err := w.consoleDoor(registry)
	if err != nil {
		return err
	}
	doors.Handle("/", pages)
	facts := openapi.Facts{Version: versionText(), PublicURL: w.publicURL, Cookie: cookie}
	for path, handler := range openapi.Mount(registry.Routes(), facts, w.log) {
		doors.Handle(path, handler)
	}
	if err := w.mountAgentDoor(doors, origins); err != nil {
		return err
	}
	routes, err := registry.Handler(doors)
	if err != nil {
		return err
	}
	w.handler = w.watch.traced(registry.Front(healthAside(routes, doors)))
	return nil
}

// consoleDoor makes the operator's pages, whose streams end before the listener
// drains.
func (w *wiring) consoleDoor(registry *web.Registry) (http.Handler, error) {
	provider, err := w.command.SignIn.provider(w.command.EgressAllow)
	if err != nil {
		return nil, err
	}
	pages, err := console.New(console.Config{
		Facts: console.Facts{PublicURL: w.publicURL, Demo: w.demo != nil, Simulation: w.simulated()}, Desk: w.desk,
		Registry: registry, Identity: w.identity, Recorder: w.identity, Seal: w.sealer, Log: w.log, Provider: provider,
	})
	if err != nil {
		return nil, err
	}
	w.draining = append(w.draining, pages.Drain)
	return pages, nil
}

// healthAside keeps the one path below a family's prefix that is no route of
// it: it asks for no credential and answers while the store is down.
func healthAside(routes, doors http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path == "/api/v1/healthz" {
			doors.ServeHTTP(w, req)
			return
		}
		routes.ServeHTTP(w, req)
	})
}

// registerFamilies adds the REST families, one line each.
func (w *wiring) registerFamilies(registry *web.Registry) {
	opsapi.Register(registry, w.publicURL, w.desk, w.sealer)
	portalapi.Register(registry, web.Portal(w.publicURL), portalapi.Config{Desk: w.desk, Seal: w.sealer})
	caseapi.Register(registry, web.Case(), caseapi.Config{Desk: w.desk, Seal: w.sealer})
	triageapi.Register(registry, web.Triage(), triageapi.Config{Desk: w.desk, Seal: w.sealer})
}
