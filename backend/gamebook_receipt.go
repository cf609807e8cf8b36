package backend

import (
	"fmt"

	"vedette/backend/soc"
)

// refuse records a refusal and draws its receipt.
func (p *proposal) refuse(report soc.EntryReport) (soc.GamebookReceipt, error) {
	code := p.result.Code
	e := p.entry(p.event + "_refused")
	e.Decision, e.Code, e.Rules, e.PolicyVersion = "refused", code, ruleIDs(p.result.Rules), p.reading.policy.Version
	p.tx.Audit(e)
	if !p.in.DryRun {
		if err := p.desk.contain(p.tx, p.by, code); err != nil {
			return soc.GamebookReceipt{}, err
		}
		if p.by.Served != nil {
			p.by.Served.Contained = true
		}
	}
	message := ""
	for _, failure := range report.Failures {
		if failure.Code == code {
			message = failure.Message
			break
		}
	}
	rule := ruleOf(p.result, code)
	if code == soc.CodePolicyForbids && rule != "" {
		message = fmt.Sprintf("Rule %s forbids this.", rule)
	}
	return soc.GamebookReceipt{
		Summary: soc.RefusalSummary(code, message), Code: code, EffectiveTrigger: p.result.EffectiveTrigger,
		Failures: report.Failures, Rule: rule, Fix: soc.NextStep(code), Class: p.result.Class, Impact: p.result.Impact,
		Targets: p.targets(),
	}, nil
}

// ruleOf names the rule that gave a code: the workspace's own if it was one.
func ruleOf(result soc.GateResult, code soc.Code) string {
	for _, hit := range result.Rules {
		if hit.Code == code {
			if hit.Policy != "" {
				return hit.Policy
			}
			return hit.ID
		}
	}
	return ""
}

// targets are the resolved targets, in a simulation's answer only.
func (p *proposal) targets() []soc.PlaybookTarget {
	if !p.in.DryRun {
		return nil
	}
	targets := make([]soc.PlaybookTarget, 0, len(p.steps))
	for _, s := range p.steps {
		targets = append(targets, soc.PlaybookTarget{
			Entity: s.entity.ID, Name: targetName(s.entity), Outcome: p.result.Outcome.String(), Reasons: p.result.Reasons,
		})
	}
	return targets
}

// targetName is empty for a name that nobody vouches for (M25).
func targetName(e soc.Entity) string {
	if e.Provenance != soc.ProvenanceSensorAsserted {
		return ""
	}
	return soc.DisplayName(e.Display)
}

func (p *proposal) duplicate(open soc.Gamebook) soc.GamebookReceipt {
	e := p.entry(p.event)
	e.Gamebook, e.Digest, e.Code = open.ID, open.Digest, soc.CodeDuplicateGamebook
	p.tx.Audit(e)
	receipt := p.receipt(open)
	receipt.Code, receipt.Summary = soc.CodeDuplicateGamebook, soc.DuplicateSummary(open)
	receipt.Fix = soc.NextStep(soc.CodeDuplicateGamebook)
	return receipt
}

func (p *proposal) simulated() soc.GamebookReceipt {
	e := p.entry(p.event)
	e.Code, e.Rules, e.PolicyVersion = p.result.Code, ruleIDs(p.result.Rules), p.reading.policy.Version
	p.tx.Audit(e)
	return soc.GamebookReceipt{
		Success: true, Summary: soc.SimulationSummary(p.result, len(p.steps)), Code: p.result.Code,
		QueuedForApproval: p.result.Outcome == soc.OutcomeQueue, EffectiveTrigger: p.result.EffectiveTrigger,
		QueueReasons: p.result.Reasons, Need: p.result.Need, Targets: p.targets(), Class: p.result.Class,
		Impact: p.result.Impact, Fix: soc.NextStep(p.result.Code),
	}
}

// receipt draws a stored gamebook.
func (p *proposal) receipt(g soc.Gamebook) soc.GamebookReceipt {
	code := soc.CodeQueued
	if g.NeedsApproval {
		code = soc.CodeQueuedForApproval
	}
	return soc.GamebookReceipt{
		Success: true, Summary: soc.GamebookSummary(g, p.incident.Severity), GamebookID: g.ID, Status: g.Status,
		QueuedForApproval: g.NeedsApproval, Code: code, EffectiveTrigger: g.EffectiveTrigger, QueueReasons: g.QueueReasons,
		Need: g.Need, Digest: g.Digest, ApprovalExpiresAt: g.ApprovalExpiresAt, Fix: soc.NextStep(code),
		Class: g.Class, Impact: g.Impact, Targets: p.targets(), Actions: stepIDs(g),
	}
}

func stepIDs(g soc.Gamebook) []string {
	ids := make([]string, len(g.Steps))
	for n, s := range g.Steps {
		ids[n] = s.ID
	}
	return ids
}
