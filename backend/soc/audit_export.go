package soc

import "time"

// ExportFormat is how an export of the record is written.
type ExportFormat string

// The formats: JSON Lines, and comma-separated values (RFC 4180).
const (
	ExportJSONL ExportFormat = "jsonl"
	ExportCSV   ExportFormat = "csv"
)

// AllExportFormats lists the formats.
var AllExportFormats = []ExportFormat{ExportJSONL, ExportCSV}

// Bounds of exports.
const (
	// ExportLimit is the most entries of one export.
	ExportLimit = 500_000
	// ExportLife is how long the bytes of an export are kept.
	ExportLife = 24 * time.Hour
	// ExportsKept is how many exports a workspace may have whose bytes are kept
	// or being written: each is a copy of rows that are in the database already.
	ExportsKept = 10
)

// AuditExport is a part of the record written out for somebody who may read it.
type AuditExport struct {
	ID        string
	Workspace string
	ByKind    PrincipalKind
	By        string
	ByName    string
	Format    ExportFormat
	// Filter says which entries; Before ends it at what the record held when it
	// was asked for.
	Filter AuditFilter
	State  TaskState
	// Rows, Bytes and SHA256 (hexadecimal, of the whole file) are those of what
	// was written.
	Rows, Bytes int64
	SHA256      string
	Content     string
	// Problem says why it failed.
	Problem    string
	CreatedAt  time.Time
	FinishedAt time.Time
	ExpiresAt  time.Time
}

// ExportProof is the last line of an export: what the lines before it are, and
// where in the chain of the record they stand. Every line holds its entry as it
// was hashed, with the hash of the entry before, so each can be recomputed, and
// neighbours be compared; Head is a position that later checkpoints confirm.
type ExportProof struct {
	Export    string       `json:"export"`
	Workspace string       `json:"workspace"`
	Format    ExportFormat `json:"format"`
	// Rows is how many lines come before, First and Last the positions of the
	// first and the last of them, SHA256 is over all their bytes.
	Rows   int64  `json:"rows"`
	First  int64  `json:"first"`
	Last   int64  `json:"last"`
	SHA256 string `json:"sha256"`
	// Head is the newest entry of the record when the file was written.
	Head AuditCheckpoint `json:"head"`
	// Whole tells that every entry written has the hash that it says; FirstBad
	// is the position of the first that has not, 0 for none.
	Whole    bool   `json:"whole"`
	FirstBad int64  `json:"first_bad"`
	At       string `json:"at"`
}

// exportDomain separates signatures of proofs from all others.
const exportDomain = "vedette-audit-export-v1"

// SignedExportProof is a proof as the server vouched for it. A server without a
// signing key leaves the signature empty.
type SignedExportProof struct {
	Proof     ExportProof `json:"proof"`
	Signature Signature   `json:"signature"`
}

// SignExportProof signs a proof.
func (s *Signer) SignExportProof(p ExportProof) (SignedExportProof, error) {
	signature, err := s.Sign(exportDomain, p)
	return SignedExportProof{p, signature}, err
}

// Check verifies the signature with the key that the proof names.
func (p SignedExportProof) Check() error { return p.Signature.Verify(exportDomain, p.Proof) }
