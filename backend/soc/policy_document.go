package soc

import (
	"slices"
	"time"
)

// PolicyDocument is the whole policy of a workspace as data: what the ops API
// serves, what a file holds and what is kept of every version. Words are the
// portal's (portal-api.md section 8, ops-api.md section 10).
//
// The tag loosens says of each member which way a change of it gives away
// control (S60); see looserBy for the words. A member without one always
// loosens, and a test refuses it.
type PolicyDocument struct {
	Settings  PolicySettings    `json:"settings"`
	Limits    LimitsRecord      `json:"limits"`
	Protected []ProtectedRecord `json:"protected" loosens:"keyed"`
	Rules     []PolicyRule      `json:"rules" loosens:"keyed"`
}

// PolicySettings are the agent settings per severity.
type PolicySettings struct {
	Informational SettingsRecord `json:"Informational"`
	Low           SettingsRecord `json:"Low"`
	Medium        SettingsRecord `json:"Medium"`
	High          SettingsRecord `json:"High"`
	Critical      SettingsRecord `json:"Critical"`
}

// SettingsRecord is the portal's record of agent settings, without the severity
// that names it.
type SettingsRecord struct {
	Enabled             bool                 `json:"enabled" loosens:"true"`
	Capabilities        Capabilities         `json:"capabilities"`
	GatingMode          string               `json:"gatingMode" jsonschema:"enum=queue,enum=reject" loosens:"gating"`
	CeilingClean        CeilingRecord        `json:"ceilingClean"`
	CeilingTainted      CeilingRecord        `json:"ceilingTainted"`
	AutoClose           bool                 `json:"autoClose" loosens:"true"`
	MinEvidenceCoverage float64              `json:"minEvidenceCoverage" jsonschema:"minimum=0,maximum=1" loosens:"down"`
	MaxScoreToClose     int                  `json:"maxScoreToClose" jsonschema:"minimum=0,maximum=100" loosens:"up"`
	SamplePct           int                  `json:"samplePct" jsonschema:"minimum=0,maximum=100" loosens:"down"`
	OnClassification    ClassificationRecord `json:"onClassification"`
}

// Capabilities are what agents may do at a severity.
type Capabilities struct {
	Investigate  bool `json:"investigate" loosens:"true"`
	StatusUpdate bool `json:"statusUpdate" loosens:"true"`
	Gamebooks    bool `json:"gamebooks" loosens:"true"`
}

// CeilingRecord bounds what may run alone; what cannot be undone never does.
type CeilingRecord struct {
	Class  string `json:"class" jsonschema:"enum=ReadOnly,enum=Reversible,enum=ExternallyReversible" loosens:"class"`
	Impact string `json:"impact" jsonschema:"enum=Low,enum=High" loosens:"impact"`
}

// ClassificationRecord says what each verdict does.
type ClassificationRecord struct {
	TruePositive   ClassificationEffect `json:"TruePositive"`
	FalsePositive  ClassificationEffect `json:"FalsePositive"`
	BenignPositive ClassificationEffect `json:"BenignPositive"`
	Undetermined   ClassificationEffect `json:"Undetermined"`
	Suspicious     ClassificationEffect `json:"Suspicious"`
}

// ClassificationEffect is the status a verdict gives and the webhook told of it, null
// for none. Who is told what is unlabelled on purpose: it can hide as well as
// give away.
type ClassificationEffect struct {
	Status    string  `json:"status" jsonschema:"enum=New,enum=Active,enum=Closed" loosens:"status"`
	WebhookID *string `json:"webhookId" jsonschema:"maxLength=64" loosens:"always"`
}

// LimitsRecord are the limits, clocks and breakers of a workspace.
type LimitsRecord struct {
	Rates              []RateRecord      `json:"rates" jsonschema:"maxItems=200" loosens:"keyed"`
	DefaultRate        DefaultRate       `json:"defaultRate"`
	Blast              BlastRecord       `json:"blast"`
	ActionsPerIncident int               `json:"actionsPerIncident" jsonschema:"minimum=1,maximum=100000" loosens:"up"`
	BreakerPercent     int               `json:"breakerPercent" jsonschema:"minimum=0,maximum=100" loosens:"up"`
	BreakerFloor       int               `json:"breakerFloor" jsonschema:"minimum=1,maximum=100000" loosens:"up"`
	Clocks             ClocksRecord      `json:"clocks"`
	Containment        ContainmentRecord `json:"containment"`
	AssumeTainted      bool              `json:"assumeTainted" loosens:"false"`
	Pooling            PoolingRecord     `json:"pooling"`
}

// PoolingRecord is whether a workspace gives its bucketed counts of verdicts to
// others of the organization, and takes theirs; only those that do both take
// part (S46).
type PoolingRecord struct {
	Give bool `json:"give" loosens:"true"`
	Take bool `json:"take" loosens:"true"`
}

// RateRecord bounds one playbook in one scope.
type RateRecord struct {
	PlaybookID string `json:"playbookId" jsonschema:"minLength=1,maxLength=64" loosens:"key"`
	Scope      string `json:"scope" jsonschema:"enum=workspace,enum=agent" loosens:"key"`
	PerHour    int    `json:"perHour" jsonschema:"minimum=0,maximum=100000" loosens:"up"`
	PerDay     int    `json:"perDay" jsonschema:"minimum=0,maximum=100000" loosens:"up"`
}

// DefaultRate bounds every playbook that has no rate of its own.
type DefaultRate struct {
	PerHour int `json:"perHour" jsonschema:"minimum=1,maximum=100000" loosens:"up"`
	PerDay  int `json:"perDay" jsonschema:"minimum=1,maximum=100000" loosens:"up"`
}

// BlastRecord bounds the distinct entities of a gamebook.
type BlastRecord struct {
	Soft int `json:"soft" jsonschema:"minimum=1,maximum=1000" loosens:"up"`
	Hard int `json:"hard" jsonschema:"minimum=1,maximum=1000" loosens:"up"`
}

// ClocksRecord are the two clocks of S15, in seconds.
type ClocksRecord struct {
	Approval        ApprovalClocks `json:"approval"`
	ExecutionWindow int            `json:"executionWindow" jsonschema:"minimum=1,maximum=86400" loosens:"up"`
}

// ApprovalClocks: urgent is for High and Critical.
type ApprovalClocks struct {
	Urgent int `json:"urgent" jsonschema:"minimum=1,maximum=604800" loosens:"up"`
	Other  int `json:"other" jsonschema:"minimum=1,maximum=604800" loosens:"up"`
}

// ContainmentRecord is how many refusals within how many minutes suspend an
// agent: more of them, or a shorter memory, loosens.
type ContainmentRecord struct {
	Refusals int `json:"refusals" jsonschema:"minimum=1,maximum=100000" loosens:"up"`
	Minutes  int `json:"minutes" jsonschema:"minimum=1,maximum=10080" loosens:"down"`
}

// ProtectedRecord is an entry of the protected list.
type ProtectedRecord struct {
	ID     string         `json:"id,omitempty" loosens:"never"`
	Match  ProtectedMatch `json:"match"`
	Mode   string         `json:"mode" jsonschema:"enum=two_person,enum=never" loosens:"protection"`
	Reason string         `json:"reason" jsonschema:"maxLength=1000" loosens:"never"`
}

// ProtectedMatch is what an entry protects.
type ProtectedMatch struct {
	Kind  string `json:"kind" jsonschema:"enum=cidr,enum=host,enum=account,enum=sid,enum=object_id,enum=domain,enum=value" loosens:"key"`
	Value string `json:"value" jsonschema:"minLength=1,maxLength=512" loosens:"key"`
}

// settingsOf is the record of a severity, nil for a word that is none.
func (s *PolicySettings) settingsOf(severity Severity) *SettingsRecord {
	switch severity {
	case SeverityInformational:
		return &s.Informational
	case SeverityLow:
		return &s.Low
	case SeverityMedium:
		return &s.Medium
	case SeverityHigh:
		return &s.High
	case SeverityCritical:
		return &s.Critical
	}
	return nil
}

// SettingsOf is the record of a severity; the zero record for a word that is none.
func (d PolicyDocument) SettingsOf(severity Severity) SettingsRecord {
	if record := d.Settings.settingsOf(severity); record != nil {
		return *record
	}
	return SettingsRecord{}
}

// WithSettings is the document with another record of a severity.
func (d PolicyDocument) WithSettings(severity Severity, record SettingsRecord) PolicyDocument {
	if at := d.Settings.settingsOf(severity); at != nil {
		*at = record
	}
	return d
}

// effectOf is what a verdict does, nil for a word that is no verdict.
func (c *ClassificationRecord) effectOf(verdict Verdict) *ClassificationEffect {
	switch verdict {
	case VerdictTruePositive:
		return &c.TruePositive
	case VerdictFalsePositive:
		return &c.FalsePositive
	case VerdictBenignPositive:
		return &c.BenignPositive
	case VerdictUndetermined:
		return &c.Undetermined
	case VerdictSuspicious:
		return &c.Suspicious
	}
	return nil
}

// Document is the policy as data.
func (p PolicyFacts) Document() PolicyDocument {
	d := PolicyDocument{Limits: p.Limits.Record(), Protected: make([]ProtectedRecord, 0, len(p.Protected))}
	for _, severity := range AllSeverities {
		d = d.WithSettings(severity, p.Settings[severity].Record())
	}
	for _, e := range p.Protected {
		d.Protected = append(d.Protected, ProtectedRecord{ID: e.ID, Match: ProtectedMatch{e.Kind, e.Value}, Mode: e.Mode, Reason: e.Reason})
	}
	d.Rules = append([]PolicyRule{}, p.Rules...)
	return d
}

// Record is the settings in the words of the wire.
func (s AgentSettings) Record() SettingsRecord {
	ceiling := func(c Ceiling) CeilingRecord {
		return CeilingRecord{PortalClass.Word(c.Class), PortalImpact.Word(c.Impact)}
	}
	record := SettingsRecord{
		Enabled: s.Enabled, Capabilities: Capabilities{s.Investigate, s.StatusUpdate, s.Gamebooks}, GatingMode: s.GatingMode,
		CeilingClean: ceiling(s.CeilingClean), CeilingTainted: ceiling(s.CeilingTainted), AutoClose: s.AutoClose,
		MinEvidenceCoverage: s.MinEvidenceCoverage, MaxScoreToClose: s.MaxScoreToClose, SamplePct: s.SamplePct,
	}
	for _, verdict := range AllVerdicts {
		on := s.OnClassification[verdict]
		effect := ClassificationEffect{Status: PortalStatus.Word(on.Status)}
		if on.Webhook != "" {
			effect.WebhookID = &on.Webhook
		}
		*record.OnClassification.effectOf(verdict) = effect
	}
	return record
}

// Agent is the record as the gate takes it. A word of no set stays empty, and
// Check refuses it.
func (r SettingsRecord) Agent(workspace string, severity Severity) AgentSettings {
	ceiling := func(c CeilingRecord) (out Ceiling) {
		out.Class, _ = PortalClass.Core(c.Class)
		out.Impact, _ = PortalImpact.Core(c.Impact)
		return out
	}
	s := AgentSettings{
		Workspace: workspace, Severity: severity, Enabled: r.Enabled, Investigate: r.Capabilities.Investigate,
		StatusUpdate: r.Capabilities.StatusUpdate, Gamebooks: r.Capabilities.Gamebooks, GatingMode: r.GatingMode,
		CeilingClean: ceiling(r.CeilingClean), CeilingTainted: ceiling(r.CeilingTainted), AutoClose: r.AutoClose,
		MinEvidenceCoverage: r.MinEvidenceCoverage, MaxScoreToClose: r.MaxScoreToClose, SamplePct: r.SamplePct,
		OnClassification: map[Verdict]OnClassification{},
	}
	for _, verdict := range AllVerdicts {
		effect := r.OnClassification.effectOf(verdict)
		status, _ := PortalStatus.Core(effect.Status)
		on := OnClassification{Status: status}
		if effect.WebhookID != nil {
			on.Webhook = *effect.WebhookID
		}
		s.OnClassification[verdict] = on
	}
	return s
}

// Record is the limits in the words of the wire.
func (l Limits) Record() LimitsRecord {
	r := LimitsRecord{
		Rates: make([]RateRecord, 0, len(l.Rates)), DefaultRate: DefaultRate{l.DefaultPerHour, l.DefaultPerDay},
		Blast: BlastRecord{l.BlastSoft, l.BlastHard}, ActionsPerIncident: l.ActionsPerIncident,
		BreakerPercent: l.BreakerPercent, BreakerFloor: l.BreakerFloor,
		Clocks:      ClocksRecord{ApprovalClocks{l.ApprovalSecondsUrgent, l.ApprovalSeconds}, l.ExecutionWindow},
		Containment: ContainmentRecord{l.ContainmentRefusals, l.ContainmentMinutes}, AssumeTainted: l.AssumeTainted,
		Pooling: PoolingRecord{l.PoolGive, l.PoolTake},
	}
	for _, rate := range l.Rates {
		r.Rates = append(r.Rates, RateRecord{rate.Playbook, rate.Scope, rate.PerHour, rate.PerDay})
	}
	return r
}

// Limits is the record as the gate takes it.
func (r LimitsRecord) Limits() Limits {
	l := Limits{
		DefaultPerHour: r.DefaultRate.PerHour, DefaultPerDay: r.DefaultRate.PerDay, BlastSoft: r.Blast.Soft, BlastHard: r.Blast.Hard,
		ActionsPerIncident: r.ActionsPerIncident, BreakerPercent: r.BreakerPercent, BreakerFloor: r.BreakerFloor,
		ApprovalSecondsUrgent: r.Clocks.Approval.Urgent, ApprovalSeconds: r.Clocks.Approval.Other, ExecutionWindow: r.Clocks.ExecutionWindow,
		ContainmentRefusals: r.Containment.Refusals, ContainmentMinutes: r.Containment.Minutes, AssumeTainted: r.AssumeTainted,
		PoolGive: r.Pooling.Give, PoolTake: r.Pooling.Take,
	}
	for _, rate := range r.Rates {
		l.Rates = append(l.Rates, RateLimit{rate.PlaybookID, rate.Scope, rate.PerHour, rate.PerDay})
	}
	return l
}

// Facts is the document as the gate takes it, of a workspace and version.
func (d PolicyDocument) Facts(workspace string, version int64) PolicyFacts {
	p := PolicyFacts{
		Workspace: workspace, Version: version, Settings: map[Severity]AgentSettings{}, Limits: d.Limits.Limits(),
		PolicyLoaded: true, ProtectedLoaded: true, Rules: slices.Clone(d.Rules),
	}
	for _, severity := range AllSeverities {
		p.Settings[severity] = d.SettingsOf(severity).Agent(workspace, severity)
	}
	for _, r := range d.Protected {
		p.Protected = append(p.Protected, ProtectedEntry{
			ID: r.ID, Workspace: workspace, Kind: r.Match.Kind, Value: r.Match.Value, Mode: r.Mode, Reason: r.Reason,
		})
	}
	return p
}

// PolicyVersion is one version that was in force.
type PolicyVersion struct {
	Workspace string
	Version   int64
	At        time.Time
	// Event is what made it, as the audit spells it; Target the part or member.
	Event, Target string
	ByKind        PrincipalKind
	By, ByName    string
	// Confirmed are the people who let a loosening through, none elsewhere.
	Confirmed []string
	Reason    string
	Direction Direction
	Diff      []PolicyDifference
	Document  PolicyDocument
	// Hash covers the document, as it is stored.
	Hash string
}

// MaxProtected bounds the protected list; every gate decision looks at all of it.
const MaxProtected = 2000

// Check refuses a document that no workspace may have.
func (d PolicyDocument) Check() error {
	e := Errorf(Invalid, CodeValidationError, "One or more members are not valid.")
	under := func(part string, err error) {
		if err == nil {
			return
		}
		for path, messages := range AsError(err).Fields {
			for _, message := range messages {
				e.WithField(part+"."+path, "%s", message)
			}
		}
	}
	for _, severity := range AllSeverities {
		under("settings."+PortalSeverity.Word(severity), d.SettingsOf(severity).Agent("", severity).Check())
	}
	under("limits", d.Limits.Limits().Check())
	under("protected", checkProtected(d.Protected))
	under("rules", checkRules(d.Rules))
	if len(e.Fields) > 0 {
		return e
	}
	return nil
}

func checkProtected(list []ProtectedRecord) error {
	if len(list) > MaxProtected {
		return InvalidField("entries", "Must be at most %d.", MaxProtected)
	}
	for i, r := range list {
		switch {
		case !slices.Contains(AllProtectedKinds, r.Match.Kind):
			return InvalidField("match.kind", "Must be cidr, host, account, sid, object_id, domain or value.")
		case fold(r.Match.Value) == "" || len(r.Match.Value) > 512 || EscapeVisible(r.Match.Value) != r.Match.Value:
			return InvalidField("match.value", "Must be 1 to 512 bytes of visible text.")
		case r.Match.Kind == ProtectedCIDR && !isPrefix(r.Match.Value):
			return InvalidField("match.value", "Must be an address or a prefix such as 10.0.0.0/8.")
		case r.Mode != string(ProtectionTwoPerson) && r.Mode != string(ProtectionNever):
			return InvalidField("mode", "Must be two_person or never.")
		}
		same := func(o ProtectedRecord) bool { return o.ID == r.ID && r.ID != "" || o.key() == r.key() }
		if slices.ContainsFunc(list[:i], same) {
			return InvalidField("match", "The list has an entry for this already.")
		}
	}
	return nil
}

func (r ProtectedRecord) key() string { return r.Match.Kind + ":" + fold(r.Match.Value) }
