package web

import (
	"encoding/json"
	"slices"

	"vedette/backend/soc"
)

// Failure codes of a route, before the operation adds its own, follow from the
// checks that the pipeline makes of it (see the package comment). The documents
// list them and the door tests hold every answer to the list, so a check that
// is added to the pipeline and not here fails there.

// Failing is one way in which a route can fail, in the words of its family.
type Failing struct {
	Status int
	Code   string
	Core   soc.Code
}

// Failures lists the ways in which a route can fail, by status and code.
func (r Route) Failures() []Failing {
	var all []Failing
	add := func(code soc.Code) {
		meaning, known := soc.MeaningOf(code)
		if !known || meaning.Kind == "" {
			return // a state or a receipt, no failure
		}
		failing := Failing{Status(meaning.Kind, code), r.family.spell(meaning.Kind, code), code}
		if !slices.ContainsFunc(all, func(f Failing) bool { return f.Status == failing.Status && f.Code == failing.Code }) {
			all = append(all, failing)
		}
	}
	for _, code := range r.pipelineCodes() {
		add(code)
	}
	for _, code := range r.Errors {
		add(code)
	}
	slices.SortFunc(all, func(a, b Failing) int {
		if a.Status != b.Status {
			return a.Status - b.Status
		}
		return slices.Index(soc.AllCodes, a.Core) - slices.Index(soc.AllCodes, b.Core)
	})
	return all
}

// pipelineCodes are what the checks of the pipeline can answer.
func (r Route) pipelineCodes() []soc.Code {
	codes := []soc.Code{
		soc.CodePayloadTooLarge, soc.CodeUnsupportedMediaType, soc.CodeBadRequest, soc.CodeValidationError,
		soc.CodeOriginRejected, soc.CodeUnauthorized, soc.CodeRateLimited, soc.CodeServiceUnavailable, soc.CodeInternalError,
	}
	if r.Paged {
		codes = append(codes, soc.CodeInvalidCursor)
	}
	if slices.Contains(r.Headers, "If-Match") {
		codes = append(codes, soc.CodePreconditionFailed)
	}
	codes = append(codes, r.accessCodes()...)
	if r.Write {
		codes = append(codes, soc.CodeLocked)
		if r.Who != Anyone {
			codes = append(codes, soc.CodeIdempotencyInProgress, soc.CodeIdempotencyKeyReused)
		}
	}
	return codes
}

func (r Route) accessCodes() (codes []soc.Code) {
	if r.Who != Anyone {
		codes = append(codes, soc.CodeCredentialExpired)
	}
	if r.InWorkspace() || wildcard.MatchString(r.Path) {
		codes = append(codes, soc.CodeNotFound)
	}
	switch r.Who {
	case Scoped:
		codes = append(codes, soc.CodeInsufficientScope, soc.CodeAgentSuspended)
	case Person:
		codes = append(codes, soc.CodeHumanSessionRequired)
	}
	if r.InWorkspace() {
		codes = append(codes, soc.CodeInsufficientWorkspaceRole)
	}
	if len(r.Kinds) > 0 {
		codes = append(codes, soc.CodeForbidden)
	}
	return codes
}

// InWorkspace reports whether the route is about one workspace, which the path
// or the credential names.
func (r Route) InWorkspace() bool {
	return !r.Organization && (r.Who == Scoped || r.Who == Person)
}

// Door is the family the route belongs to.
func (r Route) Door() *Family { return r.family }

// spell is a code as the family's bodies write it.
func (f *Family) spell(kind soc.Kind, code soc.Code) string {
	_, body := f.Problem(Failure{Err: &soc.Error{Kind: kind, Code: code}, Status: Status(kind, code)})
	raw, err := json.Marshal(body)
	if err != nil {
		return string(code)
	}
	return CodeIn(raw)
}

// CodeIn reads the code out of any family's error body, "" where there is none.
func CodeIn(body []byte) string {
	var outer struct {
		Code  string          `json:"code"`
		Error json.RawMessage `json:"error"`
	}
	if json.Unmarshal(body, &outer) != nil || outer.Code != "" {
		return outer.Code
	}
	var text string
	if json.Unmarshal(outer.Error, &text) == nil {
		return text
	}
	var nested struct {
		Code string `json:"code"`
	}
	_ = json.Unmarshal(outer.Error, &nested) // no error body at all
	return nested.Code
}
