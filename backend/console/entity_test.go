package console_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"vedette/backend/soc"
)

var entityLink = regexp.MustCompile(`/entities/(ENT-[0-9A-Z]+)`)

// TestEntityPages: what is known of a value, who vouches for it, and the form
// that keeps it out of the queue, for whom the desk would not refuse.
func TestEntityPages(t *testing.T) {
	h, incident, page := oneCase(t)
	h.ingest(h.Second, map[string]any{"external_id": "far", "title": "Of another workspace", "severity": "low", "entities": []map[string]any{{"ref": "h", "kind": "host", "value": "WS-042"}}})
	viewer, analyst, senior := h.Cookie(h.First, soc.RoleViewer), h.Cookie(h.First, soc.RoleAnalyst), h.Cookie(h.First, soc.RoleSenior)
	mustContain(t, h.ask("GET", h.first("/entities"), nil, viewer), http.StatusOK, "Was it here before?")
	mustContain(t, h.ask("GET", h.first("/entities?value=203.0.113.200"), nil, viewer), http.StatusOK, "Never seen here.")
	found := h.ask("GET", h.first("/entities?kind=host&value=ws-042"), nil, viewer)
	mustContain(t, found, http.StatusOK, incident.ShortID, "in 1 alert and 1 incident")
	mustBeInert(t, found.Body.String())
	if strings.Contains(found.Body.String(), "Of another workspace") {
		t.Error("the search shows another workspace")
	}
	mustContain(t, h.ask("GET", h.first("/entities?kind=odd&value=x"), nil, viewer), http.StatusBadRequest, "kind")
	for _, link := range entityLink.FindAllStringSubmatch(h.ask("GET", page, nil, viewer).Body.String(), -1) {
		one := h.ask("GET", h.first("/entities/"+link[1]), nil, viewer)
		mustContain(t, one, http.StatusOK, "not protected", "Sightings", incident.ShortID)
		mustBeInert(t, one.Body.String())
		if strings.Contains(one.Body.String(), "Suppress this value") {
			t.Error("a viewer is shown what would be refused")
		}
		if w := h.ask("GET", "/console/w/"+h.Second+"/entities/"+link[1], nil, h.Cookie(h.Second, soc.RoleViewer)); w.Code != http.StatusNotFound {
			t.Errorf("from another workspace: %d", w.Code)
		}
	}
	host := hostLink.FindStringSubmatch(h.ask("GET", page, nil, viewer).Body.String())
	address := h.first("/entities/" + host[1])
	form := url.Values{"days": {"30"}, "reason": {"a test machine"}}
	if w := h.send(analyst, address+"/suppress", form); w.Code != http.StatusForbidden {
		t.Errorf("by an analyst: %d", w.Code)
	}
	mustContain(t, h.send(senior, address+"/suppress", url.Values{"days": {"900"}, "reason": {"x"}}), http.StatusBadRequest, "1 to 366")
	before := h.Count().Audit
	mustLead(t, h.send(senior, address+"/suppress", form), address+"?done=suppressed")
	if h.Count().Audit == before {
		t.Error("the suppression left no entry")
	}
	shown := h.ask("GET", address, nil, senior)
	mustContain(t, shown, http.StatusOK, "a test machine", "Lift it")
	lift := url.Values{"suppression": {suppressionField.FindStringSubmatch(shown.Body.String())[1]}}
	mustLead(t, h.send(senior, address+"/lift", lift), address+"?done=lifted")
	mustContain(t, h.ask("GET", address, nil, senior), http.StatusOK, "None is active.")
}

var (
	hostLink         = regexp.MustCompile(`/entities/(ENT-[0-9A-Z]+)"><g[^>]*><rect[^>]*></rect><text[^>]*><tspan class="kind">host<`)
	suppressionField = regexp.MustCompile(`name="suppression" value="([^"]+)"`)
)

// TestProposalIsSimulatedBeforeItIsSubmitted: the form tells what policy would
// say, changes nothing by it, and only then offers the submit.
func TestProposalIsSimulatedBeforeItIsSubmitted(t *testing.T) {
	h, incident, page := oneCase(t)
	analyst := h.Cookie(h.First, soc.RoleAnalyst)
	offers := h.ask("GET", page+"/propose", nil, analyst)
	mustContain(t, offers, http.StatusOK, "Propose a response")
	link := offerLink.FindStringSubmatch(offers.Body.String())
	if link == nil {
		t.Fatal("no playbook is offered")
	}
	chosen := h.ask("GET", page+"/propose?playbook="+link[1], nil, analyst)
	mustContain(t, chosen, http.StatusOK, "See what policy says", "WS-042")
	if strings.Contains(chosen.Body.String(), `value="submit"`) {
		t.Error("it can be submitted unseen")
	}
	mustBeInert(t, chosen.Body.String())
	form := url.Values{"playbook": {link[1]}, "step": {"simulate"}}
	mustContain(t, h.send(analyst, page+"/propose", form), http.StatusBadRequest, "must name at least one target")
	form["entity"] = []string{targetField.FindStringSubmatch(chosen.Body.String())[1]}
	mustContain(t, h.send(analyst, page+"/propose", form), http.StatusOK, "What policy says now", "Nothing has been asked for yet.")
	by := h.Host
	by.Workspace = h.First
	gamebooks := func() int {
		t.Helper()
		found, _, err := h.Desk.ListGamebooks(t.Context(), by, soc.GamebookFilter{Incident: incident.ID, Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		return len(found)
	}
	if gamebooks() != 0 {
		t.Error("a simulation asked for something")
	}
	form.Set("step", "submit")
	if w := h.send(analyst, page+"/propose", form); w.Code != http.StatusSeeOther && w.Code != http.StatusUnprocessableEntity || gamebooks() != btoi(w.Code == http.StatusSeeOther) {
		t.Errorf("%d with %d gamebooks: %s", w.Code, gamebooks(), w.Body)
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

var (
	offerLink   = regexp.MustCompile(`propose\?playbook=([a-z_]+)`)
	targetField = regexp.MustCompile(`name="entity" value="([^"]+)"`)
)
