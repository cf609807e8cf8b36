package store

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestABulkInsertsEveryRowOnce cuts any number of rows into statements that
// hold each of them once, in order, and never one without its columns.
func TestABulkInsertsEveryRowOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		columns := rapid.IntRange(1, 5).Draw(t, "columns")
		b := newBulk("INSERT INTO x", columns, "ON CONFLICT DO NOTHING")
		values := make([]any, columns*rapid.IntRange(0, 70).Draw(t, "rows"))
		for n := range values {
			values[n] = n
		}
		engine := rapid.SampledFrom([]dialect{sqliteDialect, postgresDialect}).Draw(t, "engine")
		parameter := map[dialect]string{sqliteDialect: "?", postgresDialect: "$"}[engine]
		next, statements := 0, 0
		err := b.cut(engine, values, func(text string, args ...any) error {
			statements++
			if rows := strings.Count(text, "("); rows*columns != len(args) || strings.Count(text, parameter) != len(args) {
				t.Fatalf("%d values for %s", len(args), text)
			}
			for _, v := range args {
				if v != next {
					t.Fatalf("value %v, want %d", v, next)
				}
				next++
			}
			return nil
		})
		if err != nil || next != len(values) {
			t.Fatalf("%d of %d values (%v)", next, len(values), err)
		}
		if rows := len(values) / columns; statements > rows/16+4 {
			t.Fatalf("%d statements for %d rows", statements, rows)
		}
	})
}
