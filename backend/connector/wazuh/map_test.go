package wazuh

import (
	"bytes"
	"flag"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vedette/backend/connector/connectortest"
	"vedette/backend/soc"
)

var update = flag.Bool("update", false, "rewrite golden files")

func readItems(t testing.TB, name string) [][]byte {
	t.Helper()
	return connectortest.Items(t, name, Split)
}

func TestEveryAlertMaps(t *testing.T) {
	vendor, _ := filepath.Glob("testdata/vendor/*.json")
	if len(vendor) != 20 {
		t.Fatalf("%d vendor files, want 20", len(vendor))
	}
	keys, untitled := map[string]bool{}, 0
	for _, name := range append(vendor, "testdata/alerts.jsonl.gz") {
		for _, item := range readItems(t, name) {
			in, err := Map(item)
			if err != nil {
				t.Fatalf("%s: %v in %.200s", name, err.Fields, item)
			}
			a := in.Alert
			if a.Title == "" || a.StartedAt.IsZero() || len(a.Entities) == 0 || len(a.Evidence) < 1 || !bytes.Equal(a.Raw, item) {
				t.Errorf("%s: %s is not whole", name, a.ExternalID)
			}
			if a.Entities[0].Kind != soc.KindHost || a.Entities[0].Provenance != soc.ProvenanceSensorAsserted {
				t.Errorf("%s: the agent is %+v", a.ExternalID, a.Entities[0])
			}
			everyValueIsEvidence(t, item, a)
			if name != "testdata/alerts.jsonl.gz" {
				continue
			}
			keys[a.ExternalID] = true
			if slices.Contains(in.Warnings, "missing_title") {
				untitled++
			} else if len(in.Warnings) > 0 {
				t.Errorf("%s: warnings %v", a.ExternalID, in.Warnings)
			}
			for _, row := range a.Evidence {
				for _, f := range row.Fields {
					if flags := soc.DetectHostile(f.Name, f.Value); len(flags) > 0 {
						t.Logf("%s: %v %.100q", f.Name, flags, f.Value)
					}
				}
			}
		}
	}
	if len(keys) != 178 || untitled != 1 {
		t.Errorf("%d keys and %d without a description; want 178 and 1", len(keys), untitled)
	}
}

// everyValueIsEvidence: nothing of the alert is out of an agent's sight. The
// indexer's own fields, sort and highlight repeat values.
func everyValueIsEvidence(t *testing.T, item []byte, a *soc.InboundAlert) {
	t.Helper()
	v, _, err := soc.ParsePayload(item)
	if err != nil {
		t.Fatal(err)
	}
	if source := v.Get("_source"); source.IsObject() {
		v = source
	}
	var all strings.Builder
	for _, row := range a.Evidence {
		for _, f := range row.Fields {
			all.WriteString(f.Value + "\n")
		}
	}
	for _, leaf := range v.Leaves("") {
		text := leaf.Text
		if strings.HasPrefix(leaf.Path, "data.win.eventdata") {
			text = unescaped(text)
		}
		if strings.TrimSpace(text) != "" && !strings.Contains(all.String(), text) {
			t.Errorf("%s: %s = %.80q is in no evidence row", a.ExternalID, leaf.Path, leaf.Text)
		}
	}
}

func TestGolden(t *testing.T) {
	for _, name := range []string{
		"alert-01-windows_eventchannel", "alert-03-windows_eventchannel", "alert-04-web-accesslog", "alert-05-json", "alert-06-sshd",
		"alert-13-syscheck_new_entry", "alert-14-json", "alert-18-sudo", "alert-20-syscheck_registry_value_modified",
	} {
		in, mapErr := Map(readItems(t, "testdata/vendor/"+name+".json")[0])
		if mapErr != nil {
			t.Fatal(mapErr)
		}
		in.Alert.Raw = nil
		connectortest.Golden(t, "testdata/golden/"+name+".json", in, *update)
	}
}

// start is the smallest alert, open at its end.
const start = `{"id":"1.1","timestamp":"2026-01-01T00:00:00.000+0000","agent":{"id":"003","name":"PC1","ip":"10.0.0.5"},"manager":{"name":"m"},"rule":{"id":"5710","level":5,"description":"x"}`

func mapped(t *testing.T, tail string) *soc.InboundAlert {
	t.Helper()
	in, err := Map([]byte(start + tail + "}"))
	if err != nil {
		t.Fatal(err, err.Fields)
	}
	return in.Alert
}

func provenances(a *soc.InboundAlert) map[string]soc.Provenance {
	out := map[string]soc.Provenance{}
	for _, e := range a.Entities {
		out[string(e.Kind)+" "+e.Value] = e.Provenance
	}
	return out
}

func TestS10Provenance(t *testing.T) {
	const sure, parsed = soc.ProvenanceSensorAsserted, soc.ProvenanceParsed
	tests := []struct {
		name, tail string
		want       map[string]soc.Provenance
	}{
		{"agent", ``, map[string]soc.Provenance{"host pc1": sure, "ip 10.0.0.5": sure}},
		{
			"failed logon", `,"data":{"win":{"system":{"eventID":"4625","channel":"Security"},"eventdata":{"targetUserName":"ghost","targetUserSid":"S-1-0-0","ipAddress":"10.0.2.8","logonType":"3","workstationName":"kali"}}}`,
			map[string]soc.Provenance{"account ghost": parsed, "host kali": parsed, "ip 10.0.2.8": sure},
		},
		{
			"failed logon of a known account", `,"data":{"win":{"system":{"eventID":"4625","channel":"Security"},"eventdata":{"targetUserName":"alice","targetDomainName":"CORP","targetUserSid":"S-1-5-21-1-2-3-1001"}}}`,
			map[string]soc.Provenance{`account corp\alice`: parsed},
		},
		{
			"logon", `,"data":{"win":{"system":{"eventID":"4624","channel":"Security"},"eventdata":{"targetUserName":"alice","targetDomainName":"CORP","targetUserSid":"S-1-5-21-1-2-3-1001"}}}`,
			map[string]soc.Provenance{`account corp\alice`: sure},
		},
		{"sshd", `,"data":{"srcip":"203.0.113.4","srcuser":"root"}`, map[string]soc.Provenance{"ip 203.0.113.4": parsed, "account root": parsed}},
		{"suricata, udp", `,"data":{"event_type":"alert","proto":"UDP","app_proto":"dns","src_ip":"203.0.113.4"}`, map[string]soc.Provenance{"ip 203.0.113.4": parsed}},
		{"suricata, tcp", `,"data":{"event_type":"alert","proto":"TCP","app_proto":"http","src_ip":"203.0.113.4"}`, map[string]soc.Provenance{"ip 203.0.113.4": sure}},
		{
			"file check", `,"syscheck":{"path":"/tmp/x","md5_after":"d41d8cd98f00b204e9800998ecf8427e"}`,
			map[string]soc.Provenance{"file d41d8cd98f00b204e9800998ecf8427e": parsed, "file_hash d41d8cd98f00b204e9800998ecf8427e": sure},
		},
	}
	for _, tt := range tests {
		got := provenances(mapped(t, tt.tail))
		for entity, want := range tt.want {
			if got[entity] != want {
				t.Errorf("%s: %s is %q, want %s; all: %v", tt.name, entity, got[entity], want, got)
			}
		}
	}
}

func TestSeverityBands(t *testing.T) {
	for level, want := range map[string]soc.Severity{
		"0": soc.SeverityInformational, "3": soc.SeverityInformational, "4": soc.SeverityLow, "6": soc.SeverityLow, "7": soc.SeverityMedium,
		"11": soc.SeverityMedium, "12": soc.SeverityHigh, "14": soc.SeverityHigh, "15": soc.SeverityCritical, "16": soc.SeverityCritical,
	} {
		if got, ok := severity(level); got != want || !ok {
			t.Errorf("level %s is %s, want %s", level, got, want)
		}
	}
	if got, ok := severity("high"); ok || got != soc.SeverityMedium {
		t.Errorf("an unreadable level is %s, %v", got, ok)
	}
}

func TestEnvelopeDoesNotChangeTheAlert(t *testing.T) {
	bare := []byte(start + "}")
	hit := []byte(`{"_index":"i","_id":"h","_source":` + string(bare) + `}`)
	response := []byte(`{"took":1,"hits":{"total":{"value":1},"hits":[` + string(hit) + `]}}`)
	items, err := Split(response)
	if err != nil || len(items) != 1 || !bytes.Equal(items[0], hit) {
		t.Fatalf("a search response gave %q, %v", items, err)
	}
	a, _ := Map(bare)
	b, _ := Map(hit)
	if a.Alert.ExternalID != b.Alert.ExternalID || a.Alert.Detector != b.Alert.Detector || a.Alert.ExternalID != "m/1.1" {
		t.Errorf("keys %q and %q", a.Alert.ExternalID, b.Alert.ExternalID)
	}
}

func TestRejects(t *testing.T) {
	for item, field := range map[string]string{
		`{}`: "rule.id", `{"_source":{}}`: "_source.rule.id", `{"rule":{"id":"1"}}`: "id", `{"rule":{"id":"1"},"id":"2"}`: "timestamp", `[]`: "$",
	} {
		if _, err := Map([]byte(item)); err == nil || err.Fields[field] == nil {
			t.Errorf("%s: %v, want an error on %s", item, err, field)
		}
	}
}

func FuzzMap(f *testing.F) {
	for _, name := range []string{"alert-01-windows_eventchannel", "alert-05-json", "alert-13-syscheck_new_entry"} {
		f.Add(readItems(f, "testdata/vendor/"+name+".json")[0])
	}
	f.Fuzz(func(t *testing.T, item []byte) {
		if in, err := Map(item); err == nil && in.Alert == nil {
			t.Fatal("neither an error nor an alert")
		}
	})
}
