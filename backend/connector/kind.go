package connector

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"vedette/backend/soc"
)

// Kind is one family of products that can be configured: what has to be stated
// of it, and how a way out is made of that.
type Kind struct {
	// Name is the stored word, for instance "msgraph"; it never changes meaning.
	Name string
	// Title names the product to people.
	Title string
	// BaseURL is where the vendor's public service answers. Where it is empty the
	// base URL must be stated.
	BaseURL string
	// Settings are the members that are no secret, Secrets those that are.
	Settings []Field
	Secrets  []Field
	// Playbooks are the entries of the catalogue that the product can carry out.
	Playbooks []string
	// Endpoints are the calls of the product's published interface that are made,
	// and what each needs; nil where a declaration states them.
	Endpoints []Endpoint
	// Source is the source whose incidents the product is told the verdict of;
	// empty where it is told none. The way out is then a VerdictWriter.
	Source string
	// Limits are what the vendor documents, or less.
	Limits Limits
	// Declares returns what a declaration (YAML) says of the product, for a
	// kind that is made of one; nil for all others, which have Playbooks.
	Declares func(declaration string) (Declared, error)
	// New makes the way out. It calls nobody. c was completed by Complete.
	New func(c Config) (Connector, error)
}

// Field is one thing to state of a connector.
type Field struct {
	Name string
	Help string
	// Required fields have no default.
	Required bool
	Default  string
	// OneOf are the words allowed; nil allows any text.
	OneOf []string
}

// Config is one connector as it was stated.
type Config struct {
	ID       string
	Name     string
	BaseURL  string
	Settings map[string]string
	// Secrets are in clear here: a Config is never printed, logged or stored.
	Secrets map[string]string
	// Playbooks narrows what the kind can do; nil leaves everything. Make sees to
	// it; a product's New need not look.
	Playbooks   []string
	Limits      Limits
	Declaration string
	// Client is made by egress; New's products call through a Line on it.
	Client *http.Client
	// Now is the clock of token expiry and of Retry-After; default time.Now.
	Now func() time.Time
}

// String implements fmt.Stringer, so that a Config in a message shows no secret.
func (c Config) String() string { return "connector " + c.ID }

// GoString implements fmt.GoStringer for the same reason.
func (c Config) GoString() string { return c.String() }

// May reports whether the configuration leaves a playbook of the kind in use.
func (c Config) May(kind []string, playbook string) bool {
	return slices.Contains(kind, playbook) && (c.Playbooks == nil || slices.Contains(c.Playbooks, playbook))
}

// able are the playbooks that the product can carry out.
func (k Kind) able(c Config) ([]string, error) {
	if k.Declares == nil {
		return k.Playbooks, nil
	}
	declared, err := k.Declares(c.Declaration)
	return declared.Playbooks, err
}

// Declared is what a declaration says of its product.
type Declared struct {
	BaseURL   string
	Playbooks []string
}

// Carries are the playbooks that a configuration leaves in use.
func (k Kind) Carries(c Config) []string {
	able, err := k.able(c)
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(able), func(id string) bool { return c.Playbooks != nil && !slices.Contains(c.Playbooks, id) })
}

// limits of what people state.
const (
	maxFieldText = 4096 // bytes: a PEM key fits
	maxRate      = 1000 // calls a second
)

// Complete checks a configuration and fills in defaults. It checks no secret:
// they are stated apart and later. What it refuses is VALIDATION_ERROR on the
// member's name in the ops API.
func (k Kind) Complete(c Config) (Config, error) {
	if (k.Declares != nil) == (c.Declaration == "") {
		return c, soc.InvalidField("declaration", "goes with the kinds that are declared, and they need it")
	}
	if k.Declares != nil {
		declared, err := k.Declares(c.Declaration)
		if err != nil {
			return c, err
		}
		if c.BaseURL != "" && strings.TrimRight(c.BaseURL, "/") != declared.BaseURL {
			return c, soc.InvalidField("baseUrl", "must be the declaration's base_url, or left out")
		}
		c.BaseURL = declared.BaseURL
	}
	if c.BaseURL == "" {
		c.BaseURL = k.BaseURL
	}
	base, err := url.Parse(c.BaseURL)
	switch {
	case c.BaseURL == "":
		return c, soc.InvalidField("baseUrl", "must be stated for %s", k.Title)
	case err != nil || base.Host == "" || base.RawQuery != "" || base.ForceQuery || base.Fragment != "" || base.User != nil:
		return c, soc.InvalidField("baseUrl", "must be a scheme, a host and perhaps a path")
	}
	c.BaseURL = strings.TrimRight(c.BaseURL, "/")
	if c.Settings, err = stated("settings", k.Settings, c.Settings, true); err != nil {
		return c, err
	}
	able, err := k.able(c)
	if err != nil {
		return c, err
	}
	for _, id := range c.Playbooks {
		if !slices.Contains(able, id) {
			return c, soc.InvalidField("playbooks", "must hold only what %s can carry out: %s", k.Title, strings.Join(able, ", "))
		}
	}
	if c.Limits, err = c.Limits.within(k.Limits); err != nil {
		return c, err
	}
	return c, nil
}

// CheckSecrets checks the secrets that are given; whole wants all that the kind
// requires.
func (k Kind) CheckSecrets(secrets map[string]string, whole bool) error {
	_, err := stated("secrets", k.Secrets, secrets, whole)
	return err
}

// SecretNames are the names of the kind's secrets.
func (k Kind) SecretNames() []string {
	names := make([]string, len(k.Secrets))
	for i, f := range k.Secrets {
		names[i] = f.Name
	}
	return names
}

// stated checks values against fields and fills in defaults.
func stated(member string, fields []Field, values map[string]string, whole bool) (map[string]string, error) {
	out := maps.Clone(values)
	if out == nil {
		out = map[string]string{}
	}
	known := make([]string, len(fields))
	for i, f := range fields {
		known[i] = f.Name
		value := out[f.Name]
		if value == "" && f.Default != "" {
			out[f.Name] = f.Default
			continue
		}
		switch {
		case value == "" && f.Required && whole:
			return nil, soc.InvalidField(member+"."+f.Name, "must be stated: %s", f.Help)
		case len(value) > maxFieldText || !utf8.ValidString(value) || strings.ContainsFunc(value, func(r rune) bool { return unicode.IsControl(r) && r != '\n' }):
			return nil, soc.InvalidField(member+"."+f.Name, "must be text of at most %d bytes without control characters", maxFieldText)
		case value != "" && f.OneOf != nil && !slices.Contains(f.OneOf, value):
			return nil, soc.InvalidField(member+"."+f.Name, "must be one of %s", strings.Join(f.OneOf, ", "))
		}
	}
	for name := range values {
		if !slices.Contains(known, name) {
			return nil, soc.InvalidField(member, "must hold only %s", orNothing(known))
		}
	}
	return out, nil
}

func orNothing(names []string) string {
	if len(names) == 0 {
		return "nothing: this kind has none"
	}
	return strings.Join(names, ", ")
}

// Limits bound the calls of one connector.
type Limits struct {
	// PerSecond calls on average, Burst at once. Zero takes the kind's.
	PerSecond float64
	Burst     int
}

// within fills in the kind's limits and refuses what is out of bounds. More than
// the vendor's documented rate may be stated: tenants buy more.
func (l Limits) within(kind Limits) (Limits, error) {
	if l.PerSecond == 0 {
		l.PerSecond = kind.PerSecond
	}
	if l.Burst == 0 {
		l.Burst = kind.Burst
	}
	if !(l.PerSecond >= 0.01 && l.PerSecond <= maxRate) || l.Burst < 1 || l.Burst > maxRate {
		return l, soc.InvalidField("rate", "must be 0.01 to %d calls a second, at most %d at once", maxRate, maxRate)
	}
	return l, nil
}

// Kinds are the families of one program, by name.
type Kinds []Kind

// Find returns a kind by its name. An unknown one is VALIDATION_ERROR on "kind".
func (all Kinds) Find(name string) (Kind, error) {
	names := make([]string, len(all))
	for i, k := range all {
		if k.Name == name {
			return k, nil
		}
		names[i] = k.Name
	}
	return Kind{}, soc.InvalidField("kind", "must be one of %s", strings.Join(names, ", "))
}

// Describe is what whoever states a connector of each kind has to know.
func (all Kinds) Describe() []soc.ConnectorKind {
	described := make([]soc.ConnectorKind, len(all))
	for i, k := range all {
		described[i] = soc.ConnectorKind{
			Name: k.Name, Title: k.Title, BaseURL: k.BaseURL, Settings: describeFields(k.Settings), Secrets: describeFields(k.Secrets),
			Playbooks: k.Playbooks, Declared: k.Declares != nil,
		}
	}
	return described
}

func describeFields(fields []Field) []soc.ConnectorField {
	described := make([]soc.ConnectorField, len(fields))
	for i, f := range fields {
		described[i] = soc.ConnectorField{Name: f.Name, Help: f.Help, Default: f.Default, Required: f.Required, OneOf: f.OneOf}
	}
	return described
}

// Make completes a configuration and makes the way out of it.
func (k Kind) Make(c Config) (Connector, error) {
	c, err := k.Complete(c)
	if err != nil {
		return nil, err
	}
	if err := k.CheckSecrets(c.Secrets, true); err != nil {
		return nil, err
	}
	if c.ID == "" || c.Client == nil {
		return nil, fmt.Errorf("connector %s: id and client are required", k.Name)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	made, err := k.New(c)
	if err != nil || c.Playbooks == nil {
		return made, err
	}
	return &narrowed{made, c.Playbooks}, nil
}

// narrowed leaves a connector only some of its playbooks.
type narrowed struct {
	Connector
	left []string
}

// Carries implements Connector.
func (n narrowed) Carries(playbook string) bool {
	return slices.Contains(n.left, playbook) && n.Connector.Carries(playbook)
}

// Diagnose implements Diagnoser: a permission that only playbooks out of use
// need is not missed.
func (n narrowed) Diagnose(ctx context.Context) soc.ConnectorCheck {
	d, ok := n.Connector.(Diagnoser)
	if !ok {
		var found soc.ConnectorCheck
		found.Step("check", n.Check(ctx))
		return found
	}
	found := d.Diagnose(ctx)
	var missed []soc.ConnectorPermission
	for _, p := range found.Permissions {
		always := len(p.NeededFor) == 0 // no playbook needs it: telling verdicts does
		p.NeededFor = slices.DeleteFunc(slices.Clone(p.NeededFor), func(id string) bool { return !slices.Contains(n.left, id) })
		if always || len(p.NeededFor) > 0 {
			missed = append(missed, p)
		}
	}
	found.Permissions = missed
	return found
}

// Takes implements Choosy.
func (n narrowed) Takes(playbook, nativeID string) bool {
	c, choosy := n.Connector.(Choosy)
	return !choosy || c.Takes(playbook, nativeID)
}

// WriteVerdict implements VerdictWriter.
func (n narrowed) WriteVerdict(ctx context.Context, v Verdict) error {
	w, writes := n.Connector.(VerdictWriter)
	if !writes {
		return Refusedf(nil, "The product is told no verdicts.")
	}
	return w.WriteVerdict(ctx, v)
}

// Health implements Healthy.
func (n narrowed) Health() LineState {
	if h, ok := n.Connector.(Healthy); ok {
		return h.Health()
	}
	return LineState{}
}
