package sentinelapi

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
	"vedette/backend/soc"
)

const (
	secret   = "s3cr3t~of-the-application"
	incident = "73e01a99-5cd7-4139-a149-9f2736ff2ab5"
	prefix   = "/subscriptions/sub-1/resourceGroups/rg-1/providers/Microsoft.OperationalInsights/workspaces/law-1/providers/Microsoft.SecurityInsights/incidents"
)

// workspace is a fake of one workspace of Sentinel with one incident.
type workspace struct {
	mu         sync.Mutex
	properties map[string]any
	version    int
	comments   map[string]string
	writes     int
	denied     bool
	// meanwhile is what somebody else does before the next change is taken.
	meanwhile func(*workspace)
}

func newWorkspace() *workspace {
	return &workspace{version: 1, comments: map[string]string{}, properties: map[string]any{
		"title": "Suspicious sign-in", "severity": "High", "status": "New", "owner": map[string]any{"assignedTo": "Ada"}, "labels": []any{map[string]any{"labelName": "vip", "labelType": "User"}},
		"incidentNumber": 3177, "description": "d", "lastModifiedTimeUtc": "2026-11-02T09:00:00Z",
	}}
}

func problem(code string) string {
	return fmt.Sprintf(`{"error":{"code":%q,"message":%q}}`, code, connectortest.Canary)
}

func (f *workspace) etag() string { return fmt.Sprintf(`"0300bf09-0000-0000-0000-%012d"`, f.version) }

func (f *workspace) view() map[string]any {
	return map[string]any{"id": prefix + "/" + incident, "name": incident, "type": "Microsoft.SecurityInsights/incidents", "etag": f.etag(), "properties": f.properties}
}

// ServeHTTP implements http.Handler.
func (f *workspace) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	path := strings.TrimPrefix(r.URL.Path, prefix)
	switch {
	case strings.HasSuffix(r.URL.Path, "/oauth2/v2.0/token"):
		if r.PostFormValue("client_secret") != secret {
			connectortest.Say(w, http.StatusUnauthorized, `{"error":"invalid_client","error_description":"`+connectortest.Canary+`"}`)
			return
		}
		connectortest.Say(w, http.StatusOK, `{"token_type":"Bearer","expires_in":3599,"access_token":"opaque"}`)
	case r.Header.Get("Authorization") != "Bearer opaque":
		connectortest.Say(w, http.StatusUnauthorized, problem("InvalidAuthenticationToken"))
	case f.denied:
		connectortest.Say(w, http.StatusForbidden, problem("AuthorizationFailed"))
	case r.URL.Query().Get("api-version") != apiVersion || path == r.URL.Path:
		connectortest.Say(w, http.StatusBadRequest, problem("MissingApiVersionParameter"))
	case path == "":
		connectortest.Say(w, http.StatusOK, map[string]any{"value": []any{f.view()}})
	case path == "/"+incident:
		f.incident(w, r)
	case strings.HasPrefix(path, "/"+incident+"/comments/"):
		f.comment(w, r, path[strings.LastIndexByte(path, '/')+1:])
	default:
		connectortest.Say(w, http.StatusNotFound, problem("NotFound"))
	}
}

func (f *workspace) incident(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		connectortest.Say(w, http.StatusOK, f.view())
		return
	}
	if f.meanwhile != nil {
		f.meanwhile(f)
		f.version++
		f.meanwhile = nil
	}
	var in struct {
		Etag       string         `json:"etag"`
		Properties map[string]any `json:"properties"`
	}
	switch {
	case json.NewDecoder(r.Body).Decode(&in) != nil || in.Properties["title"] == nil || in.Properties["severity"] == nil || in.Properties["status"] == "Closed" && in.Properties["classification"] == nil:
		connectortest.Say(w, http.StatusBadRequest, problem("BadRequest"))
	case in.Etag != f.etag():
		connectortest.Say(w, http.StatusConflict, problem("Conflict"))
	default:
		f.properties, f.version = in.Properties, f.version+1
		f.writes++
		connectortest.Say(w, http.StatusOK, f.view())
	}
}

func (f *workspace) comment(w http.ResponseWriter, r *http.Request, id string) {
	if r.Method == http.MethodPut {
		var in struct {
			Properties struct{ Message string } `json:"properties"`
		}
		_ = json.NewDecoder(r.Body).Decode(&in)
		f.comments[id] = in.Properties.Message
		f.writes++
	}
	if text, there := f.comments[id]; there {
		connectortest.Say(w, http.StatusOK, map[string]any{"name": id, "properties": map[string]any{"message": text}})
		return
	}
	connectortest.Say(w, http.StatusNotFound, problem("NotFound"))
}

type bench struct {
	*workspace
	*connectortest.Vendor
	*Connector
}

func open(t *testing.T) bench {
	t.Helper()
	f := newWorkspace()
	v := connectortest.Start(t, f)
	made := connectortest.Make[*Connector](t, v, Kind(), connector.Config{
		Secrets:  map[string]string{"client_secret": secret},
		Settings: map[string]string{"tenant_id": "t-1", "client_id": "app", "login_url": v.URL, "subscription_id": "sub-1", "resource_group": "rg-1", "workspace_name": "law-1"},
	}, nil)
	return bench{f, v, made}
}

var phishing = connector.Verdict{Key: "0197-1", ExternalID: incident, Verdict: soc.VerdictTruePositive, Reason: "Phishing", Comment: "Seen in mail."}

func TestSentinelIsToldOnce(t *testing.T) {
	b := open(t)
	for range 3 {
		if err := b.WriteVerdict(t.Context(), phishing); err != nil {
			t.Fatal(err)
		}
	}
	if b.writes != 2 || len(b.comments) != 1 {
		t.Errorf("%d writes, comments %q", b.writes, b.comments)
	}
	for name, want := range map[string]any{"status": "Closed", "classification": "TruePositive", "classificationReason": "SuspiciousActivity", "title": "Suspicious sign-in", "severity": "High", "description": "d"} {
		if b.properties[name] != want {
			t.Errorf("%s is %v", name, b.properties[name])
		}
	}
	if owner, _ := b.properties["owner"].(map[string]any); owner["assignedTo"] != "Ada" || len(b.properties["labels"].([]any)) != 1 {
		t.Errorf("the change emptied what others wrote: %v", b.properties)
	}
}

// Somebody else changes the incident between our reading and our writing.
func TestSentinelOverwritesNobody(t *testing.T) {
	b := open(t)
	b.meanwhile = func(f *workspace) { f.properties["owner"] = map[string]any{"assignedTo": "Bert"} }
	if err := b.WriteVerdict(t.Context(), phishing); err != nil {
		t.Fatal(err)
	}
	if owner, _ := b.properties["owner"].(map[string]any); owner["assignedTo"] != "Bert" || b.properties["status"] != "Closed" {
		t.Errorf("%v", b.properties)
	}
}

func TestS26SentinelToldThroughMisfortune(t *testing.T) {
	change, remark := connectortest.On(http.MethodPut, "/"+incident), func(r *http.Request) bool {
		return r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/comments/")
	}
	for name, fault := range map[string]connectortest.Fault{
		"dropped": connectortest.ActThenDrop(), "gateway": connectortest.ActThenFail(), "login page": connectortest.LoginPage(), "redirected": connectortest.Elsewhere(),
		"error in a 200": connectortest.Answer(200, "application/json", problem("Internal")), "nothing": connectortest.Answer(200, "application/json", "{}"),
		"403": connectortest.Answer(403, "application/json", problem("AuthorizationFailed")), "429": connectortest.Throttled("3600", problem("TooManyRequests")),
	} {
		for where, on := range map[string]func(*http.Request) bool{"change": change, "comment": remark} {
			b := open(t)
			b.Once(on, fault)
			err := b.WriteVerdict(t.Context(), phishing)
			if name != "nothing" && name != "429" && err == nil || err != nil && strings.Contains(err.Error(), connectortest.Canary) {
				t.Errorf("%s at the %s: %v", name, where, err)
			}
			if name == "429" {
				continue // the line waits as long as it was asked to
			}
			if err := b.WriteVerdict(t.Context(), phishing); err != nil || len(b.comments) != 1 || b.properties["status"] != "Closed" {
				t.Errorf("again after %s at the %s: %v, %d comments, %v", name, where, err, len(b.comments), b.properties["status"])
			}
		}
	}
	b := open(t)
	gone := phishing
	for _, id := range []string{"11111111-5cd7-4139-a149-9f2736ff2ab5", "../x", ""} {
		gone.ExternalID = id
		if err := b.WriteVerdict(t.Context(), gone); connector.OutcomeOf(err) != connector.Refused || b.writes != 0 {
			t.Errorf("%q: %v", id, err)
		}
	}
}

// Every verdict has a word that Sentinel takes.
func TestSentinelMapping(t *testing.T) {
	reasons := map[string][]string{"TruePositive": {"SuspiciousActivity"}, "BenignPositive": {"SuspiciousButExpected"}, "FalsePositive": {"IncorrectAlertLogic", "InaccurateData"}, "Undetermined": {""}}
	for _, v := range soc.AllVerdicts {
		for _, reason := range []string{"", "Other", "Phishing", "IncorrectAlertLogic", "InaccurateData"} {
			classification, why := closing(v, reason)
			if !slices.Contains(reasons[classification], why) || classification != string(v) && v != soc.VerdictSuspicious {
				t.Errorf("%s, %s becomes %s, %s", v, reason, classification, why)
			}
		}
	}
}

func TestSentinelAsksOnlyWhatItsTableSays(t *testing.T) {
	b := open(t)
	if err := b.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := b.WriteVerdict(t.Context(), phishing); err != nil {
		t.Fatal(err)
	}
	connectortest.CheckEndpoints(t, Endpoints, b.Calls())
	b.denied = true
	if found := b.Diagnose(t.Context()); found.OK() || len(found.Permissions) != 1 || found.Permissions[0].Granted || found.Permissions[0].Name != responder {
		t.Errorf("a missing role is not named: %+v", found)
	}
}
