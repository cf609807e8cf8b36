package simrange

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"vedette/backend/connector"
	"vedette/backend/playbook"
	"vedette/backend/soc"
)

// carried are the playbooks of the shipped catalogue that the range can carry out.
var carried = map[string]bool{
	"disable_user": true, "enable_user": true, "reset_password": true, "revoke_sessions": true, "confirm_compromised": true, "dismiss_risk": true,
	"isolate_host": true, "unisolate_host": true, "scan_host": true, "restrict_host": true, "unrestrict_host": true, "stop_file": true,
	"quarantine_file": true, "restore_file": true, "block_file": true, "unblock_file": true, "block_ip": true, "unblock_ip": true,
}

// Connector speaks to a range over HTTP. It implements connector.Connector.
type Connector struct {
	id     string
	base   string
	token  string
	client *http.Client
	line   *connector.Line // nil for the demo's own range
}

var _ connector.Connector = (*Connector)(nil)

// NewConnector makes a connector to the range at baseURL (scheme, host and port
// only). client must come from egress.
func NewConnector(id, baseURL, token string, client *http.Client) (*Connector, error) {
	u, err := url.Parse(baseURL)
	if err != nil || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return nil, errors.New("range connector: the base URL must be a scheme, a host and a port")
	}
	if id == "" || token == "" || client == nil {
		return nil, errors.New("range connector: id, token and client are required")
	}
	return &Connector{id: id, base: u.Scheme + "://" + u.Host, token: token, client: client}, nil
}

// ID implements connector.Connector.
func (c *Connector) ID() string { return c.id }

// Simulated implements connector.Connector: always true.
func (c *Connector) Simulated() bool { return true }

// Carries implements connector.Connector.
func (c *Connector) Carries(playbookID string) bool { return carried[playbookID] }

// addressedBy are the properties the range finds an entity by, best first.
var addressedBy = map[soc.EntityKind][]string{
	soc.KindAccount:  {soc.PropertyObjectID, soc.PropertyUPN, soc.PropertySID, playbook.PropertyDomainAccount},
	soc.KindHost:     {soc.PropertyDeviceID, soc.PropertyFQDN, soc.PropertyName},
	soc.KindFile:     {soc.PropertySHA256, soc.PropertySHA1, soc.PropertyMD5},
	soc.KindFileHash: {soc.PropertySHA256, soc.PropertySHA1, soc.PropertyMD5},
	soc.KindIP:       {playbook.PropertyAddress},
}

// Resolve implements connector.Connector. Properties come in canonical form, so
// spellings of one thing give one id.
func (c *Connector) Resolve(e soc.Entity) (string, bool) {
	for _, name := range addressedBy[e.Kind] {
		if value, ok := playbook.Property(e, name); ok && usable(value) {
			return value, true
		}
	}
	return "", false
}

// usable keeps out what would be another path, or not be one.
func usable(id string) bool {
	return id != "" && id != "." && id != ".." && len(id) <= 256 && !strings.ContainsFunc(id, func(r rune) bool {
		return unicode.IsControl(r) || r == unicode.ReplacementChar
	})
}

// Carry implements connector.Connector.
func (c *Connector) Carry(ctx context.Context, a connector.Action) (connector.Receipt, error) {
	res, state, ok := acting(a.Operation)
	if !ok || !usable(a.NativeID) || a.IdempotencyKey == "" {
		return connector.Receipt{}, connector.Refusedf(nil, "The range has no such operation or target.")
	}
	body := map[string]any{}
	maps.Copy(body, a.Parameters)
	method := http.MethodPost
	if res.adds == "" {
		body["state"], method = state, http.MethodPut
	}
	sent, err := json.Marshal(body)
	if err != nil {
		return connector.Receipt{}, connector.Refusedf(err, "The parameters cannot be sent.")
	}
	req, err := c.request(ctx, method, res.url(a.NativeID), sent)
	if err != nil {
		return connector.Receipt{}, connector.Refusedf(err, "The request cannot be built.")
	}
	req.Header.Set("Idempotency-Key", a.IdempotencyKey)
	got, err := connector.Exchange(c.client, req)
	if err != nil {
		return connector.Receipt{}, err
	}
	var receipt struct {
		Simulation string `json:"simulation"`
		Accepted   bool   `json:"accepted"`
		Reference  string `json:"reference"`
	}
	if err := read(got, &receipt); err != nil {
		return connector.Receipt{}, err
	}
	if !receipt.Accepted {
		return connector.Receipt{}, connector.Unknownf(nil, "The range's answer does not say that it accepted.")
	}
	return connector.Receipt{Reference: receipt.Reference}, nil
}

// Probe implements connector.Connector. Resets and scans are looked for by the
// key of the action asked about; where there is none the answer is "none".
func (c *Connector) Probe(ctx context.Context, q connector.Question) (string, error) {
	res, ok := reading(q.Operation)
	if !ok || !usable(q.NativeID) {
		return "", fmt.Errorf("range: no read %q of this target", q.Operation)
	}
	req, err := c.request(ctx, http.MethodGet, res.url(q.NativeID), nil)
	if err != nil {
		return "", err
	}
	got, err := connector.Exchange(c.client, req)
	if err != nil {
		return "", err
	}
	var view struct {
		State string `json:"state"`
		Items []item `json:"items"`
	}
	if err := read(got, &view); err != nil {
		return "", err
	}
	if res.adds == "" {
		if view.State == "" {
			return "", errors.New("range: the answer holds no state")
		}
		return view.State, nil
	}
	for _, it := range view.Items {
		if it.RequestID == q.IdempotencyKey {
			return it.State, nil
		}
	}
	return "none", nil
}

// Check implements connector.Connector.
func (c *Connector) Check(ctx context.Context) error {
	req, err := c.request(ctx, http.MethodGet, "/api/v1/health", nil)
	if err != nil {
		return err
	}
	got, err := connector.Exchange(c.client, req)
	if err != nil {
		return err
	}
	return read(got, &struct{}{})
}

func (c *Connector) request(ctx context.Context, method, path string, body []byte) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}

// read decodes an answer that carries the label; anything else did not come
// from a range, so what it says about an effect is not believed.
func read(got connector.Answer, into any) error {
	var label struct {
		Simulation string `json:"simulation"`
	}
	if err := json.Unmarshal(got.Body, &label); err != nil || label.Simulation != Label || got.Header.Get(labelHeader) != Label {
		return connector.Unknownf(err, "The answer is not labelled as one of the range.")
	}
	if err := json.Unmarshal(got.Body, into); err != nil {
		return connector.Unknownf(err, "The range's answer could not be read.")
	}
	return nil
}

// url puts an object's id into the path, one part for each wildcard.
func (r *resource) url(id string) string {
	names := r.wildcards()
	path := r.path
	for i, part := range strings.SplitN(id, "/", len(names)) {
		path = strings.Replace(path, "{"+names[i]+"}", url.PathEscape(part), 1)
	}
	return path
}
