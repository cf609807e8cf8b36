package data

import (
	"bytes"
	"testing"
)

func TestDemoFiles(t *testing.T) {
	lines := map[string]int{}
	authored := 0
	for _, f := range Demo() {
		switch f.Format {
		case "sentinel":
			lines[f.Name] = len(bytes.Split(bytes.TrimSpace(f.Bytes), []byte("\n")))
		case "generic":
			authored++
		default:
			t.Errorf("%s has format %q", f.Name, f.Format)
		}
	}
	if lines["secrl-excytin/security_incidents.jsonl"] != 8 || lines["secrl-excytin/security_alerts.jsonl"] != 189 || authored != 5 {
		t.Errorf("rows %v, %d authored files; want 8 and 189 rows, 5 files", lines, authored)
	}
}
