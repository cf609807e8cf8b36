package soc

import (
	"bytes"
	"slices"
	"testing"
	"time"
)

// FuzzRawDataIsNeverMoreThanParsed reads any object as a key that is not tied
// to its source: nothing in it is vouched for, and the bytes stay.
func FuzzRawDataIsNeverMoreThanParsed(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"hostname":"WS-1","device_id":"d1","nested":{"hostname":"WS-2"}}`, `{"recipients":["a@example.com","b@example.com"],"urls":[]}`,
		`{"device_id":"only"}`, `{"sender":"x\u0000y","message_id":"<1@x>"}`, `[1]`, `{"a":`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, tied := range []bool{false, true} {
			in, err := ReadRawData(InboundAlert{Raw: bytes.Clone(raw)}, tied, time.Unix(1, 0))
			if err != nil {
				continue
			}
			if !bytes.Equal(in.Raw, raw) {
				t.Fatal("the bytes changed")
			}
			for _, e := range in.Entities {
				if e.Provenance == ProvenanceAgentAdded || e.Provenance == ProvenanceSensorAsserted && (!tied || slices.Contains([]EntityKind{KindURL, KindDomain, KindFile, KindProcess}, e.Kind)) {
					t.Fatalf("tied %v: %+v", tied, e)
				}
			}
			for _, row := range in.Evidence {
				if !tied && row.Provenance != ProvenanceParsed {
					t.Fatalf("%+v", row)
				}
			}
		}
	})
}
