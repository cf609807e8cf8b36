package web

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"vedette/backend/soc"
	"vedette/schemas"
)

// titles of problem+json, fixed per code (portal-api.md section 4).
var titles = map[soc.Code]string{
	soc.CodeValidationError:           "Validation failed",
	soc.CodeBadRequest:                "Bad request",
	soc.CodeUnauthorized:              "Authentication required",
	soc.CodeCredentialExpired:         "Credential expired",
	soc.CodeInsufficientScope:         "Insufficient scope",
	soc.CodeInsufficientWorkspaceRole: "Insufficient workspace role",
	soc.CodeAgentSuspended:            "Agent suspended",
	soc.CodeForbidden:                 "Forbidden",
	soc.CodeOriginRejected:            "Origin rejected",
	soc.CodeNotFound:                  "Not found",
	soc.CodeMethodNotAllowed:          "Method not allowed",
	soc.CodeConflict:                  "Conflict",
	soc.CodeIdempotencyInProgress:     "Request in progress",
	soc.CodePreconditionFailed:        "Precondition failed",
	soc.CodePayloadTooLarge:           "Payload too large",
	soc.CodeUnsupportedMediaType:      "Unsupported media type",
	soc.CodeRefused:                   "Refused by policy",
	soc.CodeIdempotencyKeyReused:      "Idempotency key reused",
	soc.CodeLocked:                    "Locked",
	soc.CodeRateLimited:               "Too many requests",
	soc.CodeInternalError:             "Internal error",
	soc.CodeServiceUnavailable:        "Service unavailable",
	soc.CodeHumanSessionRequired:      "Session of a person required",
	soc.CodeInsufficientApprovalLevel: "Insufficient approval level",
	soc.CodeRequesterCannotApprove:    "Requester cannot approve",
	soc.CodeDigestMismatch:            "Digest mismatch",
	soc.CodeApprovalExpired:           "Approval expired",
	soc.CodeInvalidState:              "Invalid state",
}

// opsOnly are titles of the operations family alone; the portal has no such
// codes and says the kind's.
var opsOnly = []soc.Code{
	soc.CodeHumanSessionRequired, soc.CodeInsufficientApprovalLevel, soc.CodeRequesterCannotApprove,
	soc.CodeDigestMismatch, soc.CodeApprovalExpired, soc.CodeInvalidState,
}

// kindCode is the code of a kind where a finer one is not in the family's list.
var kindCode = map[soc.Kind]soc.Code{
	soc.Invalid: soc.CodeValidationError, soc.Unauthenticated: soc.CodeUnauthorized, soc.Denied: soc.CodeForbidden,
	soc.NotFound: soc.CodeNotFound, soc.Conflict: soc.CodeConflict, soc.Precondition: soc.CodePreconditionFailed,
	soc.KeyReused: soc.CodeIdempotencyKeyReused, soc.Refused: soc.CodeRefused, soc.Locked: soc.CodeLocked,
	soc.Limited: soc.CodeRateLimited, soc.Unavailable: soc.CodeServiceUnavailable, soc.Internal: soc.CodeInternalError,
}

// tokenDetail is the one answer to any page token that does not open.
const tokenDetail = "One or more pagination tokens are invalid. Use the tokens from the previous response unmodified."

// problem is RFC 9457 as the portal draws it.
type problem struct {
	Type      string               `json:"type"`
	Title     string               `json:"title"`
	Status    int                  `json:"status"`
	Detail    string               `json:"detail"`
	Instance  string               `json:"instance"`
	Code      soc.Code             `json:"code"`
	RequestID string               `json:"requestId"`
	Timestamp string               `json:"timestamp"`
	Target    *string              `json:"target"`
	Errors    *map[string][]string `json:"errors"`
}

// opsProblem adds why policy said no and what to do next.
type opsProblem struct {
	problem
	Reason   *soc.Code `json:"reason"`
	RuleID   *string   `json:"ruleId"`
	NextStep *string   `json:"nextStep"`
}

func newProblem(publicURL string, failure Failure, absent []soc.Code) problem {
	e := failure.Err
	code, detail := e.Code, failure.Message
	if code == soc.CodeInvalidCursor {
		code, detail = soc.CodeValidationError, tokenDetail
	}
	if _, known := titles[code]; !known || e.Kind == soc.Refused || slices.Contains(absent, code) {
		code = kindCode[e.Kind]
	}
	p := problem{
		Type: publicURL + "/errors/" + string(code), Title: titles[code], Status: failure.Status, Detail: detail,
		Instance: failure.Frame.Path, Code: code, RequestID: failure.Frame.RequestID,
		Timestamp: schemas.MetaTime(failure.Frame.At),
	}
	if e.Fields != nil {
		p.Errors = &e.Fields
	}
	if e.Target != "" {
		p.Target = &e.Target
	}
	return p
}

func portalProblem(publicURL string) func(Failure) (string, any) {
	return func(failure Failure) (string, any) {
		return "application/problem+json", portalBody(publicURL, failure)
	}
}

func portalBody(publicURL string, failure Failure) problem {
	p := newProblem(publicURL, failure, opsOnly)
	if p.Code == soc.CodeRefused && failure.Err.Code != soc.CodeRefused {
		p.Detail = string(failure.Err.Code) + ": " + p.Detail
	}
	step := failure.Err.Fix
	if failure.Err.Kind == soc.Denied || failure.Err.Kind == soc.Refused {
		step = failure.Err.NextStep() // the body has no member for it
	}
	if step != "" && failure.Status != 401 {
		p.Detail += " " + step
	}
	return p
}

// PortalWords is code and detail of a failure as the portal's error body says
// them, for one of several items, with the members that are not valid.
func PortalWords(e *soc.Error) (code soc.Code, detail string) {
	p := portalBody("", Failure{Err: e, Status: Status(e.Kind, e.Code), Message: e.Message})
	for _, path := range slices.Sorted(maps.Keys(e.Fields)) {
		p.Detail += " " + path + " " + strings.Join(e.Fields[path], "; ") + "."
	}
	return p.Code, p.Detail
}

func opsProblemBody(publicURL string) func(Failure) (string, any) {
	return func(failure Failure) (string, any) {
		p := opsProblem{problem: newProblem(publicURL, failure, nil)}
		if p.Code == soc.CodeRefused {
			p.Reason = &failure.Err.Code
		}
		if failure.Err.Rule != "" {
			p.RuleID = &failure.Err.Rule
		}
		if step := failure.Err.NextStep(); step != "" {
			p.NextStep = &step
		}
		return "application/problem+json", p
	}
}

// snakeCodes are the spellings of the case and triage families that are not
// the lower-case form of the code.
var snakeCodes = map[soc.Code]string{
	soc.CodeBadRequest:                "malformed_body",
	soc.CodeCredentialExpired:         "key_expired",
	soc.CodeInsufficientWorkspaceRole: "insufficient_role",
	soc.CodeServiceUnavailable:        "unavailable",
	soc.CodeOriginRejected:            "forbidden",
	soc.CodeIncidentClosed:            string(soc.CodeIncidentResolved),
}

func snakeCode(e *soc.Error) string {
	if e.Kind == soc.Refused {
		return "refused"
	}
	if code, ok := snakeCodes[e.Code]; ok {
		return code
	}
	return strings.ToLower(string(e.Code))
}

// snakeDetails are the details both snake_case families tell. roleKey and
// refusedKey are where the two spell differently.
func snakeDetails(failure Failure, roleKey, refusedKey string) map[string]any {
	e := failure.Err
	details := map[string]any{"request_id": failure.Frame.RequestID}
	add := func(key, value string) {
		if value != "" {
			details[key] = value
		}
	}
	if e.Fields != nil {
		details["fields"] = e.Fields
	}
	switch code := snakeCode(e); {
	case code == "refused":
		add(refusedKey, string(e.Code))
	case code == "insufficient_scope":
		add("scope", e.Target)
	case code == "insufficient_role" && len(e.Roles) > 0:
		add(roleKey, string(e.Roles[0]))
		if roleKey == "required_role" {
			add("your_role", string(failure.Role))
		}
	case code == "insufficient_approval_level" && len(e.Roles) > 0:
		add("required_level", string(e.Roles[0]))
		add("your_level", string(failure.Role))
	case code == "invalid_state":
		add("status", e.Target)
	case code == "rate_limited":
		add("bucket", e.Target)
	}
	add("rule", e.Rule)
	if failure.Status != 401 {
		add("next_step", e.NextStep())
	}
	for key, value := range failure.Details {
		details[key] = value
	}
	return details
}

func cursorMessage(failure Failure) string {
	if failure.Err.Code == soc.CodeInvalidCursor {
		return "The cursor is invalid. Start again without it."
	}
	return failure.Message
}

type triageError struct {
	Code    string         `json:"code"`
	Message string         `json:"message"`
	Details map[string]any `json:"details"`
}

func triageProblem(failure Failure) (string, any) {
	return "application/json", map[string]triageError{"error": {
		Code: snakeCode(failure.Err), Message: cursorMessage(failure), Details: snakeDetails(failure, "required_role", "reason"),
	}}
}

type caseError struct {
	Error   string         `json:"error"`
	Message string         `json:"message"`
	Details map[string]any `json:"details"`
}

func caseProblem(failure Failure) (string, any) {
	return "application/json", caseError{
		Error: snakeCode(failure.Err), Message: cursorMessage(failure), Details: snakeDetails(failure, "role", "code"),
	}
}

// CaseFault is an error as the case family tells it, for answers that hold one
// for each of several objects: status, code, message and details.
func CaseFault(err error) (status int, code, message string, details map[string]any) {
	e := soc.AsError(err)
	failure := Failure{Err: e, Status: Status(e.Kind, e.Code), Message: e.Message}
	if d := (detailed{}); errors.As(err, &d) {
		failure.Details = d.details
	}
	details = snakeDetails(failure, "role", "code")
	delete(details, "request_id") // the answer's own
	return failure.Status, snakeCode(e), e.Message, details
}
