package store

import (
	"fmt"
	"time"

	"vedette/backend/soc"
)

// readRules reads the workspace's own rules; absent or damaged ones are not
// loaded, since a rule that is gone may have been one that forbids.
func (r *Reader) readRules(facts *soc.PolicyFacts) (loaded bool, err error) {
	part, found, err := one(r, scanPolicyRow, `SELECT '', rules, hash FROM policy_rules WHERE workspace_id = $1`, facts.Workspace)
	if err != nil {
		return false, err
	}
	var rules []soc.PolicyRule
	fault := fmt.Errorf("rules: there are none stored, not even an empty list")
	if found {
		fault = part.open("rules", facts.Workspace, &rules)
	}
	if fault != nil {
		facts.Faults = append(facts.Faults, fault.Error())
		return false, nil
	}
	if len(rules) > 0 {
		facts.Rules = rules
	}
	return true, nil
}

// SaveRules stores all rules of a workspace.
func (tx *Tx) SaveRules(workspace string, rules []soc.PolicyRule) error {
	record := list(rules)
	return tx.insert(`INSERT INTO policy_rules (workspace_id, rules, hash) VALUES ($1, $2, $3)
ON CONFLICT (workspace_id) DO UPDATE SET rules = excluded.rules, hash = excluded.hash`,
		workspace, record, policyHash("rules", workspace, "", record))
}

// InsertRuleOutcome keeps what a rule in log-only mode would have made of a
// gamebook; the first word about it stays.
func (tx *Tx) InsertRuleOutcome(workspace, gamebook string, o soc.RuleOutcome, at time.Time) error {
	return tx.insert(`INSERT INTO policy_rule_log (workspace_id, rule, gamebook_id, at, outcome, would) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
		workspace, o.Rule, gamebook, micros(at), o.Outcome, o.Would)
}

// RuleLog lists what a rule in log-only mode would have decided otherwise from
// one time to another, newest first.
func (r *Reader) RuleLog(workspace, rule string, since, until time.Time, limit int) ([]soc.RuleLogEntry, error) {
	return all(r, func(x row) (soc.RuleLogEntry, error) {
		var e soc.RuleLogEntry
		var at int64
		err := x.Scan(&e.Gamebook, &at, &e.Outcome, &e.Would)
		e.At = fromMicros(at)
		return e, err
	}, `SELECT gamebook_id, at, outcome, would FROM policy_rule_log WHERE workspace_id = $1 AND rule = $2 AND at >= $3 AND at < $4
ORDER BY at DESC, gamebook_id DESC LIMIT $5`, workspace, rule, micros(since), micros(until), limit)
}
