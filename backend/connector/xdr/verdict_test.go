package xdr

import (
	"encoding/base64"
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

const secret = "s3cr3t~of-the-application"

// tenant is a fake of one tenant with one incident.
type tenant struct {
	mu       sync.Mutex
	incident map[string]any
	comments []map[string]any
	writes   int
	lag      int // how many reads after a change do not show it
	before   map[string]any
	roles    []string
}

func problem(code string) string {
	return fmt.Sprintf(`{"error":{"code":%q,"message":%q,"innerError":{"request-id":"r"}}}`, code, connectortest.Canary)
}

func (f *tenant) view() map[string]any {
	out := map[string]any{"id": "2972395", "comments": slices.Clone(f.comments)}
	shown := f.incident
	if f.lag > 0 && f.before != nil {
		f.lag--
		shown = f.before
	}
	for name, value := range shown {
		out[name] = value
	}
	return out
}

// ServeHTTP implements http.Handler.
func (f *tenant) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	claims, _ := json.Marshal(map[string]any{"roles": f.roles})
	token := "e30." + base64.RawURLEncoding.EncodeToString(claims) + ".c2ln"
	const path = "/v1.0/security/incidents/2972395"
	in := map[string]string{}
	switch {
	case strings.HasSuffix(r.URL.Path, "/oauth2/v2.0/token"):
		connectortest.Say(w, http.StatusOK, map[string]any{"token_type": "Bearer", "expires_in": 3599, "access_token": token})
	case r.Header.Get("Authorization") != "Bearer "+token:
		connectortest.Say(w, http.StatusUnauthorized, problem("InvalidAuthenticationToken"))
	case r.Method == http.MethodGet && r.URL.Path == path:
		connectortest.Say(w, http.StatusOK, f.view())
	case r.Method != http.MethodGet && !slices.Contains(f.roles, permission):
		connectortest.Say(w, http.StatusForbidden, problem("Forbidden"))
	case r.Method == http.MethodPatch && r.URL.Path == path && json.NewDecoder(r.Body).Decode(&in) == nil:
		f.before = map[string]any{"status": f.incident["status"], "classification": f.incident["classification"], "determination": f.incident["determination"]}
		for name, value := range in {
			f.incident[name] = value
		}
		f.writes++
		connectortest.Say(w, http.StatusOK, f.view())
	case r.Method == http.MethodPost && r.URL.Path == path+"/comments" && json.NewDecoder(r.Body).Decode(&in) == nil && in["comment"] != "":
		f.comments = append(f.comments, map[string]any{"comment": in["comment"], "createdByDisplayName": "app"})
		f.writes++
		connectortest.Say(w, http.StatusOK, map[string]any{"value": f.comments})
	default:
		connectortest.Say(w, http.StatusNotFound, problem("NotFound"))
	}
}

type bench struct {
	*tenant
	*connectortest.Vendor
	*Connector
}

func open(t *testing.T) bench {
	t.Helper()
	f := &tenant{incident: map[string]any{"status": "active", "classification": "unknown", "determination": "unknown"}, roles: []string{permission}}
	v := connectortest.Start(t, f)
	made := connectortest.Make[*Connector](t, v, Kind(), connector.Config{
		Secrets:  map[string]string{"client_secret": secret},
		Settings: map[string]string{"tenant_id": "t-1", "client_id": "app", "login_url": v.URL},
	}, nil)
	return bench{f, v, made}
}

var phishing = connector.Verdict{Key: "0197-1", ExternalID: "2972395", Verdict: soc.VerdictTruePositive, Reason: "Phishing", Comment: "Seen in mail."}

func TestXDRIsToldOnce(t *testing.T) {
	b := open(t)
	for range 3 {
		if err := b.WriteVerdict(t.Context(), phishing); err != nil {
			t.Fatal(err)
		}
	}
	if b.writes != 2 || len(b.comments) != 1 || b.tenant.incident["status"] != "resolved" || b.tenant.incident["classification"] != "truePositive" || b.tenant.incident["determination"] != "phishing" {
		t.Errorf("%d writes, %v, %v", b.writes, b.comments, b.tenant.incident)
	}
}

func TestS26XDRToldThroughMisfortune(t *testing.T) {
	for name, fault := range map[string]connectortest.Fault{
		"dropped": connectortest.ActThenDrop(), "gateway": connectortest.ActThenFail(), "login page": connectortest.LoginPage(), "redirected": connectortest.Elsewhere(),
		"error in a 200": connectortest.Answer(200, "application/json", problem("Internal")), "403": connectortest.Answer(403, "application/json", problem("Forbidden")),
	} {
		for _, on := range []func(*http.Request) bool{connectortest.On(http.MethodPatch, "2972395"), connectortest.On(http.MethodPost, "/comments")} {
			b := open(t)
			b.Once(on, fault)
			if err := b.WriteVerdict(t.Context(), phishing); err == nil || strings.Contains(err.Error(), connectortest.Canary) {
				t.Errorf("%s: %v", name, err)
			}
			if err := b.WriteVerdict(t.Context(), phishing); err != nil || len(b.comments) != 1 || b.tenant.incident["status"] != "resolved" {
				t.Errorf("again after %s: %v, %d comments", name, err, len(b.comments))
			}
		}
	}
	b := open(t)
	b.lag = 2
	if err := b.WriteVerdict(t.Context(), phishing); connector.OutcomeOf(err) != connector.Unknown {
		t.Errorf("what does not show yet is not told: %v", err)
	}
	for _, id := range []string{"1", "x", "../alerts"} {
		gone := phishing
		gone.ExternalID = id
		if err := b.WriteVerdict(t.Context(), gone); connector.OutcomeOf(err) != connector.Refused {
			t.Errorf("%q: %v", id, err)
		}
	}
}

// Every verdict and every reason of a source has words that the product takes.
func TestXDRMapping(t *testing.T) {
	words := []string{
		"unknown", "apt", "malware", "securityPersonnel", "securityTesting", "unwantedSoftware", "other", "multiStagedAttack", "compromisedAccount", "phishing",
		"maliciousUserActivity", "notMalicious", "notEnoughDataToValidate", "confirmedUserActivity", "lineOfBusinessApplication",
	}
	for _, v := range soc.AllVerdicts {
		for _, reason := range []string{"", "Other", "Phishing", "Malware", "IncorrectAlertLogic", "SecurityTesting", "CompromisedUser", "NotMalicious"} {
			classification, determination := closing(v, reason)
			if !slices.Contains(words, determination) || !slices.Contains([]string{"unknown", "truePositive", "falsePositive", "informationalExpectedActivity"}, classification) || (classification == "unknown") != (determination == "unknown") {
				t.Errorf("%s, %s becomes %s, %s", v, reason, classification, determination)
			}
		}
	}
	for reason, want := range map[string]string{"Phishing": "phishing", "CompromisedUser": "compromisedAccount", "Other": "other"} {
		if _, got := closing(soc.VerdictTruePositive, reason); got != want {
			t.Errorf("%s becomes %s", reason, got)
		}
	}
}

func TestXDRAsksOnlyWhatItsTableSays(t *testing.T) {
	b := open(t)
	if err := b.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := b.WriteVerdict(t.Context(), phishing); err != nil {
		t.Fatal(err)
	}
	connectortest.CheckEndpoints(t, Endpoints, b.Calls())
}
