package console

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// htmx 4.0.1 (0BSD) and Pico CSS 2.1.1 (MIT) as published, each beside its
// licence; the rest is ours.
//
//go:embed asset/*.js asset/*.css asset/*.svg
var assetFiles embed.FS

// asset is one file as it goes over the wire. Its address holds its hash, so
// that it may be kept for good and never be stale.
type asset struct {
	address, integrity, media string
	plain, zipped             []byte
}

const assetPrefix = "/console/asset/"

// loadAssets reads, hashes and compresses every file once.
func loadAssets() (map[string]*asset, error) {
	assets := map[string]*asset{}
	err := fs.WalkDir(assetFiles, "asset", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		plain, err := assetFiles.ReadFile(name)
		if err != nil {
			return err
		}
		base := path.Base(name)
		sum := sha256.Sum256(plain)
		a := &asset{
			address: assetPrefix + hex.EncodeToString(sum[:8]) + "/" + base, plain: plain,
			integrity: "sha256-" + base64.StdEncoding.EncodeToString(sum[:]), media: mime.TypeByExtension(path.Ext(base)),
		}
		var zipped bytes.Buffer
		w, err := gzip.NewWriterLevel(&zipped, gzip.BestCompression)
		if err != nil {
			return err
		}
		if _, err := w.Write(plain); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
		a.zipped = zipped.Bytes()
		assets[base] = a
		return nil
	})
	return assets, err
}

// serveAsset answers under the exact address only: another hash is another file.
func (c *Console) serveAsset(w http.ResponseWriter, req *http.Request) {
	a := c.assets[path.Base(req.URL.Path)]
	if a == nil || a.address != req.URL.Path || req.Method != http.MethodGet && req.Method != http.MethodHead {
		http.NotFound(w, req)
		return
	}
	header := w.Header()
	header.Set("Content-Type", a.media)
	header.Set("Cache-Control", "public, max-age=31536000, immutable")
	header.Set("Vary", "Accept-Encoding")
	body := a.plain
	if acceptsGzip(req) {
		header.Set("Content-Encoding", "gzip")
		body = a.zipped
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	if req.Method == http.MethodGet {
		_, _ = w.Write(body) // the caller has gone
	}
}

// acceptsGzip reads Accept-Encoding as far as browsers write it.
func acceptsGzip(req *http.Request) bool {
	for _, part := range strings.Split(req.Header.Get("Accept-Encoding"), ",") {
		coding, quality, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.TrimSpace(coding) == "gzip" && !strings.HasSuffix(strings.ReplaceAll(quality, " ", ""), "q=0") {
			return true
		}
	}
	return false
}

func (c *Console) assetAddress(name string) (string, error) {
	if a := c.assets[name]; a != nil {
		return a.address, nil
	}
	return "", fmt.Errorf("console: no asset %q", name)
}

func (c *Console) assetIntegrity(name string) (string, error) {
	if a := c.assets[name]; a != nil {
		return a.integrity, nil
	}
	return "", fmt.Errorf("console: no asset %q", name)
}
