package soc

import (
	"strings"
	"time"
	"unicode/utf8"
)

// Attachment is a file on an incident. Its bytes are never unpacked, rendered
// or run here; the row stays when they are removed.
type Attachment struct {
	ID        string // UUIDv7
	Workspace string
	Incident  string
	// Content names the stored bytes, which other incidents of the workspace
	// may share.
	Content string
	// Name is for display only: base name, controls shown, see AttachmentName.
	Name   string
	Size   int64 // bytes
	SHA256 string
	// ContentType is sniffed from the bytes, never what the sender claimed.
	ContentType string
	Description string
	AddedBy     string
	AddedKind   PrincipalKind
	AddedName   string
	AddedAt     time.Time
	RemovedAt   time.Time
	RemovedBy   string
}

// Upload is a file that has arrived whole and belongs to no incident yet.
type Upload struct {
	Workspace string
	// Content is where its bytes stand.
	Content string
	Size    int64
	SHA256  string
	// Head are its first bytes, at most UploadHead, for telling its type.
	Head []byte
}

// UploadHead is how much of a file says what type it is (the WHATWG's MIME
// sniffing standard reads 512 bytes).
const UploadHead = 512

// NewAttachment is what a caller says of an upload.
type NewAttachment struct {
	Name        string
	ContentType string
	Description string
	// IfMatch is the caller's condition on the incident's revision.
	IfMatch IfMatch
}

// AttachmentResult is an attachment as added, or the one that was there: the
// same bytes stand on an incident once.
type AttachmentResult struct {
	Attachment Attachment
	Existing   bool
}

// AttachmentLimits bound the files of one incident.
type AttachmentLimits struct {
	FileBytes int64 // of one file
	Files     int   // of one incident
	CaseBytes int64 // of one incident's files together
}

// ShippedAttachmentLimits are those of case-api.md section 6.
var ShippedAttachmentLimits = AttachmentLimits{FileBytes: 50 << 20, Files: 200, CaseBytes: 1 << 30}

// OrShipped fills in the shipped limits where none is set.
func (l AttachmentLimits) OrShipped() AttachmentLimits {
	shipped := ShippedAttachmentLimits
	if l.FileBytes > 0 {
		shipped.FileBytes = l.FileBytes
	}
	if l.Files > 0 {
		shipped.Files = l.Files
	}
	if l.CaseBytes > 0 {
		shipped.CaseBytes = l.CaseBytes
	}
	return shipped
}

// maxAttachmentName is the longest display name, in characters.
const maxAttachmentName = 255

// AttachmentName is how a sent file name is shown: what stands behind the last
// separator of either kind, with controls, bidirectional signs and chat tokens
// made visible, at most 255 characters. It names no file anywhere.
func AttachmentName(sent string) string {
	if i := strings.LastIndexAny(sent, `/\`); i >= 0 {
		sent = sent[i+1:]
	}
	name := EscapeVisible(strings.TrimSpace(sent))
	if name == "" || name == "." || name == ".." {
		return "file"
	}
	if utf8.RuneCountInString(name) <= maxAttachmentName {
		return name
	}
	return cutEscaped([]rune(name), maxAttachmentName)
}
