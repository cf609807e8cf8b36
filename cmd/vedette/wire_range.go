package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"vedette/backend/connector/egress"
	"vedette/backend/connector/simrange"
	"vedette/backend/store"
)

// rangeConnectorName is where the database keeps the id of the demo's range:
// it is part of every digest, so a restart must not change it.
const rangeConnectorName = "demo_range_connector"

// wireRange starts the demo's range, a labelled simulation behind its own HTTP
// API on a loopback port of its own, and makes it a way out for all workspaces.
func (w *wiring) wireRange(ctx context.Context) error {
	if !w.command.Demo {
		return nil
	}
	id, err := w.rangeConnectorID(ctx)
	if err != nil {
		return err
	}
	address, token := strings.TrimPrefix(w.command.RangeURL, "http://"), w.command.RangeToken
	if address == "" {
		token = rand.Text()
		if address, err = w.startRange(ctx, token); err != nil {
			return fmt.Errorf("the demo's range: %w", err)
		}
	}
	allowed, err := egress.NewPolicy(append([]string{address}, w.command.EgressAllow...))
	if err != nil {
		return err
	}
	connector, err := newRangeConnector(id, "http://"+address, token, allowed.Client(egress.Options{}))
	if err != nil {
		return err
	}
	w.products = append(w.products, connector)
	w.connectors = append(w.connectors, wayOf(connector, "range"))
	return nil
}

// startRange runs a range in this process and returns where.
func (w *wiring) startRange(ctx context.Context, token string) (address string, err error) {
	simulation, err := simrange.New(simrange.Config{
		Path: database(w.environment.program.DB).file() + ".range.jsonl", Token: token, ControlToken: rand.Text(),
	})
	if err != nil {
		return "", err
	}
	w.open.add(simulation.Close)
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	// Closed with the server, after the worker: a step that still runs is answered.
	go func() {
		if err := simulation.Serve(listener); err != nil {
			w.log.Error("the range stopped", "error", err.Error())
		}
	}()
	return listener.Addr().String(), nil
}

// newRangeConnector makes the way to the range; without a client it can only
// say what it would do.
func newRangeConnector(id, baseURL, token string, client *http.Client) (*simrange.Connector, error) {
	if client == nil {
		client = &http.Client{Transport: nowhere{}}
	}
	return simrange.NewConnector(id, baseURL, token, client)
}

// nowhere reaches nothing.
type nowhere struct{}

// RoundTrip implements http.RoundTripper.
func (nowhere) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("this process does not call the range")
}

func (w *wiring) rangeConnectorID(ctx context.Context) (string, error) {
	id, found, err := w.store.Read(ctx).Installation(rangeConnectorName)
	if err != nil || found {
		return id, err
	}
	drawn, err := uuid.NewV7()
	if err != nil {
		return "", err
	}
	return drawn.String(), w.store.Write(ctx, func(tx *store.Tx) error {
		return tx.SetInstallation(rangeConnectorName, drawn.String())
	})
}

// simulated reports whether any way out is a simulation, to be shown wherever
// response is.
func (w *wiring) simulated() bool {
	for _, c := range w.connectors {
		if c.Simulation {
			return true
		}
	}
	return false
}
