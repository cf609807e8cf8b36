package caseapi_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"vedette/backend"
	"vedette/backend/soc"
	"vedette/backend/web/webtest"
)

// small bounds the files of these tests.
func small(c *backend.Config) {
	mappers(c)
	c.Attachments = soc.AttachmentLimits{FileBytes: 100_000, Files: 3, CaseBytes: 150_000}
}

const multipartType = "Content-Type: multipart/form-data; boundary=cut"

// form is a multipart body; each part is its headers' parameters and content.
func form(parts ...[2]string) string {
	var b strings.Builder
	for _, part := range parts {
		fmt.Fprintf(&b, "--cut\r\nContent-Disposition: form-data; %s\r\n\r\n%s\r\n", part[0], part[1])
	}
	return b.String() + "--cut--\r\n"
}

func file(name, content string) [2]string {
	return [2]string{fmt.Sprintf(`name="file"; filename="%s"`, name), content}
}

// firstCase is the path of the first incident.
func (d *desk) firstCase(t testing.TB) (soc.Incident, string) {
	t.Helper()
	by := d.Host
	by.Workspace = d.First
	page, err := d.Desk.ListIncidents(t.Context(), by, soc.IncidentFilter{Sort: "incident_number", Limit: 1})
	if err != nil || len(page.Incidents) != 1 {
		t.Fatal(err, len(page.Incidents))
	}
	return page.Incidents[0], "/api/v1/cases/" + soc.CaseID(soc.CasePrefixCase, page.Incidents[0].ID)
}

func TestAttachments(t *testing.T) {
	d := serve(webtest.Open(t, small))
	d.ingestGeneric("a-1", "high")
	_, path := d.firstCase(t)
	path += "/attachments"
	send := func(body string, headers ...string) *httptest.ResponseRecorder {
		return d.Ask("POST", path, body, append(headers, d.key, multipartType)...)
	}
	described := [2]string{`name="description"`, "what the mail brought"}
	first := send(form(described, file(`..\..\gpj.`+"\u202e"+`exe`, "MZ\x90\x00<script>")), "Idempotency-Key: k")
	webtest.Golden(t, *update, "attachment_added.json", first)
	if again := send(form(file(`gpj.`+"\u202e"+`exe`, "MZ\x90\x00<script>"), described), "Idempotency-Key: k"); again.Body.String() != first.Body.String() || again.Header().Get("Idempotent-Replayed") != "true" && again.Code != 422 {
		t.Logf("parts in another order: %d %s", again.Code, again.Body)
	}
	webtest.Golden(t, *update, "attachment_existing.json", send(form(file("again", "MZ\x90\x00<script>"))))
	url := webtest.Decode[struct{ URL string }](t, first, 201).URL
	w := d.Ask("GET", url, "", d.key)
	if w.Code != 200 || w.Body.String() != "MZ\x90\x00<script>" {
		t.Errorf("%d %q", w.Code, w.Body)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/octet-stream", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox",
		"Content-Disposition": "attachment; filename*=UTF-8''gpj.%E2%9F%A6U+202E%E2%9F%A7exe", "Accept-Ranges": "", "Cache-Control": "no-store",
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if w := d.Ask("GET", url, "", d.key, "Range: bytes=0-1"); w.Code != 200 || w.Body.Len() != 12 {
		t.Errorf("a range: %d, %d bytes", w.Code, w.Body.Len())
	}
	agent := d.Bearer(webtest.Key{Kind: soc.PrincipalAgent, Role: soc.RoleSenior, Scopes: []soc.Scope{soc.ScopeCasesRead, soc.ScopeCasesWrite}})
	webtest.Golden(t, *update, "attachment_agent.json", d.Ask("GET", url, "", agent))
	if w := d.Ask("DELETE", url, "", agent); w.Code != 403 {
		t.Errorf("an agent deletes: %d %s", w.Code, w.Body)
	}
	bomb := zipBomb(t)
	if len(bomb) > 100_000 {
		t.Fatalf("the bomb has %d bytes", len(bomb))
	}
	kept := webtest.Decode[struct {
		Size        int
		ContentType string `json:"content_type"`
	}](t, send(form(file("bomb.zip", bomb))), 201)
	if kept.Size != len(bomb) || kept.ContentType != "application/zip" {
		t.Errorf("a zip bomb is only bytes: %+v of %d", kept, len(bomb))
	}
	if w := d.Ask("DELETE", url, "", d.key); w.Code != 204 || w.Body.Len() != 0 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	for _, method := range []string{"GET", "DELETE"} {
		if w := d.Ask(method, url, "", d.key); w.Code != 404 {
			t.Errorf("%s of a removed file: %d", method, w.Code)
		}
	}
}

// zipBomb is a small archive of 20 MB of zeros.
func zipBomb(t *testing.T) string {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	f, err := z.Create("zeros")
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if _, err := f.Write(make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestAttachmentsThatAreRefused(t *testing.T) {
	d := serve(webtest.Open(t, small))
	d.ingestGeneric("a-1", "high")
	_, path := d.firstCase(t)
	path += "/attachments"
	long := strings.Repeat("x", 1001)
	for name, c := range map[string]struct {
		body, media string
		status      int
	}{
		"too_large":        {form(file("x", strings.Repeat("x", 100_001))), multipartType, 413},
		"body_too_large":   {form(file("x", strings.Repeat("x", 200_000))), multipartType, 413},
		"no_file":          {form([2]string{`name="description"`, "x"}), multipartType, 400},
		"empty_file":       {form(file("x", "")), multipartType, 400},
		"two_files":        {form(file("x", "1"), file("y", "2")), multipartType, 400},
		"other_part":       {form(file("x", "1"), [2]string{`name="token"`, "2"}), multipartType, 400},
		"long_description": {form([2]string{`name="description"`, long}, file("x", "1")), multipartType, 400},
		"broken":           {strings.TrimSuffix(form(file("x", strings.Repeat("x", 5000))), "\r\n--cut--\r\n"), multipartType, 400},
		"no_boundary":      {form(file("x", "1")), "Content-Type: multipart/form-data", 400},
		"json":             {`{"file":"x"}`, "Content-Type: application/json", 415},
	} {
		t.Run(name, func(t *testing.T) {
			w := d.Ask("POST", path, c.body, d.key, c.media)
			if w.Code != c.status {
				t.Errorf("%d %s", w.Code, w.Body)
			}
			webtest.Golden(t, *update, "attachment_"+name+".json", w)
		})
	}
	by := d.Host
	by.Workspace = d.First
	i, _ := d.firstCase(t)
	if files, err := d.Desk.ListAttachments(t.Context(), by, soc.IncidentRef{ID: i.ID}); err != nil || len(files) != 0 {
		t.Errorf("%d files were kept (%v)", len(files), err)
	}
	for n := range 3 {
		d.Ask("POST", path, form(file("x", fmt.Sprint(n))), d.key, multipartType)
	}
	webtest.Golden(t, *update, "attachment_limit.json", d.Ask("POST", path, form(file("x", "3")), d.key, multipartType))
	unknown := "/api/v1/cases/case_00000000000000000000000000/attachments"
	if w := d.Ask("POST", unknown, form(file("x", "3")), d.key, multipartType); w.Code != 404 {
		t.Errorf("an unknown case: %d %s", w.Code, w.Body)
	}
}

func TestCommentsNamePeopleByMentions(t *testing.T) {
	d := open(t)
	d.ingestGeneric("a-1", "high")
	_, path := d.firstCase(t)
	ask := func(body string) *httptest.ResponseRecorder { return d.Ask("POST", path+"/comments", body, d.key) }
	webtest.Golden(t, *update, "comment_added.json", ask(`{"body":"Host is **contained**. @everybody <b>"}`))
	webtest.Golden(t, *update, "comment_unknown_mention.json", ask(`{"body":"x","mentions":["user_01HZ8M3QK5T7V9XWBC2D4F6GHJ"]}`))
	webtest.Golden(t, *update, "comment_empty.json", ask(`{"body":"  "}`))
	if w := d.Ask("POST", path+"/comments", `{"body":"x"}`, d.key, `If-Match: "99"`); w.Code != 412 {
		t.Errorf("another revision: %d %s", w.Code, w.Body)
	}
}
