package opsapi_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"vedette/backend"
	"vedette/backend/opsapi"
	"vedette/backend/soc"
	"vedette/backend/store"
	"vedette/backend/web/webtest"
)

// TestS55ExportsProveWhatTheyHold writes the record out in both formats: every
// line is as it was hashed, the last one vouches for them, and neither another
// workspace's rows nor a formula leave with it (S44, S56).
func TestS55ExportsProveWhatTheyHold(t *testing.T) {
	h := webtest.Open(t, func(c *backend.Config) { c.Signer = soc.NewSigner([32]byte{1}) })
	opsapi.Register(h.Registry, webtest.PublicURL, h.Desk, h.Seal)
	h.Start()
	const path = "/api/ops/v1/audit/exports"
	reader := webtest.Key{Role: soc.RoleManager, Scopes: []soc.Scope{soc.ScopeAuditRead}}
	key := h.Bearer(reader)
	reader.Workspaces = []string{h.Second}
	elsewhere := h.Bearer(reader)
	for n, workspace := range []string{h.First, h.Second, h.First, h.Foreign, h.First} {
		e := soc.AuditEntry{
			At: h.Now(), Event: "drill", ActorKind: soc.PrincipalPerson, Actor: "=HYPERLINK(\"x\")", ActorName: "a\u202eb", Workspace: workspace,
			Target: "-2+3", Detail: "<&>\u2028", Decision: "allowed", RequestID: strings.Repeat("r", n+1),
		}
		if err := h.Store.Write(t.Context(), func(tx *store.Tx) error { tx.Audit(e); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	type answer struct {
		Data struct {
			ID, State, SHA256 string
			Rows, Bytes       int64
		}
	}
	export := func(body string) (file []byte, a answer) {
		t.Helper()
		a = webtest.Decode[answer](t, h.Ask(http.MethodPost, path, body, key), http.StatusAccepted)
		one := path + "/" + a.Data.ID
		if w := h.Ask(http.MethodGet, one+"/content", "", key); w.Code != http.StatusConflict {
			t.Errorf("content of a running export: %d", w.Code)
		}
		if err := h.Desk.RunAuditExport(t.Context(), soc.AuditExportJob{Workspace: h.First, Export: a.Data.ID}); err != nil {
			t.Fatal(err)
		}
		a = webtest.Decode[answer](t, h.Ask(http.MethodGet, one, "", key), http.StatusOK)
		w := h.Ask(http.MethodGet, one+"/content", "", key)
		if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Disposition"), "attachment") {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		sum := sha256.Sum256(w.Body.Bytes())
		if a.Data.State != "done" || a.Data.Bytes != int64(w.Body.Len()) || a.Data.SHA256 != hex.EncodeToString(sum[:]) {
			t.Errorf("%+v of %d bytes", a, w.Body.Len())
		}
		for _, target := range []string{one, one + "/content"} {
			if w := h.Ask(http.MethodGet, target, "", elsewhere); w.Code != http.StatusNotFound {
				t.Errorf("%s from another workspace: %d", target, w.Code)
			}
		}
		return bytes.Clone(w.Body.Bytes()), a
	}
	judge := func(t *testing.T, before []byte, last string, lines []string, rows int) soc.ExportProof {
		t.Helper()
		var proof soc.SignedExportProof
		if err := json.Unmarshal([]byte(last), &proof); err != nil || proof.Check() != nil {
			t.Fatalf("%v, %v: %s", err, proof.Check(), last)
		}
		sum := sha256.Sum256(before)
		if p := proof.Proof; p.SHA256 != hex.EncodeToString(sum[:]) || !p.Whole || p.Rows != int64(rows) || len(lines) != rows || p.Head.Position < p.Last {
			t.Errorf("%+v over %d lines, want %d", p, len(lines), rows)
		}
		proof.Proof.Rows++
		if proof.Check() == nil {
			t.Error("a changed proof verifies")
		}
		return proof.Proof
	}

	t.Run("lines", func(t *testing.T) {
		file, _ := export(`{"format":"jsonl","event":"drill"}`)
		lines := strings.Split(strings.TrimSuffix(string(file), "\n"), "\n")
		last := lines[len(lines)-1]
		judge(t, file[:len(file)-len(last)-1], last, lines[:len(lines)-1], 3)
		for _, line := range lines[:len(lines)-1] {
			var one struct {
				Hash  string
				Entry json.RawMessage
			}
			if err := json.Unmarshal([]byte(line), &one); err != nil || soc.HashAudit(one.Entry) != one.Hash {
				t.Errorf("%v: an entry is not as it was hashed: %s", err, line)
			}
			if e, err := soc.ParseAuditEntry(one.Entry); err != nil || e.Workspace != h.First {
				t.Errorf("%v: workspace %s", err, e.Workspace)
			}
		}
	})
	t.Run("cells", func(t *testing.T) {
		file, _ := export(`{"format":"csv","event":"drill"}`)
		rows, err := csv.NewReader(bytes.NewReader(file)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		end := bytes.LastIndex(bytes.TrimSuffix(file, []byte("\r\n")), []byte("\r\n")) + 2
		last := rows[len(rows)-1]
		judge(t, file[:end], last[len(last)-1], make([]string, len(rows)-2), 3)
		for _, row := range rows {
			for _, cell := range row {
				if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") || strings.Contains(cell[:min(len(cell), 3)], "\u202e") {
					t.Errorf("a cell is not inert: %q", cell)
				}
			}
		}
	})
	t.Run("a day later", func(t *testing.T) {
		_, a := export(`{"format":"jsonl"}`)
		h.Advance(25 * time.Hour)
		if err := h.Desk.SweepAuditExports(t.Context()); err != nil {
			t.Fatal(err)
		}
		w := h.Ask(http.MethodGet, path+"/"+a.Data.ID, "", key)
		if got := webtest.Decode[answer](t, w, http.StatusOK); got.Data.State != "expired" {
			t.Errorf("%+v", got)
		}
		if w := h.Ask(http.MethodGet, path+"/"+a.Data.ID+"/content", "", key); w.Code != http.StatusNotFound {
			t.Errorf("%d", w.Code)
		}
	})
	t.Run("bounds", func(t *testing.T) {
		for _, body := range []string{`{}`, `{"format":"xml"}`, `{"format":"csv","position":1}`} {
			if w := h.Ask(http.MethodPost, path, body, key); w.Code != http.StatusBadRequest {
				t.Errorf("%s: %d", body, w.Code)
			}
		}
		status := 0
		for range soc.ExportsKept + 1 {
			status = h.Ask(http.MethodPost, path, `{"format":"csv"}`, key).Code
		}
		if status != http.StatusConflict {
			t.Errorf("one export too many: %d", status)
		}
	})
}

// TestS55ALongVerificationIsTheWorkers walks a record that is longer than a
// request may: it answers 202, goes on in parts, and finds what is wrong.
func TestS55ALongVerificationIsTheWorkers(t *testing.T) {
	signer := soc.NewSigner([32]byte{1})
	var kept []soc.SignedCheckpoint
	h := webtest.Open(t, func(c *backend.Config) {
		c.VerifyRows, c.Signer = 3, signer
		c.Checkpoints = func() ([]soc.SignedCheckpoint, error) { return kept, nil }
	})
	opsapi.Register(h.Registry, webtest.PublicURL, h.Desk, h.Seal)
	h.Start()
	key := h.Bearer(webtest.Key{Role: soc.RoleManager, Scopes: []soc.Scope{soc.ScopeAuditRead}})
	bad, err := signer.SignCheckpoint(soc.AuditCheckpoint{Position: 4, Hash: "sha256:other"}, "2026-01-01T00:00:00Z")
	if err != nil {
		t.Fatal(err)
	}
	kept = append(kept, bad)
	type answer struct {
		Data struct {
			ID, State string
			OK        *bool
			Rows      int64
			FirstBad  *struct{ Position int64 }
		}
	}
	const path = "/api/ops/v1/audit/"
	walk := func(body string) answer {
		t.Helper()
		w := h.Ask(http.MethodPost, path+"verify", body, key)
		a := webtest.Decode[answer](t, w, http.StatusAccepted)
		if a.Data.State != "running" || a.Data.OK != nil || w.Header().Get("Location") != path+"verifications/"+a.Data.ID {
			t.Errorf("%+v at %s", a, w.Header().Get("Location"))
		}
		if again := h.Ask(http.MethodPost, path+"verify", body, key); again.Code != http.StatusConflict {
			t.Errorf("a second walk: %d", again.Code)
		}
		if err := h.Desk.RunVerification(t.Context(), soc.AuditVerificationJob{Workspace: h.First, Verification: a.Data.ID}); err != nil {
			t.Fatal(err)
		}
		return webtest.Decode[answer](t, h.Ask(http.MethodGet, path+"verifications/"+a.Data.ID, "", key), http.StatusOK)
	}
	if a := walk(`{"to":5}`); a.Data.State != "done" || a.Data.OK == nil || !*a.Data.OK || a.Data.Rows != 5 {
		t.Errorf("%+v", a)
	}
	if a := walk(`{"to":5,"checkpoint":"4"}`); a.Data.OK == nil || *a.Data.OK || a.Data.FirstBad == nil || a.Data.FirstBad.Position != 4 {
		t.Errorf("%+v", a)
	}
}
