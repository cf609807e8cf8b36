package web

import (
	"maps"
	"reflect"

	"vedette/schemas"
)

// LoginClass is the rate class of failed logins, counted per address.
const LoginClass = "login"

// Requests per minute and credential of every family, unless configured.
var commonRates = map[string]int{"read": 1200, "write": 240, LoginClass: 20}

func rates(more map[string]int) map[string]int {
	all := maps.Clone(commonRates)
	maps.Copy(all, more)
	return all
}

const (
	challengeBasic  = `Basic realm="vedette", charset="UTF-8"`
	challengeBearer = `Bearer realm="vedette"`
)

// Portal is /api/v2 (contracts/portal-api.md). publicURL stands before the
// types of its problems.
func Portal(publicURL string) *Family {
	return &Family{
		Name: "portal", Prefixes: []string{"/api/v2"}, Challenges: []string{challengeBasic, challengeBearer},
		Unauthenticated: "Missing or invalid credentials.", Basic: true, WorkspaceInPath: true, FoldQuery: true,
		Rates:     rates(map[string]int{"agent-tools": 120}),
		PageToken: "continuationToken", Envelope: metaEnvelope, BodyType: metaBody,
		Problem: portalProblem(publicURL), ProblemType: reflect.TypeFor[problem](),
	}
}

// Ops is /api/ops/v1 (contracts/ops-api.md).
func Ops(publicURL string) *Family {
	return &Family{
		Name: "ops", Prefixes: []string{"/api/ops/v1"}, Challenges: []string{challengeBearer},
		Unauthenticated: "Missing or invalid credentials.", Cookies: CookiesAccepted, FoldQuery: true, MalformedPath404: true,
		Rates:     rates(map[string]int{"decide": 60, "ingest": 6000}),
		PageToken: "continuationToken", Envelope: metaEnvelope, BodyType: metaBody,
		Problem: opsProblemBody(publicURL), ProblemType: reflect.TypeFor[opsProblem](),
	}
}

// Triage is /api/incidents and its neighbours (contracts/triage-api.md).
func Triage() *Family {
	return &Family{
		Name: "triage", Prefixes: []string{"/api/incidents", "/api/actions", "/api/playbooks"}, Challenges: []string{challengeBearer},
		Unauthenticated: "Missing or invalid API key.", Cookies: CookiesForPeople, MalformedPath404: true, LegacyRateHeaders: true,
		Rates:     rates(map[string]int{"triage": 30, "actions": 60}),
		PageToken: "cursor", Envelope: triageEnvelope, BodyType: triageBody,
		Problem: triageProblem, ProblemType: reflect.TypeFor[triageErrorBody](),
	}
}

// Case is /api/v1 (contracts/case-api.md).
func Case() *Family {
	return &Family{
		Name: "case", Prefixes: []string{"/api/v1"}, Challenges: []string{challengeBearer},
		Unauthenticated: "Missing or invalid API key.", MalformedPath404: true,
		Rates:     rates(map[string]int{"ingest": 6000}),
		PageToken: "cursor", Envelope: caseEnvelope, BodyType: caseBody,
		Problem: caseProblem, ProblemType: reflect.TypeFor[caseErrorBody](),
	}
}

type meta struct {
	RequestID string `json:"requestId"`
	Timestamp string `json:"timestamp"`
	Total     *int   `json:"total,omitempty"`
}

type pagination struct {
	ContinuationToken *string `json:"continuationToken"`
	HasMore           bool    `json:"hasMore"`
}

func metaEnvelope(frame Frame, data any, page *Page) any {
	body := struct {
		Data       any         `json:"data"`
		Pagination *pagination `json:"pagination,omitempty"`
		Meta       meta        `json:"meta"`
	}{Data: data, Meta: meta{RequestID: frame.RequestID, Timestamp: schemas.MetaTime(frame.At)}}
	if page != nil {
		body.Pagination = &pagination{ContinuationToken: page.next(), HasMore: page.Next != ""}
		body.Meta.Total = page.Total
	}
	return body
}

type triageMeta struct {
	Page        *int    `json:"page"`
	PerPage     int     `json:"per_page"`
	Total       *int    `json:"total"`
	TotalCapped bool    `json:"total_capped,omitempty"`
	NextCursor  *string `json:"next_cursor"`
}

func triageEnvelope(_ Frame, data any, page *Page) any {
	body := struct {
		Data any         `json:"data"`
		Meta *triageMeta `json:"meta,omitempty"`
	}{Data: data}
	if page != nil {
		body.Meta = &triageMeta{
			Page: page.Number, PerPage: page.PerPage, Total: page.Total, TotalCapped: page.Capped, NextCursor: page.next(),
		}
	}
	return body
}

func caseEnvelope(_ Frame, data any, page *Page) any {
	if page == nil {
		return data
	}
	return struct {
		Items      any     `json:"items"`
		NextCursor *string `json:"next_cursor"`
		HasMore    bool    `json:"has_more"`
	}{data, page.next(), page.Next != ""}
}
