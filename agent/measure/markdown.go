package measure

import (
	"html/template"
	"strings"
)

// markdownCell keeps a cell from ending its column or its row.
var markdownCell = strings.NewReplacer("|", `\|`, "\n", " ", "\r", " ")

func (r Report) document() document {
	return document{
		title: "Evaluation: " + r.Set + ", " + r.split() + ", mode " + r.Mode,
		plots: []plot{
			{template.HTML(r.Summary.confusionPlot()), "Confusion matrix: labels are rows, shade is the share of the row."},
			{template.HTML(r.Summary.reliabilityPlot()), "Reliability: how often a stated confidence was right, with 95 % intervals."},
			{template.HTML(r.Summary.coveragePlot()), "Accuracy of the most confident cases against their share."},
		},
		tables: r.tables(),
	}
}

// Markdown is the report as one page.
func (r Report) Markdown() []byte { return r.document().markdown() }

// HTML is the report as one page with plots.
func (r Report) HTML() ([]byte, error) { return r.document().html() }
