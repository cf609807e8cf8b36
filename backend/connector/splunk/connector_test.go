package splunk

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
	token   = "splunk-token-for-tests"
	notable = "8F3A1B2C-0001-4E5F-9A0B-1C2D3E4F5A6B@@notable@@0f1e2d3c4b5a69788796a5b4c3d2e1f0"
)

// deployment is a fake of one Enterprise Security: notable events and their
// reviews, the latest first.
type deployment struct {
	mu           sync.Mutex
	reviews      []map[string]string
	capabilities []string
	lag          int // how many reads after a change do not show it
	denied       bool
}

func wrong(code int) string {
	return fmt.Sprintf(`{"messages":[{"type":"ERROR","text":"%s %d"}]}`, connectortest.Canary, code)
}

func (f *deployment) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case r.Header.Get("Authorization") != "Bearer "+token:
		connectortest.Say(w, http.StatusUnauthorized, wrong(401))
	case r.Method == http.MethodPost && r.URL.Path == "/services/notable_update":
		f.update(w, r)
	case r.Method == http.MethodGet && r.URL.Path == "/servicesNS/nobody/SA-ThreatIntelligence/storage/collections/data/incident_review":
		var wanted struct {
			Notable string `json:"rule_id"`
		}
		if json.Unmarshal([]byte(r.FormValue("query")), &wanted) != nil || wanted.Notable == "" {
			connectortest.Say(w, http.StatusBadRequest, wrong(400))
			return
		}
		shown := []map[string]string{}
		if f.lag--; f.lag < 0 {
			for _, review := range f.reviews {
				if review["rule_id"] == wanted.Notable {
					shown = append(shown, review)
				}
			}
		}
		connectortest.Say(w, http.StatusOK, shown)
	case r.Method == http.MethodGet && r.URL.Path == "/services/authentication/current-context":
		connectortest.Say(w, http.StatusOK, map[string]any{"entry": []any{map[string]any{"content": map[string]any{"username": "vedette", "capabilities": f.capabilities}}}})
	default:
		connectortest.Say(w, http.StatusNotFound, wrong(404))
	}
}

func (f *deployment) update(w http.ResponseWriter, r *http.Request) {
	if f.denied {
		connectortest.Say(w, http.StatusForbidden, wrong(403))
		return
	}
	if r.FormValue("ruleUIDs") != notable {
		connectortest.Say(w, http.StatusOK, map[string]any{"success": false, "message": connectortest.Canary, "success_count": 0, "failure_count": 1})
		return
	}
	f.reviews = append([]map[string]string{{
		"rule_id": r.FormValue("ruleUIDs"), "status": r.FormValue("status"), "disposition": r.FormValue("disposition"), "comment": r.FormValue("comment"), "time": "1793610000.5",
	}}, f.reviews...)
	connectortest.Say(w, http.StatusOK, map[string]any{"success": true, "message": "1 event updated successfully", "success_count": 1, "failure_count": 0, "warnings": []string{}, "details": map[string]any{}})
}

func open(t *testing.T, change func(*connector.Config)) (*deployment, *connectortest.Vendor, *Connector) {
	t.Helper()
	f := &deployment{capabilities: []string{"search", capability}}
	v := connectortest.Start(t, f)
	made := connectortest.Make[*Connector](t, v, Kind(), connector.Config{
		Secrets: map[string]string{"token": token},
	}, change)
	return f, v, made
}

func verdict(v soc.Verdict, reason string) connector.Verdict {
	return connector.Verdict{Key: "decision-1", ExternalID: notable, Verdict: v, Reason: reason, Comment: "Known scanner."}
}

func TestSplunkVerdictIsWrittenOnce(t *testing.T) {
	connectortest.VerdictTrial{
		New: func(t *testing.T) connectortest.VerdictBench {
			f, v, c := open(t, nil)
			return connectortest.VerdictBench{
				Writer: c, Vendor: v,
				Closed: func() bool {
					return len(f.reviews) > 0 && f.reviews[0]["status"] == "5" && f.reviews[0]["disposition"] == "disposition:4"
				},
				Comments: func() (n int) {
					for _, review := range f.reviews {
						if review["comment"] != "" {
							n++
						}
					}
					return n
				},
			}
		},
		Verdict: verdict(soc.VerdictFalsePositive, "InaccurateData"), Acts: []func(*http.Request) bool{connectortest.On(http.MethodPost, "/notable_update")},
		Errors: wrong(500), Secrets: []string{token},
	}.Run(t)
}

func TestSplunkWordsOfVerdicts(t *testing.T) {
	for _, test := range []struct {
		verdict      soc.Verdict
		reason, want string
	}{
		{soc.VerdictTruePositive, "Malware", "disposition:1"},
		{soc.VerdictBenignPositive, "SecurityTesting", "disposition:2"},
		{soc.VerdictFalsePositive, "IncorrectAlertLogic", "disposition:3"},
		{soc.VerdictFalsePositive, "Other", "disposition:4"},
		{soc.VerdictUndetermined, "Other", "disposition:6"},
	} {
		f, _, c := open(t, nil)
		if err := c.WriteVerdict(t.Context(), verdict(test.verdict, test.reason)); err != nil {
			t.Fatal(err)
		}
		if got := f.reviews[0]["disposition"]; got != test.want || !strings.Contains(f.reviews[0]["comment"], "Known scanner. [Vedette decision-1]") {
			t.Errorf("%s, %s became %s: %v", test.verdict, test.reason, got, f.reviews[0])
		}
	}
	_, v, c := open(t, nil)
	if err := c.WriteVerdict(t.Context(), verdict(soc.VerdictSuspicious, "")); connector.OutcomeOf(err) != connector.Refused || len(v.Calls()) != 0 {
		t.Errorf("a verdict without a word: %v, %d calls", err, len(v.Calls()))
	}
}

func TestSplunkVerdictThatIsNotShownIsNotWritten(t *testing.T) {
	f, _, c := open(t, nil)
	f.lag = 2
	if err := c.WriteVerdict(t.Context(), verdict(soc.VerdictTruePositive, "")); connector.OutcomeOf(err) != connector.Unknown {
		t.Errorf("a lagging collection: %v", err)
	}
	if err := c.WriteVerdict(t.Context(), verdict(soc.VerdictTruePositive, "")); err != nil || len(f.reviews) != 1 {
		t.Errorf("once it shows: %v, %d reviews", err, len(f.reviews))
	}
	other := verdict(soc.VerdictTruePositive, "")
	other.ExternalID = "00000000-0000-4000-8000-000000000000@@notable@@0"
	if err := c.WriteVerdict(t.Context(), other); connector.OutcomeOf(err) != connector.Refused {
		t.Errorf("an unknown notable event: %v", err)
	}
	other.ExternalID = `x","a":"b`
	if err := c.WriteVerdict(t.Context(), other); connector.OutcomeOf(err) != connector.Refused {
		t.Errorf("an id that is none: %v", err)
	}
}

func TestSplunkDiagnosis(t *testing.T) {
	f, v, c := open(t, nil)
	if err := c.Check(t.Context()); err != nil {
		t.Error(err)
	}
	f.capabilities = []string{"search"}
	if found := c.Diagnose(t.Context()); found.OK() || found.Permissions[0].Granted || found.Permissions[0].Name != capability {
		t.Errorf("a missing capability is not named: %+v", found)
	}
	f.denied = true
	if err := c.WriteVerdict(t.Context(), verdict(soc.VerdictTruePositive, "")); connector.OutcomeOf(err) != connector.Refused || !strings.Contains(err.Error(), capability) {
		t.Errorf("without the capability: %v", err)
	}
	connectortest.CheckEndpoints(t, Endpoints, v.Calls())
	_, _, denied := open(t, func(c *connector.Config) { c.Secrets["token"] = "wrong" })
	if err := denied.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "credential") {
		t.Errorf("a wrong token: %v", err)
	}
	if _, err := c.Carry(t.Context(), connector.Action{Operation: "host.isolate"}); connector.OutcomeOf(err) != connector.Refused || c.Carries("isolate_host") {
		t.Errorf("it carries a playbook out: %v", err)
	}
}
