package schemas

import (
	"time"

	"vedette/backend/soc"
)

// SOPRef names a procedure; an empty id is a label only.
type SOPRef struct {
	ID   string `json:"id,omitempty" jsonschema:"maxLength=128"`
	Name string `json:"name,omitempty" jsonschema:"maxLength=256"`
}

// ToolCall is a tool call an agent says it made; the server compares it with
// its own ledger.
type ToolCall struct {
	Name         string `json:"name" jsonschema:"maxLength=128"`
	Time         Time   `json:"time"`
	DurationMS   Int    `json:"duration_ms,omitempty" jsonschema:"minimum=0"`
	TargetEntity string `json:"target_entity,omitempty" jsonschema:"maxLength=256"`
	KQL          *KQL   `json:"kql,omitempty"`
}

// KQL is the query of such a call.
type KQL struct {
	Query    string `json:"query,omitempty" jsonschema:"maxLength=16384"`
	RowCount Int    `json:"row_count,omitempty" jsonschema:"minimum=0"`
}

// InvestigationRequest is the body of the portal's submit-investigation
// (portal-api.md section 8). malicious_score has no bounds here: outside of
// 0-100 is the core's SCORE_OUT_OF_RANGE.
type InvestigationRequest struct {
	Classification              string     `json:"classification,omitempty" jsonschema:"enum=TruePositive,enum=PolicyViolation,enum=FalsePositive,enum=QradarFalsePositive,enum=BenignPositive,enum=InformationalExpectedActivity,enum=NonIssue,enum=Undetermined,enum=Unknown,enum=Undefined,enum=Suspicious"`
	ClassificationReason        string     `json:"classification_reason,omitempty" jsonschema:"enum=MultistagedAttack,enum=Malware,enum=MaliciousUserActivity,enum=UnwantedSoftware,enum=Phishing,enum=CompromisedUser,enum=Apt,enum=SuspiciousActivity,enum=Other,enum=NotMalicious,enum=NoEnoughDataToValidate,enum=InaccurateData,enum=IncorrectAlertLogic,enum=SecurityTesting,enum=ConfirmedUserActivity,enum=LineOfBusinessApplication,enum=SecurityPersonnel,enum=SuspiciousButExpected,enum=Unknown"`
	ClassificationReasonComment string     `json:"classification_reason_comment,omitempty" jsonschema:"maxLength=2000"`
	MaliciousScore              *Int       `json:"malicious_score,omitempty" jsonschema_description:"0-100; absent means unknown."`
	Comment                     string     `json:"comment,omitempty" jsonschema:"maxLength=65536" jsonschema_description:"Markdown; [E12] cites evidence."`
	ClassificationSOP           *SOPRef    `json:"classification_sop,omitempty"`
	ResponseSOPs                []SOPRef   `json:"response_sops,omitempty" jsonschema:"maxItems=50"`
	GamebookIDs                 []string   `json:"gamebook_ids,omitempty" jsonschema:"maxItems=50"`
	ToolCalls                   []ToolCall `json:"tool_calls,omitempty" jsonschema:"maxItems=500"`
}

// Submit is what the desk takes.
func (r InvestigationRequest) Submit(incident soc.IncidentRef) soc.SubmitInvestigation {
	submit := soc.SubmitInvestigation{
		Incident: incident, Classification: r.Classification, Reason: r.ClassificationReason,
		ReasonComment: r.ClassificationReasonComment, Comment: r.Comment, Gamebooks: r.GamebookIDs,
	}
	if r.MaliciousScore != nil {
		score := int(*r.MaliciousScore)
		submit.Score = &score
	}
	if r.ClassificationSOP != nil {
		submit.ClassSOP = &soc.SOPRef{ID: r.ClassificationSOP.ID, Name: r.ClassificationSOP.Name}
	}
	for _, sop := range r.ResponseSOPs {
		submit.ResponseSOPs = append(submit.ResponseSOPs, soc.SOPRef{ID: sop.ID, Name: sop.Name})
	}
	for _, call := range r.ToolCalls {
		claimed := soc.ToolCall{
			Name: call.Name, Time: time.Time(call.Time), DurationMS: int(call.DurationMS), TargetEntity: call.TargetEntity,
		}
		if call.KQL != nil {
			claimed.Query, claimed.RowCount = call.KQL.Query, int(call.KQL.RowCount)
		}
		submit.ToolCalls = append(submit.ToolCalls, claimed)
	}
	return submit
}

// SubmitInvestigation are the arguments of submit_investigation: the portal's
// body with incident_id in place of the path. A close-out states verdict, score
// and comment, and only the five verdict words are offered.
type SubmitInvestigation struct {
	IncidentID                  string     `json:"incident_id"`
	Classification              string     `json:"classification" jsonschema:"enum=TruePositive,enum=BenignPositive,enum=FalsePositive,enum=Undetermined,enum=Suspicious" jsonschema_description:"Suspicious: SentinelOne only."`
	MaliciousScore              *Int       `json:"malicious_score" jsonschema_description:"0 benign to 100 malicious."`
	Comment                     string     `json:"comment" jsonschema:"maxLength=65536" jsonschema_description:"Markdown findings, each citing [E12]."`
	ClassificationReason        string     `json:"classification_reason,omitempty" jsonschema:"enum=Malware,enum=Phishing,enum=InaccurateData,enum=IncorrectAlertLogic,enum=Other"`
	ClassificationReasonComment string     `json:"classification_reason_comment,omitempty" jsonschema:"maxLength=2000"`
	ClassificationSOP           *SOPRef    `json:"classification_sop,omitempty"`
	ResponseSOPs                []SOPRef   `json:"response_sops,omitempty" jsonschema:"maxItems=50"`
	GamebookIDs                 []string   `json:"gamebook_ids,omitempty" jsonschema:"maxItems=50"`
	ToolCalls                   []ToolCall `json:"tool_calls,omitempty" jsonschema:"maxItems=500" jsonschema_description:"Compared with the server's ledger."`
}

// Submit is what the desk takes.
func (s SubmitInvestigation) Submit(incident soc.IncidentRef) soc.SubmitInvestigation {
	return InvestigationRequest{
		Classification: s.Classification, ClassificationReason: s.ClassificationReason,
		ClassificationReasonComment: s.ClassificationReasonComment, MaliciousScore: s.MaliciousScore, Comment: s.Comment,
		ClassificationSOP: s.ClassificationSOP, ResponseSOPs: s.ResponseSOPs, GamebookIDs: s.GamebookIDs, ToolCalls: s.ToolCalls,
	}.Submit(incident)
}

// InvestigationReceipt is the answer to a submitted investigation at every door.
type InvestigationReceipt struct {
	Success                     bool           `json:"success"`
	Summary                     string         `json:"summary"`
	PreviousStatus              *string        `json:"previous_status"`
	NewStatus                   *string        `json:"new_status"`
	AppliedClassification       *string        `json:"applied_classification"`
	AppliedClassificationReason *string        `json:"applied_classification_reason"`
	CommentPosted               bool           `json:"comment_posted"`
	StatusUpdated               bool           `json:"status_updated"`
	Code                        string         `json:"code"`
	Held                        bool           `json:"held"`
	HoldReasons                 []string       `json:"hold_reasons"`
	Normalised                  bool           `json:"normalised"`
	InvestigationID             *string        `json:"investigation_id"`
	Timeline                    TimelineCount  `json:"timeline"`
	Citations                   CitationsCount `json:"citations"`
}

// TimelineCount compares claimed tool calls with the ledger.
type TimelineCount struct {
	Matched  int `json:"matched"`
	Missing  int `json:"missing"`
	Invented int `json:"invented"`
}

// CitationsCount counts the cited evidence ids.
type CitationsCount struct {
	OK      int `json:"ok"`
	Unread  int `json:"unread"`
	Unknown int `json:"unknown"`
}

// InvestigationAnswer is GamebookAnswer for a submitted verdict.
func InvestigationAnswer(r soc.InvestigationReceipt, err error) (soc.InvestigationReceipt, error) {
	if soc.KindOf(err) != soc.Refused {
		return r, err
	}
	refusal := soc.AsError(err)
	return soc.InvestigationReceipt{Code: refusal.Code, Summary: notQueued("Not recorded", refusal), Fix: refusal.Fix}, nil
}

// DrawInvestigationReceipt draws the desk's receipt.
func DrawInvestigationReceipt(r soc.InvestigationReceipt) InvestigationReceipt {
	return InvestigationReceipt{
		Success: r.Success, Summary: r.Summary, PreviousStatus: statusOrNull(r.Previous), NewStatus: statusOrNull(r.New),
		AppliedClassification: textOrNull(string(r.Verdict)), AppliedClassificationReason: textOrNull(r.Reason),
		CommentPosted: r.CommentPosted, StatusUpdated: r.StatusUpdated, Code: string(r.Code), Held: r.Held,
		HoldReasons: words(r.HoldReasons), Normalised: r.Normalised, InvestigationID: textOrNull(r.InvestigationID),
		Timeline:  TimelineCount(r.Timeline),
		Citations: CitationsCount(r.Citations),
	}
}

// statusOrNull spells a status as the portal does: all open steps are Active.
func statusOrNull(s soc.Status) *string {
	word := ""
	switch s {
	case "":
	case soc.StatusNew:
		word = "New"
	case soc.StatusClosed:
		word = "Closed"
	default:
		word = "Active"
	}
	return textOrNull(word)
}
