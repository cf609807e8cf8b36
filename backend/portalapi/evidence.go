package portalapi

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"vedette/backend/soc"
	"vedette/backend/web"
)

type evidenceInput struct {
	incidentInput
	PageSize int    `query:"pageSize" jsonschema:"minimum=1,maximum=500"`
	Token    string `query:"continuationToken" jsonschema:"minLength=1,maxLength=4096"`
}

// evidenceTable is one page of the evidence of an incident.
type evidenceTable struct {
	evidenceRows
	TotalRows int `json:"totalRows"`
}

// evidenceRows are evidence as text: every row has a cell for every column.
type evidenceRows struct {
	Columns []string   `json:"columns"`
	Rows    [][]string `json:"rows"`
}

// fixedColumns come first in every evidence table.
func fixedColumns() []string {
	return []string{"EvidenceId", "TimeGenerated", "Source", "Type", "Entity", "Summary", "Provenance", "Flags"}
}

const (
	evidencePage = 200
	// cellCharacters is the longest cell; more is cut visibly (S41).
	cellCharacters = 4096
)

func (d *door) evidence(ctx context.Context, by soc.Actor, in evidenceInput) (web.Reply[evidenceTable], error) {
	b := binding(by, "evidence", in.Source, in.Incident)
	after, err := d.after(b, in.Token)
	if err != nil {
		return web.Reply[evidenceTable]{}, err
	}
	if in.PageSize == 0 {
		in.PageSize = evidencePage
	}
	found, err := d.desk.SearchEvidence(ctx, by, in.ref(by), soc.EvidenceFilter{After: after, Limit: in.PageSize})
	if err != nil {
		return web.Reply[evidenceTable]{}, err
	}
	columns, err := d.columns(ctx, by, found.Incident, found.Rows)
	if err != nil {
		return web.Reply[evidenceTable]{}, err
	}
	page, err := d.page(b, found.Next)
	return web.Reply[evidenceTable]{Data: evidenceTable{drawEvidence(found.Rows, columns), found.Total}, Page: page}, err
}

// columns are the names of all fields of an incident's evidence, sorted, so
// that every page of it has the same columns. rows are what is at hand.
func (d *door) columns(ctx context.Context, by soc.Actor, i soc.Incident, rows []soc.Evidence) ([]string, error) {
	if len(rows) < i.EvidenceCount {
		return d.desk.EvidenceColumns(ctx, by, i)
	}
	var names []string
	for _, row := range rows {
		for _, field := range row.Fields {
			names = append(names, field.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// drawEvidence draws rows under the fixed columns and those of names.
func drawEvidence(rows []soc.Evidence, names []string) evidenceRows {
	fixed := fixedColumns()
	table := evidenceRows{Columns: fixed, Rows: make([][]string, len(rows))}
	at := make(map[string]int, len(names))
	for n, name := range names {
		at[name] = len(fixed) + n
		// A payload may name a field like a column of ours. It must not be read
		// as what this server says of the row.
		if slices.Contains(fixed, name) {
			name = "Fields." + name
		}
		table.Columns = append(table.Columns, name)
	}
	for n, row := range rows {
		cells := make([]string, len(table.Columns))
		copy(cells, []string{
			soc.EvidenceID(row.Number), cellTime(row.At), row.Source, row.Type, strings.Join(row.Entities, ", "), row.Text,
			soc.PortalProvenance.Word(row.Provenance), strings.Join(flagWords(row.Flags), ", "),
		})
		for _, field := range row.Fields {
			if cell := &cells[at[field.Name]]; *cell == "" {
				*cell = field.Value
			} else if field.Value != "" { // named twice in one row
				*cell += "; " + field.Value
			}
		}
		for c, cell := range cells {
			cells[c] = cutCell(cell)
		}
		table.Rows[n] = cells
	}
	return table
}

// cutCell cuts a long cell and says how many characters are left out.
func cutCell(text string) string {
	if len(text) <= cellCharacters {
		return text
	}
	length := utf8.RuneCountInString(text)
	if length <= cellCharacters {
		return text
	}
	runes := []rune(text)
	return string(runes[:cellCharacters]) + fmt.Sprintf("…[cut %d]", length-cellCharacters)
}
