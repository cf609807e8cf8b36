package backend

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// earlierDays is how far back a card looks for earlier actions on a target.
const earlierDays = 30

// excerptChars bounds an evidence excerpt on a card; the cut is marked and the
// row is one click away.
const excerptChars = 500

// GetCard returns the approval card of a gamebook as it stands now (S14).
func (d *Desk) GetCard(ctx context.Context, by soc.Actor, gamebook string) (card soc.Card, err error) {
	if err := mayReadOps(by); err != nil {
		return card, err
	}
	err = d.store.View(ctx, func(r *store.Reader) error {
		m, err := d.findMatter(r, by.Workspace, gamebook)
		if err != nil {
			return err
		}
		card, err = m.card(by)
		return err
	})
	return card, err
}

// mayReadOps is the right to read what the ops API shows: a viewer in person,
// or a key that may read it.
func mayReadOps(by soc.Actor) error {
	if err := by.May("", soc.RoleViewer); err != nil {
		return err
	}
	return by.MayScope(soc.ScopeOpsRead)
}

func (d *Desk) findMatter(r *store.Reader, workspace, gamebook string) (*matter, error) {
	if !soc.CheckID(soc.PrefixGamebook, gamebook) {
		return nil, soc.NotFoundf("There is no such gamebook.")
	}
	g, found, err := r.Gamebook(workspace, gamebook)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, soc.NotFoundf("There is no such gamebook.")
	}
	return d.readMatter(r, g)
}

// card draws a gamebook for whoever looks.
func (m *matter) card(by soc.Actor) (soc.Card, error) {
	g := m.g
	approvals, _ := m.approvals()
	standing := soc.EligibleApprovals(approvals, g.Digest, m.notApprovers)
	in, _, err := m.ask(soc.PhaseApprove, approvals)
	if err != nil {
		return soc.Card{}, err
	}
	world, _, err := m.world()
	if err != nil {
		return soc.Card{}, err
	}
	card := soc.Card{
		GamebookID: g.ID, Digest: g.Digest, DigestShort: soc.DigestShort(g.Digest), State: soc.ApprovalState(g), Version: g.Version,
		Sentence: m.sentence(), Class: soc.PortalClass.Word(g.Class), Impact: string(g.Impact), Rollback: m.rollback(),
		AutoRevertSeconds: m.autoRevert(), BlastRadius: m.blast(in), Flags: flagRules(g.Flags), AskedBy: m.asker(),
		Rules: cardRules(g.Rules), PolicyVersion: g.PolicyVersion, Severity: m.severity(), IfNobodyAnswers: m.silence(),
		ApprovalExpiresAt: soc.CardTime(g.ApprovalExpiresAt), ExecutionWindow: int64(g.ExecutionWindow / time.Second),
		ExecutionExpires: soc.CardTimeOrNull(g.ExecutionExpires), Need: cardNeed(g), Approvals: soc.CardApprovals(approvals),
		SecondApprover: second(g, standing), EligiblePeople: m.eligible(standing), Canonical: string(g.Canonical),
		AgentSays: soc.CardAgent{Inert: true, Title: soc.EscapeVisible(m.reading.incident.Title), Rationale: soc.EscapeVisible(g.Rationale)},
		Revision:  revision(g, world),
	}
	card.AskedBy.Suspended = in.Principal.Suspended
	if card.Targets, card.Provenance, err = m.targets(); err != nil {
		return card, err
	}
	if card.Steps, err = m.cardSteps(); err != nil {
		return card, err
	}
	if card.EarlierOnTarget, err = m.earlier(); err != nil {
		return card, err
	}
	if card, err = card.Seal(); err != nil {
		return card, err
	}
	card.You = m.you(by, standing)
	return card, nil
}

func (m *matter) targets() ([]soc.CardTarget, []soc.CardProvenance, error) {
	targets, provenance := []soc.CardTarget{}, []soc.CardProvenance{}
	for i, s := range m.g.Steps {
		if slices.ContainsFunc(targets, func(t soc.CardTarget) bool { return t.EntityID == s.Entity }) {
			continue
		}
		now := m.steps[i]
		target := soc.CardTarget{
			EntityID: s.Entity, Kind: soc.PortalEntityKind.Word(s.EntityKind), Name: soc.EscapeVisible(now.entity.Display),
			ConnectorID: orNull(s.Connector), Connector: orNull(m.desk.connectorLabel(s.Connector)), NativeID: orNull(soc.EscapeVisible(s.NativeID)),
			Owner: orNull(soc.EscapeVisible(now.entity.Properties[soc.PropertyOwner])), Criticality: "normal",
			Protected: orNull(string(now.protection)), Aliases: []string{},
		}
		if now.critical {
			target.Criticality = "high"
		}
		for _, name := range now.entity.Names {
			target.Aliases = append(target.Aliases, soc.EscapeVisible(name))
		}
		vouch, err := m.vouched(s, now.entity)
		if err != nil {
			return nil, nil, err
		}
		targets, provenance = append(targets, target), append(provenance, vouch)
	}
	return targets, provenance, nil
}

// vouched is the sighting that gives a target its provenance.
func (m *matter) vouched(s soc.Step, e soc.Entity) (soc.CardProvenance, error) {
	vouch := soc.CardProvenance{EntityID: s.Entity, Provenance: soc.PortalProvenance.Word(e.Provenance)}
	sightings, err := m.reader.Sightings(m.g.Workspace, s.Entity, 100)
	if err != nil {
		return vouch, err
	}
	for _, seen := range sightings {
		if seen.Provenance == e.Provenance || vouch.Source == "" {
			vouch.Source, vouch.SeenAt = soc.EscapeVisible(seen.Source), soc.CardTimeOrNull(seen.SeenAt)
		}
	}
	return vouch, nil
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func (m *matter) cardSteps() ([]soc.CardStep, error) {
	steps := make([]soc.CardStep, len(m.g.Steps))
	for i, s := range m.g.Steps {
		steps[i] = soc.CardStep{
			ActionID: s.ID, Ordinal: s.Ordinal, PlaybookID: s.Playbook, PlaybookVersion: s.PlaybookVersion, PlaybookHash: s.PlaybookHash,
			EntityID: s.Entity, Params: soc.CardParameters{}, Status: string(s.Status), Evidence: []soc.CardEvidence{},
		}
		for name, value := range s.Parameters {
			if text, is := value.(string); is {
				value = soc.EscapeVisible(text)
			}
			steps[i].Params[name] = value
		}
		rows, err := m.reading.excerpts(s.Entity)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			steps[i].Evidence = append(steps[i].Evidence, cardEvidence(row))
		}
	}
	return steps, nil
}

func cardEvidence(row soc.Evidence) soc.CardEvidence {
	text, truncated := []rune(row.Text), false
	if len(text) > excerptChars {
		text, truncated = text[:excerptChars], true
	}
	return soc.CardEvidence{
		ID: soc.EvidenceID(row.Number), At: soc.CardTime(row.At), Source: soc.EscapeVisible(row.Source),
		Excerpt: soc.CardExcerpt{
			Value: soc.EscapeVisible(string(text)), Provenance: soc.PortalProvenance.Word(row.Provenance), Truncated: truncated,
			Flags: flagRules(row.Flags),
		},
	}
}

// flagRules lists the detectors that hit, each once.
func flagRules(flags []soc.Flag) []string {
	rules := []string{}
	for _, f := range flags {
		if !slices.Contains(rules, f.Rule) {
			rules = append(rules, f.Rule)
		}
	}
	return rules
}

// rollback is the inverse of the worst step that has one; none where a step
// has none.
func (m *matter) rollback() *soc.CardRollback {
	var worst *soc.CardRollback
	for _, s := range m.g.Steps {
		p, known := m.desk.catalogue.Lookup(s.Playbook)
		if !known || p.Class == soc.ClassReadOnly {
			continue
		}
		inverse, has := m.desk.catalogue.Inverse(s.Playbook)
		if !has {
			return nil
		}
		window := int64(p.RecoveryWindow / time.Second)
		if worst == nil || window < worst.WindowSeconds {
			worst = &soc.CardRollback{PlaybookID: inverse.ID, Verified: inverse.Probe != nil, WindowSeconds: window}
		}
	}
	return worst
}

func (m *matter) autoRevert() *int64 {
	for _, s := range m.g.Steps {
		if p, known := m.desk.catalogue.Lookup(s.Playbook); known && p.AutoRevert > 0 {
			seconds := int64(p.AutoRevert / time.Second)
			return &seconds
		}
	}
	return nil
}

func (m *matter) blast(in soc.GateInput) soc.CardBlast {
	blast := soc.CardBlast{Rates: []soc.CardRate{}}
	var seen []string
	for _, s := range m.steps {
		if slices.Contains(seen, s.entity.ID) {
			continue
		}
		seen = append(seen, s.entity.ID)
		switch s.entity.Kind {
		case soc.KindHost:
			blast.Hosts++
			if s.critical {
				blast.Servers++
			}
		case soc.KindAccount:
			blast.Accounts++
		}
	}
	blast.Entities = len(seen)
	for i, fact := range in.Populations {
		if populationKinds[i] == soc.KindHost && fact.Known > 0 {
			blast.ShareOfKnownHosts = float64(blast.Hosts) / float64(fact.Known)
		}
	}
	for _, rate := range in.Rates {
		blast.Rates = append(blast.Rates, soc.CardRate{Limit: rate.Limit, Used: rate.Used, Max: rate.Max})
	}
	return blast
}

func (m *matter) asker() soc.CardAsker {
	g := m.g
	return soc.CardAsker{
		Principal: soc.CardPrincipal{Kind: string(g.RequestedKind), ID: g.RequestedBy, Name: soc.EscapeVisible(g.RequestedName)},
		RunID:     orNull(g.Run), StartedBy: orNull(g.StartedBy), ClaimedTrigger: string(g.ClaimedTrigger),
		EffectiveTrigger: string(g.EffectiveTrigger), Taint: string(g.Taint), RequestedAt: soc.CardTime(g.RequestedAt),
	}
}

func cardRules(rules []soc.RuleHit) []soc.CardRule {
	out := make([]soc.CardRule, len(rules))
	for i, r := range rules {
		out[i] = soc.CardRule{ID: r.ID, Code: orNull(string(r.Code)), Outcome: r.Outcome, Text: soc.RuleText(r.ID)}
		if r.Policy != "" {
			out[i].Text += " Rule " + soc.EscapeVisible(r.Policy) + "."
		}
	}
	return out
}

func (m *matter) severity() soc.CardSeverity {
	i := m.reading.incident
	return soc.CardSeverity{
		Current: soc.PortalSeverity.Word(i.Severity), Highest: soc.PortalSeverity.Word(i.HighestSeverity), AtIngest: soc.PortalSeverity.Word(i.IngestSeverity),
	}
}

// silence says what happens when nobody answers: nothing (S15).
func (m *matter) silence() string {
	if !m.g.NeedsApproval {
		return "Nothing more is asked of anybody."
	}
	return fmt.Sprintf("Nothing runs. The request expires at %s and the incident stays as it is.", soc.CardTime(m.g.ApprovalExpiresAt))
}

// earlier lists what was done to the targets in the last 30 days.
func (m *matter) earlier() ([]soc.CardEarlier, error) {
	out := []soc.CardEarlier{}
	since := m.reading.now.Add(-earlierDays * 24 * time.Hour).UnixMicro()
	var seen []string
	for _, s := range m.g.Steps {
		key := s.Connector + "\x00" + s.NativeID
		if s.Connector == "" || slices.Contains(seen, key) {
			continue
		}
		seen = append(seen, key)
		steps, err := m.reader.StepsOnTarget(m.g.Workspace, s.Connector, s.NativeID, since, 20)
		if err != nil {
			return nil, err
		}
		for _, before := range steps {
			if before.Gamebook == m.g.ID {
				continue
			}
			by, err := m.approvedBy(before.Gamebook)
			if err != nil {
				return nil, err
			}
			out = append(out, soc.CardEarlier{
				GamebookID: before.Gamebook, PlaybookID: before.Playbook, At: soc.CardTime(before.DispatchedAt), Status: string(before.Status), By: by,
			})
		}
	}
	return out, nil
}

// approvedBy names who let an earlier gamebook run.
func (m *matter) approvedBy(gamebook string) (string, error) {
	approvals, err := m.reader.Approvals(gamebook)
	if err != nil {
		return "", err
	}
	var names []string
	for _, a := range approvals {
		if a.Approved && !a.Void {
			names = append(names, soc.EscapeVisible(a.Name))
		}
	}
	if len(names) == 0 {
		return "policy", nil
	}
	return strings.Join(names, ", "), nil
}
