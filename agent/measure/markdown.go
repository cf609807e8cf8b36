package measure

import (
	"fmt"
	"strings"
)

// markdownCell keeps a cell from ending its column or its row.
var markdownCell = strings.NewReplacer("|", `\|`, "\n", " ", "\r", " ")

// Markdown is the report as one page.
func (r Report) Markdown() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "# Evaluation: %s, %s, mode %s\n", markdownCell.Replace(r.Set), markdownCell.Replace(r.split()), r.Mode)
	for _, t := range r.tables() {
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
