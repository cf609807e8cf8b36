package console

import (
	"html/template"
	"net/http"
)

// Facts is what the status page tells everyone. It is no secret: nothing of a
// tenant, no counts, no version.
type Facts struct {
	PublicURL string
	// Demo is true where the demonstration runs, Simulation where response goes
	// to a simulation.
	Demo, Simulation bool
}

var statusPage = template.Must(template.New("status").Parse(`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Vedette</title></head>
<body>
<main>
<h1>Vedette</h1>
<p>The server is running. It stands between agents and a security team's incidents: agents look up evidence, submit
verdicts and propose response; people approve; the server acts, reads back and keeps the proof.</p>
{{if .Simulation}}<p><strong>Simulation.</strong> Response actions of this server go to a simulated range. Nothing real is touched.</p>{{end}}
{{if .Demo}}<p>This is a demonstration. Keys, operators and client settings were printed when the server started.</p>{{end}}
<h2>Doors</h2>
<dl>
<dt>Agents (MCP, streamable HTTP)</dt><dd><code>{{.PublicURL}}/mcp</code></dd>
<dt>Portal API</dt><dd><code>{{.PublicURL}}/api/v2</code></dd>
<dt>Triage API</dt><dd><code>{{.PublicURL}}/api/incidents</code></dd>
<dt>Operations API</dt><dd><code>{{.PublicURL}}/api/ops/v1</code>; people sign in with <code>POST /api/ops/v1/session</code></dd>
<dt>Health</dt><dd><a href="/healthz">/healthz</a>, <a href="/livez">/livez</a>, <a href="/readyz">/readyz</a></dd>
</dl>
</main>
</body>
</html>
`))

// Status serves the status page at / and /console, under the link of a
// gamebook how to decide on it, and a 404 elsewhere.
func Status(facts Facts) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		page, shown := statusPage, any(facts)
		gamebook := req.URL.Query().Get("gamebook")
		switch {
		case req.URL.Path == "/console" && gamebookID.MatchString(gamebook):
			page, shown = gamebookPage, struct{ PublicURL, Gamebook string }{facts.PublicURL, gamebook}
		case req.URL.Path != "/" && req.URL.Path != "/console" && req.URL.Path != "/console/":
			http.Error(w, "not found", http.StatusNotFound)
			return
		}
		if req.Method != http.MethodGet && req.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = page.Execute(w, shown) // the caller has gone
	})
}
