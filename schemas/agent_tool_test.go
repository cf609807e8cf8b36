package schemas

import (
	"encoding/json"
	"slices"
	"testing"

	"vedette/backend/soc"

	"github.com/google/go-cmp/cmp"
)

// Enums of the agent tools are written as tags; the closed sets are soc's.
func TestEnumsOfAgentToolsAreTheClosedSets(t *testing.T) {
	for name, row := range map[string]struct {
		schema json.RawMessage
		member string
		want   []string
	}{
		"status":   {Of[ListIncidents](), "status", words(soc.AllStatuses)},
		"severity": {Of[ListIncidents](), "severity", words(soc.AllSeverities)},
		"type":     {Of[FindRelated](), "type", words(soc.AllEntityKinds)},
		"verdict":  {Of[SubmitInvestigation](), "classification", words(soc.AllVerdicts)},
		"word":     {Of[InvestigationRequest](), "classification", soc.AllClassifications()},
		"reason":   {Of[InvestigationRequest](), "classification_reason", soc.AllReasons()},
		"trigger":  {Of[SubmitGamebook](), "trigger_type", words(soc.AllTriggers)},
	} {
		v := MustCompile(row.schema, Tools)
		got := v.root.member(row.member)
		if got.Items != nil {
			got = got.Items
		}
		have, want := got.words(), slices.Clone(row.want)
		slices.Sort(have)
		slices.Sort(want)
		if diff := cmp.Diff(want, have); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
