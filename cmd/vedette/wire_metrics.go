package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"vedette/backend/soc"
	"vedette/backend/web"
)

// wireMetrics serves figures and profiles on a listener of their own, which
// serves nothing else and asks for nothing: it belongs on loopback or an
// internal address (ops-api.md section 13). No label holds a tenant's text.
func (w *wiring) wireMetrics(ctx context.Context) error {
	w.watch.figures.registry.MustRegister(storeFigures{w.store, time.Now})
	if w.command.MetricsListen == "" {
		return nil
	}
	host, _, err := net.SplitHostPort(w.command.MetricsListen)
	if err != nil || host == "" {
		return fmt.Errorf("--metrics-listen %q is no HOST:PORT with a host", w.command.MetricsListen)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", w.metrics())
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return w.serveOn(ctx, w.command.MetricsListen, mux)
}

func (w *wiring) metrics() http.Handler {
	return promhttp.HandlerFor(w.watch.figures.registry, promhttp.HandlerOpts{})
}

// guardedMetrics is /metrics on the main listener: for whoever sits on this
// machine while no proxy does, and else for a key with ops:read.
func (w *wiring) guardedMetrics() http.Handler {
	figures := w.metrics()
	return http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		if req.Method != http.MethodGet && req.Method != http.MethodHead {
			rw.Header().Set("Allow", "GET, HEAD")
			http.Error(rw, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		address := web.FrameOf(req.Context()).Address
		if len(w.rules.proxies) > 0 || !address.IsLoopback() {
			token, bearer := strings.CutPrefix(req.Header.Get("Authorization"), "Bearer ")
			by, err := w.identity.Bearer(req.Context(), token, soc.Caller{
				Address: address.String(), Client: req.UserAgent(), Call: soc.Call{Operation: "read_metrics"},
			})
			if err != nil || !bearer {
				rw.Header().Set("WWW-Authenticate", `Bearer realm="vedette"`)
				http.Error(rw, "unauthorized", http.StatusUnauthorized)
				return
			}
			if by.May(soc.ScopeOpsRead, soc.RoleNone) != nil {
				http.Error(rw, "the key lacks scope ops:read", http.StatusForbidden)
				return
			}
		}
		figures.ServeHTTP(rw, req)
	})
}
