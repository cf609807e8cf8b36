package main

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"vedette/backend"
	"vedette/backend/connector"
	"vedette/backend/connector/egress"
	"vedette/backend/soc"
)

// fleet makes the connectors that people configured, and keeps those in force
// in step with the database: a change on any replica is followed within
// followEvery.
type fleet struct {
	kinds  connector.Kinds
	egress *egress.Policy
	log    *slog.Logger

	refreshing sync.Mutex
	stamp      int64
	inForce    atomic.Pointer[map[string]configured]
	wake       chan struct{}
}

// configured is one connector in force.
type configured struct {
	connector.Connector
	row soc.Connector
}

const followEvery = 2 * time.Second

// connectorBody is the longest answer of a product that is read: 8 MiB, a page
// of the largest lists.
const connectorBody = 8 << 20

func newFleet(kinds connector.Kinds, allowed *egress.Policy, log *slog.Logger) *fleet {
	f := &fleet{kinds: kinds, egress: allowed, log: log, stamp: -1, wake: make(chan struct{}, 1)}
	f.inForce.Store(&map[string]configured{})
	return f
}

// wireFleet loads the connectors before the doors open, and follows changes.
func (w *wiring) wireFleet(ctx context.Context) error {
	w.background = append(w.background, func(ctx context.Context) error { w.fleet.follow(ctx, w.desk); return nil })
	return w.fleet.refresh(ctx, w.desk)
}

// follow keeps in step until the context ends.
func (f *fleet) follow(ctx context.Context, desk *backend.Desk) {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-f.wake:
		}
		if err := f.refresh(ctx, desk); err != nil && ctx.Err() == nil {
			f.log.WarnContext(ctx, "the connectors could not be read and stay as they were", "error", err.Error())
		}
	}
}

// refresh makes what is new or changed and drops what is not in force. One that
// cannot be made is logged and left out; the others work.
func (f *fleet) refresh(ctx context.Context, desk *backend.Desk) error {
	f.refreshing.Lock()
	defer f.refreshing.Unlock()
	before, next := *f.inForce.Load(), map[string]configured{}
	stamp, err := desk.ConnectorsInForce(ctx, f.stamp, func(c soc.Connector, secrets map[string]string, err error) {
		if old, known := before[c.ID]; known && old.row.Version == c.Version {
			next[c.ID] = old // its circuit and its token live on
			return
		}
		var made connector.Connector
		if err == nil {
			made, err = f.make(c, secrets)
		}
		if err != nil {
			f.log.WarnContext(ctx, "a connector cannot be used", "connector", c.ID, "kind", c.Kind, "error", err.Error())
			return
		}
		next[c.ID] = configured{made, c}
	})
	if err != nil || stamp == f.stamp {
		return err
	}
	f.stamp = stamp
	f.inForce.Store(&next)
	return nil
}

// find returns a connector in force.
func (f *fleet) find(id string) (connector.Connector, bool) {
	c, found := (*f.inForce.Load())[id]
	return c.Connector, found
}

// writer finds the oldest connector in force that tells a source of a workspace
// how its incidents were closed.
func (f *fleet) writer(workspace, source string) (writer connector.VerdictWriter, id string, found bool) {
	for _, c := range *f.inForce.Load() {
		writes, ok := c.Connector.(connector.VerdictWriter)
		if ok && c.row.Workspace == workspace && f.source(c.row.Kind) == source && (!found || c.row.ID < id) {
			writer, id, found = writes, c.row.ID, true
		}
	}
	return writer, id, found
}

// source is the source whose incidents a kind is told the verdict of.
func (f *fleet) source(kind string) string {
	found, err := f.kinds.Find(kind)
	if err != nil {
		return ""
	}
	return found.Source
}

// make makes the way out of a row.
func (f *fleet) make(c soc.Connector, secrets map[string]string) (connector.Connector, error) {
	kind, err := f.kinds.Find(c.Kind)
	if err != nil {
		return nil, err
	}
	config := configOf(c)
	config.Secrets, config.Client = secrets, f.client()
	return kind.Make(config)
}

// client is one product's own: a slow one does not take another's connections.
func (f *fleet) client() *http.Client {
	return f.egress.Client(egress.Options{MaxBody: connectorBody})
}

func configOf(c soc.Connector) connector.Config {
	return connector.Config{
		ID: c.ID, Name: c.Name, BaseURL: c.BaseURL, Settings: c.Settings, Playbooks: c.Playbooks, Declaration: c.Declaration,
		Limits: connector.Limits{PerSecond: float64(c.Rate) / 1000, Burst: c.Burst},
	}
}

// products is what the desk must know of the products.
func (f *fleet) products() backend.Products {
	return backend.Products{
		Kinds:    f.kinds.Describe,
		Complete: f.complete,
		CheckSecrets: func(name string, secrets map[string]string) error {
			kind, err := f.kinds.Find(name)
			if err != nil {
				return err
			}
			return kind.CheckSecrets(secrets, false)
		},
		Required: func(name string) (required []string) {
			kind, _ := f.kinds.Find(name)
			for _, secret := range kind.Secrets {
				if secret.Required {
					required = append(required, secret.Name)
				}
			}
			return required
		},
		Source: f.source,
		Carries: func(c soc.Connector) []string {
			kind, err := f.kinds.Find(c.Kind)
			if err != nil {
				return nil
			}
			return kind.Carries(configOf(c))
		},
		Ways:    f.ways,
		Health:  f.health,
		Check:   f.check,
		Changed: f.changed,
	}
}

func (f *fleet) complete(c soc.Connector) (soc.Connector, error) {
	kind, err := f.kinds.Find(c.Kind)
	if err != nil {
		return c, err
	}
	whole, err := kind.Complete(configOf(c))
	c.BaseURL, c.Settings, c.Rate, c.Burst = whole.BaseURL, whole.Settings, int64(whole.Limits.PerSecond*1000), whole.Limits.Burst
	return c, err
}

// ways are the connectors in force as the desk sees them.
func (f *fleet) ways() []backend.Connector {
	inForce := *f.inForce.Load()
	ways := make([]backend.Connector, 0, len(inForce))
	for _, c := range inForce {
		way := wayOf(c.Connector, c.row.Kind)
		way.Workspaces = []string{c.row.Workspace}
		ways = append(ways, way)
	}
	// By id, that is by age: which of two takes a step must not change.
	slices.SortFunc(ways, func(a, b backend.Connector) int { return strings.Compare(a.ID, b.ID) })
	return ways
}

func (f *fleet) health(id string) (soc.ConnectorHealth, bool) {
	c, found := (*f.inForce.Load())[id]
	healthy, tells := c.Connector.(connector.Healthy)
	if !found || !tells {
		return soc.ConnectorHealth{}, false
	}
	state := healthy.Health()
	return soc.ConnectorHealth{Circuit: state.Circuit, Since: state.Since, LastOK: state.LastOK, HeldUntil: state.HeldUntil}, true
}

// check makes a connector of its own for the question, so that one out of force
// can be asked too and a fresh sign-in is made.
func (f *fleet) check(ctx context.Context, c soc.Connector, secrets map[string]string) (soc.ConnectorCheck, error) {
	made, err := f.make(c, secrets)
	if err != nil {
		return soc.ConnectorCheck{}, err
	}
	return connector.Diagnose(ctx, made, time.Now), nil
}

// changed wakes follow.
func (f *fleet) changed() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// wayOf is what the desk must know of a connector.
func wayOf(c connector.Connector, kind string) backend.Connector {
	return backend.Connector{
		ID: c.ID(), Kind: kind, Simulation: c.Simulated(),
		Carries: func(p soc.Playbook) bool { return c.Carries(p.ID) },
		Resolve: func(p soc.Playbook, entity soc.Entity) (nativeID, missing string) {
			native, ok := c.Resolve(entity)
			if choosy, some := c.(connector.Choosy); ok && some {
				ok = choosy.Takes(p.ID, native)
			}
			if !ok {
				return "", strings.Join(p.RequiredProperties, ", ")
			}
			return native, ""
		},
	}
}
