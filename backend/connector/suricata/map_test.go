package suricata

import (
	"bytes"
	"flag"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vedette/backend/connector/connectortest"
	"vedette/backend/soc"
)

var update = flag.Bool("update", false, "rewrite golden files")

func readItems(t testing.TB, name string) [][]byte {
	t.Helper()
	return connectortest.Items(t, name, Split)
}

func TestEverySampleMaps(t *testing.T) {
	samples, _ := filepath.Glob("testdata/samples/*.json.gz")
	vendor, _ := filepath.Glob("testdata/vendor/*.json")
	if len(samples) != 4 || len(vendor) != 17 {
		t.Fatalf("%d sample and %d vendor files, want 4 and 17", len(samples), len(vendor))
	}
	keys, detectors, count, flagged := map[string]bool{}, map[string]bool{}, 0, 0
	for _, name := range append(samples, vendor...) {
		for _, item := range readItems(t, name) {
			in, err := Map(item)
			if err != nil {
				t.Fatalf("%s: %v in %.200s", name, err.Fields, item)
			}
			a := in.Alert
			if len(in.Warnings) > 0 || a.Title == "" || a.StartedAt.IsZero() || len(a.Entities) == 0 || len(a.Evidence) < 2 || !bytes.Equal(a.Raw, item) {
				t.Errorf("%s: %s is not whole, warnings %v", name, a.ExternalID, in.Warnings)
			}
			everyValueIsEvidence(t, item, a)
			if strings.HasPrefix(name, "testdata/samples") {
				keys[a.ExternalID], detectors[a.Detector] = true, true
				count++
			}
			for _, row := range a.Evidence {
				for _, f := range row.Fields {
					if len(soc.DetectHostile(f.Name, f.Value)) > 0 {
						flagged++
					}
				}
			}
		}
	}
	if count != 548 || len(keys) != count {
		t.Errorf("%d records, %d keys; want 548 of both", count, len(keys))
	}
	if len(detectors) < 300 {
		t.Errorf("only %d detectors", len(detectors))
	}
	t.Logf("%d fields flagged", flagged)
}

func everyValueIsEvidence(t *testing.T, item []byte, a *soc.InboundAlert) {
	t.Helper()
	v, _, err := soc.ParsePayload(item)
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, row := range a.Evidence {
		for _, f := range row.Fields {
			all.WriteString(f.Value + "\n")
		}
	}
	for _, leaf := range v.Leaves("") {
		if leaf.Path != "event_type" && strings.TrimSpace(leaf.Text) != "" && !strings.Contains(all.String(), leaf.Text) {
			t.Errorf("%s: %s = %.80q is in no evidence row", a.ExternalID, leaf.Path, leaf.Text)
		}
	}
}

func TestGolden(t *testing.T) {
	for _, name := range []string{"eve-alert-01", "eve-alert-03", "eve-alert-08"} {
		in, mapErr := Map(readItems(t, "testdata/vendor/"+name+".json")[0])
		if mapErr != nil {
			t.Fatal(mapErr)
		}
		in.Alert.Raw = nil
		connectortest.Golden(t, "testdata/golden/"+name+".json", in, *update)
	}
}

func TestS10AddressesNeedAHandshake(t *testing.T) {
	const head = `{"timestamp":"2026-01-01T00:00:00.000000+0000","event_type":"alert","src_ip":"203.0.113.4","dest_ip":"10.0.0.5","alert":{"signature_id":1,"signature":"x","severity":2},`
	tests := []struct {
		name, tail string
		want       soc.Provenance
	}{
		{"tcp with a protocol", `"proto":"TCP","app_proto":"http","flow":{"pkts_toclient":3}}`, soc.ProvenanceSensorAsserted},
		{"tcp, protocol not recognised", `"proto":"TCP","app_proto":"failed","flow":{"pkts_toclient":3}}`, soc.ProvenanceParsed},
		{"lone syn", `"proto":"TCP","flow":{"pkts_toserver":9,"pkts_toclient":0}}`, soc.ProvenanceParsed},
		{"syn flood with answers", `"proto":"TCP","flow":{"pkts_toserver":9,"pkts_toclient":9}}`, soc.ProvenanceParsed},
		{"nobody answered", `"proto":"TCP","app_proto":"http","flow":{"pkts_toclient":0}}`, soc.ProvenanceParsed},
		{"udp", `"proto":"UDP","app_proto":"dns","flow":{"pkts_toclient":1}}`, soc.ProvenanceParsed},
		{"icmp", `"proto":"ICMP"}`, soc.ProvenanceParsed},
	}
	for _, tt := range tests {
		in, err := Map([]byte(head + tt.tail))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range in.Alert.Entities {
			if e.Provenance != tt.want {
				t.Errorf("%s: %s is %s, want %s", tt.name, e.Value, e.Provenance, tt.want)
			}
		}
	}
}

func TestRejects(t *testing.T) {
	for item, field := range map[string]string{
		`{"event_type":"dns"}`:   "event_type",
		`{"alert":{}}`:           "event_type",
		`{"event_type":"alert"}`: "alert.signature_id",
		`{"event_type":"alert","alert":{"signature_id":1}}`: "timestamp",
		`7`: "$",
	} {
		if _, err := Map([]byte(item)); err == nil || err.Fields[field] == nil {
			t.Errorf("%s: %v, want an error on %s", item, err, field)
		}
	}
}

func TestProtocolEntities(t *testing.T) {
	in, err := Map([]byte(`{"timestamp":"2026-01-01T00:00:00Z","event_type":"alert","src_ip":"1.2.3.4","dest_ip":"5.6.7.8","proto":"TCP",
		"alert":{"signature_id":1,"gid":1,"signature":"x","severity":4,"metadata":{"mitre_technique_id":["T1021"],"mitre_tactic_name":["Lateral_Movement"]}},
		"http":{"hostname":"Evil.Example","url":"/A?b","http_port":8080},"tls":{"sni":"sni.example"},
		"dns":{"query":[{"rrname":"q.example"}],"answers":[{"rdata":"9.9.9.9"}]},"smtp":{"mail_from":"<a@b.example>","rcpt_to":["c@d.example"]},
		"fileinfo":{"filename":"/x/y.exe","sha256":"9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08"},"mqtt":{"topic":"t1"}}`))
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]bool{}
	for _, e := range in.Alert.Entities {
		have[string(e.Kind)+" "+e.Value] = true
	}
	for _, want := range []string{
		"domain evil.example", "url http://evil.example:8080/A?b", "domain sni.example", "domain q.example", "ip 9.9.9.9", "mailbox a@b.example",
		"mailbox c@d.example", "file_hash 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
		"file 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
	} {
		if !have[want] {
			t.Errorf("no %s in %v", want, have)
		}
	}
	if diff := cmp.Diff([]string{"Lateral Movement"}, in.Alert.Tactics); diff != "" || in.Alert.Severity != soc.SeverityInformational {
		t.Error(diff, in.Alert.Severity)
	}
}

func FuzzMap(f *testing.F) {
	f.Add(readItems(f, "testdata/vendor/eve-alert-03.json")[0])
	f.Add([]byte(`{"event_type":"alert","timestamp":"2026-01-01","alert":{"signature_id":1},"http":[1],"dns":"x"}`))
	f.Fuzz(func(t *testing.T, item []byte) {
		if in, err := Map(item); err == nil && in.Alert == nil {
			t.Fatal("neither an error nor an alert")
		}
	})
}
