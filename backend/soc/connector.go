package soc

import (
	"errors"
	"slices"
	"time"
)

// ConnectorState is whether a connector is in force.
type ConnectorState string

// The three states. A proposed connector waits for a second person.
const (
	ConnectorProposed ConnectorState = "proposed"
	ConnectorEnabled  ConnectorState = "enabled"
	ConnectorDisabled ConnectorState = "disabled"
)

// AllConnectorStates lists the states.
var AllConnectorStates = []ConnectorState{ConnectorProposed, ConnectorEnabled, ConnectorDisabled}

// MaxConnectors is how many a workspace may have.
const MaxConnectors = 100

// Connector is a way out to a real product, as configured. Its id is part of the
// digest of every step that goes through it, and it never serves another
// workspace. Secrets are stored apart and sealed (S53).
type Connector struct {
	ID        string
	Workspace string
	Name      string
	Kind      string
	BaseURL   string
	Settings  map[string]string
	// Playbooks narrows what the kind can do; nil leaves everything.
	Playbooks []string
	// Rate is calls in 1000 seconds, Burst how many at once; 0 takes the kind's.
	Rate        int64
	Burst       int
	Declaration string
	State       ConnectorState
	// ProposedBy asked to put it in force, Reason says why it is as it is.
	ProposedBy string
	Reason     string
	CreatedBy  string
	CreatedAt  time.Time
	UpdatedAt  time.Time
	DeletedAt  time.Time
	// Version grows with every change, also of a secret.
	Version int64
}

// ConnectorKind is one family of products, as far as whoever states a connector
// of it has to know.
type ConnectorKind struct {
	// Name is the stored word, Title names the product to people.
	Name, Title string
	// BaseURL is the vendor's public service; where it is empty it must be stated.
	BaseURL string
	// Settings are no secrets, Secrets are.
	Settings, Secrets []ConnectorField
	// Playbooks are those that the product can carry out; none where a declaration
	// says so, which Declared is true for.
	Playbooks []string
	Declared  bool
}

// ConnectorField is one thing to state of a connector.
type ConnectorField struct {
	Name, Help, Default string
	Required            bool
	// OneOf are the words allowed; nil allows any text.
	OneOf []string
}

// ConnectorDraft is a connector as people state it.
type ConnectorDraft struct {
	Kind        string // cannot be changed later
	Name        string
	BaseURL     string
	Settings    map[string]string
	Playbooks   []string
	Rate        int64
	Burst       int
	Declaration string
	Reason      string
}

// ConnectorSecret is one stored secret, sealed.
type ConnectorSecret struct {
	Workspace string
	Connector string
	Name      string
	Sealed    []byte
	SetAt     time.Time
}

// ConnectorView is a connector with what may be shown of its secrets and health.
type ConnectorView struct {
	Connector Connector
	// Carries are the playbooks it carries out.
	Carries []string
	// Secrets are without what is sealed; Missing are the names that the kind
	// requires and that were not set.
	Secrets []ConnectorSecret
	Missing []string
	// Health is nil where this process does not call the product.
	Health *ConnectorHealth
}

// ConnectorHealth is how the calls of this process to a product fare.
type ConnectorHealth struct {
	Circuit   string // closed, half-open or open
	Since     time.Time
	LastOK    time.Time
	HeldUntil time.Time
}

// ConnectorCheck is what asking a product came to, by reading only.
type ConnectorCheck struct {
	CheckedAt   time.Time
	Latency     time.Duration
	Steps       []ConnectorStep
	Permissions []ConnectorPermission
}

// ConnectorStep is one thing that was tried. Problem is in the server's own
// words.
type ConnectorStep struct {
	Name    string
	OK      bool
	Problem string
}

// ConnectorPermission is one permission of the product, and the playbooks that
// need it.
type ConnectorPermission struct {
	Name      string
	Granted   bool
	NeededFor []string
}

// OK reports whether everything works and nothing is missing.
func (c ConnectorCheck) OK() bool {
	return !slices.ContainsFunc(c.Steps, func(s ConnectorStep) bool { return !s.OK }) &&
		!slices.ContainsFunc(c.Permissions, func(p ConnectorPermission) bool { return !p.Granted })
}

// Step notes how one thing went; it reports whether it went well. Only errors
// that are safe to show have their text shown.
func (c *ConnectorCheck) Step(name string, err error) bool {
	step := ConnectorStep{Name: name, OK: err == nil}
	if err != nil {
		step.Problem = "The product's answer could not be judged."
		var shown interface{ Shown() string }
		if errors.As(err, &shown) {
			step.Problem = shown.Shown()
		}
	}
	c.Steps = append(c.Steps, step)
	return err == nil
}
