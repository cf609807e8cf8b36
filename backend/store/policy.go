package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"

	"vedette/backend/soc"
)

// storedSettings is the stored form of soc.AgentSettings. Members are added at
// the end and never change meaning: a record of an older version of the server
// has to be read with its own hash.
type storedSettings struct {
	Enabled             bool                       `json:"enabled"`
	Investigate         bool                       `json:"investigate"`
	StatusUpdate        bool                       `json:"status_update"`
	Gamebooks           bool                       `json:"gamebooks"`
	GatingMode          string                     `json:"gating_mode"`
	CeilingClean        soc.Ceiling                `json:"ceiling_clean"`
	CeilingTainted      soc.Ceiling                `json:"ceiling_tainted"`
	AutoClose           bool                       `json:"auto_close"`
	MinEvidenceCoverage float64                    `json:"min_evidence_coverage"`
	MaxScoreToClose     int                        `json:"max_score_to_close"`
	SamplePct           int                        `json:"sample_pct"`
	OnClassification    map[soc.Verdict]soc.Status `json:"on_classification"`
	Webhooks            map[soc.Verdict]string     `json:"webhooks,omitempty"`
}

func storeSettings(s soc.AgentSettings) storedSettings {
	statuses := make(map[soc.Verdict]soc.Status, len(s.OnClassification))
	webhooks := map[soc.Verdict]string{}
	for verdict, on := range s.OnClassification {
		statuses[verdict] = on.Status
		if on.Webhook != "" {
			webhooks[verdict] = on.Webhook
		}
	}
	return storedSettings{
		s.Enabled, s.Investigate, s.StatusUpdate, s.Gamebooks, s.GatingMode, s.CeilingClean, s.CeilingTainted, s.AutoClose,
		s.MinEvidenceCoverage, s.MaxScoreToClose, s.SamplePct, statuses, webhooks,
	}
}

func (s storedSettings) settings(workspace string, severity soc.Severity) soc.AgentSettings {
	on := make(map[soc.Verdict]soc.OnClassification, len(s.OnClassification))
	for verdict, status := range s.OnClassification {
		on[verdict] = soc.OnClassification{Status: status, Webhook: s.Webhooks[verdict]}
	}
	return soc.AgentSettings{
		Workspace: workspace, Severity: severity, Enabled: s.Enabled, Investigate: s.Investigate, StatusUpdate: s.StatusUpdate,
		Gamebooks: s.Gamebooks, GatingMode: s.GatingMode, CeilingClean: s.CeilingClean, CeilingTainted: s.CeilingTainted,
		AutoClose: s.AutoClose, MinEvidenceCoverage: s.MinEvidenceCoverage, MaxScoreToClose: s.MaxScoreToClose,
		SamplePct: s.SamplePct, OnClassification: on,
	}
}

// policyHash covers what a part is and where it belongs, so that no record
// passes for another one's. It tells damage from intent, not friend from foe:
// who can write the database can write the hash.
func policyHash(part, workspace, key, record string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "vedette-policy-v1\n%s\n%s\n%s\n%s", part, workspace, key, record))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// decodeWhole reads one JSON value with known members and nothing behind it.
func decodeWhole(record string, dest any) error {
	d := json.NewDecoder(bytes.NewReader([]byte(record)))
	d.DisallowUnknownFields()
	if err := d.Decode(dest); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("more than one value")
	}
	return nil
}

// policyRow is a stored part of the policy with its hash.
type policyRow struct{ key, record, hash string }

func scanPolicyRow(r row) (policyRow, error) {
	var p policyRow
	err := r.Scan(&p.key, &p.record, &p.hash)
	return p, err
}

// open decodes the part into dest, or says why it is not to be used.
func (p policyRow) open(part, workspace string, dest any) error {
	if p.hash != policyHash(part, workspace, p.key, p.record) {
		return fmt.Errorf("%s %s: the hash does not match", part, p.key)
	}
	if err := decodeWhole(p.record, dest); err != nil {
		return fmt.Errorf("%s %s: the record does not parse", part, p.key)
	}
	return nil
}

// Policy reads the whole policy of a workspace. Parts that cannot be trusted
// are named in Faults and are no error: the gate decides what that means.
func (r *Reader) Policy(workspace string) (soc.PolicyFacts, error) {
	facts := soc.PolicyFacts{Workspace: workspace, Settings: map[soc.Severity]soc.AgentSettings{}}
	w, found, err := r.Workspace(workspace)
	if err != nil || !found {
		return facts, err
	}
	facts.Version = w.PolicyVersion
	if err := r.readSettings(&facts); err != nil {
		return facts, err
	}
	limits, err := r.readLimits(&facts)
	if err != nil {
		return facts, err
	}
	rules, err := r.readRules(&facts)
	if err != nil {
		return facts, err
	}
	facts.PolicyLoaded = limits && rules && len(facts.Settings) == len(soc.AllSeverities)
	if err := r.readProtected(&facts); err != nil {
		return facts, err
	}
	facts.Disabled, err = r.disabledPlaybooks(workspace)
	return facts, err
}

func (r *Reader) readSettings(facts *soc.PolicyFacts) error {
	found, err := all(r, scanPolicyRow, `SELECT severity, settings, hash FROM agent_settings WHERE workspace_id = $1`, facts.Workspace)
	for _, part := range found {
		var stored storedSettings
		fault := part.open("settings", facts.Workspace, &stored)
		settings := stored.settings(facts.Workspace, soc.Severity(part.key))
		if fault == nil && settings.Check() != nil {
			fault = fmt.Errorf("settings %s: a member has a value that may not be", part.key)
		}
		if fault != nil {
			facts.Faults = append(facts.Faults, fault.Error())
			continue
		}
		facts.Settings[settings.Severity] = settings
	}
	if len(found) < len(soc.AllSeverities) {
		facts.Faults = append(facts.Faults, "settings: a severity has none")
	}
	return err
}

// Limits reads the limits of a workspace alone; loaded is false where they
// cannot be trusted.
func (r *Reader) Limits(workspace string) (limits soc.Limits, loaded bool, err error) {
	facts := soc.PolicyFacts{Workspace: workspace}
	loaded, err = r.readLimits(&facts)
	return facts.Limits, loaded, err
}

func (r *Reader) readLimits(facts *soc.PolicyFacts) (loaded bool, err error) {
	part, found, err := one(r, scanPolicyRow, `SELECT '', limits, hash FROM workspace_limits WHERE workspace_id = $1`, facts.Workspace)
	if err != nil {
		return false, err
	}
	fault := fmt.Errorf("limits: there are none")
	if found {
		fault = part.open("limits", facts.Workspace, &facts.Limits)
	}
	if fault == nil && facts.Limits.Check() != nil {
		fault = fmt.Errorf("limits: a member has a value that may not be")
	}
	if fault != nil {
		facts.Faults = append(facts.Faults, fault.Error())
	}
	return fault == nil, nil
}

// SaveSettings stores the settings of one severity. The caller checked them
// and raises the policy version.
func (tx *Tx) SaveSettings(s soc.AgentSettings) error {
	record := text(storeSettings(s))
	return tx.insert(`INSERT INTO agent_settings (workspace_id, severity, settings, hash) VALUES ($1, $2, $3, $4)
ON CONFLICT (workspace_id, severity) DO UPDATE SET settings = excluded.settings, hash = excluded.hash`,
		s.Workspace, string(s.Severity), record, policyHash("settings", s.Workspace, string(s.Severity), record))
}

// SaveLimits stores the limits of a workspace.
func (tx *Tx) SaveLimits(workspace string, l soc.Limits) error {
	record := text(l)
	err := tx.insert(`INSERT INTO workspace_limits (workspace_id, limits, hash) VALUES ($1, $2, $3)
ON CONFLICT (workspace_id) DO UPDATE SET limits = excluded.limits, hash = excluded.hash`,
		workspace, record, policyHash("limits", workspace, "", record))
	if err != nil {
		return err
	}
	return tx.setPooling(workspace, l.Pools())
}

func (r *Reader) disabledPlaybooks(workspace string) (map[string]string, error) {
	type off struct{ id, reason string }
	found, err := all(r, func(x row) (off, error) {
		var o off
		err := x.Scan(&o.id, &o.reason)
		return o, err
	}, `SELECT playbook_id, reason FROM playbook_disabled WHERE workspace_id = $1`, workspace)
	disabled := make(map[string]string, len(found))
	for _, o := range found {
		disabled[o.id] = o.reason
	}
	return disabled, err
}

// DisablePlaybook switches a playbook off in a workspace.
func (tx *Tx) DisablePlaybook(workspace, playbook, reason string) error {
	return tx.insert(`INSERT INTO playbook_disabled (workspace_id, playbook_id, reason) VALUES ($1, $2, $3)
ON CONFLICT (workspace_id, playbook_id) DO UPDATE SET reason = excluded.reason`, workspace, playbook, reason)
}

// EnablePlaybook switches a playbook on again.
func (tx *Tx) EnablePlaybook(workspace, playbook string) error {
	return tx.insert(`DELETE FROM playbook_disabled WHERE workspace_id = $1 AND playbook_id = $2`, workspace, playbook)
}
