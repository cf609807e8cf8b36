package soc

import "time"

// Phase says why the gate is asked.
type Phase string

// The five phases. Simulate and explain answer what submit would, and change
// nothing; approve and execute count the approvals stored for the digest.
const (
	PhaseSubmit   Phase = "submit"
	PhaseApprove  Phase = "approve"
	PhaseExecute  Phase = "execute"
	PhaseSimulate Phase = "simulate"
	PhaseExplain  Phase = "explain"
)

// AllPhases lists the phases.
var AllPhases = []Phase{PhaseSubmit, PhaseApprove, PhaseExecute, PhaseSimulate, PhaseExplain}

// Protection is the mode of the protected-list entry a target matches (S32).
type Protection string

// The modes, mildest first. An unknown word counts as never.
const (
	ProtectionNone      Protection = ""
	ProtectionTwoPerson Protection = "two_person"
	ProtectionNever     Protection = "never"
)

// AllProtections is in rising order.
var AllProtections = []Protection{ProtectionNone, ProtectionTwoPerson, ProtectionNever}

// PolicyEffect is what an evaluated policy rule of the workspace says.
type PolicyEffect string

// The effects. Permit contributes nothing: a permit never loosens what another
// rule says (S59). An unknown word counts as forbid.
const (
	EffectPermit          PolicyEffect = "permit"
	EffectRequireApproval PolicyEffect = "require_approval"
	EffectForbid          PolicyEffect = "forbid"
)

// AllPolicyEffects is in rising order.
var AllPolicyEffects = []PolicyEffect{EffectPermit, EffectRequireApproval, EffectForbid}

// GateInput is every fact the gate looks at, read from storage by the desk in
// one transaction. Facts that were not read are not true: the zero GateInput
// is denied, and so is whatever lacks its policy, catalogue, protected list or
// the settings of one of its severities.
//
// In phases approve and execute the facts about who asked (Principal, Run's
// trigger and envelope, ClaimedTrigger) are those stored with the gamebook;
// everything else is as it is now.
type GateInput struct {
	Phase     Phase
	Principal GatePrincipal
	// Run is the run of the request, implicit ones included; nil only for a
	// person who acts without one. For any other principal nil means that
	// nothing is known of what it read, and counts as flagged.
	Run            *GateRun
	ClaimedTrigger Trigger // empty: OnQueue

	IncidentClosed bool
	// Severities at ingest, the highest ever seen and the present one (S3):
	// Incident.GateSeverities. Settings holds the record of each of them.
	Severities    []Severity
	Settings      []AgentSettings
	AssumeTainted bool

	// The three are set when the thing was read, parsed and its hash agreed.
	PolicyLoaded, CatalogueLoaded, ProtectedLoaded bool
	// Policy holds the workspace's own rules that applied, already evaluated.
	// Watched are those in log-only mode: they say nothing here, and are kept.
	Policy  []PolicyFinding
	Watched []PolicyFinding `json:",omitempty"`
	// At, Source and Requester are looked at by those rules alone.
	At        time.Time
	Source    string
	Requester string

	Entries EntryReport
	Steps   []GateStep

	// BlastSoft and BlastHard bound the distinct entities of a gamebook (S30).
	BlastSoft, BlastHard int
	Rates                []RateFact
	Populations          []PopulationFact

	Kill KillFacts

	// AutoRun is set when the gamebook runs without approval; Digest and
	// DigestNeed are those of its canonical action. Approvals are all stored
	// for it, with the roles their people have now; NotApprovers are the
	// person who asked, who started or steered the run, and who owns the key
	// that asked (S5). Looked at in approve and execute only.
	AutoRun bool
	// Release is set in execute for a gamebook that does nothing but undo, on
	// the same target, a step whose release was decided with it (S25).
	Release      bool `json:",omitempty"`
	Digest       string
	DigestNeed   Need
	Approvals    []Approval
	NotApprovers []string
}

// GatePrincipal is who asked for the gamebook.
type GatePrincipal struct {
	Kind PrincipalKind
	Role Role
	// CredentialGone: revoked or expired. Suspended: contained (S63).
	CredentialGone, Suspended bool
}

// GateRun is what the gate knows of a run. Without a valid token the trigger is
// OnQueue and the envelope does not count, but the taint does (S38).
type GateRun struct {
	TokenValid       bool
	Trigger          Trigger
	Taint            Taint
	Envelope         Ceiling
	EnvelopeEntities int
}

// PolicyFinding is one evaluated policy rule.
type PolicyFinding struct {
	Rule   string
	Effect PolicyEffect
	// Two: a rule that asks for approval asks for two people.
	Two bool `json:",omitempty"`
}

// GateStep is one step with what the store knows of its target.
type GateStep struct {
	Entity string
	// Playbook, Kind and Value are looked at by the workspace's rules alone.
	Playbook string
	Kind     EntityKind
	Value    string
	// Class as the catalogue computes it now (a switched-off inverse makes it
	// irreversible); Impact as declared.
	Class  Class
	Impact Impact
	// Critical targets (criticality tag high, server, service account) make
	// low impact count as high.
	Critical   bool
	Provenance Provenance
	Protection Protection
	// Conflicts is set when another step of the gamebook contradicts this one.
	Conflicts bool
}

// RateFact is one rate or count limit (S30). Used counts dispatch attempts and
// auto-run grants in its period, never this gamebook's own; Asked is what this
// gamebook would add.
//
// Playbook, Scope and Period name the limit: empty for that of the incident,
// which is for ever.
type RateFact struct {
	Limit                   string
	Playbook, Scope, Period string
	Used, Asked, Max        int
}

// PopulationFact is the breaker of one population, hosts or accounts (S31).
// Open is the latch that a person has to close; Known, Used and Asked tell
// whether this gamebook would open it.
type PopulationFact struct {
	Open               bool
	Known, Used, Asked int
	Percent, Floor     int
}

// Trips reports whether the actions of the hour, with those asked for, pass
// max(Floor, Percent of Known).
func (p PopulationFact) Trips() bool {
	return p.Asked > 0 && p.Used+p.Asked > max(p.Floor, p.Known*p.Percent/100)
}

// KillFacts says which kill switches are engaged for this request (S33).
type KillFacts struct{ Global, Workspace, Agent bool }
