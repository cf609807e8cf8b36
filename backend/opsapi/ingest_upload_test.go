package opsapi_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"vedette/backend"
	"vedette/backend/data"
	"vedette/backend/soc"
	"vedette/backend/web/webtest"
)

type upload struct {
	ID, State string
	Problem   *string

	Bytes, Items, Created, Duplicate, Conflict, Rejected int64
}

// TestAnswersOfUploads streams lines of which some are bad, reads how it went,
// and stops what has ended.
func TestAnswersOfUploads(t *testing.T) {
	h := openIntake(t)
	body := oneAlert + "\nno json\n" + oneAlert + "\n" + strings.Replace(oneAlert, `"x"`, `"y"`, 1) + "\n"
	w := h.Ask(http.MethodPost, ingestGeneric+"/uploads", body, h.key, lines)
	sent := webtest.Decode[struct{ Data upload }](t, w, 202).Data
	if sent.State != "done" || sent.Items != 4 || sent.Created != 1 || sent.Duplicate != 1 || sent.Conflict != 1 || sent.Rejected != 1 || sent.Bytes != int64(len(body)) {
		t.Errorf("%+v", sent)
	}
	where := w.Header().Get("Location")
	where = where[strings.Index(where, "/api/"):]
	got := webtest.Decode[struct{ Data upload }](t, h.Ask(http.MethodGet, where, "", h.key), 200).Data
	if diff := cmp.Diff(sent, got); diff != "" {
		t.Error(diff)
	}
	type failures struct {
		Data []struct {
			Item   int64
			Status string
			Errors map[string][]string
		}
		Pagination struct{ ContinuationToken string }
	}
	first := webtest.Decode[failures](t, h.Ask(http.MethodGet, where+"/failures?pageSize=1", "", h.key), 200)
	rest := webtest.Decode[failures](t, h.Ask(http.MethodGet, where+"/failures?pageSize=1&continuationToken="+first.Pagination.ContinuationToken, "", h.key), 200)
	if len(first.Data) != 1 || first.Data[0].Item != 1 || len(first.Data[0].Errors) == 0 || len(rest.Data) != 1 || rest.Data[0].Item != 3 || rest.Data[0].Status != "conflict" {
		t.Errorf("%+v, then %+v", first, rest)
	}
	if w := h.Ask(http.MethodDelete, where, "", h.key); w.Code != 409 {
		t.Errorf("stopped after its end: %d %s", w.Code, w.Body)
	}
	// Another key of no manager sees nothing; a manager does.
	other := webtest.Key{Role: soc.RoleSenior, Scopes: []soc.Scope{soc.ScopeAlertsWrite}}
	if w := h.Ask(http.MethodGet, where, "", h.Bearer(other)); w.Code != 404 {
		t.Errorf("another's upload: %d", w.Code)
	}
	if w := h.Ask(http.MethodGet, where, "", h.Cookie(h.First, soc.RoleManager)); w.Code != 200 {
		t.Errorf("a manager: %d %s", w.Code, w.Body)
	}
	broken := webtest.Decode[struct{ Data upload }](t, h.Ask(http.MethodPost, ingestGeneric+"/uploads", `[`+oneAlert+`,{"external_id":`, h.key, lines), 202).Data
	if broken.State != "failed" || broken.Problem == nil || broken.Items != 1 {
		t.Errorf("%+v", broken)
	}
	once := h.Ask(http.MethodPost, ingestGeneric+"/uploads", oneAlert, h.key, "Idempotency-Key: one")
	again := h.Ask(http.MethodPost, ingestGeneric+"/uploads", oneAlert, h.key, "Idempotency-Key: one")
	if once.Code != 202 || again.Body.String() != once.Body.String() {
		t.Errorf("%s\n%s", once.Body, again.Body)
	}
}

// TestStreamsCutAnywhereAndRepeatedEndWithTheSameRows cuts every kind of file
// that is shipped at random bytes.
func TestStreamsCutAnywhereAndRepeatedEndWithTheSameRows(t *testing.T) {
	h := openIntake(t)
	random := rand.New(rand.NewPCG(1, 2))
	stream := func(workspace, format string, body io.Reader) soc.IngestUpload {
		t.Helper()
		by := h.Host
		by.Workspace = workspace
		up, err := h.Desk.UploadAlerts(t.Context(), by, backend.IngestStream{Format: format, Body: body})
		if err != nil {
			t.Fatal(err)
		}
		return up
	}
	files := data.Demo()[:4]
	for _, file := range files {
		body := file.Bytes
		if rows := bytes.SplitAfter(body, []byte("\n")); file.Format == "sentinel" && len(rows) > 40 {
			body = slices.Concat(rows[:40]...)
		}
		stream(h.First, file.Format, bytes.NewReader(body))
		for range 3 {
			half := io.MultiReader(bytes.NewReader(body[:random.IntN(len(body))]), iotest.ErrReader(errors.New("the line went dead")))
			if up := stream(h.Second, file.Format, half); up.State != soc.UploadFailed || up.Problem == "" {
				t.Errorf("a stream that broke off is %+v", up)
			}
		}
		if up := stream(h.Second, file.Format, bytes.NewReader(body)); up.State != soc.UploadDone || up.Rejected+up.Conflict != 0 {
			t.Errorf("%s: %+v", file.Name, up)
		}
	}
	whole, cut := h.summaryOf(t, h.First), h.summaryOf(t, h.Second)
	if diff := cmp.Diff(whole, cut); diff != "" || len(whole) < 10 {
		t.Errorf("%d rows: %s", len(whole), diff)
	}
}

// stopper stops the upload under way once its first part was read.
type stopper struct {
	io.Reader
	stop func()
}

func (s *stopper) Read(p []byte) (int, error) {
	s.stop()
	return s.Reader.Read(p)
}

// TestAStreamThatIsStoppedKeepsWhatIsIn cancels between two groups.
func TestAStreamThatIsStoppedKeepsWhatIsIn(t *testing.T) {
	h := openIntake(t)
	var rows []string
	for n := range 120 {
		rows = append(rows, strings.Replace(oneAlert, "a-1", "s-"+string(rune('a'+n%26))+strings.Repeat("x", n/26), 1))
	}
	by := h.Host
	by.Workspace = h.First
	var id string
	tail := &stopper{Reader: strings.NewReader(strings.Join(rows[60:], "\n")), stop: func() {
		if id = h.lastUpload(t); id != "" {
			if _, err := h.Desk.CancelIngestUpload(t.Context(), by, id); err != nil && soc.AsError(err).Code != soc.CodeInvalidState {
				t.Error(err)
			}
		}
	}}
	up, err := h.Desk.UploadAlerts(t.Context(), by, backend.IngestStream{Format: "generic", Body: io.MultiReader(strings.NewReader(strings.Join(rows[:60], "\n")+"\n"), tail)})
	if err != nil || up.State != soc.UploadCancelled || up.Received >= 120 || int(up.Created) != len(h.incidents(t)) {
		t.Errorf("%+v %v with %d incidents", up, err, len(h.incidents(t)))
	}
}

// lastUpload is the target of the last upload on record.
func (h *intake) lastUpload(t *testing.T) string {
	t.Helper()
	by := h.Host
	by.Workspace = h.First
	found, err := h.Desk.ListAudit(t.Context(), by, soc.AuditFilter{Workspace: h.First, Event: "ingest_upload", Limit: 1})
	if err != nil || len(found) == 0 {
		t.Fatal(found, err)
	}
	return found[0].Target
}
