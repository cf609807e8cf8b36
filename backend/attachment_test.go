package backend_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"vedette/backend"
	"vedette/backend/soc"
)

// caseKey is a service key of the case family.
func (o *office) caseKey(role soc.Role) soc.Actor {
	return soc.Actor{
		Kind: soc.PrincipalService, ID: "case-key", Name: "case key", Organization: o.org, Workspace: o.home, Role: role,
		Scopes: []soc.Scope{soc.ScopeCasesRead, soc.ScopeCasesWrite}, Call: soc.Call{Door: "case"},
	}
}

func (o *office) attach(t *testing.T, by soc.Actor, i soc.Incident, name string, body []byte) (soc.AttachmentResult, error) {
	t.Helper()
	ref := soc.IncidentRef{Workspace: i.Workspace, ID: i.ID}
	up, err := o.desk.StageUpload(t.Context(), by, ref, bytes.NewReader(body))
	if err != nil {
		return soc.AttachmentResult{}, err
	}
	out, err := o.desk.AddAttachment(t.Context(), by, ref, up, soc.NewAttachment{Name: name, ContentType: "application/octet-stream"})
	must(t, o.desk.DropUpload(t.Context(), up))
	return out, err
}

func (o *office) fetch(t *testing.T, by soc.Actor, i soc.Incident, id string) ([]byte, error) {
	t.Helper()
	_, next, err := o.desk.OpenAttachment(t.Context(), by, soc.IncidentRef{Workspace: i.Workspace, ID: i.ID}, id)
	if err != nil {
		return nil, err
	}
	var all []byte
	for {
		chunk, err := next(t.Context())
		if err != nil || chunk == nil {
			return all, err
		}
		all = append(all, chunk...)
	}
}

// chunks counts the stored pieces of files.
func (o *office) chunks(t *testing.T) (n int) {
	t.Helper()
	const query = `SELECT COUNT(*) FROM content_chunk`
	lite, pg := o.store.Pools()
	if pg != nil {
		must(t, pg.QueryRow(context.Background(), query).Scan(&n))
	} else {
		must(t, lite.QueryRow(query).Scan(&n))
	}
	return n
}

// TestAttachmentsKeepTheirBytes: what went in comes out, whatever its size
// against the chunk; the same bytes stand once on an incident and once in the
// store; removed bytes go, the hash stays on record, and what another incident
// has stays whole.
func TestAttachmentsKeepTheirBytes(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		o.ingestDemo()
		by := o.caseKey(soc.RoleSenior)
		first, second := o.allIncidents()[0], o.allIncidents()[1]
		var added []soc.Attachment
		for n, size := range []int{1, 256<<10 - 1, 256 << 10, 256<<10 + 1, 600_000} {
			body := bytes.Repeat([]byte{byte(n), 'x', 0}, size/3+1)[:size]
			out, err := o.attach(t, by, first, "file", body)
			must(t, err)
			sum := sha256.Sum256(body)
			if out.Existing || out.Attachment.Size != int64(size) || out.Attachment.SHA256 != hex.EncodeToString(sum[:]) {
				t.Fatalf("%+v", out)
			}
			got, err := o.fetch(t, by, first, out.Attachment.ID)
			if err != nil || !bytes.Equal(got, body) {
				t.Fatalf("%d bytes came back of %d (%v)", len(got), size, err)
			}
			again, err := o.attach(t, by, first, "another name", body)
			must(t, err)
			if !again.Existing || again.Attachment.ID != out.Attachment.ID || again.Attachment.Name != "file" {
				t.Errorf("the same bytes twice: %+v", again)
			}
			added = append(added, out.Attachment)
		}
		kept := o.chunks(t)
		body := bytes.Repeat([]byte{4, 'x', 0}, 200_000+1)[:600_000]
		shared, err := o.attach(t, by, second, "file", body)
		must(t, err)
		must(t, o.desk.SweepContent(t.Context()))
		if got := o.chunks(t); got != 1+1+1+2+3 || got > kept {
			t.Errorf("%d chunks are stored after %d", got, kept)
		}
		ref := soc.IncidentRef{Workspace: o.home, ID: first.ID}
		for _, a := range added {
			must(t, o.desk.RemoveAttachment(t.Context(), by, ref, a.ID, soc.IfMatch{}))
			if _, err := o.fetch(t, by, first, a.ID); soc.KindOf(err) != soc.NotFound {
				t.Errorf("a removed file: %v", err)
			}
		}
		must(t, o.desk.SweepContent(t.Context()))
		if got, err := o.fetch(t, by, second, shared.Attachment.ID); err != nil || !bytes.Equal(got, body) {
			t.Errorf("the other case's file: %d bytes, %v", len(got), err)
		}
		if got := o.chunks(t); got != 3 {
			t.Errorf("%d chunks are left", got)
		}
		removed, err := o.desk.ListAudit(t.Context(), o.person("m", soc.RoleManager), soc.AuditFilter{Incident: first.ID, Event: "attachment_removed", Limit: 9})
		must(t, err)
		if len(removed) != len(added) || removed[0].Digest != "sha256:"+added[len(added)-1].SHA256 {
			t.Errorf("on record: %+v", removed)
		}
	})
}

// TestS57AttachmentsAreBounded: over the limits nothing is kept, and neither is
// of a body that breaks off.
func TestS57AttachmentsAreBounded(t *testing.T) {
	o := newOffice(t, func(c *backend.Config) {
		c.Attachments = soc.AttachmentLimits{FileBytes: 300_000, Files: 3, CaseBytes: 500_000}
	})
	o.ingestDemo()
	by, i := o.caseKey(soc.RoleAnalyst), o.allIncidents()[0]
	refuse := func(what string, code soc.Code, err error) {
		t.Helper()
		if got := soc.AsError(err); got == nil || got.Code != code {
			t.Errorf("%s: %v, want %s", what, err, code)
		}
		if n := o.chunks(t); n != 0 {
			must(t, o.desk.SweepContent(t.Context()))
			if n := o.chunks(t); n != 0 {
				t.Errorf("%s: %d chunks stay", what, n)
			}
		}
	}
	_, err := o.attach(t, by, i, "x", make([]byte, 300_001))
	refuse("one byte over", soc.CodePayloadTooLarge, err)
	_, err = o.attach(t, by, i, "x", nil)
	refuse("empty", soc.CodeValidationError, err)
	for _, broken := range []error{errors.New("the line went dead"), io.ErrUnexpectedEOF} {
		_, err = o.desk.StageUpload(t.Context(), by, soc.IncidentRef{ID: i.ID}, io.MultiReader(bytes.NewReader(make([]byte, 290_000)), failing{broken}))
		if !errors.Is(err, broken) {
			t.Errorf("a broken body: %v", err)
		}
	}
	must(t, o.desk.SweepContent(t.Context()))
	if n := o.chunks(t); n != 0 {
		t.Errorf("%d chunks of a broken body stay", n)
	}
	for n := range 3 {
		_, err := o.attach(t, by, i, "x", []byte{byte(n)})
		must(t, err)
	}
	_, err = o.attach(t, by, i, "x", []byte{9})
	if got := soc.AsError(err); got == nil || got.Code != soc.CodeCaseFull {
		t.Errorf("a fourth file: %v", err)
	}
	other := o.allIncidents()[1]
	_, err = o.attach(t, by, other, "x", make([]byte, 290_000))
	must(t, err)
	_, err = o.attach(t, by, other, "y", append(make([]byte, 290_000), 1))
	if got := soc.AsError(err); got == nil || got.Code != soc.CodeCaseFull {
		t.Errorf("over the bytes of a case: %v", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// TestUploadsLeftBehindAreSwept: what a crash left between the first byte and
// the last goes after an hour; what is under way stays.
func TestUploadsLeftBehindAreSwept(t *testing.T) {
	o := newOffice(t)
	o.ingestDemo()
	by, i := o.caseKey(soc.RoleAnalyst), o.allIncidents()[0]
	ref := soc.IncidentRef{ID: i.ID}
	left, err := o.desk.StageUpload(t.Context(), by, ref, bytes.NewReader(make([]byte, 9_000_000)))
	must(t, err)
	o.clock.Advance(59 * time.Minute)
	under, err := o.desk.StageUpload(t.Context(), by, ref, strings.NewReader("under way"))
	must(t, err)
	must(t, o.desk.SweepContent(t.Context()))
	if n := o.chunks(t); n != 36 {
		t.Errorf("%d chunks", n)
	}
	o.clock.Advance(2 * time.Minute)
	must(t, o.desk.SweepContent(t.Context()))
	if n := o.chunks(t); n != 1 {
		t.Errorf("%d chunks are left", n)
	}
	if _, err := o.desk.AddAttachment(t.Context(), by, ref, left, soc.NewAttachment{Name: "x"}); soc.KindOf(err) != soc.Unavailable {
		t.Errorf("a swept upload became a file: %v", err)
	}
	_, err = o.desk.AddAttachment(t.Context(), by, ref, under, soc.NewAttachment{Name: "x"})
	must(t, err)
}

// TestS10AHashIsVouchedForByWhoSentTheFile: the hash of a file becomes an
// entity; one that an agent sent is no target, and agents get no bytes.
func TestS10AHashIsVouchedForByWhoSentTheFile(t *testing.T) {
	o := newOffice(t)
	o.ingestDemo()
	i := o.allIncidents()[0]
	agent := o.agent("a")
	agent.Scopes = append(agent.Scopes, soc.ScopeCasesRead, soc.ScopeCasesWrite)
	want := map[string]soc.Provenance{}
	for provenance, by := range map[soc.Provenance]soc.Actor{soc.ProvenanceParsed: o.caseKey(soc.RoleAnalyst), soc.ProvenanceAgentAdded: agent} {
		out, err := o.attach(t, by, i, "x.exe", []byte("bytes of "+by.ID))
		must(t, err)
		want[out.Attachment.SHA256] = provenance
		if _, err := o.fetch(t, agent, i, out.Attachment.ID); soc.KindOf(err) != soc.Denied {
			t.Errorf("an agent fetched bytes: %v", err)
		}
	}
	if err := o.desk.RemoveAttachment(t.Context(), agent, soc.IncidentRef{ID: i.ID}, "x", soc.IfMatch{}); soc.KindOf(err) != soc.Denied {
		t.Errorf("an agent removed a file: %v", err)
	}
	after, err := o.desk.GetIncident(t.Context(), o.person("m", soc.RoleManager), soc.IncidentRef{ID: i.ID}, soc.IncidentParts{Entities: true, Limit: 500})
	must(t, err)
	for _, e := range after.Entities {
		if provenance, mine := want[e.Value]; mine {
			delete(want, e.Value)
			if e.Kind != soc.KindFileHash || e.Provenance != provenance {
				t.Errorf("%s is %s and %s", e.Value, e.Kind, e.Provenance)
			}
		}
	}
	if len(want) > 0 || after.Incident.EntityCount != i.EntityCount+2 {
		t.Errorf("no entity of %v; %d entities after %d", want, after.Incident.EntityCount, i.EntityCount)
	}
}

// TestAttachmentNamesAreInert: a name names no file and moves no text.
func TestAttachmentNamesAreInert(t *testing.T) {
	long := strings.Repeat("é", 300)
	for sent, want := range map[string]string{
		"report.pdf": "report.pdf", "../../etc/passwd": "passwd", `C:\Users\a\x.exe`: "x.exe", "a\x00b": "a␀b", "": "file", "..": "file", "dir/": "file",
		"gpj.\u202eexe": "gpj.⟦U+202E⟧exe", "\r\nX: y": "X: y", "a\r\nX: y": "a␍␊X: y", "\xff": "⟦0xFF⟧", long: strings.Repeat("é", 254) + "…",
	} {
		if got := soc.AttachmentName(sent); got != want {
			t.Errorf("%q is %q, want %q", sent, got, want)
		}
	}
}
