package qradar

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"vedette/backend/connector"
	"vedette/backend/connector/connectortest"
	"vedette/backend/soc"
)

const token = "authorized-service-token-for-tests"

// deployment is a fake of one QRadar with one offense.
type deployment struct {
	mu      sync.Mutex
	status  string
	reason  *int
	notes   []string
	reasons []map[string]any
	lag     int // how many reads after the closing do not show it
	denied  bool
}

func newDeployment() *deployment {
	return &deployment{status: "OPEN", reasons: []map[string]any{
		{"id": 1, "text": "Non-Issue", "is_deleted": false, "is_reserved": false},
		{"id": 2, "text": "False-Positive, Tuned", "is_deleted": false, "is_reserved": false},
		{"id": 3, "text": "Policy Violation", "is_deleted": false, "is_reserved": false},
		{"id": 54, "text": "Duplicate", "is_deleted": true, "is_reserved": false},
	}}
}

func wrong(status int) string {
	return fmt.Sprintf(`{"http_response":{"code":%d,"message":"x"},"code":1002,"message":%q,"description":"","details":{}}`, status, connectortest.Canary)
}

func (f *deployment) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case r.Header.Get("SEC") != token:
		connectortest.Say(w, http.StatusUnauthorized, wrong(401))
		return
	case f.denied:
		connectortest.Say(w, http.StatusForbidden, wrong(403))
		return
	}
	switch r.Method + " " + r.URL.Path {
	case "GET /api/siem/offense_closing_reasons":
		f.list(w, r, f.reasons)
	case "GET /api/siem/offenses/42":
		f.lag--
		f.offense(w, f.lag < 0)
	case "POST /api/siem/offenses/42":
		id := 0
		if _, err := fmt.Sscan(r.URL.Query().Get("closing_reason_id"), &id); err != nil || r.URL.Query().Get("status") != "CLOSED" {
			connectortest.Say(w, http.StatusUnprocessableEntity, wrong(422))
			return
		}
		f.status, f.reason = "CLOSED", &id
		f.offense(w, true)
	case "GET /api/siem/offenses/42/notes":
		all := []map[string]any{}
		for i, text := range f.notes {
			all = append(all, map[string]any{"id": i, "note_text": text, "username": "API_token: vedette"})
		}
		f.list(w, r, all)
	case "POST /api/siem/offenses/42/notes":
		f.notes = append(f.notes, r.URL.Query().Get("note_text"))
		connectortest.Say(w, http.StatusCreated, map[string]any{"id": len(f.notes) - 1, "note_text": r.URL.Query().Get("note_text")})
	default:
		connectortest.Say(w, http.StatusNotFound, wrong(404))
	}
}

func (f *deployment) offense(w http.ResponseWriter, shown bool) {
	status, reason := f.status, f.reason
	if !shown {
		status, reason = "OPEN", nil
	}
	connectortest.Say(w, http.StatusOK, map[string]any{"id": 42, "status": status, "closing_reason_id": reason, "description": "x"})
}

// list answers as the API pages: by range, and with the whole length.
func (f *deployment) list(w http.ResponseWriter, r *http.Request, all []map[string]any) {
	var from, until int
	if _, err := fmt.Sscanf(r.Header.Get("Range"), "items=%d-%d", &from, &until); err != nil {
		connectortest.Say(w, http.StatusUnprocessableEntity, wrong(422))
		return
	}
	until = min(until, len(all)-1)
	shown := fmt.Sprintf("items %d-%d/%d", from, until, len(all))
	if len(all) == 0 {
		shown = "items */0"
	}
	w.Header().Set("Content-Range", shown)
	connectortest.Say(w, http.StatusOK, append([]map[string]any{}, all[from:until+1]...))
}

func open(t *testing.T, change func(*connector.Config)) (*deployment, *connectortest.Vendor, *Connector) {
	t.Helper()
	f := newDeployment()
	v := connectortest.Start(t, f)
	made := connectortest.Make[*Connector](t, v, Kind(), connector.Config{
		Secrets: map[string]string{"token": token}, Settings: map[string]string{},
	}, change)
	return f, v, made
}

func verdict(v soc.Verdict) connector.Verdict {
	return connector.Verdict{Key: "decision-1", ExternalID: "42", Verdict: v, Reason: "Other", Comment: "Known scanner."}
}

func TestQRadarVerdictIsWrittenOnce(t *testing.T) {
	connectortest.VerdictTrial{
		New: func(t *testing.T) connectortest.VerdictBench {
			f, v, c := open(t, nil)
			return connectortest.VerdictBench{
				Writer: c, Vendor: v, Comments: func() int { return len(f.notes) },
				Closed: func() bool { return f.status == "CLOSED" && f.reason != nil && *f.reason == 2 },
			}
		},
		Verdict: verdict(soc.VerdictFalsePositive),
		Acts:    []func(*http.Request) bool{connectortest.On(http.MethodPost, "/notes"), connectortest.On(http.MethodPost, "/offenses/42")},
		Errors:  wrong(500), Secrets: []string{token},
	}.Run(t)
}

func TestQRadarWordsOfVerdicts(t *testing.T) {
	for v, want := range map[soc.Verdict]int{soc.VerdictTruePositive: 3, soc.VerdictBenignPositive: 1, soc.VerdictFalsePositive: 2, soc.VerdictUndetermined: -1} {
		f, _, c := open(t, nil)
		if err := c.WriteVerdict(t.Context(), verdict(v)); err != nil {
			t.Fatal(err)
		}
		if want < 0 && f.status != "OPEN" || want > 0 && (f.reason == nil || *f.reason != want) || len(f.notes) != 1 {
			t.Errorf("%s became %s, %v, %q", v, f.status, f.reason, f.notes)
		}
	}
	f, _, c := open(t, func(c *connector.Config) { c.Settings["true_positive"] = "Duplicate" })
	if err := c.WriteVerdict(t.Context(), verdict(soc.VerdictTruePositive)); connector.OutcomeOf(err) != connector.Refused || len(f.notes) != 0 {
		t.Errorf("a deleted closing reason: %v, %q", err, f.notes)
	}
}

func TestQRadarVerdictThatIsNotShownIsNotWritten(t *testing.T) {
	f, _, c := open(t, nil)
	f.lag = 2
	if err := c.WriteVerdict(t.Context(), verdict(soc.VerdictFalsePositive)); connector.OutcomeOf(err) != connector.Unknown {
		t.Errorf("a lagging offense: %v", err)
	}
	if err := c.WriteVerdict(t.Context(), verdict(soc.VerdictFalsePositive)); err != nil || len(f.notes) != 1 {
		t.Errorf("once it shows: %v, %q", err, f.notes)
	}
	for _, id := range []string{"", "42/notes", "43;", "..", "x"} {
		v := verdict(soc.VerdictFalsePositive)
		v.ExternalID = id
		if err := c.WriteVerdict(t.Context(), v); connector.OutcomeOf(err) != connector.Refused {
			t.Errorf("%q: %v", id, err)
		}
	}
}

func TestQRadarListThatIsNotWholeIsNotJudged(t *testing.T) {
	for text, want := range map[string]bool{
		"items 0-3/4": true, "items 0-0/1": true, "items */0": true, "items 0-999/1001": false, "items 1-3/4": false, "": false, "items 0-3/*": false,
	} {
		if whole(text) != want {
			t.Errorf("%q is whole: %v", text, !want)
		}
	}
	f, _, c := open(t, nil)
	for range longestList + 1 {
		f.notes = append(f.notes, "x")
	}
	if err := c.WriteVerdict(t.Context(), verdict(soc.VerdictFalsePositive)); connector.OutcomeOf(err) != connector.Refused || f.status != "OPEN" {
		t.Errorf("more notes than are read: %v, %s", err, f.status)
	}
}

func TestQRadarDiagnosis(t *testing.T) {
	f, v, c := open(t, nil)
	if err := c.Check(t.Context()); err != nil {
		t.Error(err)
	}
	if err := c.WriteVerdict(t.Context(), verdict(soc.VerdictFalsePositive)); err != nil {
		t.Error(err)
	}
	connectortest.CheckEndpoints(t, Endpoints, v.Calls())
	f.reasons = f.reasons[:1]
	if err := c.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "False-Positive, Tuned") {
		t.Errorf("a missing closing reason: %v", err)
	}
	f.denied = true
	if found := c.Diagnose(t.Context()); found.OK() || found.Permissions[0].Granted {
		t.Errorf("a missing role: %+v", found)
	}
	_, _, denied := open(t, func(c *connector.Config) { c.Secrets["token"] = "wrong" })
	if err := denied.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "credential") {
		t.Errorf("a wrong token: %v", err)
	}
	if _, err := c.Carry(t.Context(), connector.Action{Operation: "host.isolate"}); connector.OutcomeOf(err) != connector.Refused || c.Carries("isolate_host") {
		t.Errorf("it carries a playbook out: %v", err)
	}
}
