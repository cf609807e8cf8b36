package opsapi

import (
	"context"
	"encoding/json"
	"net/http"
	"sync/atomic"

	"vedette/backend"
)

// Health answers orchestrators: /healthz (case-api.md section 9), /livez and
// /readyz (ops-api.md section 13). They tell everyone whether, and nobody what.
type Health struct {
	desk     *backend.Desk
	draining atomic.Bool
}

// NewHealth makes the health door.
func NewHealth(desk *backend.Desk) *Health { return &Health{desk: desk} }

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
