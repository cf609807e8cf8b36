package measure

import (
	"bytes"
	"fmt"
	"html/template"
	"strings"
)

// document is a report as it is drawn: the same tables as Markdown and as HTML.
type document struct {
	title  string
	plots  []plot
	tables []table
}

// plot is a drawing. Its markup is numbers and fixed words of this package:
// nothing in it is escaped because nothing in it comes from a data set.
type plot struct {
	Drawing template.HTML
	Caption string
}

// markdown is the document as one page.
func (d document) markdown() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n", markdownCell.Replace(d.title))
	for _, t := range d.tables {
		fmt.Fprintf(&b, "\n## %s\n\n", t.title)
		if t.note != "" {
			fmt.Fprintf(&b, "%s\n\n", t.note)
		}
		line := func(cells []string) {
			for _, cell := range cells {
				fmt.Fprintf(&b, "| %s ", markdownCell.Replace(cell))
			}
			b.WriteString("|\n")
		}
		line(t.head)
		b.WriteString(strings.Repeat("|---", len(t.head)) + "|\n")
		for _, row := range t.rows {
			line(row)
		}
	}
	return []byte(b.String())
}

// html is the document as one page with its plots.
func (d document) html() ([]byte, error) {
	type drawn struct {
		Title, Note string
		Head        []string
		Rows        [][]string
	}
	data := struct {
		Title  string
		Plots  []plot
		Tables []drawn
	}{Title: d.title, Plots: d.plots}
	for _, t := range d.tables {
		data.Tables = append(data.Tables, drawn{t.title, t.note, t.head, t.rows})
	}
	var out bytes.Buffer
	err := page.Execute(&out, data)
	return out.Bytes(), err
}
