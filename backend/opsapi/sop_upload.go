package opsapi

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"path"
	"slices"
	"strings"

	"vedette/backend/soc"
	"vedette/backend/web"
)

type newSOPInput struct {
	Body *web.Stream `body:"stream"`
}

type newSOPVersionInput struct {
	ID   string      `path:"id" jsonschema:"maxLength=64"`
	Body *web.Stream `body:"stream"`
}

// sentSOP is the form of a procedure while it is read. What was not sent is nil.
type sentSOP struct {
	text               *string
	name, kind, reason *string
	match              *soc.SOPMatchRule
}

// maxSOPPart is the most bytes of a part that is no file.
const maxSOPPart = 32 << 10

func (a *api) createSOP(ctx context.Context, by soc.Actor, in newSOPInput) (web.Reply[savedSOP], error) {
	return a.sentSOP(ctx, by, in.Body, soc.SOPEdit{New: true})
}

func (a *api) createSOPVersion(ctx context.Context, by soc.Actor, in newSOPVersionInput) (web.Reply[savedSOP], error) {
	return a.sentSOP(ctx, by, in.Body, soc.SOPEdit{ID: in.ID})
}

func (a *api) sentSOP(ctx context.Context, by soc.Actor, body *web.Stream, edit soc.SOPEdit) (web.Reply[savedSOP], error) {
	sent, err := readSOP(body)
	if err != nil {
		return web.Reply[savedSOP]{}, err
	}
	canonical, err := json.Marshal([]any{sent.text, sent.name, sent.kind, sent.match, sent.reason})
	if err != nil {
		return web.Reply[savedSOP]{}, err
	}
	if by, err = body.Claim(ctx, by, canonical); err != nil {
		return web.Reply[savedSOP]{}, err
	}
	edit.Event, edit.Edit = "sop_uploaded", sent.over
	if sent.reason != nil {
		edit.Reason = *sent.reason
	}
	return a.editSOP(ctx, by, edit)
}

// over is a procedure with what was sent, in force.
func (s sentSOP) over(sop soc.SOP) soc.SOP {
	sop = sop.WithText(*s.text)
	sop.Enabled = true
	if s.name != nil {
		sop.Name = *s.name
	}
	if s.kind != nil {
		sop.Kind = *s.kind
	}
	if s.match != nil {
		sop = sop.WithRule(*s.match)
	}
	return sop
}

// readSOP takes the parts in any order: one file, and at most one of each other.
// The file is counted while it comes; no more of it is kept than may be.
func readSOP(body *web.Stream) (s sentSOP, err error) {
	_, parameters, err := mime.ParseMediaType(body.ContentType)
	if err != nil || parameters["boundary"] == "" {
		return s, soc.InvalidField("file", "must be a part of a multipart/form-data body")
	}
	form := multipart.NewReader(body, parameters["boundary"])
	for {
		// Raw, so that the bytes stay what they are whatever the part's headers say.
		part, err := form.NextRawPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = s.part(part)
		}
		if err != nil {
			return s, unreadable(err)
		}
	}
	if s.text == nil {
		return s, soc.InvalidField("file", "is required")
	}
	return s, nil
}

// unreadable keeps what is known of a fault, such as the size of the body.
func unreadable(err error) error {
	if known := (*soc.Error)(nil); errors.As(err, &known) {
		return err
	}
	return soc.Errorf(soc.Invalid, soc.CodeBadRequest, "The multipart body could not be read to its end.")
}

func (s *sentSOP) part(part *multipart.Part) error {
	texts := map[string]**string{"file": &s.text, "name": &s.name, "kind": &s.kind, "reason": &s.reason}
	switch name := part.FormName(); {
	case name == "match" && s.match == nil:
		return s.rule(part)
	case texts[name] != nil && *texts[name] == nil:
		limit := maxSOPPart
		if name == "file" {
			limit = soc.MaxSOPBytes
			if !slices.Contains([]string{".md", ".txt"}, strings.ToLower(path.Ext(part.FileName()))) {
				return soc.Errorf(soc.Invalid, soc.CodeUnsupportedMediaType, "A procedure is a file whose name ends in .md or .txt.").WithFix("Send Markdown or plain text.")
			}
		}
		text, err := partText(part, name, limit)
		*texts[name] = &text
		return err
	case texts[name] != nil || name == "match":
		return soc.InvalidField(name, "may be sent once")
	}
	return soc.InvalidField("", "takes the parts file, name, kind, match and reason, and no others")
}

func partText(part *multipart.Part, name string, limit int) (string, error) {
	text, err := io.ReadAll(io.LimitReader(part, int64(limit)+1))
	if err == nil && len(text) > limit {
		err = soc.Errorf(soc.Invalid, soc.CodePayloadTooLarge, "The part %s is longer than %d bytes.", name, limit).WithFix("Send less.")
	}
	return string(text), err
}

func (s *sentSOP) rule(part *multipart.Part) error {
	text, err := partText(part, "match", maxSOPPart)
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	var rule soc.SOPMatchRule
	if err := decoder.Decode(&rule); err != nil || decoder.More() {
		return soc.InvalidField("match", "must be one JSON object with the members sources, severities, incidentTypes, tactics, playbookIds and priority")
	}
	rule, err = coreRule(rule)
	s.match = &rule
	return err
}
