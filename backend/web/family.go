package web

import (
	"net/netip"
	"reflect"
	"strings"
	"time"

	"vedette/backend/soc"
)

// Frame is what every answer of one request shares.
type Frame struct {
	// RequestID is minted here; CorrelationID is the caller's own, if well formed.
	RequestID     string
	CorrelationID string
	// At is when the request came in; every time the answer states as its own
	// is this one, so that a stored answer equals the one sent.
	At time.Time
	// Path is the path as requested, escaped, without the query.
	Path string
	// Address of the caller, see Config.TrustedProxies.
	Address netip.Addr
}

// CookieUse says where a family looks at session cookies.
type CookieUse int

// The uses of cookies.
const (
	CookiesIgnored CookieUse = iota
	// CookiesForPeople reads them on routes of people only (Who Person).
	CookiesForPeople
	// CookiesAccepted reads them everywhere.
	CookiesAccepted
)

// Family is one REST family: where it lives, how its callers show who they
// are, and how its answers look. Everything else is the same for all.
type Family struct {
	// Name is the door's name in soc.Call.
	Name string
	// Prefixes are the paths whose unknown routes answer in this family's words.
	Prefixes []string
	// Challenges are the WWW-Authenticate headers of a 401.
	Challenges []string
	// Unauthenticated is the message of a 401.
	Unauthenticated string
	Basic           bool
	Cookies         CookieUse
	// WorkspaceInPath takes the workspace from {workspaceId}; else it is the
	// credential's only one or named by the header Vedette-Workspace.
	WorkspaceInPath bool
	// FoldQuery binds the names of query parameters case-insensitively.
	FoldQuery bool
	// MalformedPath404 answers a malformed id like an unknown one.
	MalformedPath404 bool
	// LegacyRateHeaders adds X-RateLimit-*.
	LegacyRateHeaders bool
	// Rates are requests per minute and credential, per class; the class
	// "login" counts failures per address.
	Rates map[string]int
	// PageToken is the query parameter that continues a list.
	PageToken string
	// Envelope wraps data as the body of a success; BodyType is the Go type of
	// what it makes of data of a type, for the documents.
	Envelope func(frame Frame, data any, page *Page) any
	BodyType func(data reflect.Type, paged bool) reflect.Type
	// Problem draws the body of a failure, which ProblemType describes.
	Problem     func(failure Failure) (mediaType string, body any)
	ProblemType reflect.Type
}

// Failure is an error on its way out, with what the bodies may tell of it.
type Failure struct {
	Err    *soc.Error
	Status int
	Frame  Frame
	// Role of the caller, for bodies that tell it.
	Role soc.Role
	// Details are a door's own additions, see WithDetails.
	Details map[string]any
	// Message is Err.Message, or the family's words for a 401.
	Message string
}

// Page describes the page a list answer is, in the words of all families; each
// envelope writes the part it has.
type Page struct {
	// Next is the sealed token of the next page, "" at the end.
	Next string
	// Total counts the matches, nil where it is not told; Capped says that
	// there are more.
	Total  *int
	Capped bool
	// Number and PerPage are the triage family's; Number is nil with a cursor.
	Number  *int
	PerPage int
}

func (p *Page) next() *string {
	if p.Next == "" {
		return nil
	}
	return &p.Next
}

// detailed is an error with a door's additions to its body.
type detailed struct {
	error
	details map[string]any
}

func (d detailed) Unwrap() error { return d.error }

// WithDetails adds members to the details of an error body (case and triage
// families), such as the id of the object in the way. Never evidence text.
func WithDetails(err error, details map[string]any) error {
	if err == nil {
		return nil
	}
	return detailed{err, details}
}

// covers reports whether the path belongs to the family.
func (f *Family) covers(path string) bool {
	for _, prefix := range f.Prefixes {
		if rest, ok := strings.CutPrefix(path, prefix); ok && (rest == "" || rest[0] == '/') {
			return true
		}
	}
	return false
}
