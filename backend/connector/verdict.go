package connector

import (
	"context"
	"strings"

	"vedette/backend/soc"
)

// VerdictWriter is a Connector that tells the product an incident came from how
// it was closed here. Its Kind names the source.
type VerdictWriter interface {
	// WriteVerdict brings the product's incident to the verdict. It reads first and
	// writes only what is not there yet, so that it may be called again after a
	// crash or an error without a second comment. nil means read back as written.
	WriteVerdict(ctx context.Context, v Verdict) error
}

// Verdict is how an incident was closed.
type Verdict struct {
	// Key names the decision; it marks the comment, by which it is found again.
	Key string
	// ExternalID is the product's own id of the incident.
	ExternalID string
	Verdict    soc.Verdict
	Reason     string
	Comment    string
}

// Marker is what a comment of this decision can be told by.
func (v Verdict) Marker() string { return "[Vedette " + v.Key + "]" }

// Text is the comment as it is written, of at most longest bytes.
func (v Verdict) Text(longest int) string {
	said := strings.TrimSpace(soc.EscapeVisible(v.Comment)) // agents write comments too
	head := "Closed in Vedette as " + string(v.Verdict)
	if v.Reason != "" {
		head += ", " + v.Reason
	}
	if said != "" {
		head += ": " + said
	}
	tail := " " + v.Marker()
	for len(head)+len(tail) > longest && head != "" {
		runes := []rune(head)
		head = string(runes[:len(runes)-max(1, len(runes)/20)])
	}
	return head + tail
}
