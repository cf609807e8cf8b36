package console

import (
	"html/template"
	"regexp"
)

// gamebookID is what the link names that agents, and later chat and mail, are
// given: /console?gamebook=GB-.... The page decides nothing (S20), and looks up
// nothing: whoever opens it is nobody yet.
var gamebookID = regexp.MustCompile(`^GB-[0-9A-Z]{4,32}$`)

var gamebookPage = template.Must(template.New("gamebook").Parse(`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{{.Gamebook}} - Vedette</title></head>
<body>
<main>
<h1>{{.Gamebook}}</h1>
<p>Opening this page decides nothing. A person reads the card and decides over the operations API; the digest of the card
is what is approved, and what will run.</p>
<pre>
curl -c people.jar {{.PublicURL}}/api/ops/v1/session -H 'Content-Type: application/json' -d '{"email":"...","password":"..."}'
curl -b people.jar {{.PublicURL}}/api/ops/v1/approvals/{{.Gamebook}}
curl -b people.jar {{.PublicURL}}/api/ops/v1/approvals/{{.Gamebook}}/approve -H 'Content-Type: application/json' -d '{"digest":"sha256:...","comment":"..."}'
curl -b people.jar {{.PublicURL}}/api/ops/v1/approvals/{{.Gamebook}}/deny -H 'Content-Type: application/json' -d '{"reason":"..."}'
</pre>
<p><a href="/console">Status of the server</a></p>
</main>
</body>
</html>
`))
