package main

import (
	"bytes"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"vedette/backend"
	"vedette/backend/connector"
	"vedette/backend/connector/egress"
	"vedette/backend/connector/simrange"
	"vedette/backend/soc"
	"vedette/backend/store"
)

// TestS12FleetFollowsTheDatabase: what is in force is what the table says, a
// connector serves its own workspace alone, and one that did not change keeps its
// circuit and token.
func TestS12FleetFollowsTheDatabase(t *testing.T) {
	ctx, folder := t.Context(), t.TempDir()
	simulation, err := simrange.New(simrange.Config{Path: filepath.Join(folder, "range.jsonl"), Token: "the right range token", ControlToken: "another control token"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = simulation.Close() })
	product := httptest.NewServer(simulation)
	t.Cleanup(product.Close)
	s, err := store.Open(ctx, filepath.Join(folder, "vedette.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	ring, err := openKeyRing(ctx, s, filepath.Join(folder, "vedette.key"), true)
	if err != nil {
		t.Fatal(err)
	}
	secrets, err := ring.secretBox()
	if err != nil {
		t.Fatal(err)
	}
	allowed, err := egress.NewPolicy([]string{product.Listener.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	f := newFleet(connectorKinds(), allowed, slog.New(slog.NewJSONHandler(&log, nil)))
	desk := backend.New(backend.Config{Store: s, Secrets: secrets, CheckURL: allowed.Check, Products: f.products()})
	host := hostActor("test")
	o, err := desk.CreateOrganization(ctx, host, "Acme")
	if err != nil {
		t.Fatal(err)
	}
	w, err := desk.CreateWorkspace(ctx, host, o.ID, "Main")
	if err != nil {
		t.Fatal(err)
	}
	host.Workspace, host.Organization = w.ID, o.ID

	refresh := func(want int) {
		t.Helper()
		if err := f.refresh(ctx, desk); err != nil {
			t.Fatal(err)
		}
		if got := len(f.ways()); got != want {
			t.Errorf("%d ways out, want %d; the log: %s", got, want, log.String())
		}
	}
	made, err := desk.CreateConnector(ctx, host, soc.ConnectorDraft{Kind: "range", Name: "drill", BaseURL: product.URL, Playbooks: []string{"isolate_host"}})
	if err != nil {
		t.Fatal(err)
	}
	id := made.Connector.ID
	refresh(0) // in force, and without its secret of no use
	if !strings.Contains(log.String(), "cannot be used") {
		t.Errorf("nobody is told why: %s", log.String())
	}
	if _, err := desk.SetConnectorSecrets(ctx, host, id, map[string]string{"token": "the right range token"}); err != nil {
		t.Fatal(err)
	}
	refresh(1)
	way := f.ways()[0]
	if len(way.Workspaces) != 1 || way.Workspaces[0] != w.ID || !way.Simulation || !way.Carries(soc.Playbook{ID: "isolate_host"}) || way.Carries(soc.Playbook{ID: "disable_user"}) {
		t.Errorf("%+v", way)
	}
	before, _ := f.find(id)
	if _, err := before.Carry(ctx, connector.Action{IdempotencyKey: "k", Operation: "host.isolate", Kind: soc.KindHost, NativeID: "ws-1"}); err != nil {
		t.Error(err)
	}
	if health, known := f.health(id); !known || health.Circuit != "closed" || health.LastOK.IsZero() {
		t.Errorf("%+v, %v", health, known)
	}
	if _, err := desk.CreateConnector(ctx, host, soc.ConnectorDraft{Kind: "range", Name: "other", BaseURL: product.URL}); err != nil {
		t.Fatal(err)
	}
	refresh(1)
	if after, _ := f.find(id); after != before {
		t.Error("a connector that did not change was made anew")
	}
	if _, err := desk.DisableConnector(ctx, host, id, "over"); err != nil {
		t.Fatal(err)
	}
	refresh(0)
	if _, found := f.find(id); found {
		t.Error("a connector out of force is found")
	}
	if strings.Contains(log.String(), "range token") {
		t.Errorf("the log holds a secret: %s", log.String())
	}
}
