package connector

import (
	"fmt"
	"net/url"
	"strings"
)

// Endpoint is one call of a product's published interface. A product's package
// keeps its calls in one table and builds every request from it, so that what
// the table says of the product is what is sent.
type Endpoint struct {
	Name       string // what the package asks of the product, e.g. host.isolate
	Method     string
	Path       string   // with {wildcards}, each a whole segment
	Permission string   // what the product's administrator must grant, in the product's words
	Playbooks  []string // of the catalogue, that cannot be carried out without it
	Source     string   // where the vendor documents the call
}

// URL puts values in the place of the path's wildcards, in order. A value stays
// one segment whatever it holds; one that could not is refused.
func (e Endpoint) URL(base string, values ...string) (string, error) {
	segments := strings.Split(e.Path, "/")
	for i, segment := range segments {
		if !strings.HasPrefix(segment, "{") {
			continue
		}
		if len(values) == 0 {
			return "", fmt.Errorf("connector: %s wants more values", e.Path)
		}
		if values[0] == "" || values[0] == "." || values[0] == ".." {
			return "", fmt.Errorf("connector: %q cannot be a segment of a path", values[0])
		}
		segments[i], values = url.PathEscape(values[0]), values[1:]
	}
	if len(values) > 0 {
		return "", fmt.Errorf("connector: %s takes no further value", e.Path)
	}
	return base + strings.Join(segments, "/"), nil
}
