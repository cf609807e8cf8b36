package playbook

import "fmt"

// Finding is something a catalogue may be, but should not be.
type Finding struct {
	Playbook string `json:"playbook"`
	// Code is no_probe, no_inverse, inverse_missing or inverse_without_probe.
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Lint lists playbooks that cannot be read back or undone (S23, S24), in file
// order. Whether a connector can carry them out is the caller's to add.
func (c *Catalogue) Lint() []Finding {
	var found []Finding
	for _, p := range c.ordered {
		say := func(code, format string, args ...any) {
			found = append(found, Finding{Playbook: p.ID, Code: code, Message: fmt.Sprintf(format, args...)})
		}
		if p.Probe == nil {
			say("no_probe", "Its effect is never read back, so its steps can only become Unconfirmed.")
		}
		if p.Internal {
			continue
		}
		if p.Rollback == "" {
			if c.undo[p.ID] == undoNone {
				say("no_inverse", "It cannot be undone, so two people must approve it.")
			}
			continue
		}
		inverse, known := c.Lookup(p.Rollback)
		switch {
		case !known:
			say("inverse_missing", "Its inverse %s is not in the catalogue, so it counts as irreversible.", p.Rollback)
		case inverse.Probe == nil:
			say("inverse_without_probe", "Its inverse %s is never read back, so it counts as irreversible.", p.Rollback)
		case !c.usableInverse(p):
			say("no_inverse", "Its inverse %s cannot be used as one, so it counts as irreversible.", p.Rollback)
		}
	}
	return found
}
