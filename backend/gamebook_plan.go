package backend

import (
	"fmt"
	"slices"

	"vedette/backend/playbook"
	"vedette/backend/soc"
)

// plannedStep is a submitted entry with what exact look-ups found for it, or a
// stored step with what is true of it now.
type plannedStep struct {
	playbook   soc.Playbook
	entity     soc.Entity
	class      soc.Class
	connector  string
	nativeID   string
	sequence   int
	parameters map[string]any
	protection soc.Protection
	critical   bool
	conflicts  bool
}

func entryPath(i int, member string) string { return fmt.Sprintf("playbooks[%d].%s", i, member) }

// plan resolves every entry of a submit. Ids are looked up exactly as sent,
// nothing is repaired (S9), and the backend target is resolved from the store
// alone (S12). The report says which entries failed; the error is about
// malformed parameters, or the store.
func (g *gateReading) plan(number int64, entries []soc.SubmitStep) ([]plannedStep, soc.EntryReport, error) {
	facts := make([]soc.EntryFacts, len(entries))
	steps := make([]plannedStep, 0, len(entries))
	for i, entry := range entries {
		step, fact, err := g.resolve(i, entry)
		if err != nil {
			return nil, soc.EntryReport{}, err
		}
		facts[i] = fact
		if fact.Playbook != nil && fact.Entity != nil {
			steps = append(steps, step)
		}
	}
	report := soc.CheckEntries(number, g.incident, facts)
	g.markConflicts(steps)
	return steps, report, nil
}

func (g *gateReading) resolve(i int, entry soc.SubmitStep) (plannedStep, soc.EntryFacts, error) {
	fact := soc.EntryFacts{PlaybookID: entry.Playbook, EntityID: entry.Entity, AffectedEntity: entry.AffectedEntity}
	step := plannedStep{sequence: i + 1}
	if entry.Sequence != nil {
		step.sequence = *entry.Sequence
	}
	p, known := g.desk.catalogue.Lookup(entry.Playbook)
	if known {
		fact.Playbook, fact.Enabled = &p, g.enabled(p.ID)
		parameters, failure := playbook.CheckParameters(p, entry.Parameters)
		if failure != nil {
			return step, fact, renamed(failure, i)
		}
		step.playbook, step.parameters, step.class = p, parameters, g.desk.catalogue.Class(p.ID, g.enabled)
	}
	e, found, err := g.entity(entry.Entity)
	if err != nil {
		return step, fact, err
	}
	if !found {
		fact.Hints = g.hints(entry.Entity)
		return step, fact, nil
	}
	fact.Entity = &e
	if known {
		fact.MissingProperty = playbook.MissingProperty(p, e)
		var carried bool
		step.connector, step.nativeID, carried = g.desk.resolveTarget(g.incident.Workspace, p, e)
		fact.Carried = carried
	}
	step.entity = e
	g.weigh(&step)
	return step, fact, nil
}

// renamed puts the path of an entry in front of a playbook's own fields.
func renamed(failure *soc.Error, i int) error {
	fields := map[string][]string{}
	for path, messages := range failure.Fields {
		fields[entryPath(i, path)] = messages
	}
	failure.Fields = fields
	return failure
}

func (g *gateReading) enabled(id string) bool {
	_, off := g.policy.Disabled[id]
	return !off
}

// entity finds an entity of the incident by its exact id.
func (g *gateReading) entity(id string) (soc.Entity, bool, error) {
	if !soc.CheckID(soc.PrefixEntity, id) {
		return soc.Entity{}, false, nil
	}
	all, err := g.entities()
	if err != nil {
		return soc.Entity{}, false, err
	}
	if at := slices.IndexFunc(all, func(e soc.Entity) bool { return e.ID == id }); at >= 0 {
		return all[at], true, nil
	}
	return g.reader.Entity(g.incident.Workspace, g.incident.ID, id)
}

// hints are ids of this incident that may have been meant. They are named and
// never picked.
func (g *gateReading) hints(given string) []string {
	all, err := g.entities()
	if err != nil {
		return nil
	}
	ids := make([]string, len(all))
	for i, e := range all {
		ids[i] = e.ID
	}
	return soc.NearestIDs(given, ids, 3)
}

// knownEntities bounds how many entities of an incident are looked at for
// aliases of a target.
const knownEntities = 500

func (g *gateReading) entities() ([]soc.Entity, error) {
	if g.known == nil {
		found, err := g.reader.IncidentEntities(g.incident.Workspace, g.incident.ID, "", knownEntities)
		if err != nil {
			return nil, err
		}
		g.known = append([]soc.Entity{}, found...)
	}
	return g.known, nil
}

// resolveTarget finds who can carry a playbook out on an entity, and the
// product's own id of it. A playbook inside Vedette needs nobody.
func (d *Desk) resolveTarget(workspace string, p soc.Playbook, e soc.Entity) (connector, nativeID string, carried bool) {
	if p.Internal {
		return "", "", true
	}
	for _, c := range d.ways() {
		if len(c.Workspaces) > 0 && !slices.Contains(c.Workspaces, workspace) || !c.Carries(p) {
			continue
		}
		if native, missing := c.Resolve(p, e); missing == "" && native != "" {
			return c.ID, native, true
		}
	}
	return "", "", false
}

// weigh sets what the policy and the inventory say of a target. Every entity
// of the incident that resolves to the same thing speaks for it (S32).
func (g *gateReading) weigh(s *plannedStep) {
	same := []soc.Entity{s.entity}
	if all, err := g.entities(); err == nil && s.connector != "" {
		for _, e := range all {
			if e.ID == s.entity.ID || e.Kind != s.entity.Kind {
				continue
			}
			if connector, native, ok := g.desk.resolveTarget(g.incident.Workspace, s.playbook, e); ok && connector == s.connector && native == s.nativeID {
				same = append(same, e)
			}
		}
	}
	for _, e := range same {
		s.protection = soc.StricterProtection(s.protection, soc.ProtectionOf(g.policy.Protected, e))
	}
	s.critical = slices.ContainsFunc(same, soc.Entity.Critical)
}

// markConflicts finds steps on one target that contradict each other (g6).
func (g *gateReading) markConflicts(steps []plannedStep) {
	for i := range steps {
		for j := range steps[:i] {
			a, b := &steps[i], &steps[j]
			sameTarget := a.connector != "" && a.connector == b.connector && a.nativeID == b.nativeID
			if (a.entity.ID == b.entity.ID || sameTarget) && g.desk.catalogue.Conflicts(a.playbook.ID, b.playbook.ID) {
				a.conflicts, b.conflicts = true, true
			}
		}
	}
}
