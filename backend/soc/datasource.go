package soc

import (
	"fmt"
	"time"
)

// DataSource is a source that has sent something to a workspace.
type DataSource struct {
	Workspace string
	Source    string
	// Format is the ingest format it used last.
	Format          string
	FirstAt, LastAt time.Time
	SourceSettings
	// Received and Rejected count the items taken in and those that could not be
	// read, since FirstAt.
	Received, Rejected int64
	// Version grows with every change of the settings.
	Version int64
}

// Silent reports that nothing came for longer than people said it may be.
func (s DataSource) Silent(now time.Time) bool {
	last := s.LastAt
	if last.IsZero() {
		last = s.FirstAt // nothing that could be read ever came
	}
	return s.SilentMinutes > 0 && now.Sub(last) > time.Duration(s.SilentMinutes)*time.Minute
}

// SourceHour counts what a source sent in one hour (UTC): items taken in, and
// items that could not be read.
type SourceHour struct {
	Hour               time.Time
	Received, Rejected int
}

// SourceHistory is a data source with its hours that have anything, oldest
// first.
type SourceHistory struct {
	DataSource
	Hours []SourceHour
}

// AnomalyKind is a way in which a data source is not as it was.
type AnomalyKind string

// The kinds, as the portal spells them (portal-api.md section 6).
const (
	AnomalySilent      AnomalyKind = "Silent"
	AnomalyVolumeDrop  AnomalyKind = "VolumeDrop"
	AnomalyVolumeSpike AnomalyKind = "VolumeSpike"
	AnomalyAuthFailure AnomalyKind = "AuthFailure"
	AnomalyParseErrors AnomalyKind = "ParseErrors"
)

// Anomaly is what is odd about a data source.
type Anomaly struct {
	Workspace, Source string
	Kind              AnomalyKind
	Severity          Severity
	DetectedAt        time.Time
	Description       string
}

const (
	// BaselineSpan is the source's own past that an hour is compared with, and
	// baselineLeast how much of it there must be to say anything.
	BaselineSpan  = 14 * 24 * time.Hour
	baselineLeast = 72 * time.Hour
	// enoughItems is how many items must be missing, or come at once, to say
	// that it is no chance: a source of a few alerts a day is never odd.
	enoughItems = 50
	// dropShare is the share of the expected items below which it is a drop,
	// spikeTimes how often the busiest hour before must be passed.
	dropShare  = 0.2
	spikeTimes = 3
	// parseShare is the share of unreadable items that is reported.
	parseShare = 0.05
)

// FindAnomalies compares what a source sent from one moment to another with its
// own past. It says nothing of a source without enough of it.
func FindAnomalies(h SourceHistory, from, to time.Time) []Anomaly {
	var found []Anomaly
	add := func(kind AnomalyKind, severity Severity, at time.Time, format string, args ...any) {
		found = append(found, Anomaly{h.Workspace, h.Source, kind, severity, at, fmt.Sprintf(format, args...)})
	}
	silent := h.silence(to, add)
	past := h.between(from.Add(-BaselineSpan), from)
	if rate, known := past.rate(h.FirstAt, from); known {
		now := h.between(from, to)
		hours := to.Sub(from).Hours()
		if expected := rate * hours; !silent && expected >= enoughItems && float64(now.received) < dropShare*expected {
			add(AnomalyVolumeDrop, SeverityMedium, to, "%d items came; by the %d days before it would have been about %d.", now.received, int(BaselineSpan.Hours()/24), int(expected))
		}
		h.spikes(from, to, past.busiest, add)
	}
	h.unreadable(from, to, add)
	return found
}

// volume sums hours.
type volume struct {
	from               time.Time
	received, rejected int
	busiest            int
}

func (h SourceHistory) between(from, to time.Time) volume {
	v := volume{from: from}
	for _, hour := range h.Hours {
		if !hour.Hour.Before(from.Truncate(time.Hour)) && hour.Hour.Before(to) {
			v.received += hour.Received
			v.rejected += hour.Rejected
			v.busiest = max(v.busiest, hour.Received)
		}
	}
	return v
}

// rate is items an hour, from the first there ever was if that is later; known
// is false where there is too little to judge by.
func (v volume) rate(first, to time.Time) (perHour float64, known bool) {
	if first.After(v.from) {
		v.from = first
	}
	span := to.Sub(v.from)
	if span < baselineLeast || v.received < enoughItems {
		return 0, false
	}
	return float64(v.received) / span.Hours(), true
}

type report func(kind AnomalyKind, severity Severity, at time.Time, format string, args ...any)

// silence reports a source from which nothing comes any more, compared with the
// time before its last item, however long ago that is.
func (h SourceHistory) silence(to time.Time, add report) bool {
	last := time.Time{}
	for _, hour := range h.Hours {
		if hour.Received > 0 && hour.Hour.Before(to) {
			last = hour.Hour.Add(time.Hour)
		}
	}
	if h.LastAt.Before(last) {
		last = h.LastAt
	}
	if last.IsZero() || !last.Before(to) {
		return false
	}
	rate, known := h.between(last.Add(-BaselineSpan), last).rate(h.FirstAt, last)
	gap := to.Sub(last)
	if !known || rate*gap.Hours() < enoughItems {
		return false
	}
	severity := SeverityMedium
	if gap >= 24*time.Hour {
		severity = SeverityHigh
	}
	noticed := last.Add(time.Duration(enoughItems / rate * float64(time.Hour)))
	add(AnomalySilent, severity, noticed, "Nothing has come since %s; before, it was about %.1f items an hour.", last.UTC().Format(time.RFC3339), rate)
	return true
}

// spikes reports runs of hours far above the busiest of the past, each run once.
func (h SourceHistory) spikes(from, to time.Time, busiest int, add report) {
	var start, end time.Time
	most := 0
	flush := func() {
		if most == 0 {
			return
		}
		severity := SeverityMedium
		if most > 10*max(busiest, 1) {
			severity = SeverityHigh
		}
		add(AnomalyVolumeSpike, severity, start, "Up to %d items came in one hour; the busiest hour of the %d days before had %d.", most, int(BaselineSpan.Hours()/24), busiest)
		most = 0
	}
	for _, hour := range h.Hours {
		if hour.Hour.Before(from.Truncate(time.Hour)) || !hour.Hour.Before(to) || hour.Received < enoughItems || hour.Received <= spikeTimes*busiest {
			continue
		}
		if most > 0 && !hour.Hour.Equal(end) {
			flush()
		}
		if most == 0 {
			start = hour.Hour
		}
		most, end = max(most, hour.Received), hour.Hour.Add(time.Hour)
	}
	flush()
}

// unreadable reports items that could not be read.
func (h SourceHistory) unreadable(from, to time.Time, add report) {
	v := h.between(from, to)
	share := float64(v.rejected) / float64(max(v.rejected+v.received, 1))
	if v.rejected == 0 || share < parseShare {
		return
	}
	severity, at := SeverityMedium, to
	if share >= 0.5 {
		severity = SeverityHigh
	}
	for _, hour := range h.Hours {
		if end := hour.Hour.Add(time.Hour); hour.Rejected > 0 && hour.Hour.Before(to) && !end.After(to) {
			at = end
		}
	}
	add(AnomalyParseErrors, severity, at, "%d of %d items could not be read.", v.rejected, v.rejected+v.received)
}
