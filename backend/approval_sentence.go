package backend

import (
	"fmt"
	"slices"
	"strings"

	"vedette/backend/soc"
)

// sentence says what will happen, in the server's own words.
func (m *matter) sentence() string { return actionSentence(m.desk, m.g, m.steps) }

// namedTargets bounds how many steps the sentence spells; the list below it
// has all.
const namedTargets = 5

func actionSentence(d *Desk, g soc.Gamebook, now []plannedStep) string {
	var parts []string
	connectors, undo := []string{}, ""
	for i, s := range g.Steps {
		p, known := d.catalogue.Lookup(s.Playbook)
		name := s.Playbook
		if known {
			name = p.Name
		}
		if i < namedTargets {
			parts = append(parts, fmt.Sprintf("%s on %s %s", name, kindWord(s.EntityKind), s.TargetName()))
		}
		if label := d.connectorLabel(s.Connector); label != "" && !slices.Contains(connectors, label) {
			connectors = append(connectors, label)
		}
		undo = worseUndo(undo, d.undoOf(p, known, now, i))
	}
	text := strings.Join(parts, ", then ")
	if len(g.Steps) > namedTargets {
		text += fmt.Sprintf(", and %d more", len(g.Steps)-namedTargets)
	}
	if len(connectors) > 0 {
		text += " through " + strings.Join(connectors, " and ")
	}
	return fmt.Sprintf("%s; %s, %s.", text, countTargets(g), undo)
}

func kindWord(k soc.EntityKind) string { return strings.ReplaceAll(string(k), "_", " ") }

func countTargets(g soc.Gamebook) string {
	var seen []string
	for _, s := range g.Steps {
		if !slices.Contains(seen, s.Entity) {
			seen = append(seen, s.Entity)
		}
	}
	if len(seen) == 1 {
		return "one target"
	}
	return fmt.Sprintf("%d targets", len(seen))
}

// undoOf says how a step is undone.
func (d *Desk) undoOf(p soc.Playbook, known bool, now []plannedStep, i int) string {
	class := p.Class
	if i < len(now) && now[i].class != "" {
		class = now[i].class
	}
	inverse, has := d.catalogue.Inverse(p.ID)
	switch {
	case !known || class == soc.ClassIrreversible:
		return "which cannot be undone"
	case class == soc.ClassExternallyReversible:
		return "which Vedette alone cannot undo"
	case has:
		return "undone by " + inverse.Name
	case class == soc.ClassReversible:
		return "which leaves nothing to undo"
	}
	return "which changes nothing outside"
}

// worseUndo keeps the worst of two such words.
func worseUndo(a, b string) string {
	rank := func(s string) int {
		switch {
		case s == "":
			return -1
		case strings.Contains(s, "cannot be"):
			return 4
		case strings.Contains(s, "alone"):
			return 3
		case strings.HasPrefix(s, "undone"):
			return 2
		case strings.Contains(s, "nothing to undo"):
			return 1
		}
		return 0
	}
	if rank(b) > rank(a) {
		return b
	}
	return a
}

// connectorLabel names a connector, and that nothing real is behind it where
// that is so.
func (d *Desk) connectorLabel(id string) string {
	for _, c := range d.ways() {
		if c.ID == id && c.Simulation {
			return c.Kind + " (simulation)"
		} else if c.ID == id {
			return c.Kind
		}
	}
	return id
}
