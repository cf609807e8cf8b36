//go:build conformance

package tools

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"vedette/backend/soc"
	"vedette/backend/web"
)

// This binary exists for the conformance suite alone (mcp.md section 9): the
// product's front and wrapper around the suite's own tools, prompts and
// resources. Only it asks clients for anything, keeps sessions of the old
// revision, and changes its lists.

// ServeConformance serves the fixture at listen until ctx ends. It prints its
// address and answers /healthz.
func ServeConformance(ctx context.Context, listen string) error {
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	address := "http://" + listener.Addr().String()
	s, err := newConformance(address)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/", s.Handler())
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: 120 * time.Second}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	fmt.Fprintln(os.Stdout, "MCP conformance fixture:", address+Path)
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if err := server.Shutdown(stop); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return server.Close()
}

func newConformance(address string) (*Server, error) {
	var key [32]byte
	if _, err := rand.Read(key[:]); err != nil {
		return nil, err
	}
	sealer, err := web.NewSealer(time.Now, web.SealKey{ID: 1, Key: key})
	if err != nil {
		return nil, err
	}
	s, err := newServer(Config{
		Desk: &countingDesk{}, Sealer: sealer, PublicURL: address, Version: "conformance",
		NoAuth: &soc.Actor{Kind: soc.PrincipalAgent, ID: "conformance", Workspace: "00000000-0000-0000-0000-000000000000", Role: soc.RoleViewer, Scopes: Scopes},
	})
	if err != nil {
		return nil, err
	}
	s.sessions = true
	s.requires = map[string]map[string]any{"test_missing_capability": {"sampling": map[string]any{}}}
	for _, uri := range []string{"test://static-text", "test://static-binary", "test://watched-resource", "test://template/{id}/data"} {
		s.resources = append(s.resources, resource{uri: uri})
	}
	s.library = newConformanceLibrary(s)
	return s, nil
}

// countingDesk records calls by counting them. No fixture tool asks it for
// anything else.
type countingDesk struct {
	Desk
	calls atomic.Int64
}

// RecordCall implements Desk.
func (d *countingDesk) RecordCall(context.Context, soc.Actor, soc.CallRecord) error {
	d.calls.Add(1)
	return nil
}
