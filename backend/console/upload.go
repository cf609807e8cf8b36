package console

import (
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/url"

	"vedette/backend/soc"
	"vedette/backend/web"
)

// formFraming is what a form with a file may be longer than the file: its
// fields, boundaries and part headers.
const formFraming = 128 << 10

// sentFile is the file that a form ends in. Its bytes are read by whoever keeps
// them; what stands behind it in the form is not read at all.
type sentFile struct {
	Name string
	Body io.Reader
}

type sentFileKey struct{}

// fileOf is the file that came with a form.
func fileOf(ctx context.Context) (*sentFile, error) {
	file, _ := ctx.Value(sentFileKey{}).(*sentFile)
	if file == nil || file.Name == "" {
		return nil, soc.InvalidField("file", "must be chosen")
	}
	return file, nil
}

// readParts reads the fields of a form up to its file, which stays on the wire
// until somebody asks for it: nothing of it is held in memory.
func (v *visit) readParts() error {
	form, err := v.req.MultipartReader()
	if err != nil {
		return errUnreadable()
	}
	v.form = url.Values{}
	for left := int64(maxForm); ; {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return errUnreadable()
		}
		if part.FormName() == "file" {
			v.file = &sentFile{Name: part.FileName(), Body: filePart{web.Paced(v.w, part)}}
			return nil
		}
		if left, err = v.readField(part, left); err != nil {
			return err
		}
	}
}

func (v *visit) readField(part *multipart.Part, left int64) (int64, error) {
	value, err := io.ReadAll(io.LimitReader(part, left+1))
	if err != nil {
		return 0, errUnreadable()
	}
	if left -= int64(len(value)); left < 0 {
		return 0, soc.Errorf(soc.Invalid, soc.CodePayloadTooLarge, "The fields of the form may have at most %d bytes.", maxForm)
	}
	v.form.Add(part.FormName(), string(value))
	return left, nil
}

func errUnreadable() *soc.Error {
	return soc.Errorf(soc.Invalid, soc.CodeBadRequest, "The form could not be read.")
}

// filePart tells a file that breaks off from a failure of the server.
type filePart struct{ io.Reader }

func (f filePart) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = soc.Errorf(soc.Invalid, soc.CodeBadRequest, "The file could not be read to its end.").WithFix("Send it again.")
	}
	return n, err
}
