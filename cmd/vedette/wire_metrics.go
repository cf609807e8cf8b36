package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// wireMetrics serves figures and profiles on a listener of their own, which
// serves nothing else and asks for nothing: it belongs on loopback or an
// internal address (ops-api.md section 13). No label holds a tenant's text.
func (w *wiring) wireMetrics(ctx context.Context) error {
	if w.command.MetricsListen == "" {
		return nil
	}
	host, _, err := net.SplitHostPort(w.command.MetricsListen)
	if err != nil || host == "" {
		return fmt.Errorf("--metrics-listen %q is no HOST:PORT with a host", w.command.MetricsListen)
	}
	figures := prometheus.NewRegistry()
	figures.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "vedette_build_info", Help: "Always 1.", ConstLabels: prometheus.Labels{"version": versionText(), "engine": w.store.Engine()},
		}, func() float64 { return 1 }))
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(figures, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return w.serveOn(ctx, w.command.MetricsListen, mux)
}
