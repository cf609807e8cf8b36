package sentinel

import (
	"strings"
	"testing"

	"vedette/backend/soc"
)

// TestEveryValueIsEvidence: an agent answers from evidence rows and never sees
// the raw payload, so every value of the entity graph and of the extended
// properties must stand in a field.
func TestEveryValueIsEvidence(t *testing.T) {
	for _, item := range readRows(t, demo+"/security_alerts.jsonl.gz") {
		v, _, err := soc.ParsePayload(item)
		if err != nil {
			t.Fatal(err)
		}
		in := mapRow(t, item)
		var shown strings.Builder
		for _, row := range in.Alert.Evidence {
			for _, f := range row.Fields {
				shown.WriteString(f.Value + "\n")
			}
		}
		for _, column := range []string{"Entities", "ExtendedProperties", "Tactics", "Techniques", "CompromisedEntity", "DisplayName", "Description", "SystemAlertId"} {
			for _, leaf := range v.Get(column).Dynamic().Leaves(column) {
				if strings.Contains(leaf.Path, "$") || strings.HasSuffix(leaf.Path, ".Type") || strings.HasSuffix(leaf.Path, ".Algorithm") || strings.TrimSpace(leaf.Text) == "" {
					continue
				}
				if _, nested, err := soc.ParsePayload([]byte(leaf.Text)); err == nil && len(nested) == 0 && strings.HasPrefix(leaf.Text, "[") {
					continue // shown as its elements
				}
				text := strings.TrimSpace(leaf.Text)
				if column == "Techniques" || column == "Tactics" {
					text = strings.Trim(text, `[]"`)
					text, _, _ = strings.Cut(text, `"`)
				}
				if text != "Unknown" && !strings.Contains(shown.String(), text) {
					t.Errorf("alert %s: %s = %.80q is in no evidence row", in.Alert.ExternalID, leaf.Path, leaf.Text)
				}
			}
		}
	}
}
