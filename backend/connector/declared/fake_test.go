package declared

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"vedette/backend/connector"
	"vedette/backend/connector/connectortest"
	"vedette/backend/soc"
)

const (
	clientSecret = "client-secret-for-tests"
	address      = "192.0.2.7"
)

// appliance is a fake of the product that the example describes.
type appliance struct {
	mu       sync.Mutex
	entries  map[string]map[string]any
	keys     []string // idempotency keys as they came
	bodies   []map[string]any
	issued   int
	settling int
	denied   bool
	effects  int
}

func wrong(code int) string {
	return fmt.Sprintf(`{"error":{"code":%d,"message":%q}}`, code, connectortest.Canary)
}

func (f *appliance) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.URL.Path == "/login/token" {
		if r.FormValue("client_secret") != clientSecret || r.FormValue("scope") != "blocklist" {
			connectortest.Say(w, http.StatusUnauthorized, `{"error":"invalid_client"}`)
			return
		}
		f.issued++
		connectortest.Say(w, http.StatusOK, map[string]any{"access_token": fmt.Sprintf("bearer-for-tests-%d", f.issued), "token_type": "Bearer", "expires_in": 3600})
		return
	}
	if r.Header.Get("Authorization") != fmt.Sprintf("Bearer bearer-for-tests-%d", f.issued) && r.Header.Get("X-Api-Key") != "Token "+clientSecret {
		connectortest.Say(w, http.StatusUnauthorized, wrong(401))
		return
	}
	if f.denied {
		connectortest.Say(w, http.StatusForbidden, wrong(403))
		return
	}
	entry, single := strings.CutPrefix(r.URL.Path, "/api/v1/zones/edge/entries/")
	switch {
	case r.Method == http.MethodGet && r.URL.Path == "/api/v1/zones/edge":
		connectortest.Say(w, http.StatusOK, map[string]any{"zone": "edge"})
	case r.Method == http.MethodPost && r.URL.Path == "/api/v1/zones/edge/entries":
		f.add(w, r)
	case r.Method == http.MethodDelete && single:
		delete(f.entries, entry)
		f.effects++
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodGet && single && f.entries[entry] != nil:
		f.settling--
		connectortest.Say(w, http.StatusOK, map[string]any{"address": entry, "active": f.settling < 0})
	default:
		connectortest.Say(w, http.StatusNotFound, wrong(1404))
	}
}

func (f *appliance) add(w http.ResponseWriter, r *http.Request) {
	var in map[string]any
	if json.NewDecoder(r.Body).Decode(&in) != nil {
		connectortest.Say(w, http.StatusBadRequest, wrong(400))
		return
	}
	entry := in["entry"].(map[string]any)
	target := entry["address"].(string)
	f.keys, f.bodies = append(f.keys, r.Header.Get("Idempotency-Key")), append(f.bodies, in)
	if target == "192.0.2.99" {
		connectortest.Say(w, http.StatusOK, map[string]any{"result": map[string]any{"state": "refused"}})
		return
	}
	f.entries[target] = entry
	f.effects++
	connectortest.Say(w, http.StatusAccepted, map[string]any{"result": map[string]any{"state": "accepted", "address": target, "ids": []string{"entry-1"}}})
}

// bench is an appliance and a connector to it.
type bench struct {
	*appliance
	*connectortest.Vendor
	*Connector
}

func open(t *testing.T, change func(*connector.Config)) bench {
	t.Helper()
	f := &appliance{entries: map[string]map[string]any{}}
	v := connectortest.Start(t, f)
	made := connectortest.Make[*Connector](t, v, Kind(), connector.Config{
		BaseURL: v.URL + "/api", Declaration: strings.ReplaceAll(Example(), "https://firewall.example.com", v.URL),
		Secrets: map[string]string{"client_id": "client-for-tests", "client_secret": clientSecret},
	}, change)
	return bench{f, v, made}
}

func (b bench) shared() connectortest.Bench {
	return connectortest.NewBench(b.Connector, b.Vendor, &b.mu, &b.effects)
}

func act1(operation, id string, parameters map[string]any) connector.Action {
	action := connectortest.Act(operation, soc.KindIP, id)
	action.Parameters = parameters
	return action
}

func ask(id string) connector.Question { return connectortest.Ask("address.state", soc.KindIP, id) }
