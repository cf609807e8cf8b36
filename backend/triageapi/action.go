package triageapi

import (
	"encoding/json"
	"strings"

	"vedette/backend/soc"
	"vedette/schemas"
)

// actionResult is what became of an action, in the server's words.
type actionResult struct {
	Success bool   `json:"success"`
	Message string `json:"message"`
}

type actionApprovals struct {
	Given    int `json:"given"`
	Required int `json:"required"`
}

// actionAnswer is what POST answers.
type actionAnswer struct {
	ActionID          string               `json:"action_id"`
	Status            string               `json:"status"`
	Result            *actionResult        `json:"result"`
	ApprovalLevel     *string              `json:"approval_level"`
	Message           *string              `json:"message"`
	GamebookID        string               `json:"gamebook_id"`
	Digest            string               `json:"digest"`
	QueueReasons      []string             `json:"queue_reasons"`
	Approvals         actionApprovals      `json:"approvals"`
	ApprovalExpiresAt *schemas.SecondsTime `json:"approval_expires_at"`
	Deduplicated      bool                 `json:"deduplicated"`
}

// actionItem is an action in a list.
type actionItem struct {
	ID            string               `json:"id"`
	ActionType    string               `json:"action_type"`
	Status        string               `json:"status"`
	ExecutedAt    *schemas.SecondsTime `json:"executed_at"`
	ExecutedBy    *string              `json:"executed_by"`
	RequestedAt   schemas.SecondsTime  `json:"requested_at"`
	RequestedBy   string               `json:"requested_by"`
	ApprovalLevel *string              `json:"approval_level"`
	ApprovedBy    []string             `json:"approved_by"`
	GamebookID    string               `json:"gamebook_id"`
	IncidentID    string               `json:"incident_id"`
	Result        *actionResult        `json:"result"`
	Reversible    bool                 `json:"reversible"`
}

// actionDetail is one action with its decisions and its proof.
type actionDetail struct {
	actionItem
	EntityID     string               `json:"entity_id"`
	Parameters   schemas.FreeObject   `json:"parameters"`
	Approvals    []actionDecision     `json:"approvals"`
	Verification *actionVerification  `json:"verification"`
	Digest       string               `json:"digest"`
	ExpiresAt    *schemas.SecondsTime `json:"expires_at"`
}

type actionDecision struct {
	By       string              `json:"by"`
	Decision string              `json:"decision"`
	Comment  string              `json:"comment"`
	At       schemas.SecondsTime `json:"at"`
}

type actionVerification struct {
	Probe    string              `json:"probe"`
	Expected string              `json:"expected"`
	Seen     string              `json:"seen"`
	At       schemas.SecondsTime `json:"at"`
}

func drawAnswer(a soc.Action) actionAnswer {
	given := 0
	for _, approval := range a.Gamebook.Approvals {
		if approval.Approved && !approval.Void && approval.Digest == a.Gamebook.Digest {
			given++
		}
	}
	out := actionAnswer{
		ActionID: a.ID(), Status: a.Status(), Result: drawResult(a), ApprovalLevel: textOrNull(string(a.Gamebook.Need.Level())), GamebookID: a.Gamebook.ID,
		Digest: a.Gamebook.Digest, QueueReasons: list(a.Gamebook.QueueReasons), Approvals: actionApprovals{given, a.Gamebook.Need.Count}, Deduplicated: a.Deduplicated,
	}
	if out.Status == "pending_approval" {
		out.Message = textOrNull("Action requires " + string(a.Gamebook.Need.Level()) + " analyst approval")
		if a.Gamebook.Need.Level() != soc.RoleSenior {
			out.Message = textOrNull("Action requires " + string(a.Gamebook.Need.Level()) + " approval")
		}
		out.ApprovalExpiresAt = schemas.SecondsOrNull(a.Gamebook.ApprovalExpiresAt)
	}
	return out
}

// drawResult is null until the action has ended.
func drawResult(a soc.Action) *actionResult {
	name := a.Playbook.Name
	if name == "" {
		name = a.Step.Playbook
	}
	words := map[string]string{
		"completed": "done and read back", "unverified": "sent, but the effect could not be read back", "failed": "failed",
		"unknown": "sent, and nobody knows yet whether it happened", "rejected": "rejected", "expired": "nobody decided in time",
		"cancelled": "not carried out", "rolled_back": "undone",
	}
	status := a.Status()
	if words[status] == "" {
		return nil
	}
	return &actionResult{Success: status == "completed", Message: name + ": " + words[status] + "."}
}

func drawAction(a soc.Action) actionItem {
	out := actionItem{
		ID: a.ID(), ActionType: a.Step.Playbook, Status: a.Status(), ExecutedAt: schemas.SecondsOrNull(a.Step.DispatchedAt),
		RequestedAt: schemas.SecondsTime(a.Gamebook.RequestedAt), RequestedBy: requester(a.Gamebook), ApprovalLevel: textOrNull(string(a.Gamebook.Need.Level())),
		ApprovedBy: []string{}, GamebookID: a.Gamebook.ID, IncidentID: a.Gamebook.Incident, Result: drawResult(a), Reversible: a.Reversible,
	}
	if !a.Step.DispatchedAt.IsZero() {
		out.ExecutedBy = textOrNull("system") // people stand in approved_by
	}
	for _, approval := range a.Gamebook.Approvals {
		if approval.Approved && !approval.Void {
			out.ApprovedBy = append(out.ApprovedBy, "person:"+soc.DisplayName(approval.Name))
		}
	}
	return out
}

func drawActionDetail(a soc.Action) actionDetail {
	out := actionDetail{
		actionItem: drawAction(a), EntityID: a.Step.Entity, Approvals: []actionDecision{}, Digest: a.Gamebook.Digest,
		ExpiresAt: schemas.SecondsOrNull(a.Gamebook.ApprovalExpiresAt),
	}
	if len(a.Step.Parameters) > 0 {
		out.Parameters, _ = json.Marshal(a.Step.Parameters) // integers, texts and booleans
	}
	for _, approval := range a.Gamebook.Approvals {
		decision := "rejected"
		if approval.Approved {
			decision = "approved"
		}
		out.Approvals = append(out.Approvals, actionDecision{
			By: "person:" + soc.DisplayName(approval.Name), Decision: decision, Comment: soc.EscapeVisible(approval.Comment), At: schemas.SecondsTime(approval.At),
		})
	}
	if read := a.Step.ReadBack; read != nil {
		out.Verification = &actionVerification{Probe: read.Probe, Expected: read.Expected, Seen: soc.EscapeVisible(read.Seen), At: schemas.SecondsTime(read.At)}
	}
	return out
}

// requester is who asked: key:, agent:, person: or system: and the name.
func requester(g soc.Gamebook) string {
	kind := string(g.RequestedKind)
	if g.RequestedKind == soc.PrincipalService {
		kind = "key"
	}
	return kind + ":" + soc.DisplayName(g.RequestedName)
}

// stepID is the core's spelling of an action's id; a malformed one finds nothing.
func stepID(id string) string {
	if id != strings.ToLower(id) {
		return ""
	}
	return strings.ToUpper(id)
}
