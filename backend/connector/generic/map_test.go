package generic

import (
	"bytes"
	"flag"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vedette/backend/connector/connectortest"
	"vedette/backend/soc"
)

var update = flag.Bool("update", false, "rewrite golden files")

func TestGoldenExample(t *testing.T) {
	item := bytes.TrimSpace(connectortest.Payload(t, "example.json"))
	in, err := Map(item)
	if err != nil {
		t.Fatal(err, err.Fields)
	}
	if !bytes.Equal(in.Alert.Raw, item) {
		t.Error("raw is not what was sent")
	}
	in.Alert.Raw = nil
	connectortest.Golden(t, "testdata/example.golden.json", in, *update)
}

func TestAuthoredDemoMaps(t *testing.T) {
	files, _ := filepath.Glob("../../data/demo/authored/*.json")
	if len(files) != 5 {
		t.Fatalf("%d authored files, want 5", len(files))
	}
	for _, name := range files {
		items, err := Split(connectortest.Payload(t, name))
		if err != nil {
			t.Fatal(name, err)
		}
		alerts, named := map[string]bool{}, []string{}
		for _, item := range items {
			in, err := Map(item)
			if err != nil {
				t.Fatal(name, err.Fields)
			}
			if len(in.Warnings) > 0 {
				t.Errorf("%s: %v", name, in.Warnings)
			}
			if in.Incident != nil {
				named = in.Incident.AlertIDs
				if !strings.HasPrefix(in.Incident.Title, "Authored example: ") {
					t.Errorf("%s: title %q does not say that it is authored", name, in.Incident.Title)
				}
				continue
			}
			alerts[in.Alert.ExternalID] = true
			if !strings.HasPrefix(in.Alert.Title, "Authored example: ") {
				t.Errorf("%s: title %q does not say that it is authored", name, in.Alert.Title)
			}
			for _, row := range in.Alert.Evidence {
				for _, f := range row.Fields {
					if flags := soc.DetectHostile(f.Name, f.Value); len(flags) > 0 {
						t.Errorf("%s: %v in %q", name, flags, f.Value)
					}
				}
			}
		}
		slices.Sort(named)
		if !slices.Equal(named, slices.Sorted(maps.Keys(alerts))) || len(named) == 0 {
			t.Errorf("%s: incident names %v, file has %v", name, named, slices.Sorted(maps.Keys(alerts)))
		}
	}
}

func TestTypesAreStrict(t *testing.T) {
	const ok = `"external_id":"1","source":"s","title":"t","severity":"low"`
	tests := []struct{ item, path string }{
		{`[]`, "$"},
		{`{"source":"s","title":"t","severity":"low"}`, "external_id"},
		{`{"external_id":1,"source":"s","title":"t","severity":"low"}`, "external_id"},
		{`{"external_id":"1","source":"S!","title":"t","severity":"low"}`, "source"},
		{`{"external_id":"1","source":"s","title":"","severity":"low"}`, "title"},
		{`{"external_id":"1","source":"s","title":"t","severity":"Low"}`, "severity"},
		{`{` + ok + `,"kind":"case"}`, "kind"},
		{`{` + ok + `,"created_at":"yesterday"}`, "created_at"},
		{`{` + ok + `,"tactics":"Execution"}`, "tactics"},
		{`{` + ok + `,"techniques":[1]}`, "techniques[0]"},
		{`{` + ok + `,"type":"No Word"}`, "type"},
		{`{` + ok + `,"entities":[{"kind":"host"}]}`, "entities[0].value"},
		{`{` + ok + `,"entities":[{"kind":"planet","value":"x"}]}`, "entities[0].kind"},
		{`{` + ok + `,"entities":[{"kind":"host","value":"x","provenance":"agent_added"}]}`, "entities[0].provenance"},
		{`{` + ok + `,"entities":[{"kind":"host","value":"x","remediated":"yes"}]}`, "entities[0].remediated"},
		{`{` + ok + `,"entities":[{"ref":"a","kind":"host","value":"x"},{"ref":"a","kind":"host","value":"y"}]}`, "entities[1].ref"},
		{`{` + ok + `,"evidence":[{"type":"process"}]}`, "evidence[0].fields"},
		{`{` + ok + `,"evidence":[{"type":"process","fields":{"a":[]}}]}`, "evidence[0].fields.a"},
		{`{` + ok + `,"evidence":[{"type":"process","refs":["ghost"],"fields":{"a":"b"}}]}`, "evidence[0].refs[0]"},
		{`{"kind":"incident",` + ok + `,"status":"Open"}`, "status"},
		{`{"kind":"incident",` + ok + `,"number":"7"}`, "number"},
	}
	for _, tt := range tests {
		_, err := Map([]byte(tt.item))
		if err == nil || err.Fields[tt.path] == nil {
			t.Errorf("%s: got %v, want an error on %s", tt.item, err, tt.path)
		}
	}
	if _, err := Map([]byte(`{` + ok + `}`)); err != nil {
		t.Errorf("the smallest item: %v", err.Fields)
	}
}

func TestS10SenderMayNotAssertWhatNoInventoryHolds(t *testing.T) {
	in, err := Map([]byte(`{"external_id":"1","source":"s","title":"t","severity":"low","entities":[
		{"kind":"url","value":"https://x.example/","provenance":"sensor_asserted"},
		{"kind":"host","value":"pc1","provenance":"sensor_asserted"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if in.Alert.Entities[0].Provenance != soc.ProvenanceParsed || in.Alert.Entities[1].Provenance != soc.ProvenanceSensorAsserted {
		t.Errorf("provenances %+v", in.Alert.Entities)
	}
	if !slices.Contains(in.Warnings, "provenance_lowered:entities[0]") {
		t.Errorf("warnings %v", in.Warnings)
	}
}

func FuzzMap(f *testing.F) {
	f.Add(connectortest.Payload(f, "example.json"))
	f.Add([]byte(`{"kind":"incident","external_id":"1","source":"s","title":"t","severity":"low","owner":{"name":"a"},"alert_ids":["x"]}`))
	f.Fuzz(func(t *testing.T, item []byte) {
		in, err := Map(item)
		if err == nil && in.Alert == nil && in.Incident == nil {
			t.Fatal("neither an error nor an item")
		}
	})
}
