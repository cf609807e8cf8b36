package backend

import (
	"slices"
	"time"

	"vedette/backend/playbook"
	"vedette/backend/soc"
	"vedette/backend/store"
)

// gateReading holds what one decision reads of the store, each thing once.
type gateReading struct {
	desk      *Desk
	reader    *store.Reader
	now       time.Time
	workspace soc.Workspace
	incident  soc.Incident
	policy    soc.PolicyFacts
	limits    soc.Limits
	marker    bool
	catalogue bool
	known     []soc.Entity
	counted   map[string]int
}

// gateQuestion is what differs between the questions put to the gate.
type gateQuestion struct {
	phase     soc.Phase
	principal soc.GatePrincipal
	requester string
	run       *soc.GateRun
	claim     soc.Trigger
	entries   soc.EntryReport
	steps     []plannedStep
	// gamebook is left out of the counts, since they are its own.
	gamebook string
}

// readGate reads what every gate question about an incident needs.
func (d *Desk) readGate(r *store.Reader, i soc.Incident, marker bool) (*gateReading, error) {
	w, found, err := r.Workspace(i.Workspace)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, soc.NotFoundf("There is no such workspace.")
	}
	policy, err := r.Policy(i.Workspace)
	if err != nil {
		return nil, err
	}
	g := &gateReading{
		desk: d, reader: r, now: d.clock(), workspace: w, incident: i, policy: policy, limits: policy.Limits,
		marker: marker, catalogue: d.catalogueWhole(), counted: map[string]int{},
	}
	if !policy.PolicyLoaded { // the gate denies every change; reads go on within shipped bounds
		g.limits = soc.ShippedLimits()
		g.policy.Limits = g.limits
	}
	return g, nil
}

// catalogueWhole reports whether every playbook still has the content its hash
// names (g4).
func (d *Desk) catalogueWhole() bool {
	all := d.catalogue.All()
	return len(all) > 0 && !slices.ContainsFunc(all, func(p soc.Playbook) bool { return playbook.ContentHash(p) != p.Hash })
}

// input gathers every fact the gate looks at.
func (g *gateReading) input(q gateQuestion) (soc.GateInput, error) {
	kill, err := g.kill(q)
	if err != nil {
		return soc.GateInput{}, err
	}
	in := soc.GateInput{
		Phase: q.phase, Principal: q.principal, Run: q.run, ClaimedTrigger: q.claim, IncidentClosed: !g.incident.Open(),
		Severities: g.incident.GateSeverities(), CatalogueLoaded: g.catalogue, Entries: q.entries, Kill: kill,
	}
	for _, s := range q.steps {
		in.Steps = append(in.Steps, soc.GateStep{
			Entity: s.entity.ID, Playbook: s.playbook.ID, Kind: s.entity.Kind, Value: s.entity.Value, Class: s.class, Impact: s.playbook.Impact, Critical: s.critical,
			Provenance: s.entity.Provenance, Protection: s.protection, Conflicts: s.conflicts,
		})
	}
	if in.Rates, err = g.rates(q); err != nil {
		return in, err
	}
	if in.Populations, err = g.populations(q); err != nil {
		return in, err
	}
	in.At, in.Source, in.Requester = g.now, g.incident.Source, q.requester
	return g.desk.conditions.judge(g.policy, g.policy.Govern(in)), nil
}

func (g *gateReading) kill(q gateQuestion) (soc.KillFacts, error) {
	agent := ""
	if q.principal.Kind == soc.PrincipalAgent {
		agent = q.requester
	}
	kill, err := g.reader.Kill(g.workspace, agent)
	kill.Global = kill.Global || g.marker
	return kill, err
}

// count remembers a count for the length of one decision.
func (g *gateReading) count(name string, read func() (int, error)) (int, error) {
	if n, have := g.counted[name]; have {
		return n, nil
	}
	n, err := read()
	g.counted[name] = n
	return n, err
}

// rates are the limits that the state-changing steps would use up (S30).
func (g *gateReading) rates(q gateQuestion) ([]soc.RateFact, error) {
	asked, order := map[string]int{}, []string{}
	total := 0
	for _, s := range q.steps {
		if s.class == soc.ClassReadOnly {
			continue
		}
		if asked[s.playbook.ID] == 0 {
			order = append(order, s.playbook.ID)
		}
		asked[s.playbook.ID]++
		total++
	}
	if total == 0 {
		return nil, nil
	}
	var rates []soc.RateFact
	for _, id := range order {
		scopes := []string{soc.RateWorkspace}
		if q.principal.Kind == soc.PrincipalAgent {
			scopes = append(scopes, soc.RateAgent)
		}
		for _, scope := range scopes {
			facts, err := g.ratesOf(q, id, scope, asked[id])
			if err != nil {
				return nil, err
			}
			rates = append(rates, facts...)
		}
	}
	used, err := g.count("incident", func() (int, error) { return g.reader.AttemptsOn(g.incident.ID, q.gamebook) })
	return append(rates, soc.RateFact{Limit: "actions of the incident", Used: used, Asked: total}), err
}

func (g *gateReading) ratesOf(q gateQuestion, id, scope string, asked int) ([]soc.RateFact, error) {
	requester, label := "", id
	if scope == soc.RateAgent {
		requester, label = q.requester, id+" by the agent"
	}
	var facts []soc.RateFact
	for _, period := range []struct {
		suffix, name string
		length       time.Duration
	}{{"/h", soc.PeriodHour, time.Hour}, {"/d", soc.PeriodDay, 24 * time.Hour}} {
		used, err := g.count(label+period.suffix, func() (int, error) {
			return g.reader.AttemptsOf(g.incident.Workspace, id, requester, q.gamebook, g.now.Add(-period.length))
		})
		if err != nil {
			return nil, err
		}
		facts = append(facts, soc.RateFact{Limit: label + period.suffix, Playbook: id, Scope: scope, Period: period.name, Used: used, Asked: asked})
	}
	return facts, nil
}

// populationKinds are the populations with a breaker (S31).
var populationKinds = []soc.EntityKind{soc.KindAccount, soc.KindHost}

func (g *gateReading) populations(q gateQuestion) ([]soc.PopulationFact, error) {
	var facts []soc.PopulationFact
	for _, kind := range populationKinds {
		asked := 0
		for _, s := range q.steps {
			if s.class != soc.ClassReadOnly && s.entity.Kind == kind {
				asked++
			}
		}
		fact := soc.PopulationFact{Asked: asked}
		if asked > 0 {
			var err error
			if fact.Open, err = g.reader.BreakerOpen(g.incident.Workspace, kind); err != nil {
				return nil, err
			}
			if fact.Known, err = g.count("known "+string(kind), func() (int, error) { return g.reader.Population(g.incident.Workspace, kind) }); err != nil {
				return nil, err
			}
			if fact.Used, err = g.count("acted on "+string(kind), func() (int, error) {
				return g.reader.AttemptsAt(g.incident.Workspace, kind, q.gamebook, g.now.Add(-time.Hour))
			}); err != nil {
				return nil, err
			}
		}
		facts = append(facts, fact)
	}
	return facts, nil
}

// openBreakers opens the breakers that a request trips, so that everything
// after it waits for two people until a person closes them.
func (d *Desk) openBreakers(tx *store.Tx, by soc.Actor, in soc.GateInput) error {
	for i, fact := range in.Populations {
		if fact.Open || !fact.Trips() {
			continue
		}
		opened, err := tx.OpenBreaker(by.Workspace, populationKinds[i], d.clock())
		if err != nil {
			return err
		}
		if opened {
			e := d.entry(by, "breaker_opened")
			e.Target, e.Code = string(populationKinds[i]), soc.CodeLimitReached
			tx.Audit(e)
		}
	}
	return nil
}

// world reads what an approver sees beside the action (S18). shown are the
// evidence rows to hash; nil takes those a card shows now.
func (g *gateReading) world(steps []soc.Step, shown []int) (soc.World, error) {
	w := soc.World{Open: g.incident.Open(), Severity: soc.SeverityInformational, Evidence: map[string]string{}}
	for _, severity := range g.incident.GateSeverities() {
		w.Severity = soc.MaxSeverity(w.Severity, severity)
	}
	for _, s := range steps {
		if slices.ContainsFunc(w.Targets, func(t soc.WorldTarget) bool { return t.Entity == s.Entity }) {
			continue
		}
		planned, found, err := g.present(s)
		if err != nil {
			return w, err
		}
		if !found {
			w.Targets = append(w.Targets, soc.WorldTarget{Entity: s.Entity})
			continue
		}
		w.Targets = append(w.Targets, soc.WorldTarget{
			Entity: s.Entity, Provenance: planned.entity.Provenance, Protection: planned.protection, Critical: planned.critical,
			Owner: planned.entity.Properties[soc.PropertyOwner], Remediated: planned.entity.Remediated,
		})
		if shown != nil {
			continue
		}
		rows, err := g.excerpts(s.Entity)
		if err != nil {
			return w, err
		}
		for _, row := range rows {
			w.Evidence[soc.EvidenceID(row.Number)] = evidenceHash(row)
		}
	}
	if shown != nil {
		rows, err := g.reader.EvidenceByNumber(g.incident.Workspace, g.incident.ID, shown)
		if err != nil {
			return w, err
		}
		for _, row := range rows {
			w.Evidence[soc.EvidenceID(row.Number)] = evidenceHash(row)
		}
	}
	return w, nil
}

// excerptRows is how many evidence rows a card shows beside each step.
const excerptRows = 5

func (g *gateReading) excerpts(entity string) ([]soc.Evidence, error) {
	rows, _, err := g.reader.SearchEvidence(soc.EvidenceFilter{Workspace: g.incident.Workspace, Incident: g.incident.ID, Entity: entity, Limit: excerptRows})
	return rows, err
}

// evidenceHash covers what a row says, not where it stands.
func evidenceHash(row soc.Evidence) string {
	record, err := soc.CanonicalRecord(map[string]any{"source": row.Source, "type": row.Type, "text": row.Text, "fields": row.Fields, "at": row.At.UnixMicro()})
	if err != nil {
		return ""
	}
	return soc.DigestOf("vedette-evidence-v1", record)
}

// present is a stored step with what is true of it now: the playbook as the
// catalogue has it, the target as it resolves. found is false where the entity
// or the playbook is gone.
func (g *gateReading) present(s soc.Step) (plannedStep, bool, error) {
	p, known := g.desk.catalogue.Lookup(s.Playbook)
	e, found, err := g.entity(s.Entity)
	if err != nil || !found || !known {
		return plannedStep{}, false, err
	}
	step := plannedStep{
		playbook: p, entity: e, class: g.desk.catalogue.Class(p.ID, g.enabled), sequence: s.Sequence, parameters: s.Parameters,
	}
	step.connector, step.nativeID, _ = g.desk.resolveTarget(g.incident.Workspace, p, e)
	g.weigh(&step)
	return step, true, nil
}
