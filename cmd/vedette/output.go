package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"vedette/backend/soc"
)

// print writes value as JSON where --json asks for it, else as the rows of a
// table, header first.
func (e *environment) print(value any, rows [][]string) error {
	if e.program.JSON {
		encoder := json.NewEncoder(e.out)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		return encoder.Encode(value)
	}
	w := tabwriter.NewWriter(e.out, 0, 4, 2, ' ', 0)
	for _, row := range rows {
		for i, cell := range row { // what others named must not move the terminal's cursor
			row[i] = soc.EscapeVisible(cell)
		}
		fmt.Fprintln(w, strings.TrimRight(strings.Join(row, "\t"), "\t "))
	}
	return w.Flush()
}

// fail says what went wrong and what to do next.
func (e *environment) fail(err error) {
	var known *soc.Error
	if !errors.As(err, &known) {
		fmt.Fprintln(e.err, "vedette:", err)
		return
	}
	where, _ := strings.CutSuffix(err.Error(), known.Error()) // what it was wrapped in, such as a file's name
	fmt.Fprintf(e.err, "vedette: %s%s\n", where, known.Message)
	for _, path := range slices.Sorted(maps.Keys(known.Fields)) {
		fmt.Fprintf(e.err, "  %s: %s\n", path, strings.Join(known.Fields[path], " "))
	}
	if known.Fix != "" {
		fmt.Fprintln(e.err, " ", known.Fix)
	}
	if known.Cause != nil {
		fmt.Fprintln(e.err, "  cause:", known.Cause)
	}
}

// timeText is a time in a table, "-" for none.
func timeText(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04")
}

// timeJSON is a time in JSON output, nil for none.
func timeJSON(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	text := t.UTC().Format(time.RFC3339)
	return &text
}
