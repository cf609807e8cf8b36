package console

import (
	"net/http"
)

// serveStatus draws the page at /, which anybody may see.
func (c *Console) serveStatus(w http.ResponseWriter, req *http.Request) {
	if req.Method != http.MethodGet && req.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	c.setHeaders(w.Header())
	c.draw(w, req, http.StatusOK, "status", Frame{Title: "Status", Facts: c.facts})
}
