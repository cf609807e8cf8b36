package msgraph

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"vedette/backend/connector"
	"vedette/backend/connector/connectortest"
	"vedette/backend/soc"
)

const (
	tenantID = "11111111-2222-4333-8444-555555555555"
	secret   = "s3cr3t~of-the-application"
	objectID = "6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0"
	otherID  = "6ea91a8d-e32e-41a1-b7bd-d2d185eed0e1"
)

// directory is a fake of one tenant: sign-in, accounts and their risk.
type directory struct {
	mu      sync.Mutex
	users   map[string]*account
	roles   []string
	valid   string
	signIns int
	effects int
	// lag is how many reads of an account still show it as it was.
	lag int
	now func() time.Time
	// passwords that were set.
	passwords []string
	// oldAnswer says 200 with a value where the API says 204 today.
	oldAnswer bool
}

type account struct {
	enabled          bool
	sessions, passed time.Time
	riskState        string
	synced           bool
	before           *account
}

func newDirectory(now func() time.Time) *directory {
	past := now().Add(-24 * time.Hour)
	return &directory{
		users: map[string]*account{
			objectID: {enabled: true, sessions: past, passed: past, riskState: "atRisk"},
			otherID:  {enabled: true, sessions: past, passed: past, riskState: "none"},
		},
		roles: []string{"User.EnableDisableAccount.All", "User-PasswordProfile.ReadWrite.All", "User.RevokeSessions.All", "User.Read.All", "IdentityRiskyUser.ReadWrite.All"},
		now:   now,
	}
}

// problem is the body of every error.
func problem(code, message string) string {
	return fmt.Sprintf(`{"error":{"code":%q,"message":"%s %s","innerError":{"date":"2026-11-02T09:00:00","request-id":"r","client-request-id":"c"}}}`, code, message, connectortest.Canary)
}

// ServeHTTP implements http.Handler.
func (d *directory) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	path := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if len(path) == 4 && path[1] == "oauth2" {
		d.signIn(w, r, path[0])
		return
	}
	if r.Header.Get("Authorization") != "Bearer "+d.valid {
		connectortest.Say(w, http.StatusUnauthorized, problem("InvalidAuthenticationToken", "Access token has expired or is not yet valid."))
		return
	}
	switch {
	case path[1] == "users" && r.Method == http.MethodPatch:
		d.patch(w, r, path[2])
	case path[1] == "users" && len(path) == 4 && path[3] == "revokeSignInSessions":
		d.revoke(w, path[2])
	case path[1] == "users" && r.Method == http.MethodGet:
		d.read(w, r, path[2])
	case path[1] == "identityProtection":
		d.risky(w, r, path[len(path)-1])
	default:
		connectortest.Say(w, http.StatusNotFound, problem("ResourceNotFound", "no such path"))
	}
}

func (d *directory) signIn(w http.ResponseWriter, r *http.Request, tenant string) {
	d.signIns++
	scope := "http://" + r.Host + "/.default"
	switch {
	case tenant != tenantID:
		connectortest.Say(w, http.StatusBadRequest, `{"error":"invalid_request","error_description":"AADSTS900023: `+connectortest.Canary+`","error_codes":[900023]}`)
	case r.PostFormValue("client_id") != "app" || r.PostFormValue("client_secret") != secret:
		connectortest.Say(w, http.StatusUnauthorized, `{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided. `+connectortest.Canary+`","error_codes":[7000215]}`)
	case r.PostFormValue("scope") != scope || r.PostFormValue("grant_type") != "client_credentials":
		connectortest.Say(w, http.StatusBadRequest, `{"error":"invalid_scope","error_description":"`+connectortest.Canary+`"}`)
	default:
		claims, _ := json.Marshal(map[string]any{"roles": d.roles, "n": d.signIns})
		d.valid = "e30." + base64.RawURLEncoding.EncodeToString(claims) + ".c2ln"
		connectortest.Say(w, http.StatusOK, map[string]any{"token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": d.valid})
	}
}

// may checks the permission as the API does.
func (d *directory) may(w http.ResponseWriter, names ...string) bool {
	for _, have := range d.roles {
		for _, name := range names {
			if have == name {
				return true
			}
		}
	}
	connectortest.Say(w, http.StatusForbidden, problem("Authorization_RequestDenied", "Insufficient privileges to complete the operation."))
	return false
}

func (d *directory) find(w http.ResponseWriter, id string) *account {
	if id == "ada@alpine.example" {
		id = objectID
	}
	u := d.users[id]
	if u == nil {
		connectortest.Say(w, http.StatusNotFound, problem("Request_ResourceNotFound", "Resource does not exist"))
	}
	return u
}

func (d *directory) patch(w http.ResponseWriter, r *http.Request, id string) {
	var in struct {
		Enabled *bool `json:"accountEnabled"`
		Profile *struct {
			Password string `json:"password"`
			Force    bool   `json:"forceChangePasswordNextSignIn"`
		} `json:"passwordProfile"`
	}
	u := d.find(w, id)
	switch {
	case u == nil:
	case json.NewDecoder(r.Body).Decode(&in) != nil || in.Enabled == nil && in.Profile == nil:
		connectortest.Say(w, http.StatusBadRequest, problem("Request_BadRequest", "Invalid body"))
	case u.synced:
		connectortest.Say(w, http.StatusBadRequest, problem("Request_BadRequest", "Unable to update the specified properties for on-premises mastered Directory Sync objects."))
	case in.Enabled != nil && d.may(w, "User.EnableDisableAccount.All", "User.ReadWrite.All"):
		d.remember(u)
		u.enabled = *in.Enabled
		connectortest.Say(w, http.StatusNoContent, nil)
	case in.Profile != nil && d.may(w, "User-PasswordProfile.ReadWrite.All"):
		d.remember(u)
		u.passed = d.now().Truncate(time.Second)
		d.passwords = append(d.passwords, in.Profile.Password)
		connectortest.Say(w, http.StatusNoContent, nil)
	}
}

// remember counts an effect, and keeps how the account looked for late reads.
func (d *directory) remember(u *account) {
	d.effects++
	old := *u
	old.before = nil
	u.before = &old
}

func (d *directory) revoke(w http.ResponseWriter, id string) {
	u := d.find(w, id)
	if u == nil || !d.may(w, "User.RevokeSessions.All", "User.ReadWrite.All") {
		return
	}
	d.remember(u)
	u.sessions = d.now().Truncate(time.Second)
	if d.oldAnswer {
		connectortest.Say(w, http.StatusOK, `{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#Edm.Boolean","value":true}`)
		return
	}
	connectortest.Say(w, http.StatusNoContent, nil)
}

func (d *directory) read(w http.ResponseWriter, r *http.Request, id string) {
	u := d.find(w, id)
	if u == nil || !d.may(w, "User.Read.All", "User.ReadWrite.All") {
		return
	}
	if d.lag > 0 && u.before != nil {
		d.lag--
		u = u.before
	}
	if strings.Contains(id, "@") {
		id = objectID
	}
	all := map[string]any{
		"id": id, "accountEnabled": u.enabled, "signInSessionsValidFromDateTime": u.sessions.UTC().Format(time.RFC3339), "lastPasswordChangeDateTime": u.passed.UTC().Format(time.RFC3339),
	}
	out := map[string]any{"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#users/$entity"}
	for _, name := range strings.Split(r.URL.Query().Get("$select"), ",") {
		out[name] = all[name]
	}
	connectortest.Say(w, http.StatusOK, out)
}

func (d *directory) risky(w http.ResponseWriter, r *http.Request, last string) {
	if r.Method == http.MethodGet {
		if u := d.find(w, last); u != nil && d.may(w, "IdentityRiskyUser.Read.All", "IdentityRiskyUser.ReadWrite.All") {
			connectortest.Say(w, http.StatusOK, map[string]any{"id": last, "riskState": u.riskState, "riskLevel": "high", "isDeleted": false})
		}
		return
	}
	var in struct {
		IDs []string `json:"userIds"`
	}
	if json.NewDecoder(r.Body).Decode(&in) != nil || len(in.IDs) != 1 || !d.may(w, "IdentityRiskyUser.ReadWrite.All") {
		return
	}
	if u := d.find(w, in.IDs[0]); u != nil {
		d.effects++
		u.riskState = map[string]string{"confirmCompromised": "confirmedCompromised", "dismiss": "dismissed"}[last]
		connectortest.Say(w, http.StatusNoContent, nil)
	}
}

// bench is a directory and a connector to it.
type bench struct {
	*directory
	*connectortest.Vendor
	*Connector
	clock *connectortest.Clock
}

func open(t *testing.T, change func(*connector.Config)) bench {
	t.Helper()
	clock := connectortest.NewClock()
	d := newDirectory(clock.Now)
	v := connectortest.Start(t, d)
	made := connectortest.Make[*Connector](t, v, Kind(), connector.Config{
		Settings: map[string]string{"tenant_id": tenantID, "client_id": "app", "login_url": v.URL},
		Secrets:  map[string]string{"client_secret": secret}, Now: clock.Now,
	}, change)
	return bench{d, v, made, clock}
}

func (b bench) shared() connectortest.Bench {
	return connectortest.NewBench(b.Connector, b.Vendor, &b.mu, &b.effects)
}

func act(operation, id string) connector.Action {
	return connectortest.Act(operation, soc.KindAccount, id)
}

func ask(operation, id string) connector.Question {
	return connectortest.Ask(operation, soc.KindAccount, id)
}
