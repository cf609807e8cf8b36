package web

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Content is an answer that is no JSON of the family's, such as a file or a
// printed page. Its route lists the media types in Operation.Produces.
type Content struct {
	Media string
	// Name makes it a download under that name.
	Name string
	// Policy is its Content-Security-Policy, default that of every answer.
	Policy string
	// Bytes are the whole of it, or Next gives it piece by piece, nil at the
	// end, Size bytes together.
	Bytes []byte
	Next  func(ctx context.Context) ([]byte, error)
	Size  int64
}

func (c Content) render(out *rendered) {
	out.media = c.Media
	if c.Name != "" {
		out.header.Set("Content-Disposition", "attachment; filename*=UTF-8''"+extendedValue(c.Name))
	}
	if c.Policy != "" {
		out.header.Set("Content-Security-Policy", c.Policy)
	}
	if out.body = c.Bytes; c.Next != nil {
		out.content = &c
	}
}

// extendedValue is text as a header parameter may hold it (RFC 8187).
func extendedValue(text string) string {
	const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$&+-.^_`|~"
	var b strings.Builder
	for i := range len(text) {
		if c := text[i]; strings.IndexByte(plain, c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// sendPieces sends an answer while it is read. What breaks off breaks the
// connection, so that nobody takes half a file for the whole.
func (x *exchange) sendPieces(out *rendered) {
	x.w.Header().Set("Content-Type", out.media)
	x.w.Header().Set("Content-Length", strconv.FormatInt(out.content.Size, 10))
	x.w.WriteHeader(out.status)
	if x.req.Method == http.MethodHead {
		return
	}
	control, start, sent := http.NewResponseController(x.w), time.Now(), int64(0)
	for {
		piece, err := out.content.Next(x.req.Context())
		if err != nil {
			x.registry.config.Log.ErrorContext(x.req.Context(), "an answer broke off", "request_id", x.frame.RequestID, "cause", err)
			panic(http.ErrAbortHandler)
		}
		if piece == nil {
			return
		}
		_ = control.SetWriteDeadline(start.Add(writeTimeout + time.Duration(sent/streamRate)*time.Second)) // see streamRate
		if _, err := x.w.Write(piece); err != nil {
			return // the caller has gone; the access log tells
		}
		sent += int64(len(piece))
	}
}
