package schemas

import "vedette/backend/soc"

// GamebookStep is one entry of a gamebook as the portal takes it: what is
// missing is refused by the core, with the contract's own code.
type GamebookStep struct {
	PlaybookID     string `json:"playbook_id,omitempty" jsonschema_description:"Catalogue id, byte-exact."`
	EntityID       string `json:"entity_id,omitempty" jsonschema_description:"Id of an entity of this incident, byte-exact."`
	AffectedEntity string `json:"affected_entity,omitempty" jsonschema_description:"A known name of that entity, if stated."`
	Sequence       *Int   `json:"sequence,omitempty" jsonschema:"minimum=1" jsonschema_description:"Order per entity, from 1; in all entries or in none."`
}

// GamebookRequest is the body of the portal's submit-gamebook (portal-api.md
// section 7).
type GamebookRequest struct {
	IncidentNumber Int            `json:"incident_number,omitempty" jsonschema_description:"0 or absent: not stated."`
	IncidentTitle  string         `json:"incident_title,omitempty" jsonschema:"maxLength=1024" jsonschema_description:"Never used."`
	TriggerType    string         `json:"trigger_type,omitempty" jsonschema:"enum=OnQueue,enum=ManualInvestigateOnly,enum=ManualInvestigateAndRespond" jsonschema_description:"A claim; absent means OnQueue."`
	Playbooks      []GamebookStep `json:"playbooks" jsonschema:"minItems=1,maxItems=50"`
}

// Submit is what the desk takes.
func (r GamebookRequest) Submit(incident soc.IncidentRef) soc.SubmitGamebook {
	steps := make([]soc.SubmitStep, len(r.Playbooks))
	for i, step := range r.Playbooks {
		steps[i] = soc.SubmitStep{Playbook: step.PlaybookID, Entity: step.EntityID, AffectedEntity: step.AffectedEntity}
		if step.Sequence != nil {
			sequence := int(*step.Sequence)
			steps[i].Sequence = &sequence
		}
	}
	trigger := soc.Trigger(r.TriggerType)
	if trigger == "" {
		trigger = soc.TriggerOnQueue
	}
	return soc.SubmitGamebook{Incident: incident, IncidentNumber: int64(r.IncidentNumber), Trigger: trigger, Steps: steps}
}

// SubmitGamebookStep is GamebookStep as an agent tool shows it: the same
// members, with the two ids required.
type SubmitGamebookStep struct {
	PlaybookID     string `json:"playbook_id"`
	EntityID       string `json:"entity_id"`
	AffectedEntity string `json:"affected_entity,omitempty" jsonschema_description:"Its name, checked."`
	Sequence       *Int   `json:"sequence,omitempty" jsonschema:"minimum=1" jsonschema_description:"Order per entity, in all or none."`
}

// SubmitGamebook are the arguments of submit_gamebook: the portal's body, with
// incident_id in place of the path.
type SubmitGamebook struct {
	IncidentID     string               `json:"incident_id"`
	Playbooks      []SubmitGamebookStep `json:"playbooks" jsonschema:"minItems=1,maxItems=50" jsonschema_description:"One bad entry refuses all."`
	IncidentNumber Int                  `json:"incident_number,omitempty"`
	IncidentTitle  string               `json:"incident_title,omitempty" jsonschema:"maxLength=1024"`
	TriggerType    string               `json:"trigger_type,omitempty" jsonschema:"enum=OnQueue,enum=ManualInvestigateOnly,enum=ManualInvestigateAndRespond" jsonschema_description:"A claim; grants nothing."`
	Rationale      string               `json:"rationale,omitempty" jsonschema:"maxLength=4000" jsonschema_description:"Why, citing [E12]. The approver reads it as your words."`
	DryRun         bool                 `json:"dry_run,omitempty" jsonschema_description:"Check targets and gates; store nothing."`
}

// Submit is what the desk takes.
func (s SubmitGamebook) Submit(incident soc.IncidentRef) soc.SubmitGamebook {
	request := GamebookRequest{IncidentNumber: s.IncidentNumber, IncidentTitle: s.IncidentTitle, TriggerType: s.TriggerType}
	for _, step := range s.Playbooks {
		request.Playbooks = append(request.Playbooks, GamebookStep(step))
	}
	submit := request.Submit(incident)
	submit.Rationale, submit.DryRun = s.Rationale, s.DryRun
	return submit
}

// GamebookReceipt is the answer to a submitted gamebook at every door.
type GamebookReceipt struct {
	Success              bool              `json:"success"`
	Summary              string            `json:"summary"`
	GamebookID           *string           `json:"gamebook_id"`
	Status               *string           `json:"status"`
	IsQueuedForApproval  bool              `json:"is_queued_for_approval"`
	Code                 string            `json:"code"`
	EffectiveTriggerType *string           `json:"effective_trigger_type"`
	QueueReasons         []string          `json:"queue_reasons"`
	Digest               *string           `json:"digest"`
	ApprovalExpiresAt    *Time             `json:"approval_expires_at"`
	Failures             []GamebookFailure `json:"failures"`
}

// GamebookFailure is why one entry was refused.
type GamebookFailure struct {
	Index   int    `json:"index"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// GamebookAnswer makes of a policy's refusal the answer that agent tools give,
// at every door: success false, not an error (architecture, section 5).
func GamebookAnswer(r soc.GamebookReceipt, err error) (soc.GamebookReceipt, error) {
	if soc.KindOf(err) != soc.Refused {
		return r, err
	}
	refusal := soc.AsError(err)
	return soc.GamebookReceipt{Code: refusal.Code, Summary: notQueued("Not queued", refusal), Rule: refusal.Rule, Fix: refusal.Fix}, nil
}

func notQueued(what string, refusal *soc.Error) string {
	summary := what + " (" + string(refusal.Code) + "): " + refusal.Message
	if refusal.Fix != "" {
		summary += " " + refusal.Fix
	}
	return summary
}

// DrawGamebookReceipt draws the desk's receipt.
func DrawGamebookReceipt(r soc.GamebookReceipt) GamebookReceipt {
	out := GamebookReceipt{
		Success: r.Success, Summary: r.Summary, GamebookID: textOrNull(r.GamebookID), Status: textOrNull(string(r.Status)),
		IsQueuedForApproval: r.QueuedForApproval, Code: string(r.Code), EffectiveTriggerType: textOrNull(string(r.EffectiveTrigger)),
		QueueReasons: words(r.QueueReasons), Digest: textOrNull(r.Digest), ApprovalExpiresAt: TimeOrNull(r.ApprovalExpiresAt),
		Failures: make([]GamebookFailure, len(r.Failures)),
	}
	for i, failure := range r.Failures {
		out.Failures[i] = GamebookFailure{Index: failure.Index, Code: string(failure.Code), Message: failure.Message}
	}
	return out
}

func textOrNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// words writes a list of a closed set; an empty list is [], never null.
func words[Word ~string](list []Word) []string {
	out := make([]string, len(list))
	for i, word := range list {
		out[i] = string(word)
	}
	return out
}
