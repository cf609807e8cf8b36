package openapi

import (
	"log/slog"
	"net/http"
	"sync"

	"vedette/backend/web"
)

// Mount returns what serves the documents of routes and their pages, by path.
// They are drawn when the first of them is asked for: drawing takes seconds of a
// processor, which a server that starts, or starts again after a crash, does not
// have to spare. Routes that cannot be drawn are a mistake of the program, which
// the tests of every door find; a server that meets one says so in its log and
// answers 500 at these paths alone.
func Mount(routes []web.Route, facts Facts, log *slog.Logger) map[string]http.Handler {
	drawn := sync.OnceValues(func() (map[string]http.Handler, error) {
		documents, err := Draw(routes, facts)
		if err != nil {
			return nil, err
		}
		return documents.served()
	})
	mounted := map[string]http.Handler{}
	for _, path := range pathsOf(routes) {
		mounted[path] = http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			handlers, err := drawn()
			if err != nil {
				log.ErrorContext(req.Context(), "the OpenAPI documents cannot be drawn", "error", err.Error())
				http.Error(w, "the documents cannot be drawn; see the server's log", http.StatusInternalServerError)
				return
			}
			handlers[path].ServeHTTP(w, req)
		})
	}
	return mounted
}

// served are the documents and the pages.
func (d *Documents) served() (map[string]http.Handler, error) {
	handlers, err := d.Pages()
	if err != nil {
		return nil, err
	}
	for path, handler := range d.Handlers() {
		handlers[path] = handler
	}
	return handlers, nil
}

// pathsOf are the paths of Handlers and Pages, known before anything is drawn.
func pathsOf(routes []web.Route) []string {
	paths := []string{"/openapi.json", "/openapi", "/openapi/page.css", "/openapi/page.js"}
	for _, name := range familiesOf(routes) {
		paths = append(paths, "/openapi/"+name+".json", "/openapi/"+name)
	}
	return paths
}
