package soc

import (
	"bytes"
	"encoding/json"
)

// receiptDomain and checkpointDomain are what signatures are for.
const (
	receiptDomain    = "vedette-receipt-v1"
	checkpointDomain = "vedette-checkpoint-v1"
)

// Receipt is what was decided and done, for somebody who does not trust the
// server's database (S66). Canonical is the action that Digest covers, byte for
// byte; times are RFC 3339 in UTC, null for never.
type Receipt struct {
	Version       int               `json:"v"`
	Workspace     string            `json:"workspace"`
	Incident      string            `json:"incident"`
	Gamebook      string            `json:"gamebook"`
	Status        GamebookStatus    `json:"status"`
	Digest        string            `json:"digest"`
	Canonical     string            `json:"canonical"`
	PolicyVersion int64             `json:"policy_version"`
	AutoRun       bool              `json:"auto_run"`
	RequestedBy   string            `json:"requested_by"`
	RequestedAt   *string           `json:"requested_at"`
	ApprovedAt    *string           `json:"approved_at"`
	StartedAt     *string           `json:"started_at"`
	FinishedAt    *string           `json:"finished_at"`
	Original      string            `json:"original,omitempty"`
	Approvals     []ReceiptApproval `json:"approvals"`
	Steps         []ReceiptStep     `json:"steps"`
	// Record is the head of the audit when the receipt was made.
	Record AuditCheckpoint `json:"record"`
}

// ReceiptApproval is one person's decision on one digest.
type ReceiptApproval struct {
	Person   string  `json:"person"`
	Name     string  `json:"name"`
	Role     Role    `json:"role"`
	Decision string  `json:"decision"`
	Digest   string  `json:"digest"`
	At       *string `json:"at"`
	Void     bool    `json:"void"`
	Used     bool    `json:"used"`
}

// ReceiptStep is what became of one step.
type ReceiptStep struct {
	Action     string     `json:"action"`
	Playbook   string     `json:"playbook"`
	Entity     string     `json:"entity"`
	Connector  string     `json:"connector"`
	NativeID   string     `json:"native_id"`
	Key        string     `json:"idempotency_key"`
	Attempts   int        `json:"attempts"`
	Status     StepStatus `json:"status"`
	SentAt     *string    `json:"sent_at"`
	FinishedAt *string    `json:"finished_at"`
	ReadBack   *ReadBack  `json:"read_back"`
	Error      string     `json:"error,omitempty"`
}

// SignedReceipt is a receipt with its signature; its RFC 8785 form is the file.
type SignedReceipt struct {
	Receipt Receipt `json:"receipt"`
	Signature
}

// NewReceipt draws the receipt of a gamebook that has ended.
func NewReceipt(g Gamebook, record AuditCheckpoint) Receipt {
	r := Receipt{
		Version: 1, Workspace: g.Workspace, Incident: g.Incident, Gamebook: g.ID, Status: g.Status, Digest: g.Digest, Canonical: string(g.Canonical),
		PolicyVersion: g.PolicyVersion, AutoRun: g.AutoRun, RequestedBy: g.RequestedBy, RequestedAt: CardTimeOrNull(g.RequestedAt),
		ApprovedAt: CardTimeOrNull(g.ApprovedAt), StartedAt: CardTimeOrNull(g.StartedAt), FinishedAt: CardTimeOrNull(g.FinishedAt),
		Original: g.OriginalGamebook, Approvals: []ReceiptApproval{}, Steps: []ReceiptStep{}, Record: record,
	}
	for _, a := range g.Approvals {
		decision := "approved"
		if !a.Approved {
			decision = "denied"
		}
		r.Approvals = append(r.Approvals, ReceiptApproval{a.Person, EscapeVisible(a.Name), a.Role, decision, a.Digest, CardTimeOrNull(a.At), a.Void, a.Consumed})
	}
	for _, s := range g.Steps {
		r.Steps = append(r.Steps, ReceiptStep{
			s.ID, s.Playbook, s.Entity, s.Connector, s.NativeID, s.IdempotencyKey, s.Attempts, s.Status, CardTimeOrNull(s.DispatchedAt), CardTimeOrNull(s.FinishedAt),
			s.ReadBack, s.Error,
		})
	}
	return r
}

// SignReceipt signs a receipt.
func (s *Signer) SignReceipt(r Receipt) (SignedReceipt, error) {
	signature, err := s.Sign(receiptDomain, r)
	return SignedReceipt{r, signature}, err
}

// File is the receipt as a file: one line, without white space.
func (r SignedReceipt) File() ([]byte, error) {
	body, err := CanonicalRecord(r)
	return append(body, '\n'), err
}

// ReadReceipt verifies the bytes of a receipt's file with the key in it: a
// receipt of which any byte differs is none. It needs no database.
func ReadReceipt(file []byte) (SignedReceipt, error) {
	var r SignedReceipt
	decoder := json.NewDecoder(bytes.NewReader(file))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&r); err != nil {
		return r, ErrSignature
	}
	whole, err := r.File()
	if err != nil || !bytes.Equal(bytes.TrimSuffix(whole, []byte("\n")), bytes.TrimSuffix(file, []byte("\n"))) {
		return r, ErrSignature
	}
	if Digest([]byte(r.Receipt.Canonical)) != r.Receipt.Digest {
		return r, ErrSignature
	}
	return r, r.Verify(receiptDomain, r.Receipt)
}

// SignedCheckpoint is a position of the record as the server vouched for it.
type SignedCheckpoint struct {
	AuditCheckpoint
	At string `json:"at"`
	Signature
}

type checkpointBody struct {
	AuditCheckpoint
	At string `json:"at"`
}

// SignCheckpoint signs a position of the record.
func (s *Signer) SignCheckpoint(c AuditCheckpoint, at string) (SignedCheckpoint, error) {
	signature, err := s.Sign(checkpointDomain, checkpointBody{c, at})
	return SignedCheckpoint{c, at, signature}, err
}

// Check verifies the signature with the key that the checkpoint names.
func (c SignedCheckpoint) Check() error {
	return c.Verify(checkpointDomain, checkpointBody{c.AuditCheckpoint, c.At})
}
