package data

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestT11AttackTables(t *testing.T) {
	tables := Attack()
	tests := []struct {
		id   string
		want Technique
	}{
		{"T1078", Technique{"T1078", "T1078", "Valid Accounts", []string{"defense-evasion", "persistence", "privilege-escalation", "initial-access"}}},
		{"t1003.001", Technique{"T1003.001", "T1003.001", "LSASS Memory", []string{"credential-access"}}},
		// Revoked, the successor newer than the tables.
		{"T1562.001", Technique{"T1685", "T1562.001", "Disable or Modify Tools", []string{"defense-evasion"}}},
		{"T1685", Technique{"T1685", "T1685", "Disable or Modify Tools", []string{"defense-evasion"}}},
		// Revoked, the successor in the tables with tactics of its own.
		{"T1547.011", Technique{"T1647", "T1547.011", "Plist File Modification", []string{"defense-evasion"}}},
		// A sub-technique newer than the tables has its parent's tactics.
		{"T1003.999", Technique{"T1003.999", "T1003.999", "OS Credential Dumping", []string{"credential-access"}}},
		{"T0800", Technique{"T0800", "T0800", "Activate Firmware Update Mode", []string{"inhibit-response-function"}}},
	}
	for _, test := range tests {
		got, known := tables.Technique(test.id)
		if diff := cmp.Diff(test.want, got); diff != "" || !known {
			t.Errorf("%s, known %v (-want +got):\n%s", test.id, known, diff)
		}
	}
	for _, id := range []string{"", "T9999", "T1003.", "T1003.<b>", "T1003.0011", "credential dumping"} {
		if got, known := tables.Technique(id); known {
			t.Errorf("%q is %v", id, got)
		}
	}
	if name, known := tables.Tactic("ta0006"); name != "credential-access" || !known {
		t.Errorf("TA0006 is %q", name)
	}
}

func TestSOPsAreWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, sop := range SOPs() {
		if seen[sop.ID] || !strings.HasPrefix(sop.ID, "sop-") || sop.Version < 1 {
			t.Errorf("%s: id not unique, without prefix, or no version", sop.ID)
		}
		seen[sop.ID] = true
		if sop.Kind != "classification" && sop.Kind != "response" {
			t.Errorf("%s: kind %q", sop.ID, sop.Kind)
		}
		if !strings.HasPrefix(sop.Text, "# "+sop.Name+"\n") {
			t.Errorf("%s: its text does not start with its name", sop.ID)
		}
	}
	files, err := os.ReadDir("sops")
	if err != nil {
		t.Fatal(err)
	}
	if len(seen) < 6 || len(files)-1 != len(seen) {
		t.Errorf("%d procedures for %d files", len(seen), len(files)-1)
	}
}

// A notice has to stand beside the data it belongs to.
func TestNoticesStandBesideTheData(t *testing.T) {
	for file, phrase := range map[string]string{
		"attack/LICENSE":           "© 2025 The MITRE Corporation. This work is reproduced and distributed with the permission of The MITRE Corporation.",
		"attack/README.md":         "© 2025 The MITRE Corporation",
		"warninglists/README.md":   "CC0-1.0",
		"warninglists/pack.jq":     "groups",
		"warninglists/groups.json": "reputation",
	} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Error(err)
			continue
		}
		if !strings.Contains(string(text), phrase) {
			t.Errorf("%s lacks %q", file, phrase)
		}
	}
}
