package openapi

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
)

// Handlers are the paths and what they serve: /openapi.json and one document
// per family, for everybody, since they tell nothing of a tenant.
func (d *Documents) Handlers() map[string]http.Handler {
	handlers := map[string]http.Handler{"/openapi.json": newFile("application/json", d.All)}
	for name, document := range d.ByFamily {
		handlers["/openapi/"+name+".json"] = newFile("application/json", document)
	}
	return handlers
}

// file is bytes that never change while the process lives.
type file struct {
	media string
	body  []byte
	etag  string
}

func newFile(media string, body []byte) *file {
	sum := sha256.Sum256(body)
	return &file{media: media, body: body, etag: `"` + hex.EncodeToString(sum[:16]) + `"`}
}

// ServeHTTP answers GET and HEAD, and 304 to who has the bytes already.
func (f *file) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	header := w.Header()
	if req.Method != http.MethodGet && req.Method != http.MethodHead {
		header.Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	header.Set("ETag", f.etag)
	// Kept by whoever fetched it, and asked for again each time: a new version
	// of the server is a new document.
	header.Set("Cache-Control", "public, no-cache")
	if unchanged(req.Header.Get("If-None-Match"), f.etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	header.Set("Content-Type", f.media)
	header.Set("Content-Length", strconv.Itoa(len(f.body)))
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(f.body) // the caller has gone; the access log tells
}

// unchanged is the weak comparison of RFC 9110 section 13.1.2.
func unchanged(header, etag string) bool {
	for _, tag := range strings.Split(header, ",") {
		if tag = strings.TrimSpace(tag); tag == "*" || strings.TrimPrefix(tag, "W/") == etag {
			return true
		}
	}
	return false
}
