package soc

import (
	"encoding/json"
	"unicode/utf8"
)

// SourceSettings are what people set about a source (ops-api.md section 11).
type SourceSettings struct {
	// DisplayName is how people call it, empty for the name it has of itself.
	DisplayName string
	// DedupHours is how long an alert of the case family absorbs others that say
	// the same, 0 for never.
	DedupHours int
	// SilentMinutes without an item make it silent, 0 for never.
	SilentMinutes int
}

// Limits of source settings. DefaultDedupHours is what a new source has
// (case-api.md section 4); a week without a word is the longest silence that is
// still told.
const (
	DefaultDedupHours = 24
	maxDedupHours     = 7 * 24
	maxSilentMinutes  = 7 * 24 * 60
	maxSourceName     = 100
)

// Check refuses settings out of bounds.
func (s SourceSettings) Check() error {
	switch {
	case utf8.RuneCountInString(s.DisplayName) > maxSourceName:
		return InvalidField("displayName", "must hold at most %d characters", maxSourceName)
	case s.DedupHours < 0 || s.DedupHours > maxDedupHours:
		return InvalidField("dedupWindowHours", "must be 0 to %d", maxDedupHours)
	case s.SilentMinutes < 0 || s.SilentMinutes > maxSilentMinutes:
		return InvalidField("silentAfterMinutes", "must be 0 to %d", maxSilentMinutes)
	}
	return nil
}

// The last steps of the paths of source settings in a change.
const (
	memberDisplayName = "displayName"
	memberDedupHours  = "dedupWindowHours"
	memberSilent      = "silentAfterMinutes"
)

// sourcePath names a setting of a source. The source is part of it, since the
// digest that people confirm covers the diff.
func sourcePath(source, member string) string { return "/sources/" + source + "/" + member }

// DiffSource is what differs between the settings of a source. A wider window
// lets an alert absorb more, and a longer silence, or none at all, tells later
// that a sensor is dead: both loosen. A name neither loosens nor tightens, and
// counts as the latter, which one person may do.
func DiffSource(source string, before, after SourceSettings) (diff []PolicyDifference) {
	add := func(member string, from, to any, loosens bool) {
		if from == to {
			return
		}
		direction := DirectionTightening
		if loosens {
			direction = DirectionLoosening
		}
		diff = append(diff, PolicyDifference{Path: sourcePath(source, member), From: from, To: to, Direction: direction})
	}
	add(memberDedupHours, before.DedupHours, after.DedupHours, after.DedupHours > before.DedupHours)
	add(memberDisplayName, before.DisplayName, after.DisplayName, false)
	later := before.SilentMinutes > 0 && (after.SilentMinutes == 0 || after.SilentMinutes > before.SilentMinutes)
	add(memberSilent, before.SilentMinutes, after.SilentMinutes, later)
	return diff
}

// SourceSettings are the settings that a change of kind source asks for, made of
// those that stand.
func (c PolicyChange) SourceSettings(now SourceSettings) (SourceSettings, error) {
	for _, d := range c.Diff {
		record, err := json.Marshal(d.To)
		if err != nil {
			return now, err
		}
		switch d.Path {
		case sourcePath(c.Target, memberDisplayName):
			err = json.Unmarshal(record, &now.DisplayName)
		case sourcePath(c.Target, memberDedupHours):
			err = json.Unmarshal(record, &now.DedupHours)
		case sourcePath(c.Target, memberSilent):
			err = json.Unmarshal(record, &now.SilentMinutes)
		default:
			err = Errorf(Internal, CodeInternalError, "A change of a source names %s.", d.Path)
		}
		if err != nil {
			return now, err
		}
	}
	return now, now.Check()
}

// SourceChange asks for the settings of a source, all of them.
type SourceChange struct {
	Source   string
	Settings SourceSettings
	Reason   string
	IfMatch  IfMatch
}

// SourceOutcome is the source as things stand and the change that waits, nil for
// settings that are in force.
type SourceOutcome struct {
	Source DataSource
	Change *PolicyChange
}
