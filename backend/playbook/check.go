package playbook

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"vedette/backend/soc"
)

var (
	idForm        = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)
	operationForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}\.[a-z][a-z0-9_]{0,31}$`)
	propertyForm  = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}(\|[a-z][a-z0-9_]{0,31}){0,7}$`)
	d3fendForm    = regexp.MustCompile(`^D3-[A-Z]{1,8}$`)
)

// Bounds of the file's numbers.
const (
	maxProbeTimeout   = 300             // seconds
	maxProbeRetries   = 20              //
	maxRecoveryWindow = 366 * 24 * 3600 // seconds
	maxParameters     = 16
	maxEnum           = 64
)

// checker collects every problem instead of stopping at the first.
type checker struct {
	positions Lines
	problems  []Problem
	// stays reports whether a playbook was in force before: what it claimed then
	// is no fault of whoever sends others. nil for none.
	stays func(i int) bool
}

func (k *checker) bad(path, format string, args ...any) {
	k.problems = append(k.problems, Problem{Path: path, Line: k.positions.Line(path), Message: fmt.Sprintf(format, args...)})
}

func (k *checker) catalogue(file fileCatalogue) *Catalogue {
	if file.Format != Format {
		k.bad("format", "must be %q", Format)
	}
	switch n := len(file.Playbooks); {
	case n == 0:
		k.bad("playbooks", "must list at least one playbook")
	case n > maxPlaybooks:
		k.bad("playbooks", "lists %d playbooks; at most %d are allowed", n, maxPlaybooks)
		return nil
	}
	c := &Catalogue{byID: map[string]int{}, undo: map[string]undo{}, entries: file.Playbooks}
	for i, entry := range file.Playbooks {
		path := fmt.Sprintf("playbooks[%d]", i)
		k.playbook(path, entry)
		if first, taken := c.byID[entry.ID]; taken {
			k.bad(path+".id", "%q is already the id of playbooks[%d]", entry.ID, first)
			continue
		}
		c.byID[entry.ID] = len(c.ordered)
		c.undo[entry.ID] = undo(entry.Undo)
		c.ordered = append(c.ordered, entry.playbook())
	}
	if len(k.problems) > 0 {
		return nil
	}
	k.between(c, file)
	for i := range c.ordered {
		c.ordered[i].Hash = ContentHash(c.ordered[i])
	}
	c.hash = c.catalogueHash()
	return c
}

// between checks what needs the whole catalogue, and sets every class.
func (k *checker) between(c *Catalogue, file fileCatalogue) {
	for i, p := range c.ordered {
		path := fmt.Sprintf("playbooks[%d]", i)
		for j, other := range p.ConflictsWith {
			if _, known := c.byID[other]; !known || other == p.ID {
				k.bad(fmt.Sprintf("%s.conflicts_with[%d]", path, j), "%q is not another playbook of this file", other)
			}
		}
		class := c.computedClass(p)
		if claim := soc.Class(file.Playbooks[i].Class); claim != "" {
			switch {
			case claim.Rank() >= class.Rank():
				class = claim
			case k.stays == nil || !k.stays(i):
				k.bad(path+".class", "claims %s, but the class is %s: %s", claim, class, classReason(c, p))
			}
		}
		c.ordered[i].Class = class
	}
}

// classReason tells an author why the computed class is what it is.
func classReason(c *Catalogue, p soc.Playbook) string {
	switch {
	case p.Rollback == "" && c.undo[p.ID] == undoNone:
		return "it names no inverse (rollback) and does not say that nothing is left to undo (undo)"
	case p.Rollback == "":
		return fmt.Sprintf("undo says %s", c.undo[p.ID])
	}
	if _, known := c.byID[p.Rollback]; !known {
		return fmt.Sprintf("its inverse %s is not in this file", p.Rollback)
	}
	return fmt.Sprintf("its inverse %s is not usable: it must be read back by a probe of its own, act on the same entity kinds, "+
		"need no parameter and be another operation, and recovery_window_s must be set here", p.Rollback)
}

func (k *checker) playbook(path string, f filePlaybook) {
	k.form(path+".id", f.ID, idForm, "a lower-case word such as isolate_host")
	if f.Version < 1 || f.Version > 1_000_000 {
		k.bad(path+".version", "must be between 1 and 1000000")
	}
	k.text(path+".name", f.Name, 80)
	k.text(path+".description", f.Description, 500)
	if f.Class != "" {
		member(k, path+".class", soc.Class(f.Class), soc.AllClasses)
	}
	member(k, path+".impact", soc.Impact(f.Impact), soc.AllImpacts)
	if len(f.EntityKinds) == 0 {
		k.bad(path+".entity_kinds", "must name at least one entity kind")
	}
	for i, kind := range f.EntityKinds {
		member(k, fmt.Sprintf("%s.entity_kinds[%d]", path, i), soc.EntityKind(kind), soc.AllEntityKinds)
	}
	for i, property := range f.RequiredProperties {
		k.form(fmt.Sprintf("%s.required_properties[%d]", path, i), property, propertyForm, "a property, or alternatives such as device_id|fqdn")
	}
	k.once(path+".entity_kinds", f.EntityKinds)
	k.once(path+".required_properties", f.RequiredProperties)
	k.once(path+".conflicts_with", f.ConflictsWith)
	k.form(path+".operation", f.Operation, operationForm, "two words such as host.isolate")
	if f.Idempotent == nil {
		k.bad(path+".idempotent", "must be stated: after a crash it decides whether the step may be sent again")
	}
	if f.D3FEND != "" {
		k.form(path+".d3fend", f.D3FEND, d3fendForm, "a D3FEND id such as D3-NI")
	}
	k.reversal(path, f)
	k.probe(path+".probe", f.Probe)
	k.parameters(path, f.Parameters)
}

func (k *checker) reversal(path string, f filePlaybook) {
	if f.Undo != "" {
		member(k, path+".undo", undo(f.Undo), allUndos)
	}
	if f.Rollback == "" {
		if f.RecoveryWindow != 0 {
			k.bad(path+".recovery_window_s", "has no meaning without rollback")
		}
		if f.AutoRevert != 0 {
			k.bad(path+".auto_revert_s", "has no meaning without rollback")
		}
	} else {
		k.form(path+".rollback", f.Rollback, idForm, "a playbook id")
		if f.Rollback == f.ID {
			k.bad(path+".rollback", "a playbook cannot undo itself")
		}
		if f.Undo != "" {
			k.bad(path+".undo", "cannot stand beside rollback")
		}
		if f.RecoveryWindow < 0 || f.RecoveryWindow > maxRecoveryWindow {
			k.bad(path+".recovery_window_s", "must be between 1 and %d", maxRecoveryWindow)
		}
		if f.AutoRevert < 0 || f.AutoRevert > f.RecoveryWindow {
			k.bad(path+".auto_revert_s", "must be between 1 and recovery_window_s")
		}
	}
	if f.Internal && (f.Rollback != "" || f.Undo != "" || len(f.RequiredProperties) > 0) {
		k.bad(path+".internal", "an internal playbook has no rollback, undo or required_properties: it changes nothing outside Vedette")
	}
}

func (k *checker) probe(path string, p *fileProbe) {
	if p == nil {
		return // Lint says so; such a step can only become Unconfirmed (S23)
	}
	k.form(path+".operation", p.Operation, operationForm, "two words such as host.isolation")
	k.form(path+".expect", p.Expect, idForm, "a lower-case word such as isolated")
	if p.Timeout < 1 || p.Timeout > maxProbeTimeout {
		k.bad(path+".timeout_s", "must be between 1 and %d", maxProbeTimeout)
	}
	if p.Retries < 0 || p.Retries > maxProbeRetries {
		k.bad(path+".retries", "must be between 0 and %d", maxProbeRetries)
	}
}

func (k *checker) form(path, value string, form *regexp.Regexp, example string) {
	if !form.MatchString(value) {
		k.bad(path, "must be %s", example)
	}
}

// text allows printable characters only: names and descriptions are read by
// approvers, and invisible characters could make them read something else.
func (k *checker) text(path, value string, longest int) {
	switch {
	case strings.TrimSpace(value) == "":
		k.bad(path, "must not be empty")
	case utf8.RuneCountInString(value) > longest:
		k.bad(path, "has %d characters; at most %d are allowed", utf8.RuneCountInString(value), longest)
	case !printable(value):
		k.bad(path, "must hold printable characters only, on one line")
	}
}

func (k *checker) once(path string, values []string) {
	for i, value := range values {
		if slices.Contains(values[:i], value) {
			k.bad(fmt.Sprintf("%s[%d]", path, i), "%q is listed twice", value)
		}
	}
}

func member[S ~string](k *checker, path string, value S, all []S) {
	if !slices.Contains(all, value) {
		words := make([]string, len(all))
		for i, word := range all {
			words[i] = string(word)
		}
		k.bad(path, "must be one of %s", strings.Join(words, ", "))
	}
}

func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) })
}
