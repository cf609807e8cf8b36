package playbook

import (
	_ "embed"
	"maps"
	"slices"
	"sync"

	"vedette/backend/soc"
)

// Catalogue is a checked set of playbooks. It does not change after Load and
// may be shared between goroutines.
type Catalogue struct {
	ordered []soc.Playbook
	byID    map[string]int
	undo    map[string]undo
	hash    string
	// entries are what the file said, for With.
	entries []filePlaybook
}

//go:embed catalogue.yaml
var shipped []byte

// Shipped is the catalogue that comes with the program. It panics if the
// embedded file is not valid, which a test rules out.
var Shipped = sync.OnceValue(func() *Catalogue {
	c, err := Load(shipped)
	if err != nil {
		panic(err)
	}
	return c
})

// ShippedFile returns the text of the shipped catalogue, as a model for own files.
func ShippedFile() []byte { return slices.Clone(shipped) }

// Lookup finds a playbook by its id, byte for byte: no case folding, trimming
// or normalisation (safety.md D3).
func (c *Catalogue) Lookup(id string) (soc.Playbook, bool) {
	i, ok := c.byID[id]
	if !ok {
		return soc.Playbook{}, false
	}
	return clone(c.ordered[i]), true
}

// All returns every playbook in the order of the file.
func (c *Catalogue) All() []soc.Playbook {
	all := make([]soc.Playbook, len(c.ordered))
	for i, p := range c.ordered {
		all[i] = clone(p)
	}
	return all
}

// IDs returns every playbook id, sorted.
func (c *Catalogue) IDs() []string { return slices.Sorted(maps.Keys(c.byID)) }

// Hash is a digest over the hashes of all playbooks in id order: equal
// catalogues have equal hashes, whatever the order of their files.
func (c *Catalogue) Hash() string { return c.hash }

// Inverse returns the playbook that undoes id, if the catalogue holds a usable
// one (see Class).
func (c *Catalogue) Inverse(id string) (soc.Playbook, bool) {
	i, ok := c.byID[id]
	if !ok || !c.usableInverse(c.ordered[i]) {
		return soc.Playbook{}, false
	}
	return c.Lookup(c.ordered[i].Rollback)
}

// Conflicts reports whether steps of a and b on one entity contradict each
// other (gate rule g6). It is enough that one of the two names the other.
func (c *Catalogue) Conflicts(a, b string) bool {
	names := func(x, y string) bool {
		i, ok := c.byID[x]
		return ok && slices.Contains(c.ordered[i].ConflictsWith, y)
	}
	return names(a, b) || names(b, a)
}

// clone keeps callers from changing the catalogue through shared slices.
func clone(p soc.Playbook) soc.Playbook {
	p.EntityKinds = slices.Clone(p.EntityKinds)
	p.RequiredProperties = slices.Clone(p.RequiredProperties)
	p.Parameters = slices.Clone(p.Parameters)
	for i := range p.Parameters {
		p.Parameters[i].Enum = slices.Clone(p.Parameters[i].Enum)
	}
	p.ConflictsWith = slices.Clone(p.ConflictsWith)
	if p.Probe != nil {
		probe := *p.Probe
		p.Probe = &probe
	}
	return p
}
