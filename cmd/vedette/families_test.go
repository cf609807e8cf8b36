package main

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vedette/backend"
	"vedette/backend/caseapi"
	"vedette/backend/portalapi"
	"vedette/backend/soc"
	"vedette/backend/triageapi"
	"vedette/backend/web"
	"vedette/backend/web/webtest"
)

// doors are the three families in front of one desk, with a key that may write
// at each and a person whom work is given to.
type doors struct {
	*webtest.House
	key, person string
}

func openDoors(t *testing.T, more ...func(*doors)) *doors {
	d := &doors{House: webtest.Open(t, func(*backend.Config) {})}
	portalapi.Register(d.Registry, web.Portal(webtest.PublicURL), portalapi.Config{Desk: d.Desk, Seal: d.Seal, Now: d.Now})
	caseapi.Register(d.Registry, web.Case(), caseapi.Config{Desk: d.Desk, Seal: d.Seal})
	triageapi.Register(d.Registry, web.Triage(), triageapi.Config{Desk: d.Desk, Seal: d.Seal, Now: d.Now})
	for _, register := range more {
		register(d)
	}
	d.Start()
	d.key = d.Bearer(webtest.Key{Role: soc.RoleManager, Scopes: []soc.Scope{
		soc.ScopeIncidentsRead, soc.ScopeIncidentsWrite, soc.ScopeIncidentsComments, soc.ScopeCasesRead, soc.ScopeCasesWrite,
	}})
	d.Cookie(d.First, soc.RoleAnalyst)
	roles, err := d.Store.Read(t.Context()).RolesIn(d.First)
	if err != nil || len(roles) != 1 {
		t.Fatal(roles, err)
	}
	for id := range roles {
		d.person = id
	}
	return d
}

// ask sends a request; the clock moves, so that no rate stands in the way.
func (d *doors) ask(method, path, body string) *httptest.ResponseRecorder {
	d.Advance(3 * time.Second)
	return d.Ask(method, path, body, d.key)
}

// read decodes what a family says of the incident.
func (d *doors) read(t *rapid.T, path string, into any) {
	w := d.ask("GET", path, "")
	if err := json.Unmarshal(w.Body.Bytes(), into); w.Code != 200 || err != nil {
		t.Fatalf("GET %s: %d %s (%v)", path, w.Code, w.Body, err)
	}
}

// place is how the three families name one incident.
type place struct{ portal, cases, triage string }

func (d *doors) place(t *rapid.T, i soc.Incident) place {
	return place{
		portal: "/api/v2/workspaces/" + d.First + "/incidents/" + i.Source + "/" + url.PathEscape(i.ExternalID),
		cases:  "/api/v1/cases/" + soc.CaseID(soc.CasePrefixCase, i.ID), triage: "/api/incidents/" + i.ID,
	}
}

// stored is the row behind all three.
func (d *doors) stored(t *rapid.T, id string) soc.Incident {
	i, found, err := d.Store.Read(t.Context()).Incident(d.First, id)
	if err != nil || !found {
		t.Fatal(found, err)
	}
	return i
}

// move is one thing that a family may do to an incident: what, and how the row
// must look once it was said to be done.
type move struct {
	name, method, path, body string
	done                     func(before, after soc.Incident) bool
}

// moves are what can be tried on an incident; whether it may be done is the
// desk's to say, the same for all.
func (d *doors) moves(p place, text string) []move {
	quoted, _ := json.Marshal(text)
	status := func(want ...soc.Status) func(soc.Incident, soc.Incident) bool {
		return func(_, after soc.Incident) bool { return slices.Contains(want, after.Status) }
	}
	closed := func(v soc.Verdict) func(soc.Incident, soc.Incident) bool {
		return func(_, after soc.Incident) bool { return after.Status == soc.StatusClosed && after.Verdict == v }
	}
	severity := func(want soc.Severity) func(soc.Incident, soc.Incident) bool {
		return func(_, after soc.Incident) bool { return after.Severity == want }
	}
	// The family's one word for both benign verdicts leaves the one that stands.
	benign := func(before, after soc.Incident) bool {
		stays := before.Verdict == soc.VerdictFalsePositive && !before.Duplicate
		return after.Status == soc.StatusClosed && (after.Verdict == soc.VerdictBenignPositive || stays && after.Verdict == before.Verdict)
	}
	assigned := func(who string) func(soc.Incident, soc.Incident) bool {
		return func(_, after soc.Incident) bool { return after.AssigneeID == who }
	}
	any := func(soc.Incident, soc.Incident) bool { return true }
	comment := string(quoted)
	return []move{
		{"portal status", "PUT", p.portal + "/status", `{"status":"Active"}`, status(soc.StatusActive, soc.StatusContained, soc.StatusEradicated, soc.StatusRecovered)},
		{"portal new", "PUT", p.portal + "/status", `{"status":"New"}`, status(soc.StatusNew)},
		{"portal closes", "PUT", p.portal + "/status", `{"status":"Closed","classification":"TruePositive","classificationReason":"Malware","comment":` + comment + `}`, closed(soc.VerdictTruePositive)},
		{"portal assigns", "PUT", p.portal + "/assignee", `{"userId":"` + d.person + `"}`, assigned(d.person)},
		{"portal unassigns", "PUT", p.portal + "/assignee", `{"userId":null}`, assigned("")},
		{"portal comments", "POST", p.portal + "/comments", `{"content":` + comment + `}`, any},
		{"case moves", "POST", p.cases + "/transition", `{"to":"contained"}`, status(soc.StatusContained)},
		{"case opens", "POST", p.cases + "/transition", `{"to":"investigating"}`, status(soc.StatusActive)},
		{"case resolves", "POST", p.cases + "/resolve", `{"verdict":"false_positive","root_cause":` + comment + `}`, closed(soc.VerdictFalsePositive)},
		{"case comments", "POST", p.cases + "/comments", `{"body":` + comment + `}`, any},
		{"triage raises", "PUT", p.triage, `{"severity":"critical"}`, severity(soc.SeverityCritical)},
		{"triage lowers", "PUT", p.triage, `{"severity":"low"}`, severity(soc.SeverityLow)},
		{"triage resolves", "PUT", p.triage, `{"status":"resolved","verdict":"benign","resolution":` + comment + `}`, benign},
		{"triage reopens", "PUT", p.triage, `{"status":"open"}`, status(soc.StatusNew, soc.StatusActive, soc.StatusContained)},
	}
}

// readings are the three families' answers about one incident.
type readings struct {
	portal struct {
		Data struct {
			Incident struct {
				Status, Severity     string
				Classification       *string
				IsAssigned           bool
				User                 struct{ ID *string }
				ClassificationReason *string
			}
		}
	}
	comments struct {
		Data []struct{ ID, Message string }
	}
	cases struct {
		Status, Severity         string
		Classification, Assignee *string
		Comments                 []struct{ ID, Body string }
		Version                  int64
	}
	triage struct {
		Data struct {
			Status, Severity string
			Version          int64
			Verdict          *struct {
				Core string `json:"core_classification"`
			}
		}
	}
}

// agree compares what the families say with the row, each by the contract's
// table of words.
func (d *doors) agree(t *rapid.T, p place, i soc.Incident) {
	var r readings
	d.read(t, p.portal, &r.portal)
	d.read(t, p.portal+"/comments", &r.comments)
	d.read(t, p.cases, &r.cases)
	d.read(t, p.triage, &r.triage)
	text := func(s *string) string {
		if s == nil {
			return ""
		}
		return *s
	}
	core := ""
	if v := r.triage.Data.Verdict; v != nil {
		core = v.Core
	}
	user := ""
	if i.AssigneeID != "" {
		user = soc.CaseID(soc.CasePrefixUser, i.AssigneeID)
	}
	said := r.portal.Data.Incident
	for _, c := range []struct{ what, got, want string }{
		{"portal status", said.Status, soc.PortalStatus.Word(i.Status)},
		{"case status", r.cases.Status, soc.CaseStatus.Word(i.Status)},
		{"triage status", r.triage.Data.Status, soc.TriageStatus(i.Status, i.Phase() == soc.PhaseTriaged)},
		{"portal severity", said.Severity, soc.PortalSeverity.Word(i.Severity)},
		{"case severity", r.cases.Severity, string(i.Severity)},
		{"triage severity", r.triage.Data.Severity, soc.TriageSeverity.Word(i.Severity)},
		{"portal verdict", text(said.Classification), string(i.Verdict)},
		{"case verdict", text(r.cases.Classification), string(i.Verdict)},
		{"triage verdict", core, string(i.Verdict)},
		{"portal assignee", text(said.User.ID), i.AssigneeID},
		{"case assignee", text(r.cases.Assignee), user},
		{"version", fmt.Sprint(r.cases.Version), fmt.Sprint(r.triage.Data.Version)},
	} {
		if c.got != c.want {
			t.Errorf("%s is %q, want %q", c.what, c.got, c.want)
		}
	}
	var ours, theirs []string
	for _, c := range r.comments.Data {
		ours = append(ours, c.ID+c.Message)
	}
	for _, c := range r.cases.Comments {
		uuid, _ := soc.UUIDOfCaseID(soc.CasePrefixComment, c.ID)
		theirs = append(theirs, uuid+c.Body)
	}
	slices.Sort(ours)
	slices.Sort(theirs)
	if !slices.Equal(ours, theirs) {
		t.Errorf("comments at the portal %q, of the case %q", ours, theirs)
	}
}

// TestWhatOneFamilyWritesTheOthersRead makes random moves at random doors on one
// incident: what a door says is done is done in the row, and after every move the
// three families tell the same of it in their own words.
func TestWhatOneFamilyWritesTheOthersRead(t *testing.T) {
	d := openDoors(t)
	n, done := 0, map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		if n++; n > 12 { // a database each would cost seconds; an incident each costs none
			return
		}
		made := d.ask("POST", "/api/incidents", `{"incident_type":"phishing","source":"email_gateway","severity":"high","raw_data":{"recipient":"a@example.com"}}`)
		var body struct{ Data struct{ ID string } }
		if err := json.Unmarshal(made.Body.Bytes(), &body); made.Code != 201 || err != nil {
			t.Fatalf("%d %s", made.Code, made.Body)
		}
		i := d.stored(t, body.Data.ID)
		p := d.place(t, i)
		for range rapid.IntRange(1, 5).Draw(t, "steps") {
			text := rapid.StringMatching(`[ -~]{1,20}[äöü★]?`).Draw(t, "text")
			m := rapid.SampledFrom(d.moves(p, text+"x")).Draw(t, "move")
			before := d.stored(t, i.ID)
			w := d.ask(m.method, m.path, m.body)
			after := d.stored(t, i.ID)
			switch {
			case w.Code >= 200 && w.Code < 300:
				done[m.name]++
				if !m.done(before, after) {
					t.Errorf("%s answered %d, and the row is %s %s %s", m.name, w.Code, after.Status, after.Severity, after.Verdict)
				}
			case w.Code != 400 && w.Code != 409 && w.Code != 422:
				t.Fatalf("%s: %d %s", m.name, w.Code, w.Body)
			case before.Version != after.Version:
				t.Errorf("%s was refused with %d and changed the row", m.name, w.Code)
			}
			d.agree(t, p, after)
		}
	})
	t.Logf("moves done: %v", done)
	if len(done) < 6 {
		t.Errorf("only %v was ever done: the property proves little", done)
	}
}
