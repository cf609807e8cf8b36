package soc

// Ceiling bounds what may run alone.
type Ceiling struct {
	Class  Class  `json:"class"`
	Impact Impact `json:"impact"`
}

// OnClassification says what a verdict word does to the status, and which
// webhook is told of the investigation that ended with it; empty tells none.
type OnClassification struct {
	Status  Status `json:"status"`
	Webhook string `json:"webhook_id,omitempty"`
}

// AgentSettings is one record per workspace and severity.
type AgentSettings struct {
	Workspace           string
	Severity            Severity
	Enabled             bool
	Investigate         bool
	StatusUpdate        bool
	Gamebooks           bool
	GatingMode          string // queue, reject
	CeilingClean        Ceiling
	CeilingTainted      Ceiling
	AutoClose           bool
	MinEvidenceCoverage float64
	MaxScoreToClose     int
	SamplePct           int
	OnClassification    map[Verdict]OnClassification
}

// ShippedSettings are the settings a workspace starts with (safety.md section 1).
func ShippedSettings(workspace string, severity Severity) AgentSettings {
	return AgentSettings{
		Workspace: workspace, Severity: severity,
		Enabled: true, Investigate: true, StatusUpdate: true, Gamebooks: false,
		GatingMode:          "queue",
		CeilingClean:        Ceiling{ClassReversible, ImpactHigh},
		CeilingTainted:      Ceiling{ClassReversible, ImpactLow},
		AutoClose:           false,
		MinEvidenceCoverage: 0.8,
		MaxScoreToClose:     20,
		SamplePct:           10,
		OnClassification: map[Verdict]OnClassification{
			VerdictTruePositive:   {Status: StatusActive},
			VerdictFalsePositive:  {Status: StatusClosed},
			VerdictBenignPositive: {Status: StatusClosed},
			VerdictUndetermined:   {Status: StatusActive},
			VerdictSuspicious:     {Status: StatusActive},
		},
	}
}

// RateLimit bounds how often a playbook may be dispatched (S30).
type RateLimit struct {
	Playbook string `json:"playbook"`
	Scope    string `json:"scope"` // workspace, agent
	PerHour  int    `json:"per_hour"`
	PerDay   int    `json:"per_day"`
}

// Limits are the workspace's limits, clocks and breakers.
type Limits struct {
	Rates              []RateLimit `json:"rates"`
	DefaultPerHour     int         `json:"default_per_hour"`
	DefaultPerDay      int         `json:"default_per_day"`
	BlastSoft          int         `json:"blast_soft"`
	BlastHard          int         `json:"blast_hard"`
	ActionsPerIncident int         `json:"actions_per_incident"`
	BreakerPercent     int         `json:"breaker_percent"`
	BreakerFloor       int         `json:"breaker_floor"`
	// ApprovalSeconds is the approval clock: high and critical, and the rest.
	ApprovalSecondsUrgent int  `json:"approval_seconds_urgent"`
	ApprovalSeconds       int  `json:"approval_seconds"`
	ExecutionWindow       int  `json:"execution_window_seconds"`
	ContainmentRefusals   int  `json:"containment_refusals"`
	ContainmentMinutes    int  `json:"containment_minutes"`
	AssumeTainted         bool `json:"assume_tainted"`
	// PoolGive and PoolTake are consent to share counts of verdicts (S46).
	PoolGive bool `json:"pool_give"`
	PoolTake bool `json:"pool_take"`
}

// Pools reports whether the workspace takes part in pooled memory.
func (l Limits) Pools() bool { return l.PoolGive && l.PoolTake }

// ShippedLimits are the limits a workspace starts with (S15, S30, S31, S63).
func ShippedLimits() Limits {
	return Limits{
		Rates: []RateLimit{
			{"isolate_host", "workspace", 5, 20},
			{"disable_user", "workspace", 10, 50},
			{"isolate_host", "agent", 5, 20},
			{"disable_user", "agent", 10, 50},
		},
		DefaultPerHour: 30, DefaultPerDay: 200,
		BlastSoft: 10, BlastHard: 25, ActionsPerIncident: 20,
		BreakerPercent: 1, BreakerFloor: 3,
		ApprovalSecondsUrgent: 4 * 3600, ApprovalSeconds: 24 * 3600, ExecutionWindow: 1800,
		ContainmentRefusals: 20, ContainmentMinutes: 10,
	}
}

// ProtectedEntry is one entry of the protected list (S32).
type ProtectedEntry struct {
	ID        string
	Workspace string
	Kind      string // cidr, host, account, sid, object_id, domain, value
	Value     string
	Mode      string // two_person, never
	Reason    string
}
