package web

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Timeouts and limits of the listener (S57, mcp.md M5). Writing may take as
// long as the longest call waits, and then some; streams extend it per answer
// with http.ResponseController.
const (
	headerTimeout  = 5 * time.Second
	readTimeout    = 30 * time.Second
	writeTimeout   = 60 * time.Second
	idleTimeout    = 120 * time.Second
	maxHeaderBytes = 32 << 10
)

// Server makes the hardened HTTP server of a handler, which should be behind
// Registry.Front. The server's own complaints go to log.
func Server(handler http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: handler, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}

// Serve answers on listener until ctx ends, then drains: no new connections,
// requests in progress get up to grace, what is left is cut. It returns nil
// after a complete drain. settings is nil for plain HTTP.
func Serve(ctx context.Context, server *http.Server, listener net.Listener, settings *tls.Config, grace time.Duration) error {
	failed := make(chan error, 1)
	go func() {
		if settings == nil {
			failed <- server.Serve(listener)
			return
		}
		server.TLSConfig = settings
		failed <- server.ServeTLS(listener, "", "") // the certificates are in settings
	}()
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	err := server.Shutdown(limit)
	if err != nil {
		err = errors.Join(fmt.Errorf("drain: %w", err), server.Close())
	}
	<-failed
	return err
}
