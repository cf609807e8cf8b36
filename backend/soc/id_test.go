package soc_test

import (
	"bytes"
	"crypto/rand"
	mathrand "math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"vedette/backend/soc"
)

const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// TestM26CheckCharacter: all single-character changes and all swaps of unlike
// neighbours of 10,000 ids are refused.
func TestM26CheckCharacter(t *testing.T) {
	source := mathrand.NewChaCha8([32]byte{'M', '2', '6'})
	changes, swaps := 0, 0
	for range 10_000 {
		id, err := soc.NewID(soc.PrefixEntity, source)
		if err != nil || !soc.CheckID(soc.PrefixEntity, id) {
			t.Fatalf("%q %v", id, err)
		}
		b := []byte(id)
		for i := len(soc.PrefixEntity); i < len(b); i++ {
			was := b[i]
			for _, c := range []byte(alphabet) {
				if b[i] = c; c != was {
					if changes++; soc.CheckID(soc.PrefixEntity, string(b)) {
						t.Fatalf("%s passes for %s", b, id)
					}
				}
			}
			b[i] = was
			if i+1 < len(b) && b[i] != b[i+1] {
				b[i], b[i+1] = b[i+1], b[i]
				if swaps++; soc.CheckID(soc.PrefixEntity, string(b)) {
					t.Fatalf("%s passes for %s", b, id)
				}
				b[i], b[i+1] = b[i+1], b[i]
			}
		}
	}
	t.Logf("%d changes and %d swaps refused", changes, swaps)
}

// TestS9IdsAreExact: no case fold, trim, prefix, shortening or look-alike.
func TestS9IdsAreExact(t *testing.T) {
	id, err := soc.NewID(soc.PrefixGamebook, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^GB-[0-9A-HJKMNP-TV-Z]{6,8}$`).MatchString(id) {
		t.Errorf("%s has not the wire's form", id)
	}
	bad := []string{
		"", "GB-", id + " ", " " + id, id + "0", id[:len(id)-1], id[3:], "GB-*", "../" + id, "ENT-" + id[3:],
		"gb-" + id[3:], id + "\x00", id + "\n", strings.Replace(id, "-", "\u2010", 1), "GB-IIIIIIII", "GB-LLLLLLLL", "GB-OOOOOOOO", "GB-UUUUUUUU",
	}
	if lower := strings.ToLower(id); lower != id {
		bad = append(bad, lower)
	}
	for _, s := range bad {
		if soc.CheckID(soc.PrefixGamebook, s) {
			t.Errorf("%q passes", s)
		}
	}
}

func TestM26KnownIds(t *testing.T) {
	// alpha^1 = 2 ... alpha^7 = 26: the weights, one body character at a time.
	for body, check := range map[string]string{
		"0000000": "0", "1000000": "2", "0100000": "4", "0010000": "8", "0001000": "G", "0000100": "5", "0000010": "A", "0000001": "M",
	} {
		if !soc.CheckID("INC-", "INC-"+body+check) {
			t.Errorf("INC-%s%s is refused", body, check)
		}
	}
}

func TestNewIDNeedsRandomness(t *testing.T) {
	if _, err := soc.NewID(soc.PrefixAlert, bytes.NewReader([]byte{1, 2})); err == nil {
		t.Error("an id came from two bytes")
	}
	seen := map[string]bool{}
	for range 1000 {
		id, err := soc.NewTriageID(rand.Reader)
		if err != nil || !soc.CheckTriageID(id) || seen[id] {
			t.Fatalf("%s %v", id, err)
		}
		seen[id] = true
	}
	for _, s := range []string{"triage-", "triage-5KQ2X7D9MV", "triage-5kq2x7d9m", "triage-5kq2x7d9mvv", "5kq2x7d9mv", "triage-5kq2x7d9mu"} {
		if soc.CheckTriageID(s) {
			t.Errorf("%q passes", s)
		}
	}
}

func TestM26EvidenceIds(t *testing.T) {
	for _, n := range []int{1, 9, 10, 12, 999_999_999} {
		if got, ok := soc.ParseEvidenceID(soc.EvidenceID(n)); !ok || got != n {
			t.Errorf("E%d: %d %v", n, got, ok)
		}
	}
	for _, s := range []string{"", "E", "E0", "E01", "e1", "E-1", "E+1", "E1 ", "12", "E1000000000", "E１"} {
		if _, ok := soc.ParseEvidenceID(s); ok {
			t.Errorf("%q passes", s)
		}
	}
}

func TestM26NearestIDs(t *testing.T) {
	visible := []string{"ENT-ZZZZZZZZ", "ENT-7K2M9QAB", "ENT-7K2M9QBA", "ENT-7K2N9QAB", "ENT-00000000"}
	got := soc.NearestIDs("ENT-7K2M9QAB", visible, 3)
	if want := []string{"ENT-7K2M9QAB", "ENT-7K2M9QBA", "ENT-7K2N9QAB"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := soc.NearestIDs("x", nil, 3); len(got) != 0 {
		t.Error(got)
	}
	if got := soc.NearestIDs(strings.Repeat("é", 100_000), visible, 1); len(got) != 1 {
		t.Error(got)
	}
}
