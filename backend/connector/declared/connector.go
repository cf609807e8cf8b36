package declared

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"

	"vedette/backend/connector"
	"vedette/backend/playbook"
	"vedette/backend/soc"
)

// Kind is how a declared product is configured. Which of the secrets it needs,
// the declaration says.
func Kind() connector.Kind {
	return connector.Kind{
		Name: "http", Title: "declared HTTP product",
		Secrets: []connector.Field{
			{Name: "key", Help: "the key, where the declaration says auth: {type: key}"},
			{Name: "client_id", Help: "the client, where it says auth: {type: oauth2}"},
			{Name: "client_secret", Help: "the client's secret"},
		},
		Limits:   connector.Limits{PerSecond: 5, Burst: 5},
		Declares: declares,
		New:      newConnector,
	}
}

func declares(text string) (connector.Declared, error) {
	p, err := load(text)
	if err != nil {
		return connector.Declared{}, err
	}
	return connector.Declared{BaseURL: p.base, Playbooks: p.playbooks}, nil
}

type compiledTarget struct {
	kind     soc.EntityKind
	property string
	form     *regexp.Regexp
}

type compiledAct struct {
	entry      soc.Playbook
	request    compiledRequest
	parameters map[string]parameter
	accept     compiledAnswer
	decline    []compiledAnswer
	reference  path
	permission string
}

type compiledProbe struct {
	request compiledRequest
	states  []compiledState
}

type compiledState struct {
	word   string
	answer compiledAnswer
}

type compiledQuestion struct {
	name       string
	request    compiledRequest
	accept     compiledAnswer
	permission string
	playbooks  []string
}

// Connector is the way out to one declared product.
type Connector struct {
	connector.Product
	product *product
	client  *http.Client
	key     string // without its prefix; empty with oauth2
}

var (
	_ connector.Connector = (*Connector)(nil)
	_ connector.Diagnoser = (*Connector)(nil)
	_ connector.Healthy   = (*Connector)(nil)
)

func newConnector(c connector.Config) (connector.Connector, error) {
	p, err := load(c.Declaration)
	if err != nil {
		return nil, err
	}
	made := &Connector{Product: connector.NewProduct(c), product: p}
	if p.auth.Type == "key" {
		made.client, made.key = made.Line.Client(), c.Secrets["key"]
		if made.key == "" || !visible(made.key) {
			return nil, soc.InvalidField("secrets.key", "must be stated, in printable ASCII")
		}
		return made, nil
	}
	credentials := connector.ClientCredentials{
		TokenURL: p.auth.TokenURL, ID: c.Secrets["client_id"], Secret: c.Secrets["client_secret"], Scopes: p.auth.Scopes, InHeader: p.auth.InHeader,
	}
	if credentials.ID == "" || credentials.Secret == "" {
		return nil, soc.InvalidField("secrets", "client_id and client_secret must be stated")
	}
	made.client = connector.NewTokens(made.Line, credentials).Client()
	return made, nil
}

// Carries implements connector.Connector.
func (c *Connector) Carries(playbookID string) bool {
	return slices.Contains(c.product.playbooks, playbookID)
}

// Resolve implements connector.Connector: the first target of the entity's kind
// whose property is there and has its form.
func (c *Connector) Resolve(e soc.Entity) (string, bool) {
	for _, t := range c.product.targets {
		if t.kind != e.Kind {
			continue
		}
		if value, ok := playbook.Property(e, t.property); ok && t.form.MatchString(value) {
			return value, true
		}
	}
	return "", false
}

// named reports whether a target is one that Resolve could have given.
func (c *Connector) named(kind soc.EntityKind, id string) bool {
	return slices.ContainsFunc(c.product.targets, func(t compiledTarget) bool { return t.kind == kind && t.form.MatchString(id) })
}

// keyForm is what an idempotency key looks like; it goes into a header.
var keyForm = regexp.MustCompile(`^[A-Za-z0-9_.:-]{1,128}$`)

// Carry implements connector.Connector.
func (c *Connector) Carry(ctx context.Context, a connector.Action) (connector.Receipt, error) {
	does, declared := c.product.acts[a.Operation]
	if !declared || !c.named(a.Kind, a.NativeID) || !keyForm.MatchString(a.IdempotencyKey) {
		return connector.Receipt{}, connector.Refusedf(nil, "The declaration has no such operation or target.")
	}
	v, err := does.values(a)
	if err != nil {
		return connector.Receipt{}, err
	}
	got, err := c.exchange(ctx, does.request, v)
	if err != nil {
		return connector.Receipt{}, connector.Explain(got, err, does.permission)
	}
	cause := fmt.Errorf("status %d: %.500q", got.Status, got.Body)
	if slices.ContainsFunc(does.decline, func(d compiledAnswer) bool { return d.is(got, v) }) {
		return connector.Receipt{}, connector.Refusedf(cause, "The product declined the request inside a success.")
	}
	if !does.accept.is(got, v) {
		return connector.Receipt{}, connector.Unknownf(cause, "The product's answer is not the one that the declaration expects.")
	}
	return connector.Receipt{Reference: does.referenceIn(got)}, nil
}

// values are what the references of an action stand for.
func (a compiledAct) values(action connector.Action) (values, error) {
	typed, bad := playbook.CheckParameters(a.entry, action.Parameters)
	if bad != nil {
		return nil, connector.Refusedf(bad, "The parameters are not those of the playbook.")
	}
	v := values{"target": action.NativeID, "key": action.IdempotencyKey}
	for name, value := range typed {
		q, limited := a.parameters[name]
		if limited {
			text, err := plain(value)
			word, translated := q.Words[text]
			if err != nil || !translated && !slices.Contains(q.Only, text) {
				return nil, connector.Refusedf(err, "The product cannot do %s: %s.", name, soc.DisplayName(text))
			}
			if translated {
				value = word
			}
		}
		v[name] = value
	}
	return v, nil
}

// referenceIn finds the product's name for the act; it is for the log only.
func (a compiledAct) referenceIn(got connector.Answer) string {
	if a.reference == nil {
		return ""
	}
	document, err := decode(got.Body)
	if err != nil {
		return ""
	}
	found, _ := a.reference.in(document)
	return fmt.Sprintf("%.200v", found)
}

// exchange makes one call.
func (c *Connector) exchange(ctx context.Context, r compiledRequest, v values) (connector.Answer, error) {
	req, err := r.build(ctx, c.product.base, v)
	if err != nil {
		return connector.Answer{}, connector.Refusedf(err, "A value does not fit into the request; nothing was sent.")
	}
	if c.key != "" {
		req.Header.Set(c.product.auth.header(), c.product.auth.Prefix+c.key)
	}
	if key, acts := v["key"].(string); acts && c.product.keyHeader != "" && req.Method != http.MethodGet {
		req.Header.Set(c.product.keyHeader, key)
	}
	return connector.Exchange(c.client, req)
}

// Probe implements connector.Connector.
func (c *Connector) Probe(ctx context.Context, q connector.Question) (string, error) {
	read, declared := c.product.probes[q.Operation]
	if !declared || !c.named(q.Kind, q.NativeID) || !keyForm.MatchString(q.IdempotencyKey) {
		return "", connector.Refusedf(nil, "The declaration has no such read or target.")
	}
	v := values{"target": q.NativeID, "key": q.IdempotencyKey}
	got, err := c.exchange(ctx, read.request, v)
	if err != nil && got.Status != http.StatusNotFound && got.Status != http.StatusGone {
		return "", connector.Explain(got, err, "the permission to read")
	}
	for _, s := range read.states {
		if s.answer.is(got, v) {
			return s.word, nil
		}
	}
	return "", connector.Unknownf(errors.Join(err, fmt.Errorf("status %d: %.500q", got.Status, got.Body)), "The product's answer tells none of the declared states.")
}

// Check implements connector.Connector.
func (c *Connector) Check(ctx context.Context) error { return connector.CheckError(c.Diagnose(ctx)) }

// Diagnose implements connector.Diagnoser: it asks what the declaration lists
// under check.
func (c *Connector) Diagnose(ctx context.Context) soc.ConnectorCheck {
	var found soc.ConnectorCheck
	for _, q := range c.product.questions {
		got, err := c.exchange(ctx, q.request, nil)
		if err != nil {
			err = connector.Explain(got, err, q.permission)
		} else if !q.accept.is(got, nil) {
			err = connector.Unknownf(nil, "The product's answer is not the one that the declaration expects.")
		}
		declined := q.permission != "" && connector.Missing(err)
		if declined {
			err = nil
		}
		if found.Step(q.name, err) && q.permission != "" {
			found.Permissions = append(found.Permissions, soc.ConnectorPermission{Name: q.permission, Granted: !declined, NeededFor: q.playbooks})
		}
	}
	return found
}
