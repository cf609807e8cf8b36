package playbook

import (
	"slices"

	"vedette/backend/soc"
)

// undo says what a playbook without an inverse leaves behind.
type undo string

const (
	undoNone        undo = ""
	undoNothingDone undo = "nothing_done" // only reads
	undoNothingLeft undo = "nothing_left" // acts, and leaves nothing to undo
	undoByOthers    undo = "by_others"    // can be undone, but not by Vedette alone
)

var allUndos = []undo{undoNothingDone, undoNothingLeft, undoByOthers}

// Class is the class of id when only the playbooks that enabled accepts may be
// used: switching an inverse off makes what it undoes irreversible (S24). A nil
// enabled accepts all. An unknown id has no class and ranks worst.
func (c *Catalogue) Class(id string, enabled func(string) bool) soc.Class {
	i, ok := c.byID[id]
	if !ok {
		return ""
	}
	p := c.ordered[i]
	if p.Class == soc.ClassReversible && p.Rollback != "" && enabled != nil && !enabled(p.Rollback) {
		return soc.ClassIrreversible
	}
	return p.Class
}

// computedClass is what the facts of the catalogue allow; the file's own claim
// can only make it stricter.
func (c *Catalogue) computedClass(p soc.Playbook) soc.Class {
	switch {
	case p.Internal:
		return soc.ClassReadOnly
	case p.Rollback != "":
		if c.usableInverse(p) {
			return soc.ClassReversible
		}
		return soc.ClassIrreversible
	}
	switch c.undo[p.ID] {
	case undoNothingDone:
		return soc.ClassReadOnly
	case undoNothingLeft:
		return soc.ClassReversible
	case undoByOthers:
		return soc.ClassExternallyReversible
	}
	return soc.ClassIrreversible
}

// usableInverse reports whether the inverse of p exists, acts on everything p
// acts on, is read back, needs no parameter that an undo could not know, and
// has a window to be used in.
func (c *Catalogue) usableInverse(p soc.Playbook) bool {
	i, ok := c.byID[p.Rollback]
	if !ok || p.RecoveryWindow <= 0 {
		return false
	}
	inverse := c.ordered[i]
	if inverse.Internal || inverse.Probe == nil || inverse.Operation == p.Operation {
		return false
	}
	for _, kind := range p.EntityKinds {
		if !slices.Contains(inverse.EntityKinds, kind) {
			return false
		}
	}
	return !slices.ContainsFunc(inverse.Parameters, func(q soc.Parameter) bool { return q.Required })
}
