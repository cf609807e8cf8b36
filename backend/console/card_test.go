package console_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"vedette/backend"
	"vedette/backend/playbook"
	"vedette/backend/soc"
)

// hostAlert is one alert on one host. Its title is what an attacker would write.
const hostAlert = `{"external_id":"a-1","source":"odd","title":"<img src=x onerror=alert(1)> approve at once","severity":"high",
"entities":[{"kind":"host","value":"ws-042.corp.local","asserted":true}]}`

// office is a house with one incident and a way out.
type office struct {
	*house
	incident, host string
}

func openOffice(t testing.TB, change ...func(*backend.Config)) *office {
	t.Helper()
	o := &office{house: openHouse(t, append(change, generics, func(c *backend.Config) {
		c.Signer = soc.NewSigner([32]byte{1})
		c.Connectors = []backend.Connector{{
			ID: "0197aaaa-0000-7000-8000-00000000aaaa", Kind: "range", Simulation: true,
			Carries: func(p soc.Playbook) bool { return !p.Internal },
			Resolve: func(_ soc.Playbook, e soc.Entity) (string, string) {
				native, _ := playbook.Property(e, soc.PropertyFQDN)
				return native, ""
			},
		}}
	})...)}
	o.Ingest(o.First, "generic", []byte(hostAlert))
	o.find("ws-042")
	return o
}

// find takes the newest incident, and the host in it whose name starts so.
func (o *office) find(name string) {
	o.t.Helper()
	by := o.inFirst()
	page, err := o.Desk.ListIncidents(o.t.Context(), by, soc.IncidentFilter{Limit: 10})
	if err != nil {
		o.t.Fatal(err)
	}
	for _, i := range page.Incidents {
		detail, err := o.Desk.GetIncident(o.t.Context(), by, soc.IncidentRef{ID: i.ShortID}, soc.IncidentParts{Entities: true})
		if err != nil {
			o.t.Fatal(err)
		}
		for _, e := range detail.Entities {
			if e.Kind == soc.KindHost && strings.HasPrefix(e.Display, name) {
				o.incident, o.host = i.ShortID, e.ID
				return
			}
		}
	}
	o.t.Fatalf("no incident has the host %s", name)
}

// asked asks for a playbook on the host as an analyst, and returns the gamebook.
func (o *office) asked(playbookID, rationale string) string {
	o.t.Helper()
	cookie := o.Cookie(o.First, soc.RoleAnalyst)
	by, err := o.Identity().Session(o.t.Context(), strings.TrimPrefix(cookie, "Cookie: __Host-vedette="), soc.Caller{})
	if err == nil {
		by, err = o.Identity().Workspace(o.t.Context(), by, o.First)
	}
	if err != nil {
		o.t.Fatal(err)
	}
	by.Session = true
	receipt, err := o.Desk.SubmitGamebook(o.t.Context(), by, soc.SubmitGamebook{
		Incident: soc.IncidentRef{Workspace: o.First, ID: o.incident}, Rationale: rationale,
		Steps: []soc.SubmitStep{{Playbook: playbookID, Entity: o.host}},
	})
	if err != nil || !receipt.Success {
		o.t.Fatal(receipt, err)
	}
	return receipt.GamebookID
}

var (
	viewField   = regexp.MustCompile(`name="view" value="([^"]+)"`)
	digestField = regexp.MustCompile(`name="digest" value="([^"]+)"`)
	canonicalAt = regexp.MustCompile(`(?s)<pre id="canonical"[^>]*>(.*?)</pre>`)
	anyTag      = regexp.MustCompile(`<[^>]*>`)
)

// field is the value of a hidden field of a page.
func field(t testing.TB, page string, pattern *regexp.Regexp) string {
	t.Helper()
	found := pattern.FindStringSubmatch(page)
	if found == nil {
		t.Fatalf("no %s in %s", pattern, page)
	}
	return html.UnescapeString(found[1])
}

// TestS14TheCardShowsTheBytesOfTheDigest: what a person reads under "what you
// approve" is, byte for byte, what the digest is made of, and what they read
// first is the server's. The requester's words come last and are text.
func TestS14TheCardShowsTheBytesOfTheDigest(t *testing.T) {
	o := openOffice(t)
	id := o.asked("isolate_host", "<script>alert(1)</script> please approve")
	senior := o.Cookie(o.First, soc.RoleSenior)
	mustContain(t, o.ask("GET", o.first("/approvals?mine=on&severity=High&sort=-risk"), nil, senior), http.StatusOK, id, "Isolate Endpoint on host", "1 in all")
	w := o.ask("GET", o.first("/approvals/"+id), nil, senior)
	mustContain(t, w, http.StatusOK)
	page := w.Body.String()
	covered := html.UnescapeString(anyTag.ReplaceAllString(field(t, page, canonicalAt), ""))
	// field has unescaped once already, which for canonical JSON changes nothing.
	digest := field(t, page, digestField)
	if got := soc.Digest([]byte(strings.TrimPrefix(covered, "vedette-action-v1\n"))); got != digest || !strings.HasPrefix(covered, "vedette-action-v1\n") {
		t.Errorf("the bytes shown have digest %s, the form has %s:\n%s", got, digest, covered)
	}
	at := -1
	for _, part := range []string{
		`id="sentence"`, `class="target"`, `class="class-of"`, `class="rollback"`, `id="canonical"`, `id="digest"`, "Blast radius", "Vouched for", ">Flags<",
		"Asked by", "Rules that hit", "Steps and the evidence", `id="silence"`, "Nothing was done to this target", "The requester&#39;s own words",
	} {
		found := strings.Index(page, strings.ReplaceAll(part, "&#39;", "'"))
		if found <= at {
			t.Errorf("%s stands at %d, the part before it at %d", part, found, at)
		}
		at = found
	}
	if strings.Contains(page, "<script>alert") || strings.Contains(page, "<img src=x") || strings.Count(page, "please approve") != 1 {
		t.Error("the requester's words are not inert, or stand elsewhere too")
	}
}

// TestDecisionsOnTheCard takes one gamebook after the other through what a
// person can decide, without a script.
func TestDecisionsOnTheCard(t *testing.T) {
	o := openOffice(t)
	viewer, analyst, senior := o.Cookie(o.First, soc.RoleViewer), o.Cookie(o.First, soc.RoleAnalyst), o.Cookie(o.First, soc.RoleSenior)
	id := o.asked("isolate_host", "because")
	card := o.first("/approvals/" + id)
	form := func(cookie string) url.Values {
		page := o.ask("GET", card, nil, cookie).Body.String()
		return url.Values{"digest": {field(t, page, digestField)}, "view": {field(t, page, viewField)}}
	}
	t.Run("a viewer sees no control that would be refused", func(t *testing.T) {
		page := o.ask("GET", card, nil, viewer).Body.String()
		for _, action := range []string{"/approve", "/deny", "/ask", "/resubmit"} {
			if strings.Contains(page, `action="`+card+action) {
				t.Errorf("the page offers %s", action)
			}
		}
		if !strings.Contains(page, "INSUFFICIENT_APPROVAL_LEVEL") {
			t.Error("the page does not say why")
		}
	})
	t.Run("a question goes on the incident", func(t *testing.T) {
		mustLead(t, o.send(analyst, card+"/ask", url.Values{"question": {"is ws-042 in use?"}}), card+"?done=commented")
		by := o.Host
		by.Workspace = o.First
		comments, _, err := o.Desk.Comments(t.Context(), by, soc.IncidentRef{Workspace: o.First, ID: o.incident}, nil, 10)
		if err != nil || len(comments) != 1 || comments[0].Body != "is ws-042 in use?" || comments[0].Gamebook != id {
			t.Errorf("%v %v", comments, err)
		}
		mustContain(t, o.send(analyst, card+"/ask", url.Values{"question": {"and who?"}, "to": {"nobody@example.org"}}), http.StatusBadRequest, "is nobody with access", "and who?")
		mustLead(t, o.send(senior, card+"/say", url.Values{"note": {"<b>it is</b>"}}), card+"?done=commented")
		mustContain(t, o.ask("GET", card, nil, viewer), http.StatusOK, "is ws-042 in use?", "&lt;b&gt;it is&lt;/b&gt;", "gamebook submitted")
		mustContain(t, o.ask("GET", o.first("/incidents/"+o.incident), nil, viewer), http.StatusOK, "is ws-042 in use?", `href="`+card+`"`)
	})
	t.Run("another digest, a foreign view and no digest are refused, and what was typed stays", func(t *testing.T) {
		own := form(senior)
		own.Set("comment", "looks right")
		wrong := url.Values{"digest": {"sha256:" + strings.Repeat("0", 64)}, "view": own["view"], "comment": own["comment"]}
		mustContain(t, o.send(senior, card+"/approve", wrong), http.StatusConflict, "DIGEST_MISMATCH", "looks right", "Read the card again")
		mustContain(t, o.send(o.Cookie(o.First, soc.RoleManager), card+"/approve", own), http.StatusBadRequest, "is not a view of this card by this person")
		mustContain(t, o.send(senior, card+"/approve", url.Values{"comment": {"x"}}), http.StatusBadRequest, "digest")
		mustContain(t, o.send(senior, card+"/approve", url.Values{"digest": own["digest"], "approver_id": {"mgr"}}), http.StatusBadRequest, "is no field of this page")
	})
	t.Run("two people race: one approves, the other is told", func(t *testing.T) {
		people := []string{senior, o.Cookie(o.First, soc.RoleSenior)}
		codes := make([]int, len(people))
		forms, tokens := make([]url.Values, len(people)), make([]string, len(people))
		for i, person := range people {
			forms[i], tokens[i] = form(person), o.token(person)
			forms[i].Set("token", tokens[i])
		}
		o.Advance(10 * time.Second)
		var race sync.WaitGroup
		for i, person := range people {
			race.Go(func() { codes[i] = o.ask("POST", card+"/approve", forms[i], person).Code })
		}
		race.Wait()
		if codes[0]+codes[1] != http.StatusSeeOther+http.StatusConflict {
			t.Errorf("%v", codes)
		}
		mustContain(t, o.ask("GET", card+"?done=approved", nil, senior), http.StatusOK, "Your approval is recorded.", "See how it runs")
		mustContain(t, o.ask("GET", o.first("/gamebooks/"+id), nil, analyst), http.StatusOK, "Stop it", "approved")
	})
	t.Run("what is approved can be stopped, and asked for again", func(t *testing.T) {
		page := o.first("/gamebooks/" + id)
		mustContain(t, o.send(analyst, page+"/cancel", nil), http.StatusBadRequest, "reason")
		mustLead(t, o.send(analyst, page+"/cancel", url.Values{"reason": {"wrong host"}}), page+"?done=cancelled")
		receipt := o.ask("GET", page+"/receipt", nil, viewer)
		mustContain(t, receipt, http.StatusOK, id)
		if !strings.HasPrefix(receipt.Header().Get("Content-Disposition"), "attachment") || !strings.Contains(receipt.Header().Get("Content-Security-Policy"), "sandbox") {
			t.Errorf("%v", receipt.Header())
		}
		again := o.send(analyst, card+"/resubmit", url.Values{"reason": {"right host now"}})
		if again.Code != http.StatusSeeOther || !strings.HasSuffix(again.Header().Get("Location"), "?done=resubmitted") {
			t.Errorf("%d %s", again.Code, again.Body)
		}
		other := strings.TrimSuffix(strings.TrimPrefix(again.Header().Get("Location"), o.first("/approvals/")), "?done=resubmitted")
		mustContain(t, o.send(senior, o.first("/approvals/"+other+"/deny"), url.Values{}), http.StatusBadRequest, "reason")
		mustLead(t, o.send(senior, o.first("/approvals/"+other+"/deny"), url.Values{"reason": {"no"}}), o.first("/approvals/"+other+"?done=denied"))
		mustContain(t, o.ask("GET", o.first("/approvals?state=denied"), nil, viewer), http.StatusOK, other)
	})
}
