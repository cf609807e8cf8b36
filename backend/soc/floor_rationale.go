package soc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// account writes down why (T17). Everything here is the server's own words,
// evidence ids, numbers and words of closed sets; the facts have no alert text
// to repeat.
type account struct {
	in      FloorInput
	result  FloorResult
	memory  Memory
	leading int
	why     []abstention
}

// rationale is the document of T17; members and their order are fixed.
type rationale struct {
	Classification Verdict           `json:"classification"`
	Confidence     float64           `json:"confidence"`
	Closable       bool              `json:"closable"`
	ColdStart      bool              `json:"cold_start"`
	History        rationaleHistory  `json:"history"`
	Signals        []rationaleSignal `json:"signals"`
	Vetoes         []rationaleVeto   `json:"vetoes"`
	Contrary       []string          `json:"contrary"`
	WouldChange    []string          `json:"would_change"`
	WeightsVersion int               `json:"weights_version"`
	Probabilities  Probabilities     `json:"probabilities"`
	HoldReasons    []Code            `json:"hold_reasons"`
}

type rationaleHistory struct {
	Level MemoryLevel `json:"level"`
	N     int         `json:"n"`
	VerdictCounts
	Last   *string `json:"last"`
	KeyVer int     `json:"keyver"`
}

type rationaleSignal struct {
	ID       SignalID `json:"id"`
	Weight   float64  `json:"weight"`
	Evidence []string `json:"evidence"`
	List     string   `json:"list,omitempty"`
	Detail   string   `json:"detail,omitempty"`
	Explains Verdict  `json:"explains,omitempty"`
}

type rationaleVeto struct {
	ID       SignalID `json:"id"`
	Evidence []string `json:"evidence"`
	Detail   string   `json:"detail"`
}

func (a account) document(weightsVersion int) []byte {
	document := rationale{
		Classification: a.result.Classification,
		Confidence:     a.result.Confidence,
		Closable:       a.result.Closable,
		ColdStart:      a.result.ColdStart,
		History: rationaleHistory{
			Level: a.memory.Level, N: a.memory.N, VerdictCounts: a.memory.Counts, Last: day(a.memory.Last), KeyVer: a.keyVersion(),
		},
		Signals:        []rationaleSignal{},
		Vetoes:         []rationaleVeto{},
		Contrary:       a.contrary(),
		WouldChange:    a.wouldChange(),
		WeightsVersion: weightsVersion,
		Probabilities:  a.result.P,
		HoldReasons:    append([]Code{}, a.result.HoldReasons...),
	}
	for _, signal := range a.result.Signals {
		if signal.Kind == SignalVetoes {
			document.Vetoes = append(document.Vetoes, rationaleVeto{signal.ID, notNil(signal.Evidence), signal.Detail})
			continue
		}
		line := rationaleSignal{ID: signal.ID, Weight: signal.Weight, Evidence: notNil(signal.Evidence), Explains: signal.Explains}
		if signal.ID == SignalWarningList || signal.ID == SignalSimulator {
			line.List = signal.Detail
		} else {
			line.Detail = signal.Detail
		}
		document.Signals = append(document.Signals, line)
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(document); err != nil {
		panic(err) // strings, finite numbers and booleans always encode
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}

func (a account) keyVersion() int {
	if a.leading < 0 {
		return 0
	}
	return a.in.Types[a.leading].KeyVersion
}

// reasoning is the verdict in sentences, each with its evidence.
func (a account) reasoning() string {
	sentences := []string{
		fmt.Sprintf("%s, confidence %.2f%s.", a.result.Classification, a.result.Confidence, marks(a.in.citable(a.leading))),
		a.history(),
	}
	for _, signal := range a.result.Signals {
		sentences = append(sentences, sentence(describe(signal))+marks(signal.Evidence)+".")
	}
	for _, reason := range a.why {
		sentences = append(sentences, abstainSentences[reason])
	}
	for _, code := range a.result.HoldReasons {
		sentences = append(sentences, holdSentences[code])
	}
	if a.result.Closable {
		sentences = append(sentences, "The history of every alert type is long and without a TruePositive: closing may be proposed.")
	}
	return strings.Join(sentences, " ")
}

// history is the line of T33: "62 like this here: 61 FalsePositive ...".
func (a account) history() string {
	m := a.memory
	switch {
	case m.Level == LevelNone:
		return "Cold start: this workspace has no human decision yet."
	case m.ColdStart:
		return fmt.Sprintf("Cold start: this workspace has no human decision yet; elsewhere %s (%s), shown for orientation only.", tally(m.Counts), m.Level)
	case m.Level == LevelWorkspace:
		return fmt.Sprintf("No decision on this alert type yet; all %d decisions here: %s, last %s (%s).", m.N, tally(m.Counts), shown(m.Last), m.Level)
	default:
		return fmt.Sprintf("%d like this here: %s, last %s (%s).", m.N, tally(m.Counts), shown(m.Last), m.Level)
	}
}

func tally(c VerdictCounts) string {
	return fmt.Sprintf("%d TruePositive, %d BenignPositive, %d FalsePositive", c.TruePositive, c.BenignPositive, c.FalsePositive)
}

var abstainSentences = map[abstention]string{
	abstainNoEvidence: "No evidence row exists, so nothing can be stated.",
	abstainColdStart:  "Without a decision of this workspace and without decisive content no class is stated.",
	abstainVeto:       "History leans to a benign end, which a veto forbids.",
	abstainDrift:      "The last five decisions contradict the majority of the history.",
	abstainLists:      "Without the warning lists no benign class would be likely enough, and lists are never sufficient alone.",
	abstainUnlikely:   "No class reaches a probability of 0.70.",
}

var holdSentences = map[Code]string{
	CodeRunFlagged:   "Text on this incident speaks to a model, so it is not closed without a person.",
	CodeHistoryThin:  "The history is too thin to close: it needs 10 decisions per alert type, none of them a TruePositive, and 0.93.",
	CodeAutoCloseOff: "Automatic closing is not enabled for this severity.",
}

// contrary are the facts that speak against the stated class: for a benign one
// and for Undetermined what raises, for TruePositive what lowers.
func (a account) contrary() []string {
	lines := []string{}
	malicious := a.result.Classification == VerdictTruePositive
	for _, signal := range a.result.Signals {
		raises := signal.Weight > 0 || signal.Kind == SignalVetoes
		lowers := signal.Weight < 0 || signal.Kind == SignalExplains
		if malicious && lowers || !malicious && raises {
			lines = append(lines, fmt.Sprintf("%s: %s", strings.Join(signal.Evidence, ", "), describe(signal)))
		}
	}
	m := a.memory
	switch benign := m.Counts.BenignPositive + m.Counts.FalsePositive; {
	case m.ColdStart:
	case malicious && benign > 0:
		lines = append(lines, fmt.Sprintf("%d of %d decisions (%s) were benign", benign, m.N, m.Level))
	case !malicious && m.Counts.TruePositive > 0:
		lines = append(lines, fmt.Sprintf("%d of %d decisions (%s) were TruePositive", m.Counts.TruePositive, m.N, m.Level))
	}
	return lines
}

// wouldChange are the events that would move the verdict.
func (a account) wouldChange() []string {
	lines := []string{}
	switch {
	case a.result.Classification.Benign():
		lines = append(lines, "a TruePositive on this alert type")
	case a.result.Classification == VerdictTruePositive:
		lines = append(lines, "BenignPositive or FalsePositive decisions on this alert type")
	default:
		lines = append(lines, "human decisions on this alert type")
	}
	for _, signal := range a.result.Signals {
		ids := strings.Join(signal.Evidence, ", ")
		switch {
		case signal.Kind == SignalVetoes && signal.ID == SignalVendorVerdict:
			lines = append(lines, ids+" remediated")
		case signal.Kind == SignalVetoes && signal.ID == SignalPriorSighting:
			lines = append(lines, "30 days without another TruePositive on the entities of "+ids)
		case signal.Kind == SignalVetoes && signal.ID == SignalProtected:
			lines = append(lines, ids+" no longer on the protected list")
		case signal.Kind == SignalWeighs && signal.ID == SignalSuppression:
			lines = append(lines, "the suppression "+signal.Detail+" lifted")
		case signal.Kind == SignalWeighs && (signal.ID == SignalWarningList || signal.ID == SignalSimulator):
			lines = append(lines, ids+" no longer on the list")
		}
	}
	return lines
}

// describe says what a signal found, without its evidence.
func describe(signal Signal) string {
	effect := fmt.Sprintf(" (%+.2f)", signal.Weight)
	switch signal.Kind {
	case SignalVetoes:
		effect = " (veto)"
	case SignalExplains:
		effect = fmt.Sprintf(" (explains %s)", signal.Explains)
	case SignalWeighs:
	}
	return describeFact(signal) + effect
}

func describeFact(signal Signal) string {
	switch signal.ID {
	case SignalVendorSeverity:
		return "the vendor's severity is " + signal.Detail
	case SignalVendorVerdict:
		if signal.Kind == SignalVetoes {
			return "an entity the vendor calls malicious is not remediated"
		}
		return "the vendor calls an entity " + signal.Detail
	case SignalAttackTechnique:
		if signal.Detail == "several_tactics" {
			return "three or more ATT&CK tactics"
		}
		return "ATT&CK tactic " + signal.Detail
	case SignalWarningList:
		return "on warning list " + signal.Detail
	case SignalSimulator:
		return "on attack-simulator list " + signal.Detail
	case SignalPriorSighting:
		if signal.Detail == "false_positive_only" {
			return "an entity seen before in FalsePositives only"
		}
		return "an entity of a TruePositive of the last 30 days"
	case SignalCriticalAsset:
		return "an asset of high criticality"
	case SignalProtected:
		return "an entity on the protected list"
	case SignalSuppression:
		return "every alert is covered by suppression " + signal.Detail
	case SignalKnownGood:
		return "a person dismissed the same as known-good, on the same host by the same account"
	case SignalVolume:
		return volumeWords[signal.Detail]
	case SignalCoOccurrence:
		return "rare signatures on one host within 30 minutes"
	case SignalCompany:
		return "signatures that were TruePositive here, on the same host in the 30 minutes before"
	case SignalSignaturePrior:
		return "decisions on the incident's other signatures"
	case SignalAIDirected:
		return "text that speaks to a model"
	default:
		return string(signal.ID)
	}
}

var volumeWords = map[string]string{
	"first_sight": "first alert of this detector on a known host",
	"burst":       "more than ten times the host's usual rate",
	"chronic":     "chronic and evenly spaced on this host",
}

// sentence starts with a capital letter.
func sentence(words string) string { return strings.ToUpper(words[:1]) + words[1:] }

// marks are citations in the spelling a comment uses: " [E1] [E2]".
func marks(evidence []string) string {
	var out strings.Builder
	for i, id := range evidence {
		if i == evidenceShown {
			break
		}
		out.WriteString(" [" + id + "]")
	}
	return out.String()
}

// day is the UTC date of t, nil for the zero time.
func day(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	text := t.UTC().Format(time.DateOnly)
	return &text
}

func shown(t time.Time) string {
	if date := day(t); date != nil {
		return *date
	}
	return "unknown"
}

func notNil(ids []string) []string {
	if ids == nil {
		return []string{}
	}
	return ids
}
