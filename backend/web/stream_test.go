package web

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"vedette/backend/soc"
)

type fileInput struct {
	Body *Stream `body:"stream"`
}

type fileData struct {
	Bytes  int64 `json:"bytes"`
	Number int   `json:"number"`
}

// fileHouse takes files at /api/v1/files, 1,000 bytes at most, and hands out
// what the test puts into content.
func fileHouse(t *testing.T, content *Content) (*house, *int) {
	h, effects := newHouse(t), new(int)
	put := Operation{
		Method: "POST", Path: "/api/v1/files", Name: "add_file", Who: Scoped, Scope: soc.ScopeCasesWrite, MinRole: soc.RoleAnalyst, Rate: "write",
		Write: true, Status: 201, Media: []string{"application/octet-stream"}, MaxBody: 1000,
	}
	Register(h.Registry, h.families["case"], put, func(ctx context.Context, by soc.Actor, in fileInput) (Reply[fileData], error) {
		none := Reply[fileData]{}
		body, err := io.ReadAll(in.Body)
		if err != nil {
			return none, err
		}
		if by, err = in.Body.Claim(ctx, by, body); err != nil {
			return none, err
		}
		*effects++
		draw := func(n int) Reply[fileData] { return OK(fileData{int64(len(body)), n}) }
		h.answers.complete(Answering(by, draw).Idempotency, *effects)
		return draw(*effects), nil
	})
	get := Operation{
		Method: "GET", Path: "/api/v1/files", Name: "get_file", Who: Scoped, Scope: soc.ScopeCasesRead, MinRole: soc.RoleViewer, Rate: "read",
		Produces: []string{"application/octet-stream"},
	}
	Register(h.Registry, h.families["case"], get, func(context.Context, soc.Actor, struct{}) (Reply[Content], error) { return OK(*content), nil })
	return h.open(t), effects
}

func TestStreamedBodiesSpendTheirKeysOnWhatTheySaid(t *testing.T) {
	h, effects := fileHouse(t, nil)
	ask := func(body string, headers ...string) *httptest.ResponseRecorder {
		return h.ask("POST", "/api/v1/files", body, append(headers, bearer(tokenAgent), "Content-Type: application/octet-stream")...)
	}
	first, again := ask("abc", "Idempotency-Key: k"), ask("abc", "Idempotency-Key: k")
	if first.Code != 201 || again.Code != 201 || first.Body.String() != again.Body.String() || *effects != 1 || again.Header().Get("Idempotent-Replayed") != "true" {
		t.Errorf("%d effects: %s%s", *effects, first.Body, again.Body)
	}
	if w := ask("abd", "Idempotency-Key: k"); w.Code != 422 || codeOf(t, w) != "idempotency_key_reused" || *effects != 1 {
		t.Errorf("another body: %d %s", w.Code, w.Body)
	}
	if w := ask("abc"); w.Code != 201 || *effects != 2 {
		t.Errorf("without a key: %d %s", w.Code, w.Body)
	}
	if got := strings.Join(h.identity.calls, "|"); got != strings.Repeat("add_file requested|add_file completed|", 2)+"add_file requested|add_file completed IDEMPOTENCY_KEY_REUSED|add_file requested|add_file completed" {
		t.Errorf("on record: %s", got)
	}
}

func TestS57StreamedBodiesAreBounded(t *testing.T) {
	h, effects := fileHouse(t, nil)
	send := func(body io.Reader, length int64) *httptest.ResponseRecorder {
		req := httptest.NewRequest("POST", "http://example.com/api/v1/files", body)
		req.RemoteAddr, req.ContentLength = "192.0.2.1:1234", length
		req.Header.Set("Authorization", "Bearer "+tokenRight)
		req.Header.Set("Content-Type", "application/octet-stream")
		w := httptest.NewRecorder()
		h.handler.ServeHTTP(w, req)
		return w
	}
	long := bytes.Repeat([]byte("x"), 1000+streamFraming+1)
	for name, w := range map[string]*httptest.ResponseRecorder{
		"declared": send(bytes.NewReader(long), int64(len(long))), "not declared": send(io.NopCloser(bytes.NewReader(long)), -1),
	} {
		if w.Code != 413 || codeOf(t, w) != "payload_too_large" || !strings.Contains(w.Body.String(), `"max_bytes":1000`) {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	if w := send(io.MultiReader(strings.NewReader("half"), brokenReader{}), -1); w.Code != 400 {
		t.Errorf("a body that breaks off: %d %s", w.Code, w.Body)
	}
	if *effects != 0 {
		t.Errorf("%d effects", *effects)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// TestS57StreamsMoveOrEnd: the deadlines of a connection move with the bytes and
// not with the time, so that a byte a second gets no more than any request.
func TestS57StreamsMoveOrEnd(t *testing.T) {
	w := &deadlines{ResponseRecorder: httptest.NewRecorder()}
	x := &exchange{w: w}
	begin := time.Now()
	body := x.pacedBody(io.MultiReader(bytes.NewReader(make([]byte, 10*streamRate))))
	if _, err := io.Copy(io.Discard, body); err != nil {
		t.Fatal(err)
	}
	moved := w.read[len(w.read)-1].Sub(w.read[0])
	if moved != 10*time.Second || w.read[0].Before(begin.Add(readTimeout)) || w.read[0].After(time.Now().Add(readTimeout)) {
		t.Errorf("ten seconds' bytes moved the deadline by %v to %v", moved, w.read)
	}
	if gap := w.write[0].Sub(w.read[0]); gap != writeTimeout {
		t.Errorf("the answer gets %v", gap)
	}
	slow := &deadlines{ResponseRecorder: httptest.NewRecorder()}
	one := (&exchange{w: slow}).pacedBody(bytes.NewReader(make([]byte, 60)))
	for range 60 {
		_, _ = one.Read(make([]byte, 1))
	}
	if last := slow.read[len(slow.read)-1].Sub(slow.read[0]); last != 0 {
		t.Errorf("sixty bytes moved the deadline by %v", last)
	}
}

type deadlines struct {
	*httptest.ResponseRecorder
	read, write []time.Time
}

func (d *deadlines) SetReadDeadline(at time.Time) error  { d.read = append(d.read, at); return nil }
func (d *deadlines) SetWriteDeadline(at time.Time) error { d.write = append(d.write, at); return nil }

func TestContentIsSentAsItIs(t *testing.T) {
	content := &Content{}
	h, _ := fileHouse(t, content)
	ask := func(method string) *httptest.ResponseRecorder {
		return h.ask(method, "/api/v1/files", "", bearer(tokenRight))
	}
	*content = Content{Media: "text/plain", Bytes: []byte("<whole>"), Policy: "default-src 'none'; sandbox"}
	w := ask("GET")
	if w.Code != 200 || w.Body.String() != "<whole>" || w.Header().Get("Content-Type") != "text/plain" || w.Header().Get("Content-Length") != "7" ||
		w.Header().Get("Content-Security-Policy") != "default-src 'none'; sandbox" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	pieces := []string{"one ", "two"}
	next := func(context.Context) ([]byte, error) {
		if len(pieces) == 0 {
			return nil, nil
		}
		piece := pieces[0]
		pieces = pieces[1:]
		return []byte(piece), nil
	}
	*content = Content{Media: "application/octet-stream", Name: "a\"b;\r\né.txt", Next: next, Size: 7}
	if w := ask("HEAD"); w.Body.Len() != 0 || w.Header().Get("Content-Length") != "7" || len(pieces) != 2 {
		t.Errorf("HEAD: %v %q", w.Header(), w.Body)
	}
	if w := ask("GET"); w.Body.String() != "one two" || w.Header().Get("Content-Disposition") != "attachment; filename*=UTF-8''a%22b%3B%0D%0A%C3%A9.txt" {
		t.Errorf("%v %q", w.Header(), w.Body)
	}
	content.Next = func(context.Context) ([]byte, error) { return nil, errors.New("the disk is gone") }
	defer func() {
		if recover() != http.ErrAbortHandler {
			t.Error("half an answer ended like a whole one")
		}
	}()
	ask("GET")
}
