package openapi

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"slices"
	"strings"
)

//go:embed page.html page.css page.js
var pageFiles embed.FS

var pageTemplate = template.Must(template.New("page.html").Funcs(template.FuncMap{"inline": inline}).ParseFS(pageFiles, "page.html"))

// inline shows what stands between backticks as code; all of it is escaped.
func inline(text string) template.HTML {
	var out strings.Builder
	for i, part := range strings.Split(text, "`") {
		escaped := template.HTMLEscapeString(part)
		if i%2 == 1 {
			escaped = "<code>" + escaped + "</code>"
		}
		out.WriteString(escaped)
	}
	return template.HTML(out.String())
}

// pagePolicy lets the page have its own style and script and nothing else.
const pagePolicy = "default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Pages are the paths of the page that shows the documents, drawn here and
// served without anything from elsewhere.
func (d *Documents) Pages() (map[string]http.Handler, error) {
	pages := map[string]http.Handler{}
	for path, media := range map[string]string{"/openapi/page.css": "text/css; charset=utf-8", "/openapi/page.js": "text/javascript; charset=utf-8"} {
		body, err := pageFiles.ReadFile(strings.TrimPrefix(path, "/openapi/"))
		if err != nil {
			return nil, err
		}
		pages[path] = newFile(media, body)
	}
	for path, document := range d.named() {
		body, err := renderPage(document, path, d.Families)
		if err != nil {
			return nil, fmt.Errorf("openapi: %s: %w", path, err)
		}
		pages[path] = policed{newFile("text/html; charset=utf-8", body)}
	}
	return pages, nil
}

func (d *Documents) named() map[string][]byte {
	all := map[string][]byte{"/openapi": d.All}
	for name, document := range d.ByFamily {
		all["/openapi/"+name] = document
	}
	return all
}

// policed is a file that a browser may show.
type policed struct{ *file }

func (p policed) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	w.Header().Set("Content-Security-Policy", pagePolicy)
	p.file.ServeHTTP(w, req)
}

// page is what the template shows.
type page struct {
	Title, About, Version, JSON string
	Families                    []link
	Groups                      []group
	Schemas                     []named
}

type link struct {
	Name, Path string
	Here       bool
}

type group struct {
	Name       string
	Operations []shown
}

type shown struct {
	ID, Method, Path, Summary, Text string
	Security                        []string
	Parameters                      []parameterRow
	Bodies                          []media
	Answers                         []answer
}

type parameterRow struct {
	Name, In, Type, Text string
	Required             bool
}

type media struct{ Type, Schema, Name string }

type answer struct {
	Status, Text string
	Bodies       []media
	Headers      []string
}

type named struct{ Name, Schema string }

func renderPage(document []byte, path string, families []string) ([]byte, error) {
	var root object
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber()
	if err := decoder.Decode(&root); err != nil {
		return nil, err
	}
	r := reader{root}
	p := page{
		Title: r.text(root, "info", "title"), About: r.text(root, "info", "description"), Version: r.text(root, "info", "version"),
		JSON: path + ".json", Families: []link{{"all", "/openapi", path == "/openapi"}}, Groups: r.groups(),
	}
	for _, family := range families {
		p.Families = append(p.Families, link{family, "/openapi/" + family, path == "/openapi/"+family})
	}
	schemas, _ := r.at(root, "components", "schemas").(object)
	for _, name := range slices.Sorted(maps.Keys(schemas)) {
		p.Schemas = append(p.Schemas, named{name, pretty(schemas[name])})
	}
	var out bytes.Buffer
	err := pageTemplate.Execute(&out, p)
	return out.Bytes(), err
}

func pretty(value any) string {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(value) // it was decoded from JSON
	return strings.TrimSpace(out.String())
}
