package backend_test

import (
	"testing"

	"vedette/backend/soc"
)

// TestRelatedCountsUnderEveryName asks for a host by its full name and by its
// short one: both tell the same about when it was seen.
func TestRelatedCountsUnderEveryName(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		o.ingestDemo()
		seen := func(value string) soc.RelatedPage {
			page, err := o.desk.FindRelated(t.Context(), o.agent("ag"), soc.RelatedQuery{Kind: soc.KindHost, Value: value, Limit: 20})
			must(t, err)
			return page
		}
		full, short := seen("vnevado-dc.vnevado.alpineskihouse.co"), seen("vnevado-dc")
		if full.Incidents < 2 || full.Sightings <= full.Incidents || full.FirstSeen.IsZero() || !full.LastSeen.After(full.FirstSeen) {
			t.Errorf("by its full name: %d incidents, %d sightings, %v to %v", full.Incidents, full.Sightings, full.FirstSeen, full.LastSeen)
		}
		if short.Incidents < full.Incidents || short.Sightings < full.Sightings || short.FirstSeen.After(full.FirstSeen) || short.LastSeen.Before(full.LastSeen) {
			t.Errorf("by its short name: %d incidents, %d sightings, %v to %v", short.Incidents, short.Sightings, short.FirstSeen, short.LastSeen)
		}
	})
}
