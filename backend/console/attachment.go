package console

import (
	"context"
	"maps"
	"net/http"

	"vedette/backend/soc"
)

type attachForm struct {
	Incident    string `path:"incident" max:"64"`
	Description string `form:"description" max:"4000"`
}

type detachForm struct {
	Incident   string `path:"incident" max:"64"`
	Attachment string `path:"attachment" max:"64"`
}

func init() {
	maps.Copy(notices, map[string]string{
		"attached":        "The file is on the incident.",
		"attached-before": "The incident has these bytes already.",
		"detached":        "The file's bytes are gone; its name and hash stay in the timeline.",
	})
}

// registerAttachments adds putting files on an incident and taking their bytes
// away. They come down again by registerIncidentFiles.
func (c *Console) registerAttachments() {
	const one = "/incidents/{incident}"
	add(c, Page{
		Method: http.MethodPost, Path: one + "/attachments", Name: "add_attachment", Who: Member, Role: soc.RoleAnalyst, Back: one, Section: "/incidents",
		File: true, MaxBody: c.desk.AttachmentLimits().FileBytes + formFraming,
	}, c.attach)
	add(c, Page{
		Method: http.MethodPost, Path: one + "/attachments/{attachment}/remove", Name: "remove_attachment", Who: Member, Role: soc.RoleSenior, Back: one, Section: "/incidents",
	}, c.detach)
}

// attach keeps a file. Its type is told from its bytes, never from what the
// browser said.
func (c *Console) attach(ctx context.Context, by soc.Actor, in attachForm) (View, error) {
	file, err := fileOf(ctx)
	if err != nil {
		return View{}, err
	}
	ref := soc.IncidentRef{ID: in.Incident}
	up, err := c.desk.StageUpload(ctx, by, ref, file.Body)
	if err != nil {
		return View{}, err
	}
	// Bytes that became a file stay; what cannot be dropped now is swept within
	// the hour.
	defer func() { _ = c.desk.DropUpload(ctx, up) }()
	out, err := c.desk.AddAttachment(ctx, by, ref, up, soc.NewAttachment{
		Name: file.Name, ContentType: http.DetectContentType(up.Head), Description: in.Description,
	})
	notice := "attached"
	if out.Existing {
		notice = "attached-before"
	}
	return c.ended(by, in.Incident, notice, err)
}

func (c *Console) detach(ctx context.Context, by soc.Actor, in detachForm) (View, error) {
	err := c.desk.RemoveAttachment(ctx, by, soc.IncidentRef{ID: in.Incident}, in.Attachment, soc.IfMatch{})
	return c.ended(by, in.Incident, "detached", err)
}
