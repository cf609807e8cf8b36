package soc

import "strings"

// Happening says that something happened, for screens that show it: where, and to
// what. It holds no text of anybody.
type Happening struct {
	// Position is that of the audit entry of the happening.
	Position  int64
	Workspace string // empty for what concerns no single workspace
	Event     string
	Incident  string
	Gamebook  string
}

// Topics are the words that a screen may wait for: the noun of the event, and
// the incident and gamebook it was about.
func (c Happening) Topics() []string {
	noun, _, _ := strings.Cut(c.Event, "_")
	topics := []string{noun}
	if c.Incident != "" {
		topics = append(topics, "incident", "incident:"+c.Incident)
	}
	if c.Gamebook != "" {
		topics = append(topics, "gamebook", "gamebook:"+c.Gamebook)
	}
	return topics
}
