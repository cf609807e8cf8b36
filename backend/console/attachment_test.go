package console_test

import (
	"bytes"
	"maps"
	"mime/multipart"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"vedette/backend"
	"vedette/backend/soc"
	"vedette/backend/web/webtest"
)

func init() {
	maps.Copy(examples, map[string]example{
		"POST w/incidents/{incident}/attachments": {Params: noIncident, Form: url.Values{"description": {"x"}}, Status: 400},
		"POST w/incidents/{incident}/attachments/{attachment}/remove": {
			Params: noIncident + "&attachment=" + unknownID, Status: 404, Adds: audited,
		},
	})
}

// sendFile posts a form that ends in a file, as browsers do.
func (h *house) sendFile(cookie, target, name, body string, fields ...string) *httptest.ResponseRecorder {
	h.t.Helper()
	var form bytes.Buffer
	parts := multipart.NewWriter(&form)
	for i := 0; i < len(fields); i += 2 {
		if err := parts.WriteField(fields[i], fields[i+1]); err != nil {
			h.t.Fatal(err)
		}
	}
	file, err := parts.CreateFormFile("file", name)
	if err == nil {
		_, err = file.Write([]byte(body))
	}
	if err == nil {
		err = parts.Close()
	}
	if err != nil {
		h.t.Fatal(err)
	}
	req := httptest.NewRequestWithContext(h.t.Context(), "POST", webtest.PublicURL+target, &form)
	req.RemoteAddr = "192.0.2.7:4711"
	req.Header.Set("Content-Type", parts.FormDataContentType())
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	req.Header.Set("Cookie", strings.TrimPrefix(cookie, "Cookie: "))
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, req)
	return w
}

// TestS47FilesGoUpAndComeDown: a file is kept as it is, known by its hash, told
// from its bytes, never shown by a browser, and gone when a senior says so.
func TestS47FilesGoUpAndComeDown(t *testing.T) {
	o := openOffice(t, func(c *backend.Config) { c.Attachments.FileBytes = 1 << 20 })
	viewer, analyst, senior := o.Cookie(o.First, soc.RoleViewer), o.Cookie(o.First, soc.RoleAnalyst), o.Cookie(o.First, soc.RoleSenior)
	page := o.first("/incidents/" + o.incident)
	mustNotContain(t, o.ask("GET", page, nil, viewer), "Add a file")
	mustContain(t, o.ask("GET", page, nil, analyst), 200, "Add a file", "at most 1 MiB")
	token, text := o.token(analyst), `<html><script>alert(1)</script>`
	mustContain(t, o.sendFile(analyst, page+"/attachments", "a.html", text), 403, "ORIGIN_REJECTED")
	mustContain(t, o.sendFile(viewer, page+"/attachments", "a.html", text, "token", o.token(viewer)), 403)
	mustContain(t, o.sendFile(analyst, page+"/attachments", "a.html", text, "token", token, "assigned", "x"), 400, "is no field of this page")
	mustContain(t, o.sendFile(analyst, page+"/attachments", "", "", "token", token), 400, "must be chosen")
	mustContain(t, o.sendFile(analyst, page+"/attachments", "big", strings.Repeat("x", 1<<20+1), "token", token), 413)
	mustContain(t, o.sendFile(analyst, page+"/attachments", "big", "x", "token", token, "description", strings.Repeat("x", 70<<10)), 413)
	mustLead(t, o.sendFile(analyst, page+"/attachments", `"><b>.html`, text, "token", token, "description", "found on the host"), page+"?done=attached")
	mustLead(t, o.sendFile(analyst, page+"/attachments", "again", text, "token", token), page+"?done=attached-before")
	shown := o.ask("GET", page, nil, senior)
	mustContain(t, shown, 200, "&lt;b&gt;.html", "31 bytes, text/html")
	one := regexp.MustCompile(`/attachments/[0-9a-f-]{36}`).FindString(shown.Body.String())
	down := o.ask("GET", page+one, nil, viewer)
	if down.Body.String() != text || down.Header().Get("Content-Type") != "application/octet-stream" || !strings.HasPrefix(down.Header().Get("Content-Disposition"), "attachment") {
		t.Errorf("%v %s", down.Header(), down.Body)
	}
	mustNotContain(t, o.ask("GET", page, nil, analyst), one+"/remove")
	mustLead(t, o.send(senior, page+one+"/remove", nil), page+"?done=detached")
	mustContain(t, o.ask("GET", page+one, nil, viewer), 404)
	mustContain(t, o.ask("GET", page, nil, viewer), 200, "removed")
}
