package data

import (
	"bytes"
	"compress/gzip"
	"embed"
	"io"
	"path"
	"strings"
	"sync"
)

//go:embed demo/secrl-excytin/security_incidents.jsonl demo/secrl-excytin/security_alerts.jsonl.gz demo/authored/*.json
var demoFiles embed.FS

// File is one embedded ingest body.
type File struct {
	// Format is the ingest format: sentinel or generic.
	Format string
	// Name is the file's path below demo/, without .gz.
	Name string
	// Bytes is the body as it would be sent.
	Bytes []byte
}

// Demo returns the demonstration data in the order in which it should be
// ingested: the eight real incidents and their 189 alerts
// (demo/secrl-excytin, MIT), then the authored benign incidents
// (demo/authored). Callers must not change the bytes.
var Demo = sync.OnceValue(func() []File {
	files, err := readDemo()
	if err != nil {
		panic(err) // the embedded files are part of the build and tested
	}
	return files
})

func readDemo() ([]File, error) {
	names := []string{"demo/secrl-excytin/security_incidents.jsonl", "demo/secrl-excytin/security_alerts.jsonl.gz"}
	authored, err := demoFiles.ReadDir("demo/authored")
	if err != nil {
		return nil, err
	}
	for _, entry := range authored {
		names = append(names, path.Join("demo/authored", entry.Name()))
	}
	files := make([]File, 0, len(names))
	for _, name := range names {
		body, err := readDemoFile(name)
		if err != nil {
			return nil, err
		}
		format := "sentinel"
		if strings.HasPrefix(name, "demo/authored/") {
			format = "generic"
		}
		files = append(files, File{Format: format, Name: strings.TrimSuffix(strings.TrimPrefix(name, "demo/"), ".gz"), Bytes: body})
	}
	return files, nil
}

func readDemoFile(name string) ([]byte, error) {
	body, err := demoFiles.ReadFile(name)
	if err != nil || !strings.HasSuffix(name, ".gz") {
		return body, err
	}
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}
