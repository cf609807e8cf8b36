package opsapi_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"vedette/backend/soc"
	"vedette/backend/store"
	"vedette/backend/web/webtest"
)

type auditAnswer struct {
	Data []struct {
		Position                    int64
		Event, WorkspaceID, At      string
		Hash, PrevHash              string
		IncidentID, RequestID, Code *string
		Before                      *string
		Actor                       struct{ Kind, ID, Name string }
	}
	Pagination struct {
		ContinuationToken *string
		HasMore           bool
	}
}

// TestS44TheAuditOverTheWire reads the record of one workspace of two: page by
// page, filtered, entry by entry. The other's entries lie between.
func TestS44TheAuditOverTheWire(t *testing.T) {
	h := openIntake(t)
	const path = "/api/ops/v1/audit"
	reader := webtest.Key{Role: soc.RoleManager, Scopes: []soc.Scope{soc.ScopeAuditRead}}
	manager, other := h.Bearer(reader), h.Bearer(webtest.Key{Role: soc.RoleAdmin, Scopes: reader.Scopes})
	const step = 10 * time.Minute
	h.Advance(step)
	begin := h.Now()
	write := func(e soc.AuditEntry) {
		t.Helper()
		e.At, e.ActorKind, e.Decision = h.Now(), soc.PrincipalPerson, "allowed"
		if err := h.Store.Write(t.Context(), func(tx *store.Tx) error { tx.Audit(e); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 5 {
		for _, workspace := range []string{h.First, h.Second, h.Foreign, ""} {
			write(soc.AuditEntry{
				Workspace: workspace, Event: "drill", Actor: fmt.Sprintf("actor-%d", n), Incident: fmt.Sprintf("incident-%d", n), Gamebook: fmt.Sprintf("GB-%d", n),
				Run: fmt.Sprintf("run-%d", n), RequestID: fmt.Sprintf("request-%d", n), Code: soc.Code(fmt.Sprintf("CODE_%d", n)), Before: "a\u202eb",
			})
		}
		h.Advance(step)
	}
	ask := func(who, query string) *httptest.ResponseRecorder { return h.Ask(http.MethodGet, path+query, "", who) }
	list := func(query string) auditAnswer {
		t.Helper()
		return webtest.Decode[auditAnswer](t, ask(manager, query), http.StatusOK)
	}

	t.Run("pages", func(t *testing.T) {
		seen, query := []int64{}, "?event=drill&pageSize=2"
		for token := ""; ; {
			page := list(query + token)
			for _, e := range page.Data {
				if e.WorkspaceID != h.First {
					t.Errorf("an entry of workspace %q", e.WorkspaceID)
				}
				if len(seen) > 0 && e.Position >= seen[len(seen)-1] {
					t.Errorf("position %d after %d", e.Position, seen[len(seen)-1])
				}
				seen = append(seen, e.Position)
			}
			if !page.Pagination.HasMore {
				break
			}
			token = "&continuationToken=" + url.QueryEscape(*page.Pagination.ContinuationToken)
			if w := ask(other, query+token); w.Code != http.StatusBadRequest {
				t.Errorf("another key's page token: %d", w.Code)
			}
		}
		if len(seen) != 5 {
			t.Errorf("%d entries, want 5", len(seen))
		}
	})

	t.Run("filters", func(t *testing.T) {
		moment := func(steps int) string { return begin.Add(time.Duration(steps) * step).Format(time.RFC3339) }
		for query, want := range map[string]int{
			"&actorId=actor-3": 1, "&incidentId=incident-3": 1, "&gamebookId=GB-3": 1, "&runId=run-3": 1, "&requestId=request-3": 1, "&code=CODE_3": 1,
			"&runId=run-3&code=CODE_2": 0, "&workspaceId=" + h.First: 5, "&actorId=": 5,
			"&from=" + moment(3): 2, "&to=" + moment(3): 3, "&from=" + moment(1) + "&to=" + moment(2): 1, "&from=" + moment(9): 0, "&to=" + moment(-9): 0,
		} {
			if got := list("?event=drill" + query); len(got.Data) != want {
				t.Errorf("%s: %d entries, want %d", query, len(got.Data), want)
			}
		}
	})

	t.Run("one", func(t *testing.T) {
		e := list("?event=drill&pageSize=1").Data[0]
		w := ask(manager, fmt.Sprintf("/%d", e.Position))
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), e.Hash) || strings.Contains(w.Body.String(), "\u202e") {
			t.Errorf("%d: %s", w.Code, w.Body)
		}
		// Those of the second, the foreign and no workspace lie behind it.
		var unknown string
		for _, id := range []string{"999999999", "0", "-1", "x", fmt.Sprint(e.Position + 1), fmt.Sprint(e.Position + 2), fmt.Sprint(e.Position + 3)} {
			w := ask(manager, "/"+id)
			body := webtest.Decode[map[string]any](t, w, http.StatusNotFound)
			told := fmt.Sprint(body["code"], body["title"], body["detail"], body["nextStep"])
			if unknown == "" {
				unknown = told
			}
			if told != unknown {
				t.Errorf("%s: %s, want that of an unknown position: %s", id, told, unknown)
			}
		}
	})

	t.Run("refusals", func(t *testing.T) {
		for query, status := range map[string]int{
			"?workspaceId=" + h.Second: 404, "?workspaceId=" + h.Foreign: 404, "?incidentId=INC-00000000": 404, "?from=yesterday": 400, "?position=1": 400,
			"?pageSize=201": 400, "?continuationToken=x": 400,
		} {
			if w := ask(manager, query); w.Code != status {
				t.Errorf("%s: %d, want %d: %s", query, w.Code, status, w.Body)
			}
		}
	})
}
