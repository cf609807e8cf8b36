package soc

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"
)

// AuditEntry is one row of the hash-chained record (S55). Position and the
// hashes are set by the store inside the causing transaction.
type AuditEntry struct {
	Position  int64
	At        time.Time
	Event     string
	ActorKind PrincipalKind
	Actor     string
	ActorName string
	Workspace string
	Incident  string
	Gamebook  string
	Run       string
	// Target is the id of what was acted on where none of the above is.
	Target        string
	Door          string
	Operation     string
	RequestID     string
	Digest        string
	PolicyVersion int64
	Decision      string // allowed, refused, queued, held, error
	Code          Code
	Rules         []string
	Before, After string
	// Detail is small structured data as canonical JSON; no evidence text.
	Detail   string
	PrevHash string
	Hash     string
}

// auditRecord fixes the order and spelling of the canonical bytes; a member
// is only ever added at the end.
type auditRecord struct {
	Position      int64         `json:"position"`
	At            int64         `json:"at"`
	Event         string        `json:"event"`
	ActorKind     PrincipalKind `json:"actor_kind"`
	Actor         string        `json:"actor"`
	ActorName     string        `json:"actor_name,omitempty"`
	Workspace     string        `json:"workspace,omitempty"`
	Incident      string        `json:"incident,omitempty"`
	Gamebook      string        `json:"gamebook,omitempty"`
	Run           string        `json:"run,omitempty"`
	Target        string        `json:"target,omitempty"`
	Door          string        `json:"door,omitempty"`
	Operation     string        `json:"operation,omitempty"`
	RequestID     string        `json:"request_id,omitempty"`
	Digest        string        `json:"digest,omitempty"`
	PolicyVersion int64         `json:"policy_version,omitempty"`
	Decision      string        `json:"decision,omitempty"`
	Code          Code          `json:"code,omitempty"`
	Rules         []string      `json:"rules,omitempty"`
	Before        string        `json:"before,omitempty"`
	After         string        `json:"after,omitempty"`
	Detail        string        `json:"detail,omitempty"`
	PrevHash      string        `json:"prev_hash"`
}

// CanonicalBytes are the bytes the hash covers: compact JSON in a fixed member
// order, time in Unix microseconds, without HTML escapes.
func (e AuditEntry) CanonicalBytes() []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	// A struct of strings and integers always encodes.
	_ = enc.Encode(auditRecord{
		e.Position, e.At.UnixMicro(), e.Event, e.ActorKind, e.Actor, e.ActorName, e.Workspace, e.Incident, e.Gamebook,
		e.Run, e.Target, e.Door, e.Operation, e.RequestID, e.Digest, e.PolicyVersion, e.Decision, e.Code, e.Rules,
		e.Before, e.After, e.Detail, e.PrevHash,
	})
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// Chain returns e behind an entry with hash prev: PrevHash and Hash are set.
func (e AuditEntry) Chain(prev string) AuditEntry {
	e.PrevHash = prev
	e.Hash = HashAudit(e.CanonicalBytes())
	return e
}

// HashAudit is the hash of one entry's canonical bytes, which hold the hash of
// the entry before.
func HashAudit(canonical []byte) string {
	sum := sha256.Sum256(append([]byte("vedette-audit-v1\n"), canonical...))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// ParseAuditEntry reads canonical bytes back. Hash is not in them.
func ParseAuditEntry(canonical []byte) (AuditEntry, error) {
	var r auditRecord
	if err := json.Unmarshal(canonical, &r); err != nil {
		return AuditEntry{}, err
	}
	return AuditEntry{
		Position: r.Position, At: time.UnixMicro(r.At).UTC(), Event: r.Event, ActorKind: r.ActorKind, Actor: r.Actor,
		ActorName: r.ActorName, Workspace: r.Workspace, Incident: r.Incident, Gamebook: r.Gamebook, Run: r.Run,
		Target: r.Target, Door: r.Door, Operation: r.Operation, RequestID: r.RequestID, Digest: r.Digest,
		PolicyVersion: r.PolicyVersion, Decision: r.Decision, Code: r.Code, Rules: r.Rules, Before: r.Before,
		After: r.After, Detail: r.Detail, PrevHash: r.PrevHash,
	}, nil
}
