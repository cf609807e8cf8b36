package measure

import (
	"bytes"
	"html/template"
)

// page is the report as one self-contained file: no script, no link, no font
// from elsewhere, readable in light and dark.
var page = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Evaluation: {{.Report.Set}}, {{.Split}}, mode {{.Report.Mode}}</title>
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
<h1>Evaluation: {{.Report.Set}}, {{.Split}}, mode {{.Report.Mode}}</h1>
<div class="plots">
{{range .Plots}}<figure>{{.Drawing}}<figcaption>{{.Caption}}</figcaption></figure>
{{end}}</div>
{{range .Tables}}<h2>{{.Title}}</h2>
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

// HTML is the report as one page with plots.
func (r Report) HTML() ([]byte, error) {
	type plot struct {
		Drawing template.HTML
		Caption string
	}
	type drawn struct {
		Title, Note string
		Head        []string
		Rows        [][]string
	}
	data := struct {
		Report Report
		Split  string
		Plots  []plot
		Tables []drawn
	}{Report: r, Split: r.split()}
	for _, t := range r.tables() {
		data.Tables = append(data.Tables, drawn{t.title, t.note, t.head, t.rows})
	}
	// The drawings are numbers and fixed words of this package: nothing in them
	// is escaped because nothing in them comes from a data set.
	data.Plots = []plot{
		{template.HTML(r.Summary.confusionPlot()), "Confusion matrix: labels are rows, shade is the share of the row."},
		{template.HTML(r.Summary.reliabilityPlot()), "Reliability: how often a stated confidence was right, with 95 % intervals."},
		{template.HTML(r.Summary.coveragePlot()), "Accuracy of the most confident cases against their share."},
	}
	var out bytes.Buffer
	err := page.Execute(&out, data)
	return out.Bytes(), err
}
