package soc

import (
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"hash"
	"io"
	"strconv"
	"strings"
	"time"
)

// AuditFile writes entries as an export: Add each, oldest first, then End once.
type AuditFile struct {
	out   io.Writer
	table *csv.Writer
	sum   hash.Hash
	proof ExportProof
}

// exportColumns are those of a CSV export. The last holds the entry as it was
// hashed, or in the last line the proof.
var exportColumns = []string{
	"position", "at", "event", "actorKind", "actorId", "actorName", "incidentId", "gamebookId", "runId", "target",
	"operation", "requestId", "decision", "code", "hash", "entry",
}

// NewAuditFile begins a file of which the proof says export, workspace and format.
func NewAuditFile(out io.Writer, proof ExportProof) (*AuditFile, error) {
	f := &AuditFile{sum: sha256.New(), proof: proof}
	f.out = io.MultiWriter(out, f.sum)
	f.proof.Whole = true
	if proof.Format != ExportCSV {
		return f, nil
	}
	f.table = csv.NewWriter(f.out)
	f.table.UseCRLF = true // RFC 4180
	return f, f.table.Write(exportColumns)
}

// Add writes one entry.
func (f *AuditFile) Add(e AuditEntry) error {
	canonical := e.CanonicalBytes()
	if f.proof.Rows++; f.proof.First == 0 {
		f.proof.First = e.Position
	}
	f.proof.Last = e.Position
	if HashAudit(canonical) != e.Hash && f.proof.Whole {
		f.proof.Whole, f.proof.FirstBad = false, e.Position
	}
	if f.table == nil {
		return f.line(struct {
			Hash  string          `json:"hash"`
			Entry json.RawMessage `json:"entry"`
		}{e.Hash, canonical})
	}
	return f.table.Write(inertCells(
		strconv.FormatInt(e.Position, 10), e.At.UTC().Format(time.RFC3339Nano), e.Event, string(e.ActorKind), e.Actor, e.ActorName, e.Incident, e.Gamebook,
		e.Run, e.Target, e.Operation, e.RequestID, e.Decision, string(e.Code), e.Hash, string(canonical),
	))
}

// End completes the proof with the head of the record, signs it where there is a
// signer, and writes it as the last line.
func (f *AuditFile) End(head AuditCheckpoint, at time.Time, signer *Signer) (SignedExportProof, error) {
	if f.table != nil {
		f.table.Flush()
		if err := f.table.Error(); err != nil {
			return SignedExportProof{}, err
		}
	}
	f.proof.SHA256, f.proof.Head, f.proof.At = hex.EncodeToString(f.sum.Sum(nil)), head, at.UTC().Format(time.RFC3339)
	signed := SignedExportProof{Proof: f.proof}
	if signer != nil {
		var err error
		if signed, err = signer.SignExportProof(f.proof); err != nil {
			return signed, err
		}
	}
	if f.table == nil {
		return signed, f.line(signed)
	}
	last := make([]string, len(exportColumns))
	record, err := json.Marshal(signed)
	if err != nil {
		return signed, err
	}
	last[0], last[len(last)-1] = "proof", string(record)
	if err := f.table.Write(last); err != nil {
		return signed, err
	}
	f.table.Flush()
	return signed, f.table.Error()
}

// line writes one value and a line feed. HTML is not escaped: the bytes of an
// entry are those that were hashed.
func (f *AuditFile) line(v any) error {
	enc := json.NewEncoder(f.out)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// inertCells escapes what no reader should see raw in all cells but the last,
// which is JSON, and keeps a spreadsheet from taking any for a formula (S56).
func inertCells(cells ...string) []string {
	for i := range cells {
		if i < len(cells)-1 {
			cells[i] = EscapeVisible(cells[i])
		}
		cells[i] = InertCell(cells[i])
	}
	return cells
}

// InertCell is text as a cell that no spreadsheet runs: a quote before what could
// begin a formula (S56).
func InertCell(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}
