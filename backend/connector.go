package backend

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// Products is what the desk must know of the products that can be configured.
// The functions are pure unless they say otherwise.
type Products struct {
	// Kinds are the families that can be stated, by name.
	Kinds func() []soc.ConnectorKind
	// Complete checks a connector as stated and fills in what its kind has by
	// default.
	Complete func(c soc.Connector) (soc.Connector, error)
	// CheckSecrets checks secrets that are given for a kind.
	CheckSecrets func(kind string, secrets map[string]string) error
	// Required are the names of the secrets that a kind cannot do without.
	Required func(kind string) []string
	// Source is the source whose incidents products of a kind are told the
	// verdict of, empty for none.
	Source func(kind string) string
	// Carries are the playbooks a connector carries out.
	Carries func(c soc.Connector) []string
	// Ways are the connectors in force, as far as this process knows.
	Ways func() []Connector
	// Health tells how calls of this process fare; ok is false where it makes
	// none.
	Health func(id string) (health soc.ConnectorHealth, ok bool)
	// Check asks the product how it is, by reading only. It calls out.
	Check func(ctx context.Context, c soc.Connector, secrets map[string]string) (soc.ConnectorCheck, error)
	// Changed is told after a change was stored.
	Changed func()
}

// purposeConnector is what a connector's secret is sealed for; its name is part.
const purposeConnector = "connector secret "

// ways are the ways out that gamebooks may use now.
func (d *Desk) ways() []Connector {
	if d.products.Ways == nil {
		return d.connectors
	}
	return append(slices.Clip(d.connectors), d.products.Ways()...)
}

// errNoConnector is the one answer for an unknown and a foreign connector.
func errNoConnector() error {
	return soc.NotFoundf("There is no such connector.").WithFix("List the connectors and copy the id exactly.")
}

// mayConfigure lets in the host, a person whose role is least, and a service key
// with the scope. An agent never: where calls go is not its business.
func mayConfigure(by soc.Actor, scope soc.Scope, least soc.Role) error {
	if by.Kind == soc.PrincipalAgent {
		return soc.Errorf(soc.Denied, soc.CodeForbidden, "Agents do not configure connectors.").WithFix("Ask an admin of the workspace.")
	}
	return by.May(scope, least)
}

// ListConnectors lists the connectors of the workspace by name.
func (d *Desk) ListConnectors(ctx context.Context, by soc.Actor) (all []soc.ConnectorView, err error) {
	if err := mayConfigure(by, soc.ScopeOpsRead, soc.RoleViewer); err != nil {
		return nil, err
	}
	err = d.store.View(ctx, func(r *store.Reader) error {
		found, err := r.Connectors(by.Workspace)
		if err != nil {
			return err
		}
		for _, c := range found {
			view, err := d.viewConnector(r, c)
			if err != nil {
				return err
			}
			all = append(all, view)
		}
		return nil
	})
	return all, err
}

// ConnectorKinds lists the families of products that this process knows.
func (d *Desk) ConnectorKinds(by soc.Actor) ([]soc.ConnectorKind, error) {
	if err := mayConfigure(by, soc.ScopeOpsRead, soc.RoleViewer); err != nil {
		return nil, err
	}
	if d.products.Kinds == nil {
		return nil, nil
	}
	return d.products.Kinds(), nil
}

// GetConnector returns one connector of the workspace.
func (d *Desk) GetConnector(ctx context.Context, by soc.Actor, id string) (view soc.ConnectorView, err error) {
	if err := mayConfigure(by, soc.ScopeOpsRead, soc.RoleViewer); err != nil {
		return view, err
	}
	err = d.store.View(ctx, func(r *store.Reader) error {
		c, err := connectorOf(r, by, id)
		if err == nil {
			view, err = d.viewConnector(r, c)
		}
		return err
	})
	return view, err
}

// connectorOf finds a connector of the actor's workspace.
func connectorOf(r *store.Reader, by soc.Actor, id string) (soc.Connector, error) {
	c, found, err := r.Connector(by.Workspace, id)
	if err == nil && !found {
		err = errNoConnector()
	}
	return c, err
}

// viewConnector adds what may be shown; nothing sealed is in it.
func (d *Desk) viewConnector(r *store.Reader, c soc.Connector) (soc.ConnectorView, error) {
	view := soc.ConnectorView{Connector: c}
	secrets, err := r.ConnectorSecrets(c.Workspace, c.ID)
	if err != nil {
		return view, err
	}
	for _, s := range secrets {
		s.Sealed = nil
		view.Secrets = append(view.Secrets, s)
	}
	if d.products.Carries == nil {
		return view, nil
	}
	view.Carries = d.products.Carries(c)
	for _, name := range d.products.Required(c.Kind) {
		if !slices.ContainsFunc(secrets, func(s soc.ConnectorSecret) bool { return s.Name == name }) {
			view.Missing = append(view.Missing, name)
		}
	}
	if health, known := d.products.Health(c.ID); known {
		view.Health = &health
	}
	return view, nil
}

// CreateConnector configures a connector. It is a loosening: one that a person
// or a key asks for waits until another person puts it in force (S60); the
// host's is in force at once.
func (d *Desk) CreateConnector(ctx context.Context, by soc.Actor, in soc.ConnectorDraft) (soc.ConnectorView, error) {
	return d.changeConnector(ctx, by, connectorChange{event: "connector_configured", scope: soc.ScopeOpsDraft, least: soc.RoleAdmin}, func(tx *store.Tx) (soc.Connector, error) {
		id, err := uuid.NewV7()
		if err != nil {
			return soc.Connector{}, err
		}
		now := d.clock()
		c, err := d.statedConnector(soc.Connector{
			ID: id.String(), Workspace: by.Workspace, Kind: in.Kind, CreatedBy: by.ID, CreatedAt: now, UpdatedAt: now, Version: 1,
		}, in)
		if err != nil {
			return c, err
		}
		c.State, c.ProposedBy = d.loosened(by)
		have, err := tx.Connectors(by.Workspace)
		if err != nil {
			return c, err
		}
		if len(have) >= soc.MaxConnectors {
			return c, soc.Errorf(soc.Conflict, soc.CodeConflict, "The workspace has %d connectors, the most there may be.", soc.MaxConnectors).WithFix("Delete one first.")
		}
		if slices.ContainsFunc(have, func(other soc.Connector) bool { return other.Name == c.Name }) {
			return c, errConnectorName()
		}
		return c, tx.InsertConnector(c)
	})
}

func errConnectorName() error {
	return soc.Errorf(soc.Conflict, soc.CodeConflict, "The workspace has a connector of this name.").WithField("name", "must be new")
}

// loosened is the state of a connector after a loosening by somebody.
func (d *Desk) loosened(by soc.Actor) (soc.ConnectorState, string) {
	switch {
	case by.Kind == soc.PrincipalHost:
		return soc.ConnectorEnabled, ""
	case by.Fresh(d.clock()):
		return soc.ConnectorProposed, by.ID
	}
	// The wish of a key, or of a person whose sign-in is old, counts for nobody:
	// two people follow.
	return soc.ConnectorProposed, ""
}

// statedConnector is a connector as a draft states it, complete and checked.
func (d *Desk) statedConnector(c soc.Connector, in soc.ConnectorDraft) (soc.Connector, error) {
	if d.products.Complete == nil {
		return c, soc.Errorf(soc.Unavailable, soc.CodeServiceUnavailable, "This process knows no products.").WithFix("Send the request to the server.")
	}
	name := soc.DisplayName(in.Name)
	if name == "" || name != in.Name || len(name) > 64 {
		return c, soc.InvalidField("name", "must be 1 to 64 characters without control characters")
	}
	for _, id := range in.Playbooks {
		if _, known := d.catalogue.Lookup(id); !known {
			return c, soc.InvalidField("playbooks", "must hold playbooks of the catalogue")
		}
	}
	c.Name, c.BaseURL, c.Settings, c.Playbooks, c.Reason = name, in.BaseURL, in.Settings, in.Playbooks, in.Reason
	c.Rate, c.Burst, c.Declaration = in.Rate, in.Burst, in.Declaration
	c, err := d.products.Complete(c)
	if err != nil {
		return c, err
	}
	if err := d.checkURL(c.BaseURL); err != nil {
		return c, soc.InvalidField("baseUrl", "%s", firstOf(err.Fields["url"])).WithFix("%s", err.Fix)
	}
	return c, nil
}

func firstOf(texts []string) string {
	if len(texts) == 0 {
		return "may not be called by the server"
	}
	return texts[0]
}

// UpdateConnector replaces what people state of a connector; its kind stays.
// Fewer playbooks or a lower rate are in force at once; everything else is a
// loosening and takes the connector out of force until another person puts it
// back. Where the secrets would go is the base URL, the settings and the
// declaration: a change of any erases them, so that nobody sends them elsewhere.
func (d *Desk) UpdateConnector(ctx context.Context, by soc.Actor, id string, match soc.IfMatch, in soc.ConnectorDraft) (soc.ConnectorView, error) {
	return d.changeConnector(ctx, by, connectorChange{id: id, event: "connector_configured", scope: soc.ScopeOpsDraft, least: soc.RoleAdmin}, func(tx *store.Tx) (soc.Connector, error) {
		before, err := connectorOf(&tx.Reader, by, id)
		if err != nil {
			return before, err
		}
		if err := match.Check(before.Version); err != nil {
			return before, err
		}
		if in.Kind != before.Kind {
			return before, soc.InvalidField("kind", "must stay %s; make another connector for another product", before.Kind)
		}
		after, err := d.statedConnector(before, in)
		if err != nil {
			return after, err
		}
		have, err := tx.Connectors(by.Workspace)
		if err != nil {
			return after, err
		}
		if slices.ContainsFunc(have, func(other soc.Connector) bool { return other.Name == after.Name && other.ID != id }) {
			return after, errConnectorName()
		}
		if !d.tighter(before, after) && before.State != soc.ConnectorDisabled {
			after.State, after.ProposedBy = d.loosened(by)
		}
		if !sameOrigin(before.BaseURL, after.BaseURL) || !maps.Equal(before.Settings, after.Settings) || before.Declaration != after.Declaration {
			if err := tx.EraseConnectorSecrets(by.Workspace, id); err != nil {
				return after, err
			}
		}
		after.UpdatedAt = d.clock()
		return tx.UpdateConnector(after)
	})
}

// tighter reports whether a change only takes away: what it cannot label is a
// loosening.
func (d *Desk) tighter(before, after soc.Connector) bool {
	same := before.BaseURL == after.BaseURL && before.Declaration == after.Declaration && maps.Equal(before.Settings, after.Settings)
	if !same || after.Rate > before.Rate || after.Burst > before.Burst {
		return false
	}
	could := d.products.Carries(before)
	return !slices.ContainsFunc(d.products.Carries(after), func(id string) bool { return !slices.Contains(could, id) })
}

// connectorChange says what a write of connectors is called and who may.
type connectorChange struct {
	id    string
	event string
	scope soc.Scope
	least soc.Role
	fresh bool
}

// changeConnector is the frame of every write: who may, one transaction with its
// audit entry, then the news to this process; others see the stamp.
func (d *Desk) changeConnector(ctx context.Context, by soc.Actor, what connectorChange, change func(*store.Tx) (soc.Connector, error)) (view soc.ConnectorView, err error) {
	err = mayConfigure(by, what.scope, what.least)
	if err == nil && what.fresh && by.Kind != soc.PrincipalHost {
		err = d.mayFresh(by)
	}
	if err == nil {
		err = d.mayWrite()
	}
	if err == nil {
		err = d.write(ctx, func(tx *store.Tx) error {
			c, err := change(tx)
			if err != nil {
				return err
			}
			if view, err = d.viewConnector(&tx.Reader, c); err != nil {
				return err
			}
			e := d.entry(by, what.event)
			e.Target, e.Decision = c.ID, string(c.State)
			tx.Audit(e)
			return d.settleIdempotency(tx, by, view)
		})
	}
	if err != nil {
		return view, d.refused(ctx, by, what.event, err, func(e *soc.AuditEntry) { e.Target = soc.DisplayName(what.id) })
	}
	if d.products.Changed != nil {
		d.products.Changed()
	}
	return view, nil
}

// checkTime bounds a check of a product.
const checkTime = 25 * time.Second
