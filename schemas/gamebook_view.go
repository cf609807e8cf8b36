package schemas

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"vedette/backend/soc"
)

// Gamebook is the portal's view of a gamebook (portal-api.md section 5), which
// the ops API shows too; triggedByUserId is so spelled.
type Gamebook struct {
	ID                    string          `json:"id"`
	TracingID             *string         `json:"tracingId"`
	IncidentID            string          `json:"incidentId"`
	Source                string          `json:"source"`
	IncidentTitle         string          `json:"incidentTitle"`
	IncidentNumber        int64           `json:"incidentNumber"`
	IsOCR                 bool            `json:"isOcr"`
	IsRecover             bool            `json:"isRecover"`
	TriggedByUserID       string          `json:"triggedByUserId"`
	DisplayName           string          `json:"displayName"`
	ModificationDate      Time            `json:"modificationDate"`
	CreationDate          Time            `json:"creationDate"`
	Status                string          `json:"status"`
	Title                 string          `json:"title"`
	IsAdminRequired       bool            `json:"isAdminRequired"`
	WorkspaceID           string          `json:"workspaceId"`
	WorkspaceName         string          `json:"workspaceName"`
	TenantID              string          `json:"tenantId"`
	IsAutoRun             bool            `json:"isAutoRun"`
	OriginalGamebookID    *string         `json:"originalGamebookId"`
	OriginalGamebookTitle *string         `json:"originalGamebookTitle"`
	IsRetryGamebook       bool            `json:"isRetryGamebook"`
	IsQueued              bool            `json:"isQueued"`
	Playbooks             []GamebookEntry `json:"playbooks"`
	Summary               string          `json:"summary"`
	Digest                string          `json:"digest"`
	QueueReasons          []string        `json:"queueReasons"`
}

// GamebookEntry is one step of a Gamebook.
type GamebookEntry struct {
	ID               string     `json:"id"`
	ReferenceID      string     `json:"referenceId"`
	EntityID         string     `json:"entityId"`
	Name             string     `json:"name"`
	Description      string     `json:"description"`
	EntityType       string     `json:"entityType"`
	AffectedEntity   string     `json:"affectedEntity"`
	IsRecommended    bool       `json:"isRecommended"`
	Status           string     `json:"status"`
	ErrorMessage     *string    `json:"errorMessage"`
	Sequence         int        `json:"sequence"`
	ModificationDate Time       `json:"modificationDate"`
	StartingDate     *Time      `json:"startingDate"`
	FinishingDate    *Time      `json:"finishingDate"`
	ExecutionTime    *string    `json:"executionTime"`
	TracingID        *string    `json:"tracingId"`
	Parameters       FreeObject `json:"parameters"`
	IsAdminRequired  bool       `json:"isAdminRequired"`
}

// DrawGamebook draws a stored gamebook.
func DrawGamebook(record soc.GamebookRecord) (Gamebook, error) {
	g, i := record.Gamebook, record.Incident
	people := adminRequired(g.Need)
	out := Gamebook{
		ID: g.ID, TracingID: textOrNull(g.Run), IncidentID: i.ExternalID, Source: i.Source, IncidentTitle: i.Title, IncidentNumber: i.Number,
		IsOCR: len(g.Steps) == 1, IsRecover: g.Recover, TriggedByUserID: cmp.Or(g.StartedBy, g.RequestedBy), DisplayName: g.RequestedName,
		ModificationDate: Time(lastTime(g.RequestedAt, g.ApprovedAt, g.StartedAt, g.FinishedAt)), CreationDate: Time(g.RequestedAt),
		Status: string(g.Status), Title: soc.GamebookTitle(g, record.Playbooks), IsAdminRequired: people, WorkspaceID: g.Workspace,
		WorkspaceName: record.Workspace.Name, TenantID: g.Workspace, IsAutoRun: g.AutoRun, OriginalGamebookID: textOrNull(g.OriginalGamebook),
		IsRetryGamebook: g.OriginalGamebook != "" && !g.Recover, IsQueued: g.Status == soc.GamebookQueued && g.NeedsApproval,
		Playbooks: make([]GamebookEntry, len(g.Steps)), Summary: gamebookSummary(g), Digest: g.Digest, QueueReasons: words(g.QueueReasons),
	}
	if record.Original != nil {
		out.OriginalGamebookTitle = textOrNull(soc.GamebookTitle(*record.Original, record.Playbooks))
	}
	for n, step := range g.Steps {
		entry, err := DrawStep(step, record)
		if err != nil {
			return out, err
		}
		out.Playbooks[n] = entry
		if time.Time(entry.ModificationDate).After(time.Time(out.ModificationDate)) {
			out.ModificationDate = entry.ModificationDate
		}
	}
	return out, nil
}

// DrawStep draws one step of a stored gamebook.
func DrawStep(step soc.Step, record soc.GamebookRecord) (GamebookEntry, error) {
	parameters, err := json.Marshal(step.Parameters)
	if err != nil {
		return GamebookEntry{}, err
	}
	if step.Parameters == nil {
		parameters = nil
	}
	playbook := record.Playbooks[step.Playbook]
	return GamebookEntry{
		ID: step.ID, ReferenceID: step.Playbook, EntityID: step.Entity, Name: cmp.Or(playbook.Name, step.Playbook),
		Description: playbook.Description, EntityType: soc.PortalEntityKind.Word(step.EntityKind), AffectedEntity: step.EntityName,
		Status: string(step.Status), ErrorMessage: textOrNull(step.Error), Sequence: step.Sequence,
		ModificationDate: Time(lastTime(record.Gamebook.RequestedAt, step.DispatchedAt, step.FinishedAt)),
		StartingDate:     TimeOrNull(step.DispatchedAt), FinishingDate: TimeOrNull(step.FinishedAt),
		ExecutionTime: executionTime(step.DispatchedAt, step.FinishedAt), TracingID: textOrNull(step.IdempotencyKey),
		Parameters: parameters, IsAdminRequired: adminRequired(record.Gamebook.Need),
	}, nil
}

// adminRequired reports whether two people or an Owner must approve.
func adminRequired(need soc.Need) bool {
	return need.Count > 1 || slices.Contains(need.Roles, soc.RoleManager)
}

// gamebookSummary counts the steps by state.
func gamebookSummary(g soc.Gamebook) string {
	count := map[soc.StepStatus]int{}
	for _, step := range g.Steps {
		count[step.Status]++
	}
	parts := []string{}
	for _, status := range soc.AllStepStatuses {
		if n := count[status]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, status))
		}
	}
	return fmt.Sprintf("Gamebook %s is %s. %d step(s): %s.", g.ID, g.Status, len(g.Steps), strings.Join(parts, ", "))
}

func lastTime(times ...time.Time) time.Time {
	return slices.MaxFunc(times, time.Time.Compare)
}

// executionTime is how long a step took, such as 00:00:04.2.
func executionTime(from, to time.Time) *string {
	if from.IsZero() || to.Before(from) {
		return nil
	}
	took := to.Sub(from)
	text := fmt.Sprintf("%02d:%02d:%02d.%d", int(took.Hours()), int(took.Minutes())%60, int(took.Seconds())%60, took.Milliseconds()%1000/100)
	return &text
}
