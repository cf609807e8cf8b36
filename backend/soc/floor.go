package soc

import (
	"cmp"
	"math"
	"slices"
)

// The floor (triage.md section 2) is the deterministic triager: what the
// workspace decided before, shifted by typed signals. It runs on every
// incident without network, model or clock; the same input and weights give
// the same bytes.

// Thresholds of T10, T15 and T16, fixed on the development split.
const (
	abstainBelow     = 0.70
	closeAt          = 0.93
	closeVerdicts    = 10
	pooledConfidence = 0.60
)

// evidenceCited bounds how many evidence ids a verdict cites.
const evidenceCited = 50

// AlertKey is what memory knows an alert type by (T7).
type AlertKey struct{ Title, Detector string }

// AlertType is one alert type of the incident with its history.
type AlertType struct {
	TitleKey, DetectorKey string
	KeyVersion            int
	Evidence              []string // the rows of its alerts
	Levels                []LevelCounts
}

func (t AlertType) level(name MemoryLevel) VerdictCounts {
	for _, level := range t.Levels {
		if level.Level == name {
			return level.Counts
		}
	}
	return VerdictCounts{}
}

// FloorInput is everything the floor looks at: typed facts, evidence ids and
// counts. GatherFacts makes it from rows.
type FloorInput struct {
	// IncidentType is the type word of the incident; it names the category
	// and decides nothing.
	IncidentType string
	// IngestSeverity speaks where no alert states one.
	IngestSeverity Severity
	// GateSeverities must all be in CloseSeverities for closing (S3).
	GateSeverities  []Severity
	CloseSeverities []Severity
	Types           []AlertType
	Alerts          []AlertFact
	Entities        []EntityFact
	Activity        []Activity
	Company         []Company
	// Suppression is the case family's id of one of the active suppressions that
	// cover all alerts, empty where they do not; KnownGood says that a person
	// dismissed the same as known-good (see KnownGood).
	Suppression string
	KnownGood   bool
	// Flags are the rule ids of S40 that fired anywhere on the incident,
	// FlaggedEvidence the rows among them.
	Flags           []string
	FlaggedEvidence []string
	// Evidence are the first rows of the incident, for an incident whose
	// alerts have none.
	Evidence []string
	// Playbooks are the catalogue ids that may be recommended here.
	Playbooks []string
}

// FloorResult is the floor's position on an incident.
type FloorResult struct {
	Classification Verdict
	// Reason is the classification reason of the portal's pairs.
	Reason string
	// Confidence is the probability of the stated class, two decimals; of
	// Undetermined, that the likeliest class is not the right one.
	Confidence float64
	// Score is the probability of TruePositive in percent.
	Score int
	// P is the whole distribution, for whoever orders or measures. In a cold
	// start it is the pooled one where there is one: shown, never decided on.
	P         Probabilities
	Closable  bool
	ColdStart bool
	// HoldReasons say why a benign verdict may not close; empty if Closable
	// and for a verdict that closes nothing.
	HoldReasons []Code
	// Vetoed: a detector, an earlier TruePositive or a protected asset speaks
	// against any benign end, whoever proposes it (S34, DETECTOR_CONTRADICTS).
	Vetoed bool
	// Category is the incident type or the tactic found, "" if Undetermined.
	Category string
	// Reasoning are server-written sentences with evidence marks ([E1]).
	Reasoning string
	// EvidenceIDs are the rows the verdict cites.
	EvidenceIDs []string
	Flags       []string
	Signals     []Signal
	// Actions are playbook ids worth proposing; nothing runs from here.
	Actions []string
	// Rationale is the JSON document of T17.
	Rationale []byte
}

// position is the distribution after T13 for one alert type.
type position struct {
	p Probabilities
	// undetermined is the rest that neither memory nor an explanation splits.
	undetermined float64
}

// abstention is a reason of T15 (or of "never sufficient alone") for saying
// Undetermined.
type abstention string

const (
	abstainNoEvidence abstention = "no_evidence"
	abstainColdStart  abstention = "cold_start"
	abstainVeto       abstention = "veto"
	abstainDrift      abstention = "drift"
	abstainLists      abstention = "lists_alone"
	abstainUnlikely   abstention = "below_threshold"
)

// Floor triages one incident (T13-T17).
func Floor(in FloorInput, w Weights) FloorResult {
	in = in.ordered()
	memories, own := make([]Memory, len(in.Types)), make([]Memory, len(in.Types))
	for i, alertType := range in.Types {
		memories[i], own[i] = Estimate(alertType.Levels), Estimate(ownLevels(alertType.Levels))
	}
	leading := leadingType(memories)
	memory := Estimate(nil)
	if leading >= 0 {
		memory = memories[leading]
	}
	found := signals(in, leading, w)
	shift := weigh(found, w)

	where := combine(memory, shift)
	class, confidence := where.p.Best()
	why := abstain(in, memory, found, where, combine(memory, shift.withoutLists()))
	if len(why) > 0 {
		class, confidence = VerdictUndetermined, 1-confidence
	}
	if memory.Level.Pooled() {
		confidence = min(confidence, pooledConfidence)
	}

	result := FloorResult{
		Classification: class,
		Confidence:     math.Round(confidence*100) / 100,
		Score:          int(math.Round(where.p.TruePositive * 100)),
		P:              shownDistribution(memory, where, shift),
		ColdStart:      memory.ColdStart,
		Vetoed:         vetoed(found),
		Flags:          in.Flags,
		Signals:        found,
		EvidenceIDs:    in.cited(leading, found),
	}
	result.Category, result.Reason = in.categoryOf(class)
	result.HoldReasons = in.holds(class, own, shift)
	result.Closable = class.Benign() && len(result.HoldReasons) == 0
	result.Actions = in.recommend(class)
	account := account{in: in, result: result, memory: memory, leading: leading, why: why}
	result.Reasoning = account.reasoning()
	result.Rationale = account.document(w.Version)
	return result
}

// ordered sorts what has no order of its own, so that the order in which rows
// were loaded cannot show.
func (in FloorInput) ordered() FloorInput {
	in.Types = slices.Clone(in.Types)
	slices.SortStableFunc(in.Types, func(a, b AlertType) int {
		return cmp.Or(cmp.Compare(a.TitleKey, b.TitleKey), cmp.Compare(a.DetectorKey, b.DetectorKey))
	})
	in.Flags = slices.Clone(in.Flags)
	slices.Sort(in.Flags)
	in.Flags = slices.Compact(in.Flags)
	return in
}

// leadingType is the index of the type with the highest TP probability; of
// equals the one with the fewest decisions, then the first by key (T7).
func leadingType(memories []Memory) int {
	leading := -1
	for i, m := range memories {
		if leading < 0 {
			leading = i
			continue
		}
		best := memories[leading]
		a, b := startingPoint(m).TruePositive, startingPoint(best).TruePositive
		if a > b || a == b && m.N < best.N {
			leading = i
		}
	}
	return leading
}

// startingPoint is what T13 starts from: memory, or the uniform distribution
// while this workspace has no decision. Pooled counts are for display and
// ordering only (T10).
func startingPoint(m Memory) Probabilities {
	if m.ColdStart {
		return uniform
	}
	return m.P
}

// shift is what the signals do to a distribution.
type shift struct {
	weight      float64 // added to the log-odds of TP, not yet limited
	lists       float64 // the part of weight that warning lists gave
	benign      float64 // added to the log-odds of BP against FP
	explains    bool
	limit, step float64
	// listsBenign and listsExplain are the parts that warning lists gave.
	listsBenign  float64
	listsExplain bool
	otherExplain bool
}

func weigh(found []Signal, w Weights) shift {
	s := shift{limit: w.Limit, step: w.ExplainShift}
	for _, signal := range found {
		listed := signal.ID == SignalWarningList || signal.ID == SignalSimulator
		if signal.Kind == SignalWeighs {
			s.weight += signal.Weight
			if listed {
				s.lists += signal.Weight
			}
		}
		if signal.Kind != SignalExplains {
			continue
		}
		step := -s.step
		if signal.Explains == VerdictBenignPositive {
			step = s.step
		}
		s.benign += step
		if listed {
			s.listsBenign, s.listsExplain = s.listsBenign+step, true
		} else {
			s.otherExplain = true
		}
	}
	s.explains = s.listsExplain || s.otherExplain
	return s
}

// withoutLists is the shift if no entity were on any list.
func (s shift) withoutLists() shift {
	s.weight, s.benign, s.explains = s.weight-s.lists, s.benign-s.listsBenign, s.otherExplain
	s.lists, s.listsBenign, s.listsExplain = 0, 0, false
	return s
}

// combine is T13: logit p(TP) = logit p_memory(TP) + the limited sum; the rest
// goes to BP and FP as memory splits it, moved by what explains, and to
// Undetermined where there is neither.
func combine(m Memory, s shift) position {
	start := startingPoint(m)
	sum := min(max(s.weight, -s.limit), s.limit)
	odds := start.TruePositive / (1 - start.TruePositive) * math.Exp(sum)
	tp := odds / (1 + odds)
	if m.ColdStart && !s.explains {
		return position{p: Probabilities{TruePositive: tp}, undetermined: 1 - tp}
	}
	ratio := start.BenignPositive / start.FalsePositive * math.Exp(s.benign)
	bp := (1 - tp) * ratio / (1 + ratio)
	return position{p: Probabilities{TruePositive: tp, BenignPositive: bp, FalsePositive: 1 - tp - bp}}
}

// shownDistribution is the position with what nobody explained shared out as
// memory has it, in millionths. A cold start shows the pooled counts here; no
// verdict, confidence or closing rests on them (T10).
func shownDistribution(m Memory, where position, s shift) Probabilities {
	p := where.p
	if m.ColdStart {
		warm := m
		warm.ColdStart = false
		p = combine(warm, s).p
	}
	p.TruePositive, p.BenignPositive = math.Round(p.TruePositive*1e6)/1e6, math.Round(p.BenignPositive*1e6)/1e6
	p.FalsePositive = math.Round((1-p.TruePositive-p.BenignPositive)*1e6) / 1e6
	return p
}

// abstain collects the reasons of T15. In a cold start only a veto (a fact
// that by itself forbids a benign end) is decisive content.
func abstain(in FloorInput, m Memory, found []Signal, where, withoutLists position) []abstention {
	class, p := where.p.Best()
	var why []abstention
	listless, q := withoutLists.p.Best()
	for _, rule := range []struct {
		reason  abstention
		applies bool
	}{
		{abstainNoEvidence, len(in.cited(-1, found)) == 0},
		{abstainColdStart, m.ColdStart && !(class == VerdictTruePositive && vetoed(found))},
		{abstainVeto, class.Benign() && vetoed(found)},
		{abstainDrift, m.Drifted()},
		{abstainLists, class.Benign() && p >= abstainBelow && (!listless.Benign() || q < abstainBelow)},
		{abstainUnlikely, p < abstainBelow},
	} {
		if rule.applies {
			why = append(why, rule.reason)
		}
	}
	return why
}

func vetoed(found []Signal) bool {
	return slices.ContainsFunc(found, func(signal Signal) bool { return signal.Kind == SignalVetoes })
}

// holds are the conditions of T16 that a benign verdict fails; every alert
// type has to pass by itself, on what this workspace decided alone (S46). A veto
// needs no code here, it forbids the verdict.
func (in FloorInput) holds(class Verdict, memories []Memory, s shift) []Code {
	if !class.Benign() {
		return nil
	}
	var codes []Code
	if len(in.Flags) > 0 {
		codes = append(codes, CodeRunFlagged)
	}
	thin := len(memories) == 0
	for _, m := range memories {
		thin = thin || len(m.gaps(s)) > 0
	}
	if thin {
		codes = append(codes, CodeHistoryThin)
	}
	enabled := len(in.GateSeverities) > 0
	for _, severity := range in.GateSeverities {
		enabled = enabled && slices.Contains(in.CloseSeverities, severity)
	}
	if !enabled {
		codes = append(codes, CodeAutoCloseOff)
	}
	return codes
}

// citable are the rows a verdict on the leading type rests on at least: those
// of its alerts, else of any alert, else of the incident.
func (in FloorInput) citable(leading int) []string {
	if leading >= 0 && len(in.Types[leading].Evidence) > 0 {
		return in.Types[leading].Evidence
	}
	var rows [][]string
	for _, alert := range in.Alerts {
		rows = append(rows, alert.Evidence)
	}
	if all := evidenceUnion(evidenceCited, rows...); len(all) > 0 {
		return all
	}
	return in.Evidence
}

// cited are the rows of the verdict: of the alerts and of every signal.
func (in FloorInput) cited(leading int, found []Signal) []string {
	rows := [][]string{in.citable(leading)}
	for _, signal := range found {
		rows = append(rows, signal.Evidence)
	}
	return evidenceUnion(evidenceCited, rows...)
}
