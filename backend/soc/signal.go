package soc

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Signals (triage.md section 2.2) are what the typed facts of an incident say
// beside its history. They read typed fields, never text (T12): no fact below
// has room for a title, a description or a line of evidence.

// SignalID names a row of the table T11.
type SignalID string

// The signals, in the order of T11.
const (
	SignalVendorSeverity  SignalID = "vendor_severity"
	SignalVendorVerdict   SignalID = "vendor_verdict"
	SignalAttackTechnique SignalID = "attack_technique"
	SignalWarningList     SignalID = "warninglist"
	SignalSimulator       SignalID = "attack_simulator"
	SignalPriorSighting   SignalID = "prior_sighting"
	SignalCriticalAsset   SignalID = "critical_asset"
	SignalProtected       SignalID = "protected"
	SignalSuppression     SignalID = "suppression"
	SignalKnownGood       SignalID = "known_good"
	SignalVolume          SignalID = "volume"
	SignalCoOccurrence    SignalID = "co_occurrence"
	SignalCompany         SignalID = "company"
	SignalSignaturePrior  SignalID = "signature_prior"
	SignalAIDirected      SignalID = "ai_directed_text"
)

// AllSignals lists the signals in the order in which they are shown.
var AllSignals = []SignalID{
	SignalVendorSeverity, SignalVendorVerdict, SignalAttackTechnique, SignalWarningList, SignalSimulator,
	SignalPriorSighting, SignalCriticalAsset, SignalProtected, SignalSuppression, SignalKnownGood, SignalVolume,
	SignalCoOccurrence, SignalCompany, SignalSignaturePrior, SignalAIDirected,
}

// SignalKind is what a signal does.
type SignalKind string

// The three kinds of T11.
const (
	// SignalWeighs adds its weight to the log-odds of TruePositive.
	SignalWeighs SignalKind = "weigh"
	// SignalVetoes forbids any benign outcome.
	SignalVetoes SignalKind = "veto"
	// SignalExplains speaks for one of the two benign words.
	SignalExplains SignalKind = "explain"
)

// Signal is one fact that speaks. A row of T11 that both weighs and vetoes
// gives two signals with one id.
type Signal struct {
	ID     SignalID
	Kind   SignalKind
	Weight float64
	// Evidence are the ids it rests on, at least one where the incident has
	// any evidence.
	Evidence []string
	// Detail is one word of a closed set: a severity, a vendor's verdict, a
	// tactic, a list's name, "first_sight" and the like. Never alert text.
	Detail string
	// Explains is the class an explaining signal speaks for.
	Explains Verdict
}

// ListGroup is what being on a warning list means to the floor.
type ListGroup string

// The groups of warning lists.
const (
	// ListReputation: run by a known operator.
	ListReputation ListGroup = "reputation"
	// ListScanner: known internet-wide scanners and crawlers.
	ListScanner ListGroup = "scanner"
	// ListCommonHash: hashes of empty files and of common false positives.
	ListCommonHash ListGroup = "common_hash"
	// ListSimulator: phishing-simulation infrastructure.
	ListSimulator ListGroup = "simulator"
	// ListPrivate: addresses and names without meaning on the internet.
	ListPrivate ListGroup = "private"
	// ListAbused: shorteners, free hosting, VPN exits, sinkholes, disposable
	// mail. Known and used by attackers: it spoils a reputation.
	ListAbused ListGroup = "abused"
	// ListNeutral: worth showing, speaks for nothing (address space anyone
	// can rent).
	ListNeutral ListGroup = "neutral"
)

// AllListGroups lists the groups.
var AllListGroups = []ListGroup{ListReputation, ListScanner, ListCommonHash, ListSimulator, ListPrivate, ListAbused, ListNeutral}

// ListMatch is one warning list an entity is on.
type ListMatch struct {
	List  string
	Group ListGroup
}

// AlertFact is what the floor may know of an alert.
type AlertFact struct {
	Severity   Severity
	Tactics    []string // normal spelling
	Techniques []Technique
	Evidence   []string
}

// EntityFact is what the floor may know of an entity. Entities that an agent
// added are never among the facts.
type EntityFact struct {
	Kind       EntityKind
	Provenance Provenance
	Evidence   []string
	// VendorVerdict is malicious, suspicious, clean or empty.
	VendorVerdict string
	Remediated    bool
	Lists         []ListMatch
	Prior         PriorSightings
	// Critical: tagged as an asset of high criticality. Protected: on the
	// workspace's protected list.
	Critical  bool
	Protected bool
}

// PriorSightings counts earlier incidents of this workspace with the entity
// by the verdict a person (or the source) gave them. TruePositive counts the
// last 30 days, the others all time.
type PriorSightings struct{ TruePositive, BenignPositive, FalsePositive int }

// Activity is how often one detector fired on one host, over the 30 days
// before the incident. All times are starts of alerts, oldest first.
type Activity struct {
	Host     string // entity id
	Detector string
	Evidence []string
	// Present are this incident's alerts, Earlier at most the newest 100
	// before it.
	Present []time.Time
	Earlier []time.Time
	// HostAlerts counts earlier alerts on the host, WorkspaceSightings those
	// of the detector anywhere, WorkspaceAlerts all of the workspace.
	HostAlerts         int
	WorkspaceSightings int
	WorkspaceAlerts    int
}

// on returns the first list of the entity that belongs to group.
func (e EntityFact) on(group ListGroup) (string, bool) {
	for _, match := range e.Lists {
		if match.Group == group {
			return match.List, true
		}
	}
	return "", false
}

// evidenceShown bounds how many evidence ids one signal names.
const evidenceShown = 10

// evidenceUnion merges evidence ids, in the order of their numbers, at most
// limit of them.
func evidenceUnion(limit int, lists ...[]string) []string {
	all := slices.Concat(lists...)
	slices.SortFunc(all, compareEvidence)
	all = slices.Compact(all)
	if len(all) > limit {
		all = all[:limit]
	}
	return slices.Clip(all)
}

// compareEvidence orders E2 before E10.
func compareEvidence(a, b string) int {
	return cmp.Or(cmp.Compare(evidenceNumber(a), evidenceNumber(b)), cmp.Compare(a, b))
}

func evidenceNumber(id string) int {
	n, err := strconv.Atoi(strings.TrimPrefix(id, "E"))
	if err != nil {
		return -1
	}
	return n
}
