package caseapi

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"unicode/utf8"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

// Inert is the policy of what a browser may do with stored bytes: nothing (S47).
const inert = "default-src 'none'; sandbox"

const multipartForm = "multipart/form-data"

func (d *door) registerAttachments() {
	add := writing("POST", "/cases/{id}/attachments", "add_attachment", "Add a file to a case.", soc.ScopeCasesWrite, soc.RoleAnalyst)
	add.Status, add.Also = http.StatusCreated, []int{http.StatusOK}
	add.Media, add.MaxBody = []string{multipartForm}, d.desk.AttachmentLimits().FileBytes
	add.Errors = []soc.Code{soc.CodeCaseFull, soc.CodeLocked, soc.CodeKillSwitchEngaged}
	web.Register(d.registry, d.family, add, d.addAttachment)

	get := reading("/cases/{id}/attachments/{attachment}", "get_attachment", "The bytes of a file, as a download.", soc.ScopeCasesRead)
	get.Produces = []string{"application/octet-stream"}
	get.Kinds = []soc.PrincipalKind{soc.PrincipalPerson, soc.PrincipalService}
	web.Register(d.registry, d.family, get, d.getAttachment)

	remove := writing("DELETE", "/cases/{id}/attachments/{attachment}", "remove_attachment", "Take a file's bytes away; its row and hash stay in the timeline.", soc.ScopeCasesWrite, soc.RoleSenior)
	remove.Status, remove.Kinds = http.StatusNoContent, get.Kinds
	remove.Errors = []soc.Code{soc.CodeLocked}
	web.Register(d.registry, d.family, remove, d.removeAttachment)
}

// attachment is a file as shown. filename names nothing but the download.
type attachment struct {
	ID          string              `json:"id"`
	CaseID      string              `json:"case_id"`
	Filename    string              `json:"filename"`
	Size        int64               `json:"size"`
	SHA256      string              `json:"sha256"`
	ContentType string              `json:"content_type"`
	Description string              `json:"description"`
	UploadedBy  string              `json:"uploaded_by"`
	UploadedAt  schemas.SecondsTime `json:"uploaded_at"`
	URL         string              `json:"url"`
}

func drawAttachment(a soc.Attachment) attachment {
	id := soc.CaseID(soc.CasePrefixAttachment, a.ID)
	return attachment{
		ID: id, CaseID: soc.CaseID(soc.CasePrefixCase, a.Incident), Filename: a.Name, Size: a.Size, SHA256: a.SHA256,
		ContentType: a.ContentType, Description: a.Description, UploadedBy: principal(a.AddedBy),
		UploadedAt: schemas.SecondsTime(a.AddedAt), URL: casePath(a.Incident) + "/attachments/" + id,
	}
}

type addAttachmentInput struct {
	caseInput
	IfMatch web.IfMatch `header:"If-Match"`
	Body    *web.Stream `body:"stream"`
}

func (d *door) addAttachment(ctx context.Context, by soc.Actor, in addAttachmentInput) (web.Reply[attachment], error) {
	none, ref := web.Reply[attachment]{}, in.ref(by)
	sent := &sentFile{door: d, by: by, ref: ref}
	// Bytes that became a file stay; whatever else is left of the request goes.
	defer sent.drop(ctx)
	if err := sent.read(ctx, in.Body); err != nil {
		return none, err
	}
	canonical, err := json.Marshal([]string{sent.name, sent.description, sent.upload.SHA256})
	if err != nil {
		return none, err
	}
	if by, err = in.Body.Claim(ctx, by, canonical); err != nil {
		return none, err
	}
	draw := func(r soc.AttachmentResult) web.Reply[attachment] {
		out := web.Reply[attachment]{Data: drawAttachment(r.Attachment)}
		if r.Existing {
			out.Status = http.StatusOK
			return out
		}
		out.Location = out.Data.URL
		return out
	}
	r, err := d.desk.AddAttachment(ctx, web.Answering(by, draw), ref, *sent.upload, soc.NewAttachment{
		Name: sent.name, ContentType: http.DetectContentType(sent.upload.Head), Description: sent.description, IfMatch: in.IfMatch.IfMatch,
	})
	if err != nil {
		return none, err
	}
	return draw(r), nil
}

// sentFile is the form of an upload while it is read.
type sentFile struct {
	door        *door
	by          soc.Actor
	ref         soc.IncidentRef
	upload      *soc.Upload
	name        string
	described   bool
	description string
}

// maxDescription is in characters; no character has more than four bytes.
const maxDescription = 1000

// read takes the parts in any order: one file, and at most one description.
func (s *sentFile) read(ctx context.Context, body *web.Stream) error {
	_, parameters, err := mime.ParseMediaType(body.ContentType)
	if err != nil || parameters["boundary"] == "" {
		return soc.InvalidField("file", "must be a part of a multipart/form-data body")
	}
	form := multipart.NewReader(body, parameters["boundary"])
	for {
		// Raw, so that the bytes stay what they are whatever the part's headers say.
		part, err := form.NextRawPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return unreadableForm(err)
		}
		if err := s.part(ctx, part); err != nil {
			return err
		}
	}
	if s.upload == nil {
		return soc.InvalidField("file", "is required")
	}
	return nil
}

// unreadableForm keeps what the door below said of the body, such as its size.
func unreadableForm(err error) error {
	if known := (*soc.Error)(nil); errors.As(err, &known) {
		return err
	}
	return soc.Errorf(soc.Invalid, soc.CodeBadRequest, "The multipart body could not be read to its end.")
}

func (s *sentFile) part(ctx context.Context, part *multipart.Part) error {
	switch name := part.FormName(); {
	case name == "file" && s.upload == nil:
		s.name = part.FileName()
		up, err := s.door.desk.StageUpload(ctx, s.by, s.ref, part)
		if err != nil {
			return unreadableFile(err, s.door.desk.AttachmentLimits().FileBytes)
		}
		s.upload = &up
	case name == "description" && !s.described:
		text, err := io.ReadAll(io.LimitReader(part, 4*maxDescription+1))
		if err != nil {
			return unreadableForm(err)
		}
		if !utf8.Valid(text) || utf8.RuneCount(text) > maxDescription {
			return soc.InvalidField("description", "must be UTF-8 text of at most %d characters", maxDescription)
		}
		s.described, s.description = true, string(text)
	case name == "file" || name == "description":
		return soc.InvalidField(name, "may be sent once")
	default:
		return soc.InvalidField("", "takes the parts file and description, and no others")
	}
	return nil
}

// unreadableFile tells a file that is too long as a body that is.
func unreadableFile(err error, limit int64) error {
	switch known := (*soc.Error)(nil); {
	case !errors.As(err, &known):
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return unreadableForm(err)
		}
	case known.Code == soc.CodePayloadTooLarge:
		return web.WithDetails(known, map[string]any{"max_bytes": limit})
	}
	return err
}

// drop gives up what was read and did not become a file.
func (s *sentFile) drop(ctx context.Context) {
	if s.upload != nil {
		// What cannot be dropped now is swept within the hour.
		_ = s.door.desk.DropUpload(ctx, *s.upload)
	}
}

type attachmentInput struct {
	caseInput
	Attachment string `path:"attachment"`
}

func (d *door) getAttachment(ctx context.Context, by soc.Actor, in attachmentInput) (web.Reply[web.Content], error) {
	a, next, err := d.desk.OpenAttachment(ctx, by, in.ref(by), uuidOf(soc.CasePrefixAttachment, in.Attachment))
	if err != nil {
		return web.Reply[web.Content]{}, err
	}
	return web.OK(web.Content{Media: "application/octet-stream", Name: a.Name, Policy: inert, Next: next, Size: a.Size}), nil
}

type removeAttachmentInput struct {
	attachmentInput
	IfMatch web.IfMatch `header:"If-Match"`
}

func (d *door) removeAttachment(ctx context.Context, by soc.Actor, in removeAttachmentInput) (web.Reply[struct{}], error) {
	gone := web.Reply[struct{}]{Status: http.StatusNoContent}
	draw := func(soc.Attachment) web.Reply[struct{}] { return gone }
	return gone, d.desk.RemoveAttachment(ctx, web.Answering(by, draw), in.ref(by), uuidOf(soc.CasePrefixAttachment, in.Attachment), in.IfMatch.IfMatch)
}
