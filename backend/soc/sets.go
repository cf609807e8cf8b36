package soc

import "slices"

// Every closed set is a typed string with one All... list. SQL CHECKs, schema
// enums and console filters are tested against these lists.

// Severity is the urgency of an incident or alert, least first.
type Severity string

// The five severities.
const (
	SeverityInformational Severity = "informational"
	SeverityLow           Severity = "low"
	SeverityMedium        Severity = "medium"
	SeverityHigh          Severity = "high"
	SeverityCritical      Severity = "critical"
)

// AllSeverities is in rising order.
var AllSeverities = []Severity{SeverityInformational, SeverityLow, SeverityMedium, SeverityHigh, SeverityCritical}

// Rank is 0 for informational up to 4 for critical, -1 for an unknown word.
func (s Severity) Rank() int { return slices.Index(AllSeverities, s) }

// Raised is the next graver severity; nothing is graver than critical.
func (s Severity) Raised() Severity {
	return AllSeverities[min(s.Rank()+1, len(AllSeverities)-1)]
}

// MaxSeverity returns the more urgent of a and b.
func MaxSeverity(a, b Severity) Severity {
	if a.Rank() >= b.Rank() {
		return a
	}
	return b
}

// Status is where an incident stands.
type Status string

// The six statuses; contained, eradicated and recovered are the case family's
// steps between active and closed.
const (
	StatusNew        Status = "new"
	StatusActive     Status = "active"
	StatusContained  Status = "contained"
	StatusEradicated Status = "eradicated"
	StatusRecovered  Status = "recovered"
	StatusClosed     Status = "closed"
)

// AllStatuses is in the order of the work.
var AllStatuses = []Status{StatusNew, StatusActive, StatusContained, StatusEradicated, StatusRecovered, StatusClosed}

// OpenStatuses is every status but closed.
var OpenStatuses = []Status{StatusNew, StatusActive, StatusContained, StatusEradicated, StatusRecovered}

// Verdict is the classification of an incident.
type Verdict string

// The five verdict words; Suspicious exists for SentinelOne incidents only.
const (
	VerdictTruePositive   Verdict = "TruePositive"
	VerdictBenignPositive Verdict = "BenignPositive"
	VerdictFalsePositive  Verdict = "FalsePositive"
	VerdictUndetermined   Verdict = "Undetermined"
	VerdictSuspicious     Verdict = "Suspicious"
)

// AllVerdicts lists the verdict words.
var AllVerdicts = []Verdict{VerdictTruePositive, VerdictBenignPositive, VerdictFalsePositive, VerdictUndetermined, VerdictSuspicious}

// Benign reports whether the verdict says that nothing bad happened.
func (v Verdict) Benign() bool { return v == VerdictBenignPositive || v == VerdictFalsePositive }

// EntityKind is the type of an entity.
type EntityKind string

// The entity kinds.
const (
	KindAccount       EntityKind = "account"
	KindHost          EntityKind = "host"
	KindIP            EntityKind = "ip"
	KindURL           EntityKind = "url"
	KindDomain        EntityKind = "domain"
	KindFile          EntityKind = "file"
	KindFileHash      EntityKind = "file_hash"
	KindProcess       EntityKind = "process"
	KindMailbox       EntityKind = "mailbox"
	KindMailMessage   EntityKind = "mail_message"
	KindRegistryKey   EntityKind = "registry_key"
	KindRegistryValue EntityKind = "registry_value"
	KindCloudResource EntityKind = "cloud_resource"
	KindApplication   EntityKind = "application"
	KindOther         EntityKind = "other"
)

// AllEntityKinds lists the entity kinds.
var AllEntityKinds = []EntityKind{
	KindAccount, KindHost, KindIP, KindURL, KindDomain, KindFile, KindFileHash, KindProcess, KindMailbox,
	KindMailMessage, KindRegistryKey, KindRegistryValue, KindCloudResource, KindApplication, KindOther,
}

// Provenance says who vouches for an entity (S10), strongest first.
type Provenance string

// The three provenances.
const (
	ProvenanceSensorAsserted Provenance = "sensor_asserted"
	ProvenanceParsed         Provenance = "parsed"
	ProvenanceAgentAdded     Provenance = "agent_added"
)

// AllProvenances is in falling order of trust.
var AllProvenances = []Provenance{ProvenanceSensorAsserted, ProvenanceParsed, ProvenanceAgentAdded}

// Weaker returns the less trusted of a and b; an unknown word is weakest.
func Weaker(a, b Provenance) Provenance {
	ia, ib := slices.Index(AllProvenances, a), slices.Index(AllProvenances, b)
	if ia < 0 || ib < 0 {
		return ProvenanceAgentAdded
	}
	return AllProvenances[max(ia, ib)]
}

// Class is how far an action can be undone (safety.md section 1).
type Class string

// The four classes, mildest first.
const (
	ClassReadOnly             Class = "read_only"
	ClassReversible           Class = "reversible"
	ClassExternallyReversible Class = "externally_reversible"
	ClassIrreversible         Class = "irreversible"
)

// AllClasses is in rising order of harm.
var AllClasses = []Class{ClassReadOnly, ClassReversible, ClassExternallyReversible, ClassIrreversible}

// Rank is 0 for read_only up to 3 for irreversible; an unknown class is worst.
func (c Class) Rank() int {
	if i := slices.Index(AllClasses, c); i >= 0 {
		return i
	}
	return len(AllClasses)
}

// Impact is how much an action disturbs.
type Impact string

// The two impacts.
const (
	ImpactLow  Impact = "low"
	ImpactHigh Impact = "high"
)

// AllImpacts is in rising order.
var AllImpacts = []Impact{ImpactLow, ImpactHigh}

// Trigger is the authority a run acts under, weakest first.
type Trigger string

// The three triggers (triage.md T2).
const (
	TriggerInvestigateOnly       Trigger = "ManualInvestigateOnly"
	TriggerOnQueue               Trigger = "OnQueue"
	TriggerInvestigateAndRespond Trigger = "ManualInvestigateAndRespond"
)

// AllTriggers is in rising order of authority.
var AllTriggers = []Trigger{TriggerInvestigateOnly, TriggerOnQueue, TriggerInvestigateAndRespond}

// WeakerTrigger returns the one with less authority.
func WeakerTrigger(a, b Trigger) Trigger {
	ia, ib := slices.Index(AllTriggers, a), slices.Index(AllTriggers, b)
	if ia < 0 || ib < 0 {
		return TriggerInvestigateOnly
	}
	return AllTriggers[min(ia, ib)]
}

// Taint says what this server has served to a run (S38). It never decreases.
type Taint string

// The three taints, in rising order.
const (
	TaintClean   Taint = "clean"
	TaintTainted Taint = "tainted"
	TaintFlagged Taint = "flagged"
)

// AllTaints is in rising order.
var AllTaints = []Taint{TaintClean, TaintTainted, TaintFlagged}

// MaxTaint returns the worse of a and b; an unknown word is flagged.
func MaxTaint(a, b Taint) Taint {
	ia, ib := slices.Index(AllTaints, a), slices.Index(AllTaints, b)
	if ia < 0 || ib < 0 {
		return TaintFlagged
	}
	return AllTaints[max(ia, ib)]
}

// GamebookStatus is the state of a gamebook (portal-api.md section 5).
type GamebookStatus string

// The gamebook states. Queued covers both waiting for people and waiting for
// the worker; Gamebook.NeedsApproval tells which.
const (
	GamebookQueued              GamebookStatus = "Queued"
	GamebookRunning             GamebookStatus = "Running"
	GamebookCompleted           GamebookStatus = "Completed"
	GamebookCompletedUnverified GamebookStatus = "CompletedUnverified"
	GamebookPartiallyCompleted  GamebookStatus = "PartiallyCompleted"
	GamebookFailed              GamebookStatus = "Failed"
	GamebookHalted              GamebookStatus = "Halted"
	GamebookCancelled           GamebookStatus = "Cancelled"
	GamebookRejected            GamebookStatus = "Rejected"
	GamebookExpired             GamebookStatus = "Expired"
	GamebookRolledBack          GamebookStatus = "RolledBack"
)

// AllGamebookStatuses lists the gamebook states.
var AllGamebookStatuses = []GamebookStatus{
	GamebookQueued, GamebookRunning, GamebookCompleted, GamebookCompletedUnverified, GamebookPartiallyCompleted,
	GamebookFailed, GamebookHalted, GamebookCancelled, GamebookRejected, GamebookExpired, GamebookRolledBack,
}

// Ended reports whether the gamebook can change no more by itself.
func (s GamebookStatus) Ended() bool { return s != GamebookQueued && s != GamebookRunning }

// StepStatus is the honest state of one step (S22).
type StepStatus string

// The step states.
const (
	StepQueued      StepStatus = "Queued"
	StepDispatched  StepStatus = "Dispatched"
	StepConfirmed   StepStatus = "Confirmed"
	StepUnconfirmed StepStatus = "Unconfirmed"
	StepFailed      StepStatus = "Failed"
	StepUnknown     StepStatus = "Unknown"
	StepNotRun      StepStatus = "NotRun"
	StepRolledBack  StepStatus = "RolledBack"
)

// AllStepStatuses lists the step states.
var AllStepStatuses = []StepStatus{
	StepQueued, StepDispatched, StepConfirmed, StepUnconfirmed, StepFailed, StepUnknown, StepNotRun, StepRolledBack,
}

// RunState is the state of a triage run (triage.md T3).
type RunState string

// The run states. An implicit run of an outside agent stays Investigating.
const (
	RunQueued          RunState = "Queued"
	RunLeased          RunState = "Leased"
	RunInvestigating   RunState = "Investigating"
	RunSubmitting      RunState = "Submitting"
	RunDone            RunState = "Done"
	RunHeld            RunState = "Held"
	RunFailed          RunState = "Failed"
	RunCancelled       RunState = "Cancelled"
	RunBudgetExhausted RunState = "BudgetExhausted"
)

// AllRunStates lists the run states.
var AllRunStates = []RunState{
	RunQueued, RunLeased, RunInvestigating, RunSubmitting, RunDone, RunHeld, RunFailed, RunCancelled, RunBudgetExhausted,
}

// Ended reports whether the run is over.
func (s RunState) Ended() bool {
	return slices.Contains([]RunState{RunDone, RunHeld, RunFailed, RunCancelled, RunBudgetExhausted}, s)
}

// The six products with a fixed spelling; any other source is a slug.
const (
	SourceSentinel    = "Sentinel"
	SourceDefenderXDR = "DefenderXDR"
	SourceQRadar      = "QRadar"
	SourceSplunk      = "Splunk"
	SourceCrowdStrike = "CrowdStrike"
	SourceSentinelOne = "SentinelOne"
)

// KnownSources lists the six products.
var KnownSources = []string{SourceSentinel, SourceDefenderXDR, SourceQRadar, SourceSplunk, SourceCrowdStrike, SourceSentinelOne}
