package measure

import "html/template"

// page is the report as one self-contained file: no script, no link, no font
// from elsewhere, readable in light and dark.
var page = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{{.Title}}</title>
<style>
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
table { border-collapse: collapse; margin: .5rem 0 1.5rem; font-variant-numeric: tabular-nums; }
th, td { border-bottom: 1px solid color-mix(in srgb, currentColor 25%, transparent); padding: .25rem .75rem .25rem 0; text-align: left; vertical-align: top; }
.wide { overflow-x: auto; }
.plots { display: flex; flex-wrap: wrap; gap: 1.5rem; }
figure { margin: 0; }
figcaption { font-size: .9rem; }
svg { max-width: 100%; height: auto; font: 12px system-ui, sans-serif; }
svg text { fill: currentColor; }
svg .axis { stroke: currentColor; fill: none; }
svg .guide { stroke: currentColor; stroke-dasharray: 4 4; opacity: .5; fill: none; }
svg .line { stroke: #2f6fdb; stroke-width: 2; fill: none; }
svg .mark { fill: #2f6fdb; }
svg .cell { fill: #2f6fdb; }
</style>
</head>
<body>
<h1>{{.Title}}</h1>
{{if .Plots}}<div class="plots">
{{range .Plots}}<figure>{{.Drawing}}<figcaption>{{.Caption}}</figcaption></figure>
{{end}}</div>
{{end}}{{range .Tables}}<h2>{{.Title}}</h2>
{{if .Note}}<p>{{.Note}}</p>
{{end}}<div class="wide"><table>
<thead><tr>{{range .Head}}<th scope="col">{{.}}</th>{{end}}</tr></thead>
<tbody>
{{range .Rows}}<tr>{{range .}}<td>{{.}}</td>{{end}}</tr>
{{end}}</tbody>
</table></div>
{{end}}</body>
</html>
`))
