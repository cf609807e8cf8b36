package backend

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/google/uuid"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// RecordCall writes what one call at an agent door was and what it handed out:
// the audit entry, the ledger of the run and the taint of (agent, incident),
// in one transaction. The door calls it before the answer leaves; if it fails,
// nothing may be answered.
func (d *Desk) RecordCall(ctx context.Context, by soc.Actor, c soc.CallRecord) error {
	// Once the answer is made, a caller that hangs up does not unmake it.
	ctx = context.WithoutCancel(ctx)
	return d.store.Write(ctx, func(tx *store.Tx) error {
		run := ""
		if by.Kind == soc.PrincipalAgent && c.Served != nil {
			var err error
			if run, err = d.recordServed(tx, by, c); err != nil {
				return err
			}
		}
		if c.Served == nil || !c.Served.Contained {
			if err := d.contain(tx, by, c.Code); err != nil {
				return err
			}
		}
		e := d.entry(by, callEvent(c))
		e.Operation, e.Digest, e.Code = c.Method, c.ResultDigest, c.Code
		if c.Tool != "" {
			e.Operation = c.Method + " " + c.Tool
		}
		if run != "" {
			e.Run = run
		}
		if c.IsError {
			e.Decision = "refused"
		}
		e.Detail = callDetail(by, c)
		if c.Served != nil && len(c.Served.Incidents) == 1 {
			e.Incident = c.Served.Incidents[0]
		}
		tx.Audit(e)
		return nil
	})
}

func callEvent(c soc.CallRecord) string {
	if c.Phase == "" {
		return "agent_call"
	}
	return "agent_call_" + c.Phase
}

// callDetail is the rest of the record: digests, counts and ids.
func callDetail(by soc.Actor, c soc.CallRecord) string {
	detail := map[string]any{
		"wire": c.Wire, "duration_us": c.Duration.Microseconds(), "argument_digest": c.ArgumentDigest,
	}
	if by.Call.ClientName != "" {
		detail["client"] = soc.DisplayName(by.Call.ClientName)
	}
	if c.Served != nil {
		detail["rows"] = c.Served.Rows
		if len(c.Served.Evidence) > 0 {
			detail["evidence"] = c.Served.Evidence
		}
		if len(c.Served.Claims) > 0 {
			detail["claims"] = c.Served.Claims
		}
	}
	text, err := json.Marshal(detail)
	if err != nil {
		return ""
	}
	return string(text)
}

// recordServed raises taint for every incident of which text was served, and
// adds a ledger row where the call was about one incident. It returns the run.
func (d *Desk) recordServed(tx *store.Tx, by soc.Actor, c soc.CallRecord) (run string, err error) {
	now := d.clock()
	for _, taint := range []soc.Taint{soc.TaintTainted, soc.TaintFlagged} {
		var raised []string
		for _, incident := range slices.Concat(c.Served.Incidents, c.Served.Alerts) {
			if c.Served.Taint[incident] == taint && !slices.Contains(raised, incident) {
				raised = append(raised, incident)
			}
		}
		if err := tx.RaiseTaint(by.ID, raised, taint, now); err != nil {
			return "", err
		}
	}
	for _, incident := range c.Served.Incidents {
		evidence := c.Served.Evidence[incident]
		own := by.Run != nil && by.Run.Incident == incident
		if len(c.Served.Incidents) > 1 && len(evidence) == 0 && !own || by.Workspace == "" {
			continue // a list; one over several workspaces is no work on an incident
		}
		u, err := d.runOf(tx, by, incident)
		if err != nil {
			return "", err
		}
		run = u.ID
		err = tx.InsertLedger(soc.LedgerEntry{
			Workspace: by.Workspace, Run: u.ID, Incident: incident, Tool: c.Tool, ArgumentDigest: c.ArgumentDigest,
			Rows: c.Served.Rows, Evidence: evidence, Flagged: c.Served.Taint[incident] == soc.TaintFlagged, Duration: c.Duration, At: now,
		}, by.ID)
		if err != nil {
			return "", err
		}
	}
	if run != "" || c.Tool == "" || c.IsError {
		return run, nil
	}
	// A call about no single incident belongs to no run; it still backs what
	// the agent will say it did (S36).
	return "", tx.InsertLedger(soc.LedgerEntry{
		Workspace: by.Workspace, Tool: c.Tool, ArgumentDigest: c.ArgumentDigest, Rows: c.Served.Rows, Duration: c.Duration, At: now,
	}, by.ID)
}

// runOf is the run a call belongs to: that of its token, else the implicit
// OnQueue run of (agent identity, incident), made when first needed.
func (d *Desk) runOf(tx *store.Tx, by soc.Actor, incident string) (soc.Run, error) {
	if by.Run != nil && by.Run.Incident == incident {
		return *by.Run, nil
	}
	u, found, err := tx.ImplicitRun(by.Workspace, by.ID, incident)
	if err != nil || found {
		return u, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return u, err
	}
	now := d.clock()
	u = soc.Run{
		ID: id.String(), Workspace: by.Workspace, Incident: incident, Agent: by.ID, Trigger: soc.TriggerOnQueue, Implicit: true,
		State: soc.RunInvestigating, Taint: soc.TaintClean, CreatedAt: now, UpdatedAt: now,
	}
	if err := tx.InsertRun(u); err != nil {
		return u, err
	}
	// Another replica may have made it in the meantime: read what stands.
	kept, found, err := tx.ImplicitRun(by.Workspace, by.ID, incident)
	if err != nil || !found {
		return u, err
	}
	return kept, nil
}

// servedEvidence is every evidence id that a run was served.
func servedEvidence(ledger []soc.LedgerEntry) map[string]bool {
	out := map[string]bool{}
	for _, l := range ledger {
		for _, id := range l.Evidence {
			out[id] = true
		}
	}
	return out
}

// ledgerTools is the served tool calls of a run by tool name, in order.
func ledgerTools(ledger []soc.LedgerEntry) []string {
	var out []string
	for _, l := range ledger {
		if !strings.HasPrefix(l.Tool, "submit_") {
			out = append(out, l.Tool)
		}
	}
	return slices.Clip(out)
}
