package tools

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"vedette/backend/soc"
)

// TestM27EveryCodeHasAGolden: how each code of the catalogue reads at this door.
func TestM27EveryCodeHasAGolden(t *testing.T) {
	var all strings.Builder
	for _, code := range soc.AllCodes {
		meaning, known := soc.MeaningOf(code)
		if !known || (&soc.Error{Code: code}).NextStep() == "" {
			t.Errorf("%s has no meaning or next step", code)
		}
		kind := meaning.Kind
		if kind == "" {
			kind = soc.Refused
		}
		fmt.Fprintf(&all, "%s\n\n", failureText("7F3A19C2KDWQ", soc.Errorf(kind, code, "%s", meaning.Meaning)))
	}
	checkGolden(t, "codes.txt", []byte(all.String()))
}

func TestM27Shape(t *testing.T) {
	d := openDoor(t)
	wrong := sampleID(soc.PrefixEntity, 30)
	r := d.call(wireModern, agentKey, "submit_gamebook", map[string]any{
		"incident_id": incidentA, "playbooks": []any{map[string]any{"playbook_id": "isolate_host", "entity_id": wrong}},
	})
	want := regexp.MustCompile(`^ENTITY_NOT_IN_INCIDENT: ` + wrong + ` is not an entity of ` + incidentA + `\. Nothing was stored\.
Near ids here: ` + entityA + `\.
See all: get_incident \{"incident_id":"` + incidentA + `","include":\["entities"\]\}
Retry: yes, with the entry corrected\. Ref [A-Z2-7]{12}\.$`)
	if !r.IsError || !want.MatchString(r.Text) {
		t.Errorf("%s", r.Text)
	}
	if r.Structured["success"] != false || r.Structured["code"] != "ENTITY_NOT_IN_INCIDENT" {
		t.Errorf("the receipt of both doors is there too: %v", r.Structured)
	}
}

func TestM12ContractCodesAreTheCores(t *testing.T) {
	d := openDoor(t)
	arguments := sampleCalls()["submit_investigation"]
	arguments["malicious_score"] = 101
	r := d.call(wireLegacy, agentKey, "submit_investigation", arguments)
	if !strings.HasPrefix(r.Text, "SCORE_OUT_OF_RANGE: ") {
		t.Errorf("%s", r.Text)
	}
	arguments["malicious_score"] = 4e9
	if r := d.call(wireLegacy, agentKey, "submit_investigation", arguments); !strings.HasPrefix(r.Text, "VALIDATION_ERROR: ") {
		t.Errorf("%s", r.Text)
	}
}

func TestM27TextsAreBounded(t *testing.T) {
	e := soc.Errorf(soc.Invalid, soc.CodeValidationError, "%s", strings.Repeat("ä", 5000))
	for i := range 50 {
		e = e.WithField(fmt.Sprintf("playbooks[%d]", i), "%s", strings.Repeat("x", 200))
	}
	text := failureText("REF", e)
	if len(text) > maxErrorText || !strings.HasSuffix(text, "Retry: yes, with the arguments corrected. Ref REF.") || !strings.HasPrefix(text, "VALIDATION_ERROR: ä") {
		t.Errorf("%d bytes: %s", len(text), text)
	}
	if got := failureText("REF", soc.AsError(errors.New("password=hunter2"))); strings.Contains(got, "hunter2") {
		t.Error(got)
	}
}

func TestM26IdsAreExact(t *testing.T) {
	d := openDoor(t)
	touched := 0
	d.desk.before = func(context.Context, string) { touched++ }
	good := []byte(incidentA)
	alphabet := "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	for i := len(soc.PrefixIncident); i < len(good); i++ {
		for _, c := range []byte(alphabet) {
			if c == good[i] {
				continue
			}
			wrong := []byte(incidentA)
			wrong[i] = c
			if err := incidentIDs.check("incident_id", string(wrong)); err == nil {
				t.Errorf("%s was taken", wrong)
			}
		}
	}
	for _, id := range []string{"", "INC-", strings.ToLower(incidentA), " " + incidentA, incidentA + " ", incidentA[4:], gamebookA, "' OR 1=1", "INC-2024"} {
		r := d.call(wireLegacy, agentKey, "get_incident", map[string]any{"incident_id": id})
		if !r.IsError || !strings.HasPrefix(r.Text, "VALIDATION_ERROR: ") {
			t.Errorf("%q: %s", id, r.Text)
		}
	}
	if touched != 0 {
		t.Errorf("a malformed id reached the desk %d times", touched)
	}
	// A number is not malformed: the desk answers it with the id.
	d.call(wireLegacy, agentKey, "get_incident", map[string]any{"incident_id": "INC-2024-0042"})
	if touched != 1 {
		t.Error("a number was not looked up")
	}
}
