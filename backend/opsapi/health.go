package opsapi

import (
	"context"
	"encoding/json"
	"net/http"
	"sync/atomic"
	"time"

	"vedette/backend"
)

// Health answers orchestrators: /healthz (case-api.md section 9), /livez and
// /readyz (ops-api.md section 13). They tell everyone whether, and nobody what.
type Health struct {
	desk     *backend.Desk
	config   HealthConfig
	draining atomic.Bool
	// worked is the worker's last sign of life, in Unix nanoseconds.
	worked atomic.Int64
}

// HealthConfig is what else is looked at; the zero value looks at nothing.
type HealthConfig struct {
	// FreeDisk is the share of the database's disk that is free, from 0 to 1;
	// known is false where the server cannot tell.
	FreeDisk func() (share float64, known bool)
	// Worker says that this process has one, which calls Worked.
	Worker bool
	// Now is the clock, default time.Now.
	Now func() time.Time
}

// When a server that works is degraded (case-api.md section 9).
const (
	silentWorker = time.Minute
	leastDisk    = 0.1
)

// NewHealth makes the health door. The worker has a minute to begin.
func NewHealth(desk *backend.Desk, c HealthConfig) *Health {
	if c.Now == nil {
		c.Now = time.Now
	}
	h := &Health{desk: desk, config: c}
	h.worked.Store(c.Now().UnixNano())
	return h
}

// Worked is a sign of life of the worker.
func (h *Health) Worked() { h.worked.Store(h.config.Now().UnixNano()) }

// degraded reports whether the server works and somebody should look at it: the
// worker is silent, or the disk is nearly full. The search index is part of the
// database and never behind.
func (h *Health) degraded() bool {
	if h.config.Worker && h.config.Now().Sub(time.Unix(0, h.worked.Load())) >= silentWorker {
		return true
	}
	if h.config.FreeDisk == nil {
		return false
	}
	share, known := h.config.FreeDisk()
	return known && share < leastDisk
}

// Drain makes the server unready: orchestrators send no more work.
func (h *Health) Drain() { h.draining.Store(true) }

// healthBody is fixed by the case family's reference.
type healthBody struct {
	Status  string `json:"status"`
	DB      string `json:"db"`
	CH      string `json:"ch"`
	License string `json:"license"`
	GraceH  int    `json:"grace_h"`
}

// ServeHealth is GET /healthz.
func (h *Health) ServeHealth(w http.ResponseWriter, req *http.Request) {
	if !reads(w, req) {
		return
	}
	body, status := healthBody{Status: "ok", DB: "ok", CH: "ok", License: "none"}, http.StatusOK
	if !h.working(req.Context()) {
		// The search index is part of the same database.
		body.Status, body.DB, body.CH, status = "down", "down", "down", http.StatusServiceUnavailable
	} else if h.degraded() {
		body.Status = "degraded"
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the caller has gone
}

// ServeLive is GET /livez: the process answers.
func (h *Health) ServeLive(w http.ResponseWriter, req *http.Request) {
	if reads(w, req) {
		w.WriteHeader(http.StatusOK)
	}
}

// ServeReady is GET /readyz: the store takes writes and the server does not
// drain.
func (h *Health) ServeReady(w http.ResponseWriter, req *http.Request) {
	switch {
	case !reads(w, req):
	case h.draining.Load():
		w.WriteHeader(http.StatusServiceUnavailable)
	case !h.working(req.Context()):
		w.WriteHeader(http.StatusServiceUnavailable)
	default:
		w.WriteHeader(http.StatusOK)
	}
}

func (h *Health) working(ctx context.Context) bool { return h.desk.CheckStore(ctx) == nil }

// reads refuses methods that could change something.
func reads(w http.ResponseWriter, req *http.Request) bool {
	if req.Method == http.MethodGet || req.Method == http.MethodHead {
		return true
	}
	w.Header().Set("Allow", "GET, HEAD")
	w.WriteHeader(http.StatusMethodNotAllowed)
	return false
}
