package backend

import (
	"maps"
	"slices"
	"time"

	"vedette/backend/soc"
)

// incidentDraft is one incident as this transaction will leave it.
type incidentDraft struct {
	before, now soc.Incident
	// fresh is true for an incident that this transaction makes; provisional
	// for one that exists only because an alert had none.
	fresh, provisional bool
	payload            []byte
	payloadHash        string
	closedAt           time.Time
	// reported is the report of its closing, empty for none.
	reported   string
	references []string
	linked     []string    // alert ids that move here
	moved      []soc.Alert // the same, for who is told
	tainted    []string    // UIDs of alerts whose taint comes along

	alerts   []soc.Alert
	replaced []replacedAlert
	// observables are the values of alerts, by alert id.
	observables map[string][]soc.Observable
	entities    map[string]*entityDraft
	order       []*entityDraft
	evidence    []soc.Evidence
	sightings   []sightingDraft
}

type entityDraft struct {
	entity soc.Entity
	fresh  bool
	// unique are all names by which later mentions find the entity, also those
	// that a stronger mention's properties replaced.
	unique []string
}

// replacedAlert is an alert before and after its newer payload.
type replacedAlert struct{ before, after soc.Alert }

type sightingDraft struct {
	sighting soc.Sighting
	entity   *entityDraft
	number   int
}

// attach puts an alert under the incident, with its entities and evidence.
func (i *incidentDraft) attach(b *ingestBatch, a soc.Alert, in *ingestAlert) error {
	a.Incident, a.Status = i.now.ID, soc.AlertEscalated
	refs, err := i.absorbEntities(b, a, in)
	if err != nil {
		return err
	}
	for n := range in.Evidence {
		i.addEvidence(b, a, in, n, refs)
	}
	i.noteSightings(b, a, in.Entities, refs)
	i.noteObservables(a, in)
	i.alerts = append(i.alerts, a)
	i.now.AlertCount++
	i.absorbAlert(a)
	return nil
}

// absorbAlert lets the incident know what its alert knows.
func (i *incidentDraft) absorbAlert(a soc.Alert) {
	i.now.HighestSeverity = soc.MaxSeverity(i.now.HighestSeverity, a.Severity)
	i.now.Tactics = union(i.now.Tactics, a.Tactics)
	if a.Product != "" {
		i.now.Products = union(i.now.Products, []string{a.Product})
	}
	if a.Detector != "" {
		i.now.RuleIDs = union(i.now.RuleIDs, []string{a.Detector})
	}
	i.addFlags(a.Flags)
	i.now.DanglingAlerts = slices.DeleteFunc(slices.Clone(i.now.DanglingAlerts), func(id string) bool { return id == a.ExternalID })
	activity(&i.now, a.StartedAt)
	activity(&i.now, a.EndedAt)
}

// replace stores a newer payload of a known alert. Rows of evidence are only
// ever added: what an agent cited must stay what it was.
func (i *incidentDraft) replace(b *ingestBatch, known soc.Alert, in *ingestAlert) error {
	a := in.over(known, b.now)
	a.Incident = known.Incident
	refs, err := i.absorbEntities(b, a, in)
	if err != nil {
		return err
	}
	have, err := b.tx.AlertEvidence(b.by.Workspace, i.now.ID, a.ID)
	if err != nil {
		return err
	}
	for n, row := range in.Evidence {
		if !slices.ContainsFunc(have, func(e soc.Evidence) bool { return e.Type == row.Type && slices.Equal(e.Fields, row.Fields) }) {
			i.addEvidence(b, a, in, n, refs)
		}
	}
	i.noteSightings(b, a, in.Entities, refs)
	i.noteObservables(a, in)
	i.replaced = append(i.replaced, replacedAlert{known, a})
	i.absorbAlert(a)
	return nil
}

// absorbEntities finds or makes the entities of a payload, by their refs.
func (i *incidentDraft) absorbEntities(b *ingestBatch, a soc.Alert, found *ingestAlert) (map[string]*entityDraft, error) {
	refs := make(map[string]*entityDraft, len(found.Entities))
	for n, in := range found.Entities {
		draft, err := i.entity(b, in)
		if err != nil {
			return nil, err
		}
		draft.merge(in)
		at := firstTime(a.StartedAt, a.CreatedAt, b.now)
		if draft.entity.FirstSeen.IsZero() || at.Before(draft.entity.FirstSeen) {
			draft.entity.FirstSeen = at
		}
		if at.After(draft.entity.LastSeen) {
			draft.entity.LastSeen = at
		}
		draft.entity.Flags = mergeFlags(draft.entity.Flags, found.entityFlags[n])
		i.addFlags(draft.entity.Flags)
		refs[in.Ref] = draft
	}
	return refs, nil
}

// entity finds an entity of the incident by its value or under any name that is
// unique in the whole workspace (an account seen once by object id and once by
// UPN is one account), or makes it. What the store finds and what this
// transaction remembers follow one rule, so that rows do not depend on how the
// items were cut into requests.
func (i *incidentDraft) entity(b *ingestBatch, in soc.InboundEntity) (*entityDraft, error) {
	unique := soc.UniqueNames(in.Kind, in.Value, in.Properties)
	draft, err := i.knownEntity(b, in, unique)
	if err != nil {
		return nil, err
	}
	if draft == nil {
		id, err := soc.NewID(soc.PrefixEntity, b.d.random)
		if err != nil {
			return nil, err
		}
		draft = &entityDraft{fresh: true, entity: soc.Entity{
			ID: id, Workspace: b.by.Workspace, Incident: i.now.ID, Kind: in.Kind, Value: in.Value, Display: in.Display,
			Provenance: in.Provenance, Properties: maps.Clone(in.Properties), Names: slices.Clone(in.Names),
		}}
		i.now.EntityCount++
		i.keep(draft)
	}
	// A mention less trusted than what is known lends it no name (S10).
	if soc.Weaker(in.Provenance, draft.entity.Provenance) == draft.entity.Provenance {
		draft.unique = union(draft.unique, unique)
		for _, name := range unique {
			i.entities[uniqueOf(in.Kind, name)] = draft
		}
	}
	return draft, nil
}

// keep lets later mentions find a draft by its value, and writes it in the end.
func (i *incidentDraft) keep(draft *entityDraft) {
	i.entities[valueOf(draft.entity.Kind, draft.entity.Value)] = draft
	i.order = append(i.order, draft)
}

// knownEntity looks among the drafts, then in the store; nil for none.
func (i *incidentDraft) knownEntity(b *ingestBatch, in soc.InboundEntity, unique []string) (*entityDraft, error) {
	if draft := i.entities[valueOf(in.Kind, in.Value)]; draft != nil {
		return draft, nil
	}
	stored := func(known soc.Entity, found bool, err error) (*entityDraft, error) {
		if err != nil || !found {
			return nil, err
		}
		draft := i.entities[valueOf(in.Kind, known.Value)]
		if draft == nil {
			draft = &entityDraft{entity: known}
			i.keep(draft)
		}
		return draft, nil
	}
	if !i.fresh {
		if draft, err := stored(b.tx.EntityByValue(b.by.Workspace, i.now.ID, in.Kind, in.Value)); err != nil || draft != nil {
			return draft, err
		}
	}
	for _, name := range unique {
		if draft := i.entities[uniqueOf(in.Kind, name)]; draft != nil {
			return draft, nil
		}
		if i.fresh {
			continue
		}
		if draft, err := stored(b.tx.EntityByUniqueName(b.by.Workspace, i.now.ID, in.Kind, name)); err != nil || draft != nil {
			return draft, err
		}
	}
	return nil, nil
}

// merge adds what another mention says. Names, properties and display count
// only from a mention at least as trusted as what is known: a user agent that
// names a host must not lend it a device id (S10).
func (e *entityDraft) merge(in soc.InboundEntity) {
	known := &e.entity
	stronger := in.Provenance != known.Provenance && soc.Weaker(in.Provenance, known.Provenance) == known.Provenance
	if stronger {
		known.Provenance, known.Display = in.Provenance, in.Display
		known.Names, known.Properties = slices.Clone(in.Names), maps.Clone(in.Properties)
	}
	if in.Provenance == known.Provenance {
		known.Names = union(known.Names, in.Names)
		for name, value := range in.Properties {
			if known.Properties == nil {
				known.Properties = map[string]string{}
			}
			if known.Properties[name] == "" {
				known.Properties[name] = value
			}
		}
	}
	// At an equal verdict one mention that was not remediated stays a danger.
	switch worse := worseVendorVerdict(known.VendorVerdict, in.VendorVerdict); {
	case in.VendorVerdict == "":
	case worse != known.VendorVerdict:
		known.VendorVerdict, known.Remediated = worse, in.Remediated
	case in.VendorVerdict == known.VendorVerdict:
		known.Remediated = known.Remediated && in.Remediated
	}
}

// worseVendorVerdict keeps the more alarming of two vendor verdicts.
func worseVendorVerdict(a, b string) string {
	order := []string{"", "clean", "suspicious", "malicious"}
	if slices.Index(order, b) > slices.Index(order, a) {
		return b
	}
	return a
}

// addEvidence makes row n of the payload one of proof.
func (i *incidentDraft) addEvidence(b *ingestBatch, a soc.Alert, in *ingestAlert, n int, refs map[string]*entityDraft) {
	row := in.Evidence[n]
	i.now.EvidenceCount++
	e := soc.Evidence{
		Workspace: b.by.Workspace, Incident: i.now.ID, Number: i.now.EvidenceCount, Alert: a.ID, Source: a.Source, Type: row.Type,
		Text: row.Text, Fields: row.Fields, Provenance: row.Provenance, At: firstTime(row.At, in.StartedAt, in.CreatedAt, b.now),
		Flags: in.evidenceFlags[n],
	}
	for _, ref := range row.Refs {
		draft := refs[ref]
		if draft == nil || slices.Contains(e.Entities, draft.entity.ID) {
			continue
		}
		e.Entities = append(e.Entities, draft.entity.ID)
		i.sightings = append(i.sightings, sightingDraft{number: e.Number, entity: draft, sighting: soc.Sighting{
			Alert: a.ID, Source: a.Source, Field: row.Type, Provenance: draft.entity.Provenance, SeenAt: e.At,
		}})
	}
	i.addFlags(e.Flags)
	i.evidence = append(i.evidence, e)
}

// noteSightings records where each entity stood in the payload. Two mentions
// at one place keep the weaker provenance.
func (i *incidentDraft) noteSightings(b *ingestBatch, a soc.Alert, found []soc.InboundEntity, refs map[string]*entityDraft) {
	type place struct {
		entity *entityDraft
		field  string
	}
	seen := map[place]int{}
	for _, in := range found {
		at := place{refs[in.Ref], in.Field}
		if n, again := seen[at]; again {
			i.sightings[n].sighting.Provenance = soc.Weaker(i.sightings[n].sighting.Provenance, in.Provenance)
			continue
		}
		seen[at] = len(i.sightings)
		i.sightings = append(i.sightings, sightingDraft{entity: at.entity, sighting: soc.Sighting{
			Alert: a.ID, Source: a.Source, Field: in.Field, Provenance: in.Provenance, SeenAt: firstTime(a.StartedAt, a.CreatedAt, b.now),
		}})
	}
}

// noteObservables keeps the values of an alert for the question where they were
// seen before.
func (i *incidentDraft) noteObservables(a soc.Alert, in *ingestAlert) {
	if i.observables == nil {
		i.observables = map[string][]soc.Observable{}
	}
	i.observables[a.ID] = in.observablesOf(a)
}

func (i *incidentDraft) addFlags(flags []soc.Flag) { i.now.Flags = mergeFlags(i.now.Flags, flags) }

// flagLimit bounds the flags shown on one row; every evidence row keeps its own.
const flagLimit = 32

func mergeFlags(have, more []soc.Flag) []soc.Flag {
	for _, f := range more {
		if len(have) >= flagLimit {
			return have
		}
		if !slices.Contains(have, f) {
			have = append(have, f)
		}
	}
	return have
}

func union(have, more []string) []string {
	for _, s := range more {
		if s != "" && !slices.Contains(have, s) {
			have = append(have, s)
		}
	}
	return have
}
