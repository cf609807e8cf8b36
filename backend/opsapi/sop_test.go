package opsapi_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"vedette/backend/soc"
	"vedette/backend/web/webtest"
)

const sopMedia = "Content-Type: multipart/form-data; boundary=cut"

// sopForm is an upload of a text; more are parts as name and content.
func sopForm(text string, more ...string) string {
	form := "--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.md\"\r\n\r\n" + text + "\r\n"
	for i := 0; i < len(more); i += 2 {
		form += "--cut\r\nContent-Disposition: form-data; name=\"" + more[i] + "\"\r\n\r\n" + more[i+1] + "\r\n"
	}
	return form + "--cut--\r\n"
}

// TestSOPsOverTheWire walks the procedures of the contract's section 10.
func TestSOPsOverTheWire(t *testing.T) {
	h := openIntake(t)
	viewer, first, second := h.Cookie(h.First, soc.RoleViewer), h.Cookie(h.First, soc.RoleManager), h.Cookie(h.First, soc.RoleManager)
	tighten := h.Bearer(webtest.Key{Role: soc.RoleAdmin, Scopes: []soc.Scope{soc.ScopeOpsTighten, soc.ScopeOpsRead}})
	draft := h.Bearer(webtest.Key{Role: soc.RoleAdmin, Scopes: []soc.Scope{soc.ScopeOpsDraft}})
	send := func(who, path, form string, status int) *httptest.ResponseRecorder {
		t.Helper()
		w := h.Ask("POST", "/api/ops/v1"+path, form, who, sopMedia)
		if w.Code != status {
			t.Fatalf("%s: %d, want %d: %s", path, w.Code, status, w.Body)
		}
		return w
	}
	meta := []string{"name", "Ransom notes", "kind", "response"}
	rule := `{"sources":[],"severities":["High"],"incidentTypes":[],"tactics":["InitialAccess"],"playbookIds":["isolate_host"],"priority":5}`
	for name, form := range map[string]struct {
		form   string
		status int
	}{
		"no name":      {sopForm("text"), 400},
		"empty":        {sopForm(" ", meta...), 400},
		"NUL":          {sopForm("a\x00b", meta...), 400},
		"no UTF-8":     {sopForm("a\xffb", meta...), 400},
		"another type": {strings.Replace(sopForm("x", meta...), "a.md", "a.exe", 1), 415},
		"too long":     {sopForm(strings.Repeat("x", 10<<20+1), meta...), 413},
		"cut off":      {strings.TrimSuffix(sopForm("x", meta...), "--cut--\r\n"), 400},
		"stranger":     {sopForm("x", "owner", "me"), 400},
		"twice":        {sopForm("x", "name", "a", "name", "b"), 400},
		"odd match":    {sopForm("x", append(meta, "match", `{"anything":true}`)...), 400},
	} {
		if w := h.Ask("POST", "/api/ops/v1/sops", form.form, first, sopMedia); w.Code != form.status {
			t.Errorf("%s: %d, want %d: %.300s", name, w.Code, form.status, w.Body)
		}
	}
	send(viewer, "/sops", sopForm("x", meta...), 403)
	send(tighten, "/sops", sopForm("x", meta...), 403)
	if w := send(draft, "/sops", sopForm("by a key", meta...), 202); strings.Contains(w.Body.String(), `"asRequester":true`) {
		t.Errorf("a key counts as one of the two: %s", w.Body)
	}
	asked := webtest.Decode[struct {
		Data struct {
			SOP    *struct{}
			Change struct{ ID, Digest string }
		}
	}](t, send(first, "/sops", sopForm("# Ransom\n\n<script>alert(1)</script>\n", append(meta, "match", rule)...), 202), 202)
	data, _ := h.asked(t, viewer, "GET", "/changes/"+asked.Data.Change.ID, "", 200, `"kind":"sop"`, `/match/severities`)
	path, _ := data["diff"].([]any)[0].(map[string]any)["path"].(string)
	id := strings.Split(path, "/")[1]
	h.asked(t, viewer, "GET", "/sops/"+id+"/diff?changeId="+asked.Data.Change.ID, "", 200, `+# Ransom`)
	h.asked(t, viewer, "GET", "/sops/"+id, "", 404)
	h.asked(t, second, "POST", "/changes/"+asked.Data.Change.ID+"/confirm", encoded(t, map[string]any{"digest": asked.Data.Change.Digest}), 200, `"applied"`)
	h.asked(t, viewer, "GET", "/sops/"+id, "", 200, `"version":1`, `"severities":["High"]`, `"initial-access"`, `alert(1)`)
	h.asked(t, viewer, "GET", "/sops?q=RANSOM&kind=response", "", 200, id, `"text":null`)
	h.asked(t, viewer, "GET", "/sops?pageSize=1", "", 200, `"hasMore":true`)
	send(first, "/sops/"+id+"/versions", sopForm("# Ransom\n\n<script>alert(1)</script>\n"), 200)
	send(first, "/sops/"+id+"/versions", sopForm("# Ransom\n\nMore.\n"), 202)
	h.asked(t, tighten, "PUT", "/sops/"+id+"/match", strings.Replace(rule, `"priority":5`, `"priority":1`, 1), 200, `"version":2`)
	h.asked(t, tighten, "PUT", "/sops/"+id+"/match", strings.Replace(rule, `["High"]`, `[]`, 1), 403, `"HUMAN_SESSION_REQUIRED"`)
	h.asked(t, first, "PUT", "/sops/"+id+"/match", strings.Replace(rule, `["High"]`, `[]`, 1), 202, `"loosening"`)
	h.asked(t, tighten, "POST", "/sops/"+id+"/disable", `{"reason":"it is wrong"}`, 200, `"enabled":false`)
	h.asked(t, viewer, "GET", "/sops/"+id+"/versions?pageSize=2", "", 200, `"reason":"it is wrong"`, `"hasMore":true`)
	h.asked(t, viewer, "GET", "/sops/"+id+"/diff?from=1&to=2", "", 200, `"tightening"`, `"lines":""`)

	h.Ingest(h.First, "generic", []byte(oneAlert))
	found, err := h.Desk.ListIncidents(t.Context(), soc.Actor{Kind: soc.PrincipalHost, Workspace: h.First}, soc.IncidentFilter{Workspace: h.First, Limit: 1})
	if err != nil || len(found.Incidents) != 1 {
		t.Fatalf("%v %v", found, err)
	}
	h.asked(t, viewer, "GET", "/sops?incidentId="+found.Incidents[0].ShortID, "", 200, `"why":["it is general"`)
}
