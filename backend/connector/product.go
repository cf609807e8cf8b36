package connector

import (
	"context"

	"vedette/backend/soc"
)

// Product is what every way out to a real product has in common: how it was
// configured, and the one line by which its calls go out. Connectors embed it.
type Product struct {
	Config Config
	Line   *Line
}

// NewProduct opens the line of a configured product. It calls nobody.
func NewProduct(c Config) Product {
	return Product{Config: c, Line: NewLine(c.Client, c.Limits, c.Now)}
}

// ID implements Connector.
func (p Product) ID() string { return p.Config.ID }

// Simulated implements Connector: never.
func (Product) Simulated() bool { return false }

// Health implements Healthy.
func (p Product) Health() LineState { return p.Line.State() }

// Told is the part of a way out to a product that carries nothing out and is
// only told verdicts. Title names the product in what it refuses.
type Told struct{ Title string }

// Carries implements Connector: nothing.
func (Told) Carries(string) bool { return false }

// Resolve implements Connector: it acts on no entity.
func (Told) Resolve(soc.Entity) (string, bool) { return "", false }

// Carry implements Connector: nothing is carried out.
func (t Told) Carry(context.Context, Action) (Receipt, error) { return Receipt{}, t.refusal() }

// Probe implements Connector: nothing can be asked.
func (t Told) Probe(context.Context, Question) (string, error) { return "", t.refusal() }

func (t Told) refusal() error { return Refusedf(nil, "%s carries no playbook out.", t.Title) }
