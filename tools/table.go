package tools

import (
	"unicode/utf8"
)

// maxRows bounds the characters that the rows of one answer take together,
// leaving room under maxForm for everything around them.
const maxRows = 24_000

// table is a list in columns: names once, then bare rows.
type table struct {
	Columns []string `json:"columns"`
	Rows    [][]any  `json:"rows"`
}

// section is a table that may continue.
type section struct {
	table
	More *more `json:"more,omitempty"`
}

// more says what an answer does not show and gives the exact next call.
type more struct {
	Shown int `json:"shown"`
	// Total is nil where it is not known.
	Total *int `json:"total,omitempty"`
	// AtLeast says that there are more than Total.
	AtLeast bool      `json:"at_least,omitempty"`
	Next    *nextCall `json:"next,omitempty"`
}

type nextCall struct {
	Tool      string `json:"tool"`
	Arguments any    `json:"arguments"`
}

// room counts down what an answer may still take.
type room struct{ left int }

// newRoom is for one answer's rows.
func newRoom() *room { return &room{left: maxRows} }

// fill draws rows until they no longer fit and returns how many did. The first
// row always fits, since every cell is bounded.
func fill[Row any](r *room, t *table, rows []Row, draw func(Row) []any) int {
	if t.Rows == nil {
		t.Rows = [][]any{}
	}
	for n, row := range rows {
		drawn := draw(row)
		size := characters(drawn)
		if size > r.left && len(t.Rows) > 0 {
			return n
		}
		r.left -= size
		t.Rows = append(t.Rows, drawn)
	}
	return len(rows)
}

// characters is how many characters a value takes in an answer.
func characters(value any) int {
	raw, err := encode(value)
	if err != nil {
		return maxRows
	}
	return utf8.RuneCount(raw) + 1
}

// cellWidth shares a page's characters among its rows, so that a long page has
// short texts: what is cut is read in full with the tool for one object.
func cellWidth(page, limit, rest, most int) int {
	return min(max(page/max(limit, 1)-rest, 48), most)
}
