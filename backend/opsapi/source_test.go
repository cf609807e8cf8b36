package opsapi_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"vedette/backend/soc"
	"vedette/backend/web/webtest"
)

// TestS60ASourceIsWatchedAndChangedByTwo lists what sends, sees it go silent,
// narrows its window at once and widens it by two people.
func TestS60ASourceIsWatchedAndChangedByTwo(t *testing.T) {
	h := openIntake(t)
	const path, odd = "/api/ops/v1/sources", "/api/ops/v1/sources/odd"
	h.Ingest(h.First, "generic", []byte(oneAlert))
	h.Ask(http.MethodPost, ingestGeneric, `{"title":"no id","severity":"low","source":"odd"}`, h.key)
	type source struct {
		Source, DisplayName                  string
		DedupWindowHours, SilentAfterMinutes int
		Silent                               bool
		Received, ParseErrors                int64
		Change                               *struct{ ID, Digest string }
	}
	viewer, manager := h.Cookie(h.First, soc.RoleViewer), h.Cookie(h.First, soc.RoleManager)
	list := func() map[string]source {
		t.Helper()
		got := webtest.Decode[struct{ Data []source }](t, h.Ask(http.MethodGet, path+"?pageSize=2", "", viewer), 200)
		found := map[string]source{}
		for _, s := range got.Data {
			found[s.Source] = s
		}
		return found
	}
	put := func(who, body string, status int, headers ...string) source {
		t.Helper()
		w := h.Ask(http.MethodPut, odd, body, append(headers, who)...)
		if w.Code != status {
			t.Fatalf("PUT %s is %d, want %d: %s", body, w.Code, status, w.Body)
		}
		if status >= 400 {
			return source{}
		}
		return webtest.Decode[struct{ Data source }](t, w, status).Data
	}
	if got := list()["odd"]; got.Received != 1 || got.Silent || got.DedupWindowHours != 24 || got.SilentAfterMinutes != 0 {
		t.Errorf("%+v", got)
	}
	if all := list(); all["odd"].ParseErrors+all["generic"].ParseErrors != 1 {
		t.Errorf("%+v", all)
	}
	put(viewer, `{"dedupWindowHours":1,"silentAfterMinutes":30}`, 403)
	put(manager, `{"dedupWindowHours":169,"silentAfterMinutes":30}`, 400)
	if got := put(manager, `{"displayName":"The odd one","dedupWindowHours":1,"silentAfterMinutes":30}`, 200); got.DedupWindowHours != 1 || got.DisplayName != "The odd one" || got.Change != nil {
		t.Errorf("%+v", got)
	}
	put(manager, `{"dedupWindowHours":0,"silentAfterMinutes":30}`, 412, `If-Match: "1"`)
	h.Advance(31 * time.Minute)
	if !list()["odd"].Silent {
		t.Error("a source that says nothing is not silent")
	}

	// A key that may only tighten asks for nothing that loosens.
	put(h.Bearer(webtest.Key{Role: soc.RoleManager, Scopes: []soc.Scope{soc.ScopeOpsTighten}}), `{"displayName":"The odd one","dedupWindowHours":2,"silentAfterMinutes":30}`, 403)
	manager = h.Cookie(h.First, soc.RoleManager) // freshly signed in, as is the second
	second := h.Cookie(h.First, soc.RoleManager)
	waits := put(manager, `{"displayName":"The odd one","dedupWindowHours":48,"silentAfterMinutes":30}`, 202)
	if waits.Change == nil || waits.DedupWindowHours != 1 {
		t.Fatalf("%+v", waits)
	}
	confirm := func(who, id, digest string, status int) {
		t.Helper()
		if w := h.Ask(http.MethodPost, "/api/ops/v1/changes/"+id+"/confirm", `{"digest":"`+digest+`"}`, who); w.Code != status {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
	confirm(manager, waits.Change.ID, waits.Change.Digest, 409) // counts already
	confirm(second, waits.Change.ID, waits.Change.Digest, 200)
	if got := list()["odd"]; got.DedupWindowHours != 48 || got.SilentAfterMinutes != 30 {
		t.Errorf("%+v", got)
	}
	later := put(manager, `{"displayName":"The odd one","dedupWindowHours":72,"silentAfterMinutes":0}`, 202)
	put(second, `{"displayName":"The odd one","dedupWindowHours":24,"silentAfterMinutes":30}`, 200)
	confirm(second, later.Change.ID, later.Change.Digest, 409) // it moved meanwhile
	if got := list()["odd"]; got.DedupWindowHours != 24 || !strings.HasPrefix(got.DisplayName, "The") {
		t.Errorf("%+v", got)
	}
}
