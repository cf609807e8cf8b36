package defender

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"vedette/backend/connector"
	"vedette/backend/connector/connectortest"
)

const (
	tenantID = "11111111-2222-4333-8444-555555555555"
	secret   = "s3cr3t~of-the-application"
	machine1 = "1e5bc9d7e413ddd7902c2932e418702b84d0cc07"
	machine2 = "1e5bc9d7e413ddd7902c2932e418702b84d0cc08"
	sha1     = "87662bc3d60e4200ceaf7aae249d1c343f4b83c9"
	sha256   = "413c58c8267d2c8648d8f6384bacc2ae9c929b2b96578b6860b5087cd1bd6462"
)

// tenant is a fake of one tenant: endpoints, their actions, files, indicators.
type tenant struct {
	mu         sync.Mutex
	roles      []string
	valid      string
	machines   map[string]bool
	ordered    []map[string]any
	seenBy     map[string][]string // sha1 to endpoints
	indicators []map[string]any
	effects    int
	perPage    int
	// settling is how many times the list of actions is read before an action
	// leaves its first state; final is what it ends as.
	settling int
	final    string
	clock    time.Time
}

func newTenant() *tenant {
	return &tenant{
		roles:    []string{"Machine.Isolate", "Machine.RestrictExecution", "Machine.Scan", "Machine.StopAndQuarantine", "Machine.Read.All", "File.Read.All", "Ti.ReadWrite"},
		machines: map[string]bool{machine1: true, machine2: true}, seenBy: map[string][]string{sha1: {machine1, machine2}}, perPage: 1000, final: "Succeeded",
		clock: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC),
	}
}

// problem is the body of every error.
func problem(code string) string {
	return fmt.Sprintf(`{"error":{"code":%q,"message":%q,"target":"6a8a6b0c"}}`, code, connectortest.Canary)
}

// ServeHTTP implements http.Handler.
func (f *tenant) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	path := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if len(path) == 4 && path[1] == "oauth2" {
		f.signIn(w, r)
		return
	}
	if r.Header.Get("Authorization") != "Bearer "+f.valid {
		connectortest.Say(w, http.StatusUnauthorized, problem("Unauthorized"))
		return
	}
	switch {
	case path[1] == "machines" && len(path) == 4:
		f.order(w, r, path[2], path[3])
	case path[1] == "machineactions" && f.may(w, "Machine.Read.All"):
		f.listActions(w, r)
	case path[1] == "files" && len(path) == 3 && f.may(w, "File.Read.All"):
		if path[2] != sha256 && path[2] != sha1 {
			connectortest.Say(w, http.StatusNotFound, problem("ResourceNotFound"))
			return
		}
		connectortest.Say(w, http.StatusOK, map[string]any{"sha1": sha1, "sha256": sha256, "size": 22139496})
	case path[1] == "files" && f.may(w, "Machine.Read.All"):
		all := []map[string]any{}
		for _, id := range f.seenBy[path[2]] {
			all = append(all, map[string]any{"id": id, "computerDnsName": "ws.alpine.example"})
		}
		f.page(w, r, all)
	case path[1] == "indicators" && f.may(w, "Ti.ReadWrite"):
		f.indicator(w, r, path)
	}
}

func (f *tenant) signIn(w http.ResponseWriter, r *http.Request) {
	if r.PostFormValue("client_secret") != secret || r.PostFormValue("scope") != "https://api.securitycenter.microsoft.com/.default" {
		connectortest.Say(w, http.StatusUnauthorized, `{"error":"invalid_client","error_description":"`+connectortest.Canary+`"}`)
		return
	}
	claims, _ := json.Marshal(map[string]any{"roles": f.roles})
	f.valid = "e30." + base64.RawURLEncoding.EncodeToString(claims) + ".c2ln"
	connectortest.Say(w, http.StatusOK, map[string]any{"token_type": "Bearer", "expires_in": 3599, "access_token": f.valid})
}

func (f *tenant) may(w http.ResponseWriter, name string) bool {
	for _, have := range f.roles {
		if have == name {
			return true
		}
	}
	connectortest.Say(w, http.StatusForbidden, problem("Forbidden"))
	return false
}

// orders are the paths of machine actions: type and permission.
var orders = map[string][2]string{
	"isolate": {"Isolate", "Machine.Isolate"}, "unisolate": {"Unisolate", "Machine.Isolate"},
	"restrictCodeExecution": {"RestrictCodeExecution", "Machine.RestrictExecution"}, "unrestrictCodeExecution": {"UnrestrictCodeExecution", "Machine.RestrictExecution"},
	"runAntiVirusScan": {"RunAntiVirusScan", "Machine.Scan"}, "StopAndQuarantineFile": {"StopAndQuarantineFile", "Machine.StopAndQuarantine"},
}

func (f *tenant) order(w http.ResponseWriter, r *http.Request, id, name string) {
	kind, known := orders[name]
	var in struct {
		Comment, IsolationType, ScanType, Sha1 string
	}
	switch {
	case !known:
		connectortest.Say(w, http.StatusNotFound, problem("ResourceNotFound"))
		return
	case !f.may(w, kind[1]):
		return
	case !f.machines[id]:
		connectortest.Say(w, http.StatusNotFound, problem("ResourceNotFound"))
		return
	case json.NewDecoder(r.Body).Decode(&in) != nil || in.Comment == "",
		name == "isolate" && in.IsolationType != "Full" && in.IsolationType != "Selective",
		name == "runAntiVirusScan" && in.ScanType != "Quick" && in.ScanType != "Full", name == "StopAndQuarantineFile" && len(in.Sha1) != 40:
		connectortest.Say(w, http.StatusBadRequest, problem("InvalidRequestBody"))
		return
	}
	for _, a := range f.ordered {
		if a["machineId"] == id && a["type"] == kind[0] && (a["status"] == "Pending" || a["status"] == "InProgress") {
			connectortest.Say(w, http.StatusBadRequest, problem("ActiveRequestAlreadyExists"))
			return
		}
	}
	f.clock = f.clock.Add(time.Second)
	action := map[string]any{
		"id": fmt.Sprintf("5382f7ea-7557-4ab7-9782-%012d", len(f.ordered)), "type": kind[0], "requestor": "app", "requestorComment": in.Comment, "status": "Pending",
		"machineId": id, "creationDateTimeUtc": f.clock.Format("2006-01-02T15:04:05.0000000Z"), "reads": 0,
	}
	f.ordered = append(f.ordered, action)
	f.effects++
	connectortest.Say(w, http.StatusCreated, action)
}

var filterTerm = regexp.MustCompile(`(machineId|type|indicatorValue) eq '([^']*)'`)

// listActions answers by the filter, oldest first: the API promises no order.
func (f *tenant) listActions(w http.ResponseWriter, r *http.Request) {
	wanted := map[string][]string{}
	for _, m := range filterTerm.FindAllStringSubmatch(r.URL.Query().Get("$filter"), -1) {
		wanted[m[1]] = append(wanted[m[1]], m[2])
	}
	all := []map[string]any{}
	for _, a := range f.ordered {
		reads := a["reads"].(int)
		a["reads"] = reads + 1
		if a["status"] == "Pending" && reads >= f.settling {
			a["status"] = f.final
		}
		if matches(wanted["machineId"], a["machineId"]) && matches(wanted["type"], a["type"]) {
			all = append(all, a)
		}
	}
	f.page(w, r, all)
}

func matches(wanted []string, have any) bool {
	for _, w := range wanted {
		if w == have {
			return true
		}
	}
	return len(wanted) == 0
}

// page answers a part of a list with a link to the next, on another host: a token
// must not follow it there.
func (f *tenant) page(w http.ResponseWriter, r *http.Request, all []map[string]any) {
	skip := 0
	_, _ = fmt.Sscanf(r.URL.Query().Get("$skip"), "%d", &skip)
	rest := all[min(skip, len(all)):]
	out := map[string]any{"@odata.context": "https://api.security.microsoft.com/api/$metadata"}
	if len(rest) > f.perPage {
		rest = rest[:f.perPage]
		query := r.URL.Query()
		query.Set("$skip", fmt.Sprint(skip+f.perPage))
		out["@odata.nextLink"] = "https://elsewhere.example" + r.URL.Path + "?" + query.Encode()
	}
	out["value"] = rest
	connectortest.Say(w, http.StatusOK, out)
}

func (f *tenant) indicator(w http.ResponseWriter, r *http.Request, path []string) {
	switch r.Method {
	case http.MethodGet:
		all := []map[string]any{}
		for _, i := range f.indicators {
			if strings.Contains(r.URL.Query().Get("$filter"), "'"+i["indicatorValue"].(string)+"'") {
				all = append(all, i)
			}
		}
		f.page(w, r, all)
	case http.MethodPost:
		in := map[string]any{}
		if json.NewDecoder(r.Body).Decode(&in) != nil || in["title"] == nil || in["action"] == nil || in["description"] == nil {
			connectortest.Say(w, http.StatusBadRequest, problem("InvalidRequestBody"))
			return
		}
		f.effects++
		in["id"] = 995 + len(f.indicators)
		for n, i := range f.indicators {
			if i["indicatorValue"] == in["indicatorValue"] { // the API updates
				in["id"] = i["id"]
				f.indicators = append(f.indicators[:n], f.indicators[n+1:]...)
				break
			}
		}
		f.indicators = append(f.indicators, in)
		connectortest.Say(w, http.StatusOK, in)
	case http.MethodDelete:
		for n, i := range f.indicators {
			if fmt.Sprint(i["id"]) == path[2] {
				f.effects++
				f.indicators = append(f.indicators[:n], f.indicators[n+1:]...)
				w.WriteHeader(http.StatusNoContent)
				return
			}
		}
		connectortest.Say(w, http.StatusNotFound, problem("ResourceNotFound"))
	}
}

type bench struct {
	*tenant
	*connectortest.Vendor
	*Connector
}

func start(t *testing.T, change func(*connector.Config)) bench {
	t.Helper()
	f := newTenant()
	v := connectortest.Start(t, f)
	made := connectortest.Make[*Connector](t, v, Kind(), connector.Config{
		Settings: map[string]string{"tenant_id": tenantID, "client_id": "app", "login_url": v.URL},
		Secrets:  map[string]string{"client_secret": secret},
	}, change)
	return bench{f, v, made}
}

func (b bench) shared() connectortest.Bench {
	return connectortest.NewBench(b.Connector, b.Vendor, &b.mu, &b.effects)
}
