package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// endpoints are the receivers of the benchmark's webhooks: one listener whose
// paths answer, and one that accepts connections and says nothing.
type endpoints struct {
	alive, dead string // host:port
	server      *http.Server
	silent      net.Listener

	mu      sync.Mutex
	arrived map[string]time.Duration // by path and delivery id
	came    chan struct{}
}

func openEndpoints() (*endpoints, error) {
	answering, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		_ = answering.Close()
		return nil, err
	}
	e := &endpoints{
		alive: answering.Addr().String(), dead: silent.Addr().String(), silent: silent,
		arrived: map[string]time.Duration{}, came: make(chan struct{}, 1),
	}
	e.server = &http.Server{Handler: e, ReadHeaderTimeout: time.Minute}
	go func() { _ = e.server.Serve(answering) }() // close ends it
	go e.swallow()
	return e, nil
}

func (e *endpoints) close() {
	_ = e.server.Close()
	_ = e.silent.Close()
}

// swallow reads what comes to the dead endpoint and never answers.
func (e *endpoints) swallow() {
	for {
		connection, err := e.silent.Accept()
		if err != nil {
			return
		}
		go func() {
			_, _ = io.Copy(io.Discard, connection)
			_ = connection.Close()
		}()
	}
}

// ServeHTTP notes how old an event is on arrival; a repetition counts once. Both
// ends read the clock of this machine.
func (e *endpoints) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	var told struct {
		Timestamp time.Time `json:"timestamp"`
	}
	if err := json.NewDecoder(r.Body).Decode(&told); err != nil {
		http.Error(w, "not an event", http.StatusBadRequest)
		return
	}
	e.mu.Lock()
	name := r.URL.Path + " " + r.Header.Get("Webhook-Id")
	if _, again := e.arrived[name]; !again {
		e.arrived[name] = now.Sub(told.Timestamp)
	}
	e.mu.Unlock()
	select {
	case e.came <- struct{}{}:
	default: // somebody is told already
	}
	w.WriteHeader(http.StatusNoContent)
}

// await returns when n deliveries have arrived.
func (e *endpoints) await(ctx context.Context, n int) error {
	limit := time.NewTimer(webhookRest)
	defer limit.Stop()
	for {
		have := len(e.latencies())
		if have >= n {
			return nil
		}
		select {
		case <-e.came:
		case <-limit.C:
			return fmt.Errorf("%d of %d deliveries did not arrive within %v of the last event", n-have, n, webhookRest)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// latencies of what arrived so far.
func (e *endpoints) latencies() []time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := make([]time.Duration, 0, len(e.arrived))
	for _, age := range e.arrived {
		out = append(out, age)
	}
	return out
}
