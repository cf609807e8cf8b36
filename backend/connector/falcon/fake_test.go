package falcon

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"vedette/backend/connector"
	"vedette/backend/connector/connectortest"
)

const (
	clientID     = "client-id-for-tests"
	clientSecret = "client-secret-for-tests"
	agentID      = "061a51ec742c44624a176f079d742052"
	alertID      = "0123456789abcdef0123456789abcdef:ind:061a51ec742c44624a176f079d742052:1-2-3"
	fileHash     = "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f"
)

// cloud is a fake of one Falcon customer: hosts, scans, indicators and the
// scopes of an API client.
type cloud struct {
	mu         sync.Mutex
	hosts      map[string]string // agent id to status
	scans      []map[string]any
	indicators []map[string]any
	bearers    map[string]bool
	issued     int
	denied     map[string]bool // paths outside the client's scopes
	settling   int             // how many reads of a host still show it on its way
	scanStatus string
	effects    int
	alert      struct {
		status   string
		tags     []string
		comments []map[string]any
	}
}

func newCloud() *cloud {
	return &cloud{
		hosts: map[string]string{agentID: "normal"}, indicators: []map[string]any{}, bearers: map[string]bool{}, denied: map[string]bool{}, scanStatus: "completed",
	}
}

// wrong is an answer that holds an error only.
func wrong(code int) string {
	return fmt.Sprintf(`{"meta":{"query_time":0.01,"powered_by":"fake","trace_id":"t-1"},"errors":[{"code":%d,"message":%q}]}`, code, connectortest.Canary)
}

func (f *cloud) fail(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprint(w, wrong(status))
}

func (f *cloud) say(w http.ResponseWriter, status int, resources any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-RateLimit-Limit", "6000")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"meta": map[string]any{"query_time": 0.01, "powered_by": "fake", "trace_id": "t-1"}, "resources": resources, "errors": []any{},
	})
}

func (f *cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.URL.Path == "/oauth2/token" {
		f.signIn(w, r)
		return
	}
	switch token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); {
	case !f.bearers[token]:
		f.fail(w, http.StatusUnauthorized)
		return
	case f.denied[r.URL.Path]:
		f.fail(w, http.StatusForbidden)
		return
	}
	switch r.Method + " " + r.URL.Path {
	case "POST /devices/entities/devices-actions/v2":
		f.hostAction(w, r)
	case "GET /devices/entities/devices/v2":
		f.host(w, r)
	case "GET /devices/queries/devices/v1":
		f.say(w, http.StatusOK, []string{agentID})
	case "POST /ods/entities/scans/v1":
		f.startScan(w, r)
	case "GET /ods/queries/scans/v1":
		f.queryScans(w, r)
	case "GET /ods/entities/scans/v2":
		f.say(w, http.StatusOK, slices.DeleteFunc(slices.Clone(f.scans), func(s map[string]any) bool { return !slices.Contains(r.URL.Query()["ids"], s["id"].(string)) }))
	case "POST /iocs/entities/indicators/v1":
		f.createIndicator(w, r)
	case "DELETE /iocs/entities/indicators/v1":
		f.deleteIndicators(w, r)
	case "GET /iocs/combined/indicator/v1":
		f.listIndicators(w, r)
	case "POST /alerts/entities/alerts/v2":
		f.say(w, http.StatusOK, []map[string]any{{"composite_id": alertID, "status": f.alert.status, "tags": f.alert.tags, "comments": f.alert.comments}})
	case "PATCH /alerts/entities/alerts/v3":
		f.changeAlert(w, r)
	default:
		f.fail(w, http.StatusNotFound)
	}
}

// changeAlert answers how many were changed, and no resource.
func (f *cloud) changeAlert(w http.ResponseWriter, r *http.Request) {
	var in struct {
		IDs        []string                       `json:"composite_ids"`
		Parameters []struct{ Name, Value string } `json:"action_parameters"`
	}
	if json.NewDecoder(r.Body).Decode(&in) != nil || !slices.Equal(in.IDs, []string{alertID}) {
		f.fail(w, http.StatusBadRequest)
		return
	}
	for _, p := range in.Parameters {
		switch p.Name {
		case "update_status":
			f.alert.status = p.Value
		case "add_tag":
			f.alert.tags = append(f.alert.tags, p.Value)
		case "remove_tag":
			f.alert.tags = slices.DeleteFunc(f.alert.tags, func(tag string) bool { return tag == p.Value })
		case "append_comment":
			f.alert.comments = append(f.alert.comments, map[string]any{"value": p.Value})
		}
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprint(w, `{"meta":{"query_time":0.01,"writes":{"resources_affected":1},"trace_id":"t-1"},"errors":[]}`)
}

func (f *cloud) signIn(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || r.FormValue("client_id") != clientID || r.FormValue("client_secret") != clientSecret {
		f.fail(w, http.StatusForbidden)
		return
	}
	f.issued++
	token := fmt.Sprintf("bearer-for-tests-%d", f.issued)
	f.bearers = map[string]bool{token: true}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(map[string]any{"access_token": token, "expires_in": 1799, "token_type": "bearer"})
}

func (f *cloud) hostAction(w http.ResponseWriter, r *http.Request) {
	var in struct {
		IDs []string `json:"ids"`
	}
	if json.NewDecoder(r.Body).Decode(&in) != nil || len(in.IDs) != 1 {
		f.fail(w, http.StatusBadRequest)
		return
	}
	pending := map[string]string{"contain": "containment_pending", "lift_containment": "lift_containment_pending"}[r.URL.Query().Get("action_name")]
	done := map[string]string{"contain": "contained", "lift_containment": "normal"}[r.URL.Query().Get("action_name")]
	switch status, known := f.hosts[in.IDs[0]]; {
	case !known: // an error inside a success
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprint(w, wrong(http.StatusNotFound))
		return
	case status == done || status == pending:
		f.fail(w, http.StatusConflict)
		return
	}
	f.hosts[in.IDs[0]] = pending
	f.effects++
	f.say(w, http.StatusAccepted, []map[string]any{{"id": in.IDs[0], "path": "/devices/entities/devices/v1"}})
}

func (f *cloud) host(w http.ResponseWriter, r *http.Request) {
	id := r.URL.Query().Get("ids")
	status, known := f.hosts[id]
	if !known {
		f.say(w, http.StatusOK, []any{})
		return
	}
	if done := map[string]string{"containment_pending": "contained", "lift_containment_pending": "normal"}[status]; done != "" {
		if f.settling--; f.settling < 0 {
			f.hosts[id], status = done, done
		}
	}
	f.say(w, http.StatusOK, []map[string]any{{"device_id": id, "status": status, "hostname": "HOST"}})
}

func (f *cloud) startScan(w http.ResponseWriter, r *http.Request) {
	var in map[string]any
	if json.NewDecoder(r.Body).Decode(&in) != nil || in["quarantine"] != false {
		f.fail(w, http.StatusBadRequest)
		return
	}
	in["id"], in["status"] = fmt.Sprintf("scan-%d", len(f.scans)+1), f.scanStatus
	f.scans = append(f.scans, in)
	f.effects++
	f.say(w, http.StatusCreated, []map[string]any{in})
}

func (f *cloud) queryScans(w http.ResponseWriter, r *http.Request) {
	ids := []string{}
	for _, s := range f.scans {
		if want := r.URL.Query().Get("filter"); want == "" || want == fmt.Sprintf("description.keyword:'%s'", s["description"]) {
			ids = append(ids, s["id"].(string))
		}
	}
	f.say(w, http.StatusOK, ids)
}

func (f *cloud) createIndicator(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Indicators []map[string]any `json:"indicators"`
	}
	if json.NewDecoder(r.Body).Decode(&in) != nil || len(in.Indicators) != 1 {
		f.fail(w, http.StatusBadRequest)
		return
	}
	made := in.Indicators[0]
	if slices.ContainsFunc(f.indicators, func(i map[string]any) bool { return i["type"] == made["type"] && i["value"] == made["value"] }) {
		f.fail(w, http.StatusBadRequest)
		return
	}
	made["id"] = fmt.Sprintf("ioc-%d", f.effects+1)
	f.indicators = append(f.indicators, made)
	f.effects++
	f.say(w, http.StatusCreated, []map[string]any{made})
}

func (f *cloud) deleteIndicators(w http.ResponseWriter, r *http.Request) {
	gone := []string{}
	f.indicators = slices.DeleteFunc(f.indicators, func(i map[string]any) bool {
		deleted := slices.Contains(r.URL.Query()["ids"], i["id"].(string))
		if deleted {
			gone = append(gone, i["id"].(string))
		}
		return deleted
	})
	f.effects++
	f.say(w, http.StatusOK, gone)
}

func (f *cloud) listIndicators(w http.ResponseWriter, r *http.Request) {
	found := []map[string]any{}
	for _, i := range f.indicators {
		if want := r.URL.Query().Get("filter"); want == "" || want == fmt.Sprintf("type:'%s'+value:'%s'", i["type"], i["value"]) {
			found = append(found, i)
		}
	}
	f.say(w, http.StatusOK, found)
}

// bench is a customer and a connector to it.
type bench struct {
	*cloud
	*connectortest.Vendor
	*Connector
	clock *connectortest.Clock
}

func connect(t *testing.T, change func(*connector.Config)) bench {
	t.Helper()
	f, clock := newCloud(), connectortest.NewClock()
	v := connectortest.Start(t, f)
	made := connectortest.Make[*Connector](t, v, Kind(), connector.Config{
		Secrets: map[string]string{"client_id": clientID, "client_secret": clientSecret}, Now: clock.Now,
	}, change)
	return bench{f, v, made, clock}
}

func (b bench) shared() connectortest.Bench {
	return connectortest.NewBench(b.Connector, b.Vendor, &b.mu, &b.effects)
}
