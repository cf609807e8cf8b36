package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"vedette/backend"
	"vedette/backend/soc"
	"vedette/backend/store"
)

const (
	// webhookTarget bounds the p95 of the time from an event to its arrival at
	// the endpoints that answer, in seconds.
	webhookTarget = 2.0
	// webhookGrowth bounds the server's memory at the end over that at the first
	// quarter: what waits for the dead endpoint must stay in the database.
	webhookGrowth = 1.2
	// webhookBacklog is how many deliveries wait for the dead endpoint; a run on
	// small sizes has as many as its largest.
	webhookBacklog = 100_000
	// backlogGroup is how many of them one transaction stores.
	backlogGroup = 1000
	// webhookRate is how many events happen a second.
	webhookRate = 50
	// webhookEndpoints answer; one more is dead.
	webhookEndpoints = 9
	// webhookRest bounds the wait for the last deliveries after the last event.
	webhookRest = 30 * time.Second
)

// measureWebhook times deliveries to nine endpoints while a tenth accepts
// connections, never answers, and has a long backlog waiting for it.
func (b *bench) measureWebhook(ctx context.Context) error {
	where, err := b.freshDatabase(ctx, "webhook.db")
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp(b.folder, "webhook-")
	if err != nil {
		return err
	}
	keys, err := webhookKeys(ctx, where)
	if err != nil {
		return err
	}
	endpoints, err := openEndpoints()
	if err != nil {
		return err
	}
	defer endpoints.close()
	server, err := startChild(ctx, folder, where, "--egress-allow", endpoints.alive, "--egress-allow", endpoints.dead)
	if err != nil {
		return err
	}
	defer func() { _ = server.kill() }()
	dead, err := subscribe(ctx, newClient(server.base, keys.manage), keys.workspace, endpoints)
	if err != nil {
		return err
	}
	if err := b.fillBacklog(ctx, where, keys, dead); err != nil {
		return err
	}
	memory, err := b.tellEvents(ctx, server, keys.alerts, endpoints)
	if err != nil {
		return err
	}
	times := endpoints.latencies()
	b.add("webhook", figure{
		Name: fmt.Sprintf("event to arrival at %d endpoints beside a dead one, p95", webhookEndpoints), Unit: "s", Value: quantile(times, 0.95),
		Note: fmt.Sprintf("%d deliveries, p50 %s, %d waiting for the dead endpoint", len(times), quantity(median(times), "s"), b.backlog()),
	}.atMost(webhookTarget),
		figure{Name: "memory at the end of it", Unit: "MB", Value: memory[1]}.besides("at its first quarter", memory[0]).atMost(webhookGrowth))
	return server.stop()
}

func (b *bench) backlog() int { return min(webhookBacklog, slices.Max(b.command.Sizes)) }

// benchKeys are what the section's clients hold.
type benchKeys struct {
	organization, workspace string
	manage                  string
	alerts                  []string
}

// webhookKeys makes a workspace, a key for its webhooks and some that ingest.
func webhookKeys(ctx context.Context, where string) (keys benchKeys, err error) {
	s, err := store.Open(ctx, where, store.Options{})
	if err != nil {
		return keys, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	desk, host := backend.New(backend.Config{Store: s, Mappers: mappers()}), hostActor("bench")
	organization, err := desk.CreateOrganization(ctx, host, "Benchmark")
	if err != nil {
		return keys, err
	}
	workspace, err := desk.CreateWorkspace(ctx, host, organization.ID, "Benchmark")
	if err != nil {
		return keys, err
	}
	keys.organization, keys.workspace = organization.ID, workspace.ID
	issue := func(name string, scopes ...soc.Scope) (string, error) {
		issued, err := desk.CreateKey(ctx, host, soc.NewCredential{
			Organization: organization.ID, Kind: soc.PrincipalService, Name: name, Workspaces: []string{workspace.ID}, Role: soc.RoleViewer, Scopes: scopes,
		})
		return issued.Secret, err
	}
	if keys.manage, err = issue("webhooks", soc.ScopeWebhooksManage, soc.ScopeWebhooksRead); err != nil {
		return keys, err
	}
	for n := range 8 { // each stays under the rate of one credential
		key, err := issue(fmt.Sprintf("sensor %d", n), soc.ScopeAlertsWrite)
		if err != nil {
			return keys, err
		}
		keys.alerts = append(keys.alerts, key)
	}
	return keys, nil
}

// subscribe makes the webhooks and returns the id of the dead one's.
func subscribe(ctx context.Context, c *client, workspace string, endpoints *endpoints) (dead string, err error) {
	defer c.close()
	urls := []string{"http://" + endpoints.dead + "/dead"}
	for n := range webhookEndpoints {
		urls = append(urls, fmt.Sprintf("http://%s/%d", endpoints.alive, n))
	}
	for n, url := range urls {
		a, err := c.send(ctx, "POST", "/api/v2/webhooks", map[string]any{
			"name": fmt.Sprintf("endpoint %d", n), "url": url, "eventTypes": []string{string(soc.EventIncidentCreated)}, "workspaceIds": []string{workspace},
		})
		if err != nil {
			return "", err
		}
		if !a.ok() {
			return "", a.problem("making a webhook")
		}
		var made struct {
			Data struct {
				ID string `json:"id"`
			} `json:"data"`
		}
		if err := json.Unmarshal(a.body, &made); err != nil {
			return "", err
		}
		if n == 0 {
			dead = made.Data.ID
		}
	}
	return dead, nil
}

// fillBacklog writes what waits for the dead endpoint, beside the running
// server, as an afternoon without it would have left it.
func (b *bench) fillBacklog(ctx context.Context, where string, keys benchKeys, dead string) (err error) {
	s, err := store.Open(ctx, where, store.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	progress := b.progress("%d deliveries for the dead endpoint", b.backlog())
	for from := 0; from < b.backlog(); from += backlogGroup {
		now := time.Now().UTC().Truncate(time.Millisecond)
		to := min(from+backlogGroup, b.backlog())
		err := s.Write(ctx, func(tx *store.Tx) error {
			for n := from; n < to; n++ {
				if err := insertWaiting(tx, keys, dead, n, now); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		progress(to, b.backlog())
	}
	return nil
}

func insertWaiting(tx *store.Tx, keys benchKeys, dead string, n int, now time.Time) error {
	incident := soc.Incident{ID: uuid.NewString(), Workspace: keys.workspace, Source: "edge_sensor", Title: "Suspicious PowerShell", Severity: soc.SeverityHigh, CreatedAt: now}
	e := soc.NewEvent(soc.EventIncidentCreated, incident, fmt.Sprintf("backlog %d", n))
	e.ID, e.Organization, e.OccurredAt, e.CreatedAt = uuid.NewString(), keys.organization, now, now
	if err := tx.InsertEvent(e); err != nil {
		return err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	return tx.InsertDelivery(soc.Delivery{
		ID: id.String(), Webhook: dead, Event: e.ID, Workspace: keys.workspace, Status: soc.DeliveryPending, NextAttemptAt: now, CreatedAt: now,
	})
}

// tellEvents lets incidents happen at a steady rate, waits until each of them
// arrived everywhere, and returns the server's memory early and late.
func (b *bench) tellEvents(ctx context.Context, server *child, keys []string, endpoints *endpoints) (memory [2]float64, err error) {
	load := &ingestLoad{base: server.base, door: genericIntake, keys: keys, per: 1}
	duration := max(b.command.Duration, time.Second)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var happened atomic.Int64
	var running sync.WaitGroup
	pace := time.NewTicker(time.Second / webhookRate)
	defer pace.Stop()
	began := time.Now()
	next := make(chan struct{}, webhookRate)
	c := newClient(server.base, "")
	defer c.close()
	for _, key := range keys {
		running.Go(func() {
			for range next {
				if err := load.send(ctx, c.http, key); err != nil {
					cancel(err)
					return
				}
				happened.Add(1)
			}
		})
	}
	for quarter := false; time.Since(began) < duration && ctx.Err() == nil; {
		select {
		case <-pace.C:
		case <-ctx.Done():
			continue
		}
		select {
		case next <- struct{}{}:
		case <-ctx.Done():
			continue
		}
		if !quarter && time.Since(began) > duration/4 {
			quarter = true
			if memory[0], err = server.residentMB(); err != nil {
				cancel(err)
			}
		}
	}
	close(next)
	running.Wait()
	if ctx.Err() != nil {
		return memory, context.Cause(ctx)
	}
	if err := endpoints.await(ctx, int(happened.Load())*webhookEndpoints); err != nil {
		return memory, err
	}
	memory[1], err = server.residentMB()
	return memory, err
}
