package connector

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"vedette/backend/soc"
)

// MicrosoftSettings and MicrosoftSecrets are what every product behind Microsoft
// Entra wants to be told: an application registration of the tenant, with a
// client secret and application permissions.
var (
	MicrosoftSettings = []Field{
		{Name: "tenant_id", Help: "the directory's id or domain", Required: true},
		{Name: "client_id", Help: "the application's id", Required: true},
		{Name: "login_url", Help: "where Entra signs in; national clouds have their own", Default: "https://login.microsoftonline.com"},
	}
	MicrosoftSecrets = []Field{{Name: "client_secret", Help: "a client secret of the application", Required: true}}
)

// MicrosoftSignIn is the call that gets a token.
var MicrosoftSignIn = Endpoint{
	Name: "token", Method: http.MethodPost, Path: "/{tenant}/oauth2/v2.0/token", Permission: "a client secret of the application",
	Source: "https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow",
}

// Microsoft speaks to one of Microsoft's REST APIs as an application. Safe for
// concurrent use.
type Microsoft struct {
	Product
	tokens *Tokens
	client *http.Client
	base   string
}

// NewMicrosoft makes the way to the API at the configured base URL. resource is
// what the token is for, such as https://graph.microsoft.com; empty is the base
// URL's own origin.
func NewMicrosoft(c Config, resource string) (*Microsoft, error) {
	base, err := url.Parse(c.BaseURL)
	if err != nil {
		return nil, err
	}
	if resource == "" {
		resource = base.Scheme + "://" + base.Host
	}
	signIn, err := MicrosoftSignIn.URL(strings.TrimRight(c.Settings["login_url"], "/"), c.Settings["tenant_id"])
	if err != nil {
		return nil, soc.InvalidField("settings.tenant_id", "must be the directory's id or domain")
	}
	product := NewProduct(c)
	tokens := NewTokens(product.Line, ClientCredentials{
		TokenURL: signIn, ID: c.Settings["client_id"], Secret: c.Secrets["client_secret"], Scopes: []string{resource + "/.default"},
	})
	return &Microsoft{Product: product, tokens: tokens, client: tokens.Client(), base: strings.TrimRight(c.BaseURL, "/")}, nil
}

// Call is one call of a product's table.
type Call struct {
	Endpoint Endpoint
	Values   []string // of the path's wildcards
	Query    url.Values
	Body     any
	IfMatch  string
}

// Ask makes one call. into is filled from the JSON of the answer; with a nil into
// the answer must be 204, by which these APIs say that they did what leaves
// nothing to show.
func (m *Microsoft) Ask(ctx context.Context, call Call, into any) (Answer, error) {
	req, err := m.request(ctx, call)
	if err != nil {
		return Answer{}, Refusedf(err, "The request cannot be built.")
	}
	answer, err := Exchange(m.client, req)
	if err != nil {
		return answer, Explain(answer, err, call.Endpoint.Permission)
	}
	if answer.Status == http.StatusNoContent {
		return answer, nil
	}
	if into == nil {
		return answer, Unknownf(fmt.Errorf("status %d: %.200q", answer.Status, answer.Body), "The answer does not say that it was done.")
	}
	var said struct {
		Error json.RawMessage `json:"error"`
	}
	if err := answer.Read(&said); err != nil {
		return answer, err
	}
	if len(said.Error) > 0 && string(said.Error) != "null" {
		return answer, Unknownf(fmt.Errorf("%.300q", said.Error), "The product reported an error inside a success.")
	}
	return answer, answer.Read(into)
}

func (m *Microsoft) request(ctx context.Context, call Call) (*http.Request, error) {
	target, err := call.Endpoint.URL(m.base, call.Values...)
	if err != nil {
		return nil, err
	}
	if len(call.Query) > 0 {
		target += "?" + call.Query.Encode()
	}
	var sent []byte
	if call.Body != nil {
		if sent, err = json.Marshal(call.Body); err != nil {
			return nil, err
		}
	}
	req, err := http.NewRequestWithContext(ctx, call.Endpoint.Method, target, bytes.NewReader(sent))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	if call.Body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if call.IfMatch != "" {
		req.Header.Set("If-Match", call.IfMatch)
	}
	return req, nil
}

// maxPages bounds a list that is read to its end.
const maxPages = 20

// List reads every page of an OData list. Of a page's link to the next only the
// query is taken: a token never follows a link to another place.
func (m *Microsoft) List(ctx context.Context, call Call, each func(json.RawMessage) error) error {
	for range maxPages {
		var page struct {
			Value *[]json.RawMessage `json:"value"`
			Next  string             `json:"@odata.nextLink"`
		}
		if _, err := m.Ask(ctx, call, &page); err != nil {
			return err
		}
		if page.Value == nil {
			return Unknownf(nil, "The product's answer holds no list.")
		}
		for _, item := range *page.Value {
			if err := each(item); err != nil {
				return err
			}
		}
		if page.Next == "" {
			return nil
		}
		next, err := url.Parse(page.Next)
		if err != nil {
			return Unknownf(err, "The product's list goes on nowhere.")
		}
		call.Query = next.Query()
	}
	return Unknownf(nil, "The product's list has more than %d pages; it is not judged by a part.", maxPages)
}

// Diagnose signs in and compares the application permissions in the token's
// claim roles with what the table needs. wider names permissions that include
// another. playbooks are those that count.
func (m *Microsoft) Diagnose(ctx context.Context, table []Endpoint, wider map[string][]string) (found soc.ConnectorCheck) {
	access, _, err := m.tokens.Token(ctx)
	if !found.Step("token", err) {
		return found
	}
	granted, readable := rolesOf(access)
	if !readable {
		return found // opaque tokens exist in some clouds: nothing is known of permissions
	}
	for _, e := range table {
		if e.Name == MicrosoftSignIn.Name {
			continue
		}
		at := slices.IndexFunc(found.Permissions, func(p soc.ConnectorPermission) bool { return p.Name == e.Permission })
		if at < 0 {
			has := slices.ContainsFunc(append([]string{e.Permission}, wider[e.Permission]...), func(name string) bool { return slices.Contains(granted, name) })
			found.Permissions = append(found.Permissions, soc.ConnectorPermission{Name: e.Permission, Granted: has})
			at = len(found.Permissions) - 1
		}
		for _, id := range e.Playbooks {
			if !slices.Contains(found.Permissions[at].NeededFor, id) {
				found.Permissions[at].NeededFor = append(found.Permissions[at].NeededFor, id)
			}
		}
	}
	return found
}

// rolesOf reads the claim roles of an access token. The signature is not
// checked: nothing is decided by it but what a person is told.
func rolesOf(access string) ([]string, bool) {
	parts := strings.Split(access, ".")
	if len(parts) != 3 {
		return nil, false
	}
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return nil, false
	}
	var claims struct {
		Roles []string `json:"roles"`
	}
	return claims.Roles, json.Unmarshal(raw, &claims) == nil && len(claims.Roles) >= 0
}
