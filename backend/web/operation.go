package web

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"

	"vedette/backend/soc"
)

// Who may call a route, before scope and role are asked.
type Who int

// The zero Who is none: a route that has it refuses to start (S7).
const (
	Unclassified Who = iota
	// Anyone needs no credential; the address pays by the login bucket.
	Anyone
	// Signed is any live credential.
	Signed
	// Scoped is a credential that holds Scope, with at least MinRole.
	Scoped
	// Person is a live session of a person with at least MinRole; any key gets
	// 403 HUMAN_SESSION_REQUIRED.
	Person
)

// Operation is what a route is, apart from its types. It is the row of the
// permission table that list and call share, and of the generated test matrix.
type Operation struct {
	Method string
	// Path is a chi pattern below no prefix: the whole path.
	Path string
	// Name is the operation's verb and noun as the audit spells it.
	Name    string
	Summary string

	Who   Who
	Scope soc.Scope
	// Or is another scope that opens the route to a key; the operation decides
	// which of the two a request takes.
	Or soc.Scope
	// MinRole in the workspace; empty only where Organization is set or for
	// Anyone and Signed.
	MinRole soc.Role
	// Fresh asks for a sign-in within the last five minutes (Person only).
	Fresh bool
	// Kinds limits the kinds of principals; empty is all (else FORBIDDEN).
	Kinds []soc.PrincipalKind
	// Organization routes are about no workspace.
	Organization bool
	// Partial are the states of half-made sessions that the route takes too.
	Partial []soc.SessionState

	// Rate is the class of the family's Rates that pays.
	Rate string
	// Write is true for what changes something; false refuses idempotency keys
	// silently and is required of GET.
	Write bool
	// Secret is true where the answer holds a secret shown once.
	Secret bool
	// Status of a success, default 200; Also are those of its other successes,
	// such as 202 where work may go on.
	Status int
	Also   []int
	// Cookie is true where the answer sets or ends the session cookie.
	Cookie bool
	// Paged is true where the answer is one page of a list. A route that takes
	// the family's page token in its query is paged without saying so.
	Paged bool
	// OwnPages is true where a paged answer is more than one list and holds its
	// page token itself.
	OwnPages bool

	// Produces are the media types of an answer that is a Content.
	Produces []string
	// Media are the body's media types where they are not application/json.
	Media []string
	// Parts are the text parts of a form beside its file, default description.
	Parts []string
	// MaxBody in bytes, default 1 MiB.
	MaxBody int64
	// JSON are the body's limits where they are not the house's.
	JSON soc.JSONLimits
	// Errors are the codes of this operation beyond those of every route.
	Errors []soc.Code
}

// DefaultMaxBody is the limit of a body (S57).
const DefaultMaxBody = 1 << 20

// classified refuses a route that does not say who may call it (S7), or says
// what cannot be.
func classified(route *Route) error {
	var faults []error
	demand := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	op := route.Operation
	demand(op.Who != Unclassified, "no classification: say who may call it")
	demand(op.Who != Scoped || slices.Contains(soc.AllScopes, op.Scope), "Scoped needs a scope of soc.AllScopes, not %q", op.Scope)
	demand(op.Or == "" || op.Who == Scoped && slices.Contains(soc.AllScopes, op.Or), "Or is another scope of a Scoped route, not %q", op.Or)
	demand(op.Who == Scoped || op.Who == Person || op.Scope == "" && op.MinRole == "", "a scope or role asks for Who Scoped or Person")
	needsRole := (op.Who == Scoped || op.Who == Person) && !op.Organization
	demand(!needsRole || slices.Contains(soc.AllRoles, op.MinRole), "no least role in the workspace")
	demand(!op.Fresh || op.Who == Person, "Fresh asks for a person")
	demand(op.Who != Person || route.family.Cookies != CookiesIgnored, "family %s has no sessions", route.family.Name)
	demand(route.family.Rates[op.Rate] > 0, "rate class %q is not one of family %s", op.Rate, route.family.Name)
	demand(op.Name != "", "no operation name")
	demand((route.AnswerType == reflect.TypeFor[Content]()) == (len(op.Produces) > 0), "a Content, and nothing else, says what it Produces")
	demand(route.family.covers(op.Path), "path is outside the family's prefixes")
	demand(slices.Contains(methods, op.Method), "method %q", op.Method)
	demand(op.Method != http.MethodGet || !op.Write, "a GET changes nothing (S48)")
	demand(op.Method == http.MethodGet || op.Method == http.MethodPost || op.Write, "%s is a write", op.Method)
	return errors.Join(faults...)
}

var methods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
