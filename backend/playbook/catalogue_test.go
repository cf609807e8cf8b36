package playbook

import (
	"encoding/json"
	"flag"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vedette/backend/soc"
)

var update = flag.Bool("update", false, "rewrite golden files")

// portalNames is the list of portal-api.md section 11, and what real
// products do beside it.
var portalNames = map[string]string{
	"disable_user": "Lockout User", "reset_password": "Reset User Password", "revoke_sessions": "Invalidate Existing Sessions",
	"isolate_host": "Isolate Endpoint", "unisolate_host": "Release Endpoint", "scan_host": "Scan Endpoint",
	"quarantine_file": "Quarantine File", "block_ip": "Block IP", "add_comment": "Acknowledge Response",
	"enable_user": "Unlock User", "restore_file": "Restore File", "unblock_ip": "Unblock IP",
	"block_file": "Block File Hash", "unblock_file": "Unblock File Hash", "stop_file": "Stop and Quarantine File",
	"confirm_compromised": "Confirm User Compromised", "dismiss_risk": "Dismiss User Risk",
	"restrict_host": "Restrict App Execution", "unrestrict_host": "Remove App Restriction",
}

func TestShippedCatalogueIsThePortalsList(t *testing.T) {
	got := map[string]string{}
	for _, p := range Shipped().All() {
		got[p.ID] = p.Name
	}
	if diff := cmp.Diff(portalNames, got); diff != "" {
		t.Errorf("names (-contract +catalogue):\n%s", diff)
	}
}

// TestShippedClasses is the table of triage-api.md section 6, and what real
// products do beside it.
func TestShippedClasses(t *testing.T) {
	want := map[string]struct {
		class  soc.Class
		impact soc.Impact
	}{
		"add_comment":         {soc.ClassReadOnly, soc.ImpactLow},
		"block_ip":            {soc.ClassReversible, soc.ImpactLow},
		"scan_host":           {soc.ClassReversible, soc.ImpactLow},
		"isolate_host":        {soc.ClassReversible, soc.ImpactHigh},
		"disable_user":        {soc.ClassReversible, soc.ImpactHigh},
		"quarantine_file":     {soc.ClassReversible, soc.ImpactHigh},
		"revoke_sessions":     {soc.ClassExternallyReversible, soc.ImpactLow},
		"reset_password":      {soc.ClassIrreversible, soc.ImpactHigh},
		"enable_user":         {soc.ClassReversible, soc.ImpactHigh},
		"unisolate_host":      {soc.ClassReversible, soc.ImpactHigh},
		"restore_file":        {soc.ClassReversible, soc.ImpactHigh},
		"unblock_ip":          {soc.ClassReversible, soc.ImpactHigh},
		"block_file":          {soc.ClassReversible, soc.ImpactHigh},
		"unblock_file":        {soc.ClassReversible, soc.ImpactHigh},
		"confirm_compromised": {soc.ClassReversible, soc.ImpactHigh}, "dismiss_risk": {soc.ClassReversible, soc.ImpactHigh},
		"restrict_host": {soc.ClassReversible, soc.ImpactHigh}, "unrestrict_host": {soc.ClassReversible, soc.ImpactHigh},
		"stop_file": {soc.ClassExternallyReversible, soc.ImpactHigh},
	}
	for _, p := range Shipped().All() {
		w, ok := want[p.ID]
		if !ok || p.Class != w.class || p.Impact != w.impact {
			t.Errorf("%s is %s, %s impact; want %s, %s", p.ID, p.Class, p.Impact, w.class, w.impact)
		}
		if checked, err := CheckParameters(p, nil); err != nil {
			t.Errorf("%s needs parameters, which submit-gamebook cannot carry: %v %v", p.ID, checked, err)
		}
	}
}

func TestS23ShippedPlaybooksAreReadBack(t *testing.T) {
	want := []Finding{{Playbook: "reset_password", Code: "no_inverse", Message: "It cannot be undone, so two people must approve it."}}
	if diff := cmp.Diff(want, Shipped().Lint()); diff != "" {
		t.Errorf("lint of the shipped catalogue (-want +got):\n%s", diff)
	}
}

type pinned struct {
	Version int    `json:"version"`
	Hash    string `json:"hash"`
}

// TestShippedHashes fails when an entry changes without a higher version: an
// approval names the hash, so the same version must always mean the same bytes.
// -update records new versions and refuses the rest.
func TestShippedHashes(t *testing.T) {
	const file = "testdata/hashes.golden.json"
	golden := map[string]pinned{}
	raw, err := os.ReadFile(file)
	if err != nil && !*update {
		t.Fatal(err)
	}
	if err == nil {
		if err := json.Unmarshal(raw, &golden); err != nil {
			t.Fatal(err)
		}
	}
	now := map[string]pinned{}
	for _, p := range Shipped().All() {
		now[p.ID] = pinned{p.Version, p.Hash}
		if was, known := golden[p.ID]; known && was.Hash != p.Hash && p.Version <= was.Version {
			t.Fatalf("%s changed but its version is still %d: raise it", p.ID, p.Version)
		}
	}
	if *update {
		out, err := json.MarshalIndent(now, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, append(out, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(golden, now); diff != "" {
		t.Errorf("hashes changed; run with -update (-golden +now):\n%s", diff)
	}
}

func TestCanonicalGolden(t *testing.T) {
	const file = "testdata/isolate_host.golden.json"
	p, ok := Shipped().Lookup("isolate_host")
	if !ok {
		t.Fatal("isolate_host is gone")
	}
	got := append(Canonical(p), '\n')
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Error(diff)
	}
	// The members stand in code point order, as RFC 8785 wants.
	var members map[string]json.RawMessage
	if err := json.Unmarshal(got, &members); err != nil {
		t.Fatal(err)
	}
	sorted, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	if string(sorted)+"\n" != string(got) {
		t.Errorf("not canonical:\n%s\n%s", got, sorted)
	}
}

func TestLookupIsByteExact(t *testing.T) {
	for _, id := range []string{"Isolate_Host", "isolate_host ", " isolate_host", "isolate-host", "ISOLATE_HOST", "isolate_host\x00", "", "ｉsolate_host"} {
		if p, ok := Shipped().Lookup(id); ok {
			t.Errorf("Lookup(%q) = %s", id, p.ID)
		}
	}
	if !slices.IsSorted(Shipped().IDs()) {
		t.Error("IDs are not sorted")
	}
}

func TestCatalogueCannotBeChangedThroughItsAnswers(t *testing.T) {
	p, _ := Shipped().Lookup("isolate_host")
	p.EntityKinds[0], p.Parameters[0].Enum[0], p.Probe.Expect, p.ConflictsWith[0] = "x", "x", "x", "x"
	again, _ := Shipped().Lookup("isolate_host")
	if again.Hash != ContentHash(again) {
		t.Error("a caller changed the catalogue")
	}
}

func TestConflictsAreSymmetric(t *testing.T) {
	c := Shipped()
	for _, a := range c.IDs() {
		for _, b := range c.IDs() {
			if c.Conflicts(a, b) != c.Conflicts(b, a) {
				t.Errorf("Conflicts(%s, %s) depends on the order", a, b)
			}
			if inverse, ok := c.Inverse(a); ok && inverse.ID == b && !c.Conflicts(a, b) {
				t.Errorf("%s and its inverse %s do not conflict", a, b)
			}
		}
	}
}

func TestS24SwitchingAnInverseOffMakesItIrreversible(t *testing.T) {
	c := Shipped()
	off := func(id string) bool { return id != "unisolate_host" }
	if got := c.Class("isolate_host", off); got != soc.ClassIrreversible {
		t.Errorf("isolate_host without its inverse is %s", got)
	}
	for _, id := range []string{"isolate_host", "scan_host", "add_comment"} {
		p, _ := c.Lookup(id)
		if got := c.Class(id, nil); got != p.Class {
			t.Errorf("Class(%s, nil) = %s, want %s", id, got, p.Class)
		}
	}
	if got := c.Class("scan_host", func(string) bool { return false }); got != soc.ClassReversible {
		t.Errorf("scan_host needs no inverse, but is %s", got)
	}
	if c.Class("unknown", nil).Rank() <= soc.ClassIrreversible.Rank() {
		t.Error("an unknown playbook must rank worst")
	}
}
