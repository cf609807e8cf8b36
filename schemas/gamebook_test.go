package schemas

import (
	"encoding/json"
	"reflect"
	"testing"

	"vedette/backend/soc"

	"github.com/google/go-cmp/cmp"
)

// The agent tool shows the members of the reference body; what it adds is
// named here, so that the two doors cannot drift apart.
func TestM21SubmitsTakeTheFieldsOfTheReferenceBody(t *testing.T) {
	for name, pair := range map[string]struct {
		portal, tool reflect.Type
		added        map[string]bool
	}{
		"gamebook": {
			reflect.TypeFor[GamebookRequest](), reflect.TypeFor[SubmitGamebook](),
			map[string]bool{"incident_id": true, "rationale": true, "dry_run": true},
		},
		"investigation": {
			reflect.TypeFor[InvestigationRequest](), reflect.TypeFor[SubmitInvestigation](), map[string]bool{"incident_id": true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			portal, tool := members(pair.portal), members(pair.tool)
			for member := range pair.added {
				delete(tool, member)
			}
			if diff := cmp.Diff(portal, tool); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func members(t reflect.Type) map[string]bool {
	names := map[string]bool{}
	for i := range t.NumField() {
		name, _ := jsonName(t.Field(i))
		names[name] = true
	}
	return names
}

func TestSubmitGamebookIsOneRequestAtBothDoors(t *testing.T) {
	incident := soc.IncidentRef{Workspace: "w", ID: "INC-1"}
	body := `"playbooks":[{"playbook_id":"isolate_host","entity_id":"ENT-1","sequence":"2"}],"incident_number":"7"`
	var portal GamebookRequest
	var tool SubmitGamebook
	if err := json.Unmarshal([]byte("{"+body+"}"), &portal); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(`{"incident_id":"INC-1",`+body+"}"), &tool); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(portal.Submit(incident), tool.Submit(incident)); diff != "" {
		t.Error(diff)
	}
	if got := portal.Submit(incident); got.Trigger != soc.TriggerOnQueue || got.IncidentNumber != 7 || *got.Steps[0].Sequence != 2 {
		t.Errorf("request %+v", got)
	}
}

func TestReceiptsCarryEveryMember(t *testing.T) {
	for name, receipt := range map[string]any{
		"gamebook":      DrawGamebookReceipt(soc.GamebookReceipt{}),
		"investigation": DrawInvestigationReceipt(soc.InvestigationReceipt{}),
	} {
		raw, err := json.Marshal(receipt)
		if err != nil {
			t.Fatal(err)
		}
		var object map[string]any
		if err := json.Unmarshal(raw, &object); err != nil {
			t.Fatal(err)
		}
		if want := reflect.TypeOf(receipt).NumField(); len(object) != want {
			t.Errorf("%s: %d members of %d: %s", name, len(object), want, raw)
		}
		for member, value := range object {
			if value == nil && (member == "failures" || member == "queue_reasons" || member == "hold_reasons") {
				t.Errorf("%s: %s is null, must be []", name, member)
			}
		}
	}
}

func TestStatusIsSpelledAsThePortalDoes(t *testing.T) {
	want := map[soc.Status]string{
		soc.StatusNew: "New", soc.StatusActive: "Active", soc.StatusContained: "Active", soc.StatusEradicated: "Active",
		soc.StatusRecovered: "Active", soc.StatusClosed: "Closed",
	}
	for _, status := range soc.AllStatuses {
		if got := statusOrNull(status); got == nil || *got != want[status] {
			t.Errorf("%s: %v", status, got)
		}
	}
	if statusOrNull("") != nil {
		t.Error("no status must be null")
	}
}
