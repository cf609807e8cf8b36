package opsapi_test

import (
	"net/http"
	"path/filepath"
	"testing"

	"vedette/backend"
	"vedette/backend/opsapi"
	"vedette/backend/soc"
	"vedette/backend/store"
	"vedette/backend/web/webtest"
)

// TestBackupsAreAskedForByTheOnlyOrganization asks for copies on a server of one
// organization: one at a time, made and checked by the worker.
func TestBackupsAreAskedForByTheOnlyOrganization(t *testing.T) {
	folder := t.TempDir()
	h := webtest.OpenAlone(t, func(c *backend.Config) { c.BackupFolder = folder })
	openOpsDoor(h)
	const path = "/api/ops/v1/backups"
	admin, key := h.AdminCookie(h.First), h.Bearer(webtest.Key{Role: soc.RoleAdmin, Scopes: []soc.Scope{soc.ScopeOpsTighten}})
	type view struct {
		ID, State, Label, SHA256            string
		Bytes, SchemaVersion, AuditPosition int64
		Verified                            bool
	}
	type answer struct{ Data view }
	begin := func(who, body string) view {
		t.Helper()
		return webtest.Decode[answer](t, h.Ask(http.MethodPost, path, body, who), http.StatusAccepted).Data
	}
	first := begin(key, `{"label":"before the change"}`)
	if first.State != "running" || first.Label != "before the change" || first.Verified {
		t.Errorf("%+v", first)
	}
	if w := h.Ask(http.MethodPost, path, `{}`, admin); w.Code != http.StatusConflict || webtest.CodeOf(t, w) != "CONFLICT" {
		t.Errorf("a second copy at a time: %d %s", w.Code, w.Body)
	}
	run := func(id string) view {
		t.Helper()
		if err := h.Desk.RunBackup(t.Context(), soc.BackupJob{Backup: id}); err != nil {
			t.Fatal(err)
		}
		return webtest.Decode[answer](t, h.Ask(http.MethodGet, path+"/"+id, "", admin), http.StatusOK).Data
	}
	made := run(first.ID)
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%v %v", files, err)
	}
	if found, err := store.CheckBackup(t.Context(), files[0]); err != nil || !made.Verified || found.SHA256 != made.SHA256 || found.Position != made.AuditPosition || found.Bytes != made.Bytes {
		t.Errorf("%v: %+v, want %+v", err, made, found)
	}
	if again := run(first.ID); again != made {
		t.Errorf("run twice: %+v, then %+v", made, again)
	}
	second := run(begin(admin, `{}`).ID)
	list := webtest.Decode[struct{ Data []view }](t, h.Ask(http.MethodGet, path+"?pageSize=1", "", key), http.StatusOK).Data
	if len(list) != 1 || list[0].ID != second.ID {
		t.Errorf("%+v", list)
	}
	if w := h.Ask(http.MethodPost, path, `{"label":"a\u202eb"}`, admin); w.Code != http.StatusBadRequest {
		t.Errorf("%d", w.Code)
	}
	if _, err := h.Desk.CreateOrganization(t.Context(), h.Host, "Another"); err != nil {
		t.Fatal(err)
	}
	for _, ask := range []string{http.MethodPost, http.MethodGet} {
		body := map[string]string{http.MethodPost: `{}`}[ask]
		if w := h.Ask(ask, path, body, admin); w.Code != http.StatusForbidden {
			t.Errorf("%s with two organizations: %d", ask, w.Code)
		}
	}
}

// openOpsDoor opens this family's door of a house.
func openOpsDoor(h *webtest.House) {
	opsapi.Register(h.Registry, webtest.PublicURL, h.Desk, h.Seal)
	h.Start()
}
