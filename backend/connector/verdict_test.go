package connector_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"vedette/backend/connector"
	"vedette/backend/soc"
)

func TestVerdictTextKeepsItsMarker(t *testing.T) {
	v := connector.Verdict{Key: "k-1", Verdict: soc.VerdictFalsePositive, Reason: "InaccurateData", Comment: " a known scanner "}
	if got, want := v.Text(1000), "Closed in Vedette as FalsePositive, InaccurateData: a known scanner [Vedette k-1]"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	v.Comment = strings.Repeat("длинно ", 2000)
	if got := v.Text(500); len(got) > 500 || !strings.HasSuffix(got, v.Marker()) || !utf8.ValidString(got) {
		t.Errorf("%d bytes: %q", len(got), got)
	}
}
