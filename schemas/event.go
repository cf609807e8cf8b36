package schemas

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"strings"

	"vedette/backend/soc"
)

// EventBody draws the body of an event as a webhook of the family is told it
// (portal-api.md section 9, case-api.md section 8), in less than
// soc.EventBodyLimit bytes. Equal events have equal bodies: every attempt and
// redelivery sends the same bytes.
func EventBody(e soc.Event, test bool) ([]byte, error) {
	if eventFamily(e.Type) == soc.PayloadCase {
		return encodeEvent(caseEvent(e))
	}
	// What is named is cut before what names it: the description, then entities
	// and alerts, then the title.
	for cut := 0; ; cut++ {
		body, err := encodeEvent(portalBody{
			Type: string(e.Type), Timestamp: Time(e.CreatedAt), IsTest: test, OccurredAt: Time(e.OccurredAt), Data: portalEvent(e, cut),
		})
		if err != nil || len(body) < soc.EventBodyLimit {
			return body, err
		}
		if cut > maxEventCuts {
			return nil, errors.New("schemas: the body of an event cannot be made short enough")
		}
	}
}

// maxEventCuts halves every text and list to nothing.
const maxEventCuts = 14

func eventFamily(t soc.EventType) soc.PayloadFormat {
	if strings.HasPrefix(string(t), "case.") {
		return soc.PayloadCase
	}
	return soc.PayloadPortal
}

func encodeEvent(body any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(body); err != nil {
		return nil, err
	}
	return bytes.TrimRight(out.Bytes(), "\n"), nil
}

type portalBody struct {
	Type       string `json:"type"`
	Timestamp  Time   `json:"timestamp"`
	IsTest     bool   `json:"isTest"`
	OccurredAt Time   `json:"occurredAt"`
	Data       any    `json:"data"`
}

// eventAbout are the members that every portal event has.
type eventAbout struct {
	AccountID      string `json:"accountId"`
	AccountName    string `json:"accountName"`
	IncidentID     string `json:"incidentId"`
	IncidentNumber int64  `json:"incidentNumber"`
	Source         string `json:"source"`
}

type incidentCreated struct {
	eventAbout
	Title             string         `json:"title"`
	Description       string         `json:"description"`
	Severity          string         `json:"severity"`
	SourceDisplayName string         `json:"sourceDisplayName"`
	Owner             *string        `json:"owner"`
	CreatedAt         Time           `json:"createdAt"`
	LastActivityAt    *Time          `json:"lastActivityAt"`
	OccurredAt        Time           `json:"occurredAt"`
	AlertProductNames []string       `json:"alertProductNames"`
	Alerts            []createdAlert `json:"alerts"`
	Entities          []createdNamed `json:"entities"`
}

type createdAlert struct {
	Title       string  `json:"title"`
	Severity    string  `json:"severity"`
	ProductName *string `json:"productName"`
	VendorName  *string `json:"vendorName"`
}

type createdNamed struct {
	Type        string `json:"type"`
	DisplayName string `json:"displayName"`
}

type statusChanged struct {
	eventAbout
	PreviousStatus string `json:"previousStatus"`
	NewStatus      string `json:"newStatus"`
}

type verdictHeld struct {
	eventAbout
	Classification *string  `json:"classification"`
	HoldReasons    []string `json:"holdReasons"`
}

type approvalRequested struct {
	eventAbout
	GamebookID        string   `json:"gamebookId"`
	Digest            string   `json:"digest"`
	QueueReasons      []string `json:"queueReasons"`
	ApprovalExpiresAt *Time    `json:"approvalExpiresAt"`
}

type gamebookFinished struct {
	eventAbout
	GamebookID string `json:"gamebookId"`
	Status     string `json:"status"`
}

type investigationCompleted struct {
	eventAbout
	InvestigationID      string   `json:"investigationId"`
	Classification       *string  `json:"classification"`
	ClassificationReason *string  `json:"classificationReason"`
	MaliciousScore       *int     `json:"maliciousScore"`
	Held                 bool     `json:"held"`
	GamebookIDs          []string `json:"gamebookIds"`
}

// portalEvent draws the data of a portal event; each cut halves what may be
// long.
func portalEvent(e soc.Event, cut int) any {
	f := e.Facts
	about := eventAbout{
		AccountID: e.Workspace, AccountName: e.WorkspaceName, IncidentID: f.Incident.ExternalID, IncidentNumber: f.Incident.Number, Source: f.Incident.Source,
	}
	switch e.Type {
	case soc.EventIncidentCreated:
		return drawCreated(e, about, cut)
	case soc.EventIncidentStatusChanged:
		return statusChanged{about, soc.PortalStatus.Word(f.Previous), soc.PortalStatus.Word(f.Status)}
	case soc.EventIncidentVerdictHeld:
		return verdictHeld{about, textOrNull(string(f.Proposed)), words(f.HoldReasons)}
	case soc.EventApprovalRequested:
		return approvalRequested{about, f.Gamebook, f.Digest, words(f.QueueReasons), TimeOrNull(f.ApprovalExpiresAt)}
	case soc.EventGamebookFinished:
		return gamebookFinished{about, f.Gamebook, string(f.GamebookStatus)}
	}
	return investigationCompleted{
		about, f.Investigation, textOrNull(string(f.Verdict)), textOrNull(f.Reason), f.Score, f.Held, append([]string{}, halved(f.Gamebooks, cut)...),
	}
}

func drawCreated(e soc.Event, about eventAbout, cut int) incidentCreated {
	i := e.Facts.Incident
	about.Source = strings.ToLower(i.Source) // the reference's one lower-case source
	out := incidentCreated{
		eventAbout: about, Title: shortened(i.Title, cut-4), Description: shortened(i.Description, cut), Severity: soc.PortalSeverity.Word(i.Severity),
		SourceDisplayName: i.Source, Owner: textOrNull(shortened(i.Owner, cut-4)), CreatedAt: Time(i.CreatedAt), LastActivityAt: TimeOrNull(i.LastActivityAt),
		OccurredAt: Time(e.OccurredAt), AlertProductNames: []string{}, Alerts: []createdAlert{}, Entities: []createdNamed{},
	}
	for _, product := range halved(i.Products, cut-2) {
		out.AlertProductNames = append(out.AlertProductNames, shortened(product, cut-4))
	}
	for _, a := range halved(e.Facts.Alerts, cut-1) {
		out.Alerts = append(out.Alerts, createdAlert{
			shortened(a.Title, cut-2), soc.PortalSeverity.Word(a.Severity), textOrNull(shortened(a.Product, cut-2)), textOrNull(shortened(a.Vendor, cut-2)),
		})
	}
	for _, entity := range halved(e.Facts.Entities, cut) {
		out.Entities = append(out.Entities, createdNamed{soc.PortalEntityKind.Word(entity.Kind), shortened(entity.Name, cut-2)})
	}
	return out
}

// halved keeps a half of a list for every cut.
func halved[T any](list []T, cut int) []T { return list[:len(list)>>max(0, cut)] }

// shortened keeps a half of a text's characters for every cut.
func shortened(text string, cut int) string {
	if cut <= 0 {
		return text
	}
	runes := []rune(text)
	kept := len(runes) >> cut
	if kept == len(runes) {
		return text
	}
	return string(runes[:kept]) + "…"
}

// caseBody is a case event; the first five members are always there.
type caseBody struct {
	Event           string    `json:"event"`
	CaseID          string    `json:"case_id"`
	Verdict         *string   `json:"verdict"`
	At              string    `json:"at"`
	By              string    `json:"by"`
	AlertID         *string   `json:"alert_id,omitempty"`
	From            *string   `json:"from,omitempty"`
	To              *string   `json:"to,omitempty"`
	ReportID        *string   `json:"report_id,omitempty"`
	ProposedVerdict *string   `json:"proposed_verdict,omitempty"`
	HoldReasons     *[]string `json:"hold_reasons,omitempty"`
	Target          *string   `json:"target,omitempty"`
	GamebookID      *string   `json:"gamebook_id,omitempty"`
	Digest          *string   `json:"digest,omitempty"`
	CommentID       *string   `json:"comment_id,omitempty"`
	Mentions        *[]string `json:"mentions,omitempty"`
}

func caseEvent(e soc.Event) caseBody {
	f := e.Facts
	out := caseBody{
		Event: string(e.Type), CaseID: soc.CaseID(soc.CasePrefixCase, f.Incident.ID), Verdict: textOrNull(soc.CaseVerdict(f.Verdict, f.Duplicate)), At: WholeSeconds(e.OccurredAt), By: "system",
	}
	if f.By != "" && f.ByKind != soc.PrincipalSystem && f.ByKind != soc.PrincipalHost {
		out.By = cmp.Or(soc.CaseID(soc.CasePrefixUser, f.By), out.By)
	}
	given := func(text string) *string { return &text }
	switch e.Type {
	case soc.EventCaseCreated:
		if f.Alert != "" {
			out.AlertID = given(soc.CaseID(soc.CasePrefixAlert, f.Alert))
		}
	case soc.EventCaseTransitioned:
		out.From, out.To = given(soc.CaseStatus.Word(f.Previous)), given(soc.CaseStatus.Word(f.Status))
	case soc.EventCaseResolved:
		if f.Report != "" {
			out.ReportID = given(soc.CaseID(soc.CasePrefixReport, f.Report))
		}
	case soc.EventCaseReopened:
		out.From = given(soc.CaseStatus.Word(f.Previous))
	case soc.EventCaseVerdictHeld:
		held := words(f.HoldReasons)
		out.ProposedVerdict, out.HoldReasons = given(soc.CaseVerdict(f.Proposed, f.Duplicate)), &held
	case soc.EventCaseSLABreached:
		out.Target = given(f.Target)
	case soc.EventCaseActionPending:
		out.GamebookID, out.Digest = given(f.Gamebook), given(f.Digest)
	case soc.EventCaseMentioned:
		people := []string{}
		for _, person := range f.Mentions {
			people = append(people, soc.CaseID(soc.CasePrefixUser, person))
		}
		out.CommentID, out.Mentions = given(soc.CaseID(soc.CasePrefixComment, f.Comment)), &people
	}
	return out
}
