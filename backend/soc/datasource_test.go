package soc_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"vedette/backend/soc"
)

var anomalyEnd = time.Date(2026, 5, 14, 12, 0, 0, 0, time.UTC)

// steady is 30 days of a source that sends n an hour, up to the end.
func steady(n int) soc.SourceHistory {
	h := soc.SourceHistory{DataSource: soc.DataSource{Workspace: "w", Source: "odd", FirstAt: anomalyEnd.Add(-30 * 24 * time.Hour), LastAt: anomalyEnd}}
	for at := h.FirstAt; at.Before(anomalyEnd); at = at.Add(time.Hour) {
		h.Hours = append(h.Hours, soc.SourceHour{Hour: at, Received: n})
	}
	return h
}

func kindsOf(found []soc.Anomaly) (kinds []soc.AnomalyKind) {
	for _, a := range found {
		kinds = append(kinds, a.Kind)
	}
	return kinds
}

// TestASteadySourceIsNotOdd: whatever the rate, the noise and the window.
func TestASteadySourceIsNotOdd(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		rate := rapid.IntRange(0, 500).Draw(r, "rate")
		h := steady(rate)
		for n := range h.Hours { // noise that leaves the busiest hour below the double
			h.Hours[n].Received = rapid.IntRange(rate-rate/4, rate+rate/4).Draw(r, "hour")
		}
		from := anomalyEnd.Add(-time.Duration(rapid.IntRange(1, 24*366).Draw(r, "hours")) * time.Hour)
		if found := soc.FindAnomalies(h, from, anomalyEnd); len(found) > 0 {
			r.Fatalf("%+v", found)
		}
	})
}

func TestWhatIsOddAboutASource(t *testing.T) {
	day := anomalyEnd.Add(-24 * time.Hour)
	last := func(h *soc.SourceHistory, n int) *soc.SourceHour { return &h.Hours[len(h.Hours)-1-n] }
	for name, c := range map[string]struct {
		rate     int
		change   func(h *soc.SourceHistory)
		want     soc.AnomalyKind
		severity soc.Severity
		at       time.Time
	}{
		"silent for six hours": {rate: 20, change: func(h *soc.SourceHistory) {
			h.Hours, h.LastAt = h.Hours[:len(h.Hours)-6], anomalyEnd.Add(-6*time.Hour)
		}, want: soc.AnomalySilent, severity: soc.SeverityMedium, at: anomalyEnd.Add(-6*time.Hour + 150*time.Minute)},
		"silent for twenty days": {rate: 20, change: func(h *soc.SourceHistory) {
			h.Hours, h.LastAt = h.Hours[:10*24], anomalyEnd.Add(-20*24*time.Hour)
		}, want: soc.AnomalySilent, severity: soc.SeverityHigh, at: anomalyEnd.Add(-20*24*time.Hour + 150*time.Minute)},
		"silent for an hour, which is chance": {rate: 20, change: func(h *soc.SourceHistory) {
			h.Hours, h.LastAt = h.Hours[:len(h.Hours)-1], anomalyEnd.Add(-time.Hour)
		}},
		"rare alerts": {rate: 0, change: func(h *soc.SourceHistory) {
			for n := range h.Hours {
				if n%24 == 0 {
					h.Hours[n].Received = 1
				}
			}
			h.Hours = h.Hours[:len(h.Hours)-72]
		}},
		"a tenth": {rate: 20, change: func(h *soc.SourceHistory) {
			for n := range 24 {
				last(h, n).Received = 2
			}
		}, want: soc.AnomalyVolumeDrop, severity: soc.SeverityMedium, at: anomalyEnd},
		"four times an hour": {
			rate: 20, change: func(h *soc.SourceHistory) { last(h, 3).Received = 80 },
			want: soc.AnomalyVolumeSpike, severity: soc.SeverityMedium, at: anomalyEnd.Add(-4 * time.Hour),
		},
		"a flood of three hours": {rate: 20, change: func(h *soc.SourceHistory) {
			for n := range 3 {
				last(h, n).Received = 900
			}
		}, want: soc.AnomalyVolumeSpike, severity: soc.SeverityHigh, at: anomalyEnd.Add(-3 * time.Hour)},
		"three times an hour": {rate: 20, change: func(h *soc.SourceHistory) { last(h, 3).Received = 60 }},
		"a new source": {rate: 20, change: func(h *soc.SourceHistory) {
			h.Hours = h.Hours[len(h.Hours)-48:]
			h.FirstAt = h.Hours[0].Hour
			last(h, 0).Received = 900
		}},
		"one unreadable": {rate: 20, change: func(h *soc.SourceHistory) { last(h, 2).Rejected = 1 }},
		"a tenth unreadable": {
			rate: 20, change: func(h *soc.SourceHistory) { last(h, 2).Rejected = 60 },
			want: soc.AnomalyParseErrors, severity: soc.SeverityMedium, at: anomalyEnd.Add(-2 * time.Hour),
		},
		"all unreadable": {rate: 20, change: func(h *soc.SourceHistory) {
			for n := range 24 {
				*last(h, n) = soc.SourceHour{Hour: last(h, n).Hour, Received: 10, Rejected: 10}
			}
		}, want: soc.AnomalyParseErrors, severity: soc.SeverityHigh, at: anomalyEnd},
	} {
		h := steady(c.rate)
		c.change(&h)
		found := soc.FindAnomalies(h, day, anomalyEnd)
		switch {
		case c.want == "" && len(found) > 0, c.want != "" && len(found) != 1:
			t.Errorf("%s: %v", name, kindsOf(found))
		case c.want != "" && (found[0].Kind != c.want || found[0].Severity != c.severity || !found[0].DetectedAt.Equal(c.at)):
			t.Errorf("%s: %+v, want %s at %s", name, found[0], c.severity, c.at)
		}
	}
}
