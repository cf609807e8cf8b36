package tools

import (
	"context"

	"vedette/backend/soc"
)

// Desk is what the tools ask of the desk. *backend.Desk is the only one in the
// product; tests of the protocol alone use a small one of their own.
type Desk interface {
	ListIncidents(ctx context.Context, by soc.Actor, f soc.IncidentFilter) (soc.IncidentPage, error)
	GetIncident(ctx context.Context, by soc.Actor, ref soc.IncidentRef, parts soc.IncidentParts) (soc.IncidentDetail, error)
	SearchEvidence(ctx context.Context, by soc.Actor, ref soc.IncidentRef, f soc.EvidenceFilter) (soc.EvidencePage, error)
	GetEvidence(ctx context.Context, by soc.Actor, ref soc.IncidentRef, numbers []int) (soc.Incident, []soc.Evidence, error)
	FindRelated(ctx context.Context, by soc.Actor, q soc.RelatedQuery) (soc.RelatedPage, error)
	ListPlaybooks(ctx context.Context, by soc.Actor, q soc.PlaybookQuery) ([]soc.PlaybookOffer, error)
	GetSOPs(ctx context.Context, by soc.Actor, ref soc.IncidentRef, sop string) ([]soc.SOPMatch, error)
	GetStatus(ctx context.Context, by soc.Actor, q soc.StatusQuery) ([]soc.HandleStatus, error)
	TriageIncident(ctx context.Context, by soc.Actor, r soc.TriageRequest) (soc.Triage, error)
	SubmitInvestigation(ctx context.Context, by soc.Actor, r soc.SubmitInvestigation) (soc.InvestigationReceipt, error)
	SubmitGamebook(ctx context.Context, by soc.Actor, r soc.SubmitGamebook) (soc.GamebookReceipt, error)
	AddComment(ctx context.Context, by soc.Actor, ref soc.IncidentRef, in soc.NewComment) (soc.Comment, error)
	// StoredAnswer finds the answer of a write made before (web.Answers).
	StoredAnswer(ctx context.Context, claim soc.IdempotencyClaim) (status int, body []byte, found bool, err error)
	// RecordCall records one call: audit, ledger and taint. It is called before
	// the answer leaves, and the answer is withheld if it fails (S38, M34). A
	// call that nobody could be named for has the zero Actor but for Call.
	RecordCall(ctx context.Context, by soc.Actor, r soc.CallRecord) error
}
