package store

import (
	"strconv"
	"strings"
)

// bulkSizes are how many rows one statement of a bulk holds: a handful of sizes
// keeps the number of prepared texts small.
var bulkSizes = [...]int{16, 8, 4, 2, 1}

// bulk is an INSERT of many rows of one shape. Most of what a small row costs
// is its statement, on both engines: sixteen rows in one cost about what four
// cost alone.
//
// SQLite's parameters have no numbers here: it looks for the name of each
// parameter by going through those before it.
type bulk struct {
	columns int
	texts   map[dialect]*[len(bulkSizes)]string
}

// newBulk makes the texts from what stands before and behind the values.
func newBulk(head string, columns int, tail string) *bulk {
	b := &bulk{columns: columns, texts: map[dialect]*[len(bulkSizes)]string{sqliteDialect: {}, postgresDialect: {}}}
	for n, size := range bulkSizes {
		one := "(" + strings.TrimSuffix(strings.Repeat("?, ", columns), ", ") + ")"
		text := head + " VALUES " + strings.TrimSuffix(strings.Repeat(one+", ", size), ", ") + " " + tail
		b.texts[sqliteDialect][n] = text
		for k := range size * columns {
			text = strings.Replace(text, "?", "$"+strconv.Itoa(k+1), 1)
		}
		b.texts[postgresDialect][n] = text
	}
	return b
}

// cut cuts the values of rows, one row behind the other, into statements.
func (b *bulk) cut(engine dialect, values []any, insert func(text string, args ...any) error) error {
	for n, size := range bulkSizes {
		for take := size * b.columns; len(values) >= take; values = values[take:] {
			if err := insert(b.texts[engine][n], values[:take]...); err != nil {
				return err
			}
		}
	}
	return nil
}

// insertRows adds rows whose columns stand in values, one row behind the other.
func (tx *Tx) insertRows(b *bulk, values []any) error {
	return b.cut(tx.dialect, values, tx.insert)
}
