package soc

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

// Every UUID has one case id and every case id is of one UUID.
func TestCaseIDsAreTranslatedBothWaysExactly(t *testing.T) {
	prefixes := []string{
		CasePrefixAlert, CasePrefixCase, CasePrefixUser, CasePrefixObservable, CasePrefixComment, CasePrefixAttachment,
		CasePrefixReport, CasePrefixSuppression, CasePrefixEvent,
	}
	rapid.Check(t, func(t *rapid.T) {
		var bits [16]byte
		copy(bits[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "bits"))
		prefix := rapid.SampledFrom(prefixes).Draw(t, "prefix")
		text := uuid.UUID(bits).String()
		id := CaseID(prefix, text)
		if got, ok := UUIDOfCaseID(prefix, id); !ok || got != text {
			t.Fatalf("%s became %s and that %q", text, id, got)
		}
		// Any other text of the same shape is another UUID or none.
		other := []byte(id)
		at := rapid.IntRange(len(prefix), len(id)-1).Draw(t, "at")
		other[at] = rapid.ByteRange(' ', '~').Draw(t, "character")
		if got, ok := UUIDOfCaseID(prefix, string(other)); ok && got == text && string(other) != id {
			t.Fatalf("%s and %s are one UUID", id, other)
		}
	})
	// 128 bits of ones, the largest there is; one more does not fit.
	if id := CaseID("x_", "ffffffff-ffff-ffff-ffff-ffffffffffff"); id != "x_7"+strings.Repeat("Z", 25) {
		t.Error(id)
	}
	for _, bad := range []string{"", "alert_", "alert_8" + strings.Repeat("Z", 25), "case_" + strings.Repeat("0", 26), "alert_" + strings.Repeat("0", 25), "alert_" + strings.Repeat("o", 26), "alert_0" + strings.Repeat("u", 25)} {
		if got, ok := UUIDOfCaseID(CasePrefixAlert, bad); ok {
			t.Errorf("%q was read as %s", bad, got)
		}
	}
	for _, bad := range []string{"", "clock", "FFFFFFFF-ffff-ffff-ffff-ffffffffffff", "ffffffffffffffffffffffffffffffff"} {
		if id := CaseID(CasePrefixUser, bad); id != "" {
			t.Errorf("%q is %s", bad, id)
		}
	}
}

func TestArrivalPositionsAreInTheOrderOfMinting(t *testing.T) {
	positions := make([]int64, 5000)
	for n := range positions {
		id, err := uuid.NewV7()
		if err != nil {
			t.Fatal(err)
		}
		positions[n] = ArrivalPosition(id.String())
	}
	if !slices.IsSorted(positions) || len(slices.Compact(slices.Clone(positions))) != len(positions) {
		t.Error("positions repeat or fall")
	}
}
