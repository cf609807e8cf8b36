package soc

import (
	"fmt"
	"time"
)

// Bounds of what one case shows at once (case-api.md section 5).
const (
	CaseTimeline    = 500
	CaseEvidence    = 200
	CaseObservables = 500
	CaseComments    = 200
	CaseAlerts      = 500
)

// CaseDetail is an incident with everything that the case family shows of it.
type CaseDetail struct {
	Incident    Incident
	Alerts      []Alert
	Entities    []Entity
	Sightings   map[string]int
	Evidence    []Evidence
	Comments    []Comment
	Attachments []Attachment
	Gamebooks   []Gamebook
	Timeline    []TimelineEntry
	Clock       IncidentClock
	SLA         SLA
	Report      *StoredReport
	// Entries counts the whole timeline, up to ten times what is shown.
	Entries int
	// Techniques are those of the alerts, each with the alert that names it.
	Techniques []CaseTechnique
}

// CaseTechnique is an ATT&CK technique of a case.
type CaseTechnique struct {
	ID      string
	Tactics []string
	Alert   Alert
}

// StoredReport is what a case was closed with. Body is JSON, the source of its
// other forms.
type StoredReport struct {
	ID        string
	Workspace string
	Incident  string
	Version   int
	SHA256    string
	Body      []byte
	CreatedAt time.Time
}

// IncidentNumber is the number people call an incident by: the year of its
// creation and the running number of its workspace.
func IncidentNumber(i Incident) string {
	return fmt.Sprintf("INC-%04d-%04d", i.CreatedAt.UTC().Year(), i.Number)
}
