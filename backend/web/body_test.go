package web

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/netip"
	"slices"
	"testing"

	"vedette/backend/soc"
)

func echoWorkspace(_ context.Context, by soc.Actor, _ struct{}) (Reply[map[string]string], error) {
	return OK(map[string]string{"workspace": by.Workspace}), nil
}

func TestStatusCoversEveryKind(t *testing.T) {
	for kind, want := range map[soc.Kind]int{
		soc.Invalid: 400, soc.Unauthenticated: 401, soc.Denied: 403, soc.NotFound: 404, soc.Conflict: 409, soc.Precondition: 412,
		soc.KeyReused: 422, soc.Refused: 422, soc.Locked: 423, soc.Limited: 429, soc.Unavailable: 503, soc.Internal: 500, "new": 500,
	} {
		if got := Status(kind, ""); got != want {
			t.Errorf("%s: %d", kind, got)
		}
	}
	if Status(soc.Invalid, soc.CodePayloadTooLarge) != 413 || Status(soc.Internal, soc.CodePayloadTooLarge) != 500 {
		t.Error("codes refine Invalid alone")
	}
}

// TestErrorBodies is the golden of every error body of each family.
func TestErrorBodies(t *testing.T) {
	invalidState := soc.Errorf(soc.Conflict, soc.CodeInvalidState, "It is executing.")
	invalidState.Target = "executing"
	refused := soc.Errorf(soc.Refused, soc.CodePolicyForbids, "A rule forbids it.").WithFix("Ask a person.")
	refused.Rule = "g3"
	role := soc.Errorf(soc.Denied, soc.CodeInsufficientWorkspaceRole, "This needs the role senior.")
	role.Roles = []soc.Role{soc.RoleSenior}
	level := soc.Errorf(soc.Denied, soc.CodeInsufficientApprovalLevel, "A manager has to approve.")
	level.Roles = []soc.Role{soc.RoleManager}
	limit := soc.Errorf(soc.Limited, soc.CodeRateLimited, "Too many requests.").WithFix("Wait 3 s.")
	limit.Target, limit.RetryAfter = "read", 3
	failures := map[string]error{
		"validation":       soc.InvalidField("playbooks[0].entity_id", "Is required and missing."),
		"bad request":      badRequest("The body is not JSON."),
		"cursor":           errToken(),
		"unauthorized":     soc.Errorf(soc.Unauthenticated, soc.CodeUnauthorized, "Missing or invalid credentials."),
		"expired":          soc.Errorf(soc.Unauthenticated, soc.CodeCredentialExpired, "The credential has expired."),
		"scope":            soc.Actor{Kind: soc.PrincipalAgent}.May(soc.ScopeIncidentsRead, ""),
		"role":             role,
		"level":            level,
		"suspended":        soc.Actor{Kind: soc.PrincipalAgent, Suspended: true}.May("", ""),
		"session":          sessionRequired("session"),
		"reauth":           sessionRequired("session.reauth"),
		"origin":           originRejected("Pages of that origin may not call this server."),
		"not found":        soc.NotFoundf("There is no such incident."),
		"method":           soc.Errorf(soc.Invalid, soc.CodeMethodNotAllowed, "The method is not one of GET, HEAD."),
		"conflict":         WithDetails(soc.Errorf(soc.Conflict, soc.CodeConflict, "Another payload has this key."), map[string]any{"incident_id": "550e"}),
		"invalid state":    invalidState,
		"in progress":      &soc.Error{Kind: soc.Conflict, Code: soc.CodeIdempotencyInProgress, Message: "Still running.", RetryAfter: 1},
		"digest":           soc.Errorf(soc.Conflict, soc.CodeDigestMismatch, "The card has changed."),
		"precondition":     soc.IfMatch{Given: true}.Check(3),
		"too large":        WithDetails(soc.Errorf(soc.Invalid, soc.CodePayloadTooLarge, "At most 10 bytes."), map[string]any{"max_bytes": 10}),
		"media type":       soc.Errorf(soc.Invalid, soc.CodeUnsupportedMediaType, "The body must be application/json."),
		"refused":          refused,
		"key reused":       soc.Errorf(soc.KeyReused, soc.CodeIdempotencyKeyReused, "The key was used for another request."),
		"locked":           soc.Errorf(soc.Locked, soc.CodeLocked, "The workspace is read-only."),
		"limited":          limit,
		"unavailable":      soc.Errorf(soc.Unavailable, soc.CodeServiceUnavailable, "Try again."),
		"internal":         soc.Errorf(soc.Internal, soc.CodeInternalError, "The server could not complete the request."),
		"foreign error":    json.Unmarshal([]byte("{"), new(int)),
		"unlisted refusal": soc.Errorf(soc.Conflict, soc.CodeOpenActions, "Actions are open."),
	}
	frame := Frame{RequestID: "0HN8Q3V0001", At: epoch, Path: "/api/v2/webhooks", Address: netip.MustParseAddr("192.0.2.1")}
	h := newHouse(t)
	for name, family := range h.families {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			for _, key := range slices.Sorted(maps.Keys(failures)) {
				e := soc.AsError(failures[key])
				failure := Failure{Err: e, Status: Status(e.Kind, e.Code), Frame: frame, Role: soc.RoleViewer, Message: e.Message}
				if d, ok := failures[key].(detailed); ok {
					failure.Details = d.details
				}
				media, body := family.Problem(failure)
				text, err := encode(body)
				if err != nil {
					t.Fatal(err)
				}
				out.WriteString(key + " " + media + "\n")
				out.Write(text)
			}
			golden(t, "errors_"+name+".txt", out.Bytes())
		})
	}
}

func TestEnvelopes(t *testing.T) {
	frame := Frame{RequestID: "0HN8Q3V0001", At: epoch}
	total, number := 42, 1
	var out bytes.Buffer
	h := newHouse(t)
	for _, name := range slices.Sorted(maps.Keys(h.families)) {
		for _, page := range []*Page{nil, {}, {Next: "abc", Total: &total, Capped: true, Number: &number, PerPage: 20}} {
			text, err := encode(h.families[name].Envelope(frame, []string{"<a>"}, page))
			if err != nil {
				t.Fatal(err)
			}
			out.WriteString(name + " ")
			out.Write(text)
		}
	}
	golden(t, "envelopes.txt", out.Bytes())
}
