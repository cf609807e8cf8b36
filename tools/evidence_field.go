package tools

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"vedette/backend/soc"
	"vedette/schemas"
)

const (
	// fieldNameWidth bounds a field's name as shown.
	fieldNameWidth = 128
	// shortValue is how much of a value is shown where many share an answer;
	// one field asked for by name gets wholeValue at a time.
	shortValue = 4000
	wholeValue = 30_000
	// evidenceRoom is what all rows of an answer take, and rowRoom what a row
	// takes beside its fields, at most.
	evidenceRoom = 36_000
	rowRoom      = 700
)

// evidenceRow is one row in full.
type evidenceRow struct {
	ID       string   `json:"id"`
	Time     string   `json:"time"`
	Source   string   `json:"source"`
	Type     string   `json:"type"`
	Alert    string   `json:"alert,omitempty"`
	Entities []string `json:"entities"`
	Flags    string   `json:"flags,omitempty"`
	Fields   []field  `json:"fields"`
}

// field is one value of a row. Length and Offset are bytes of the value as
// stored; the value shown is escaped. A cut value says how to read on.
type field struct {
	Name       string         `json:"name"`
	Value      string         `json:"value"`
	Provenance soc.Provenance `json:"provenance"`
	Length     int            `json:"length"`
	Offset     int            `json:"offset,omitempty"`
	Flags      string         `json:"flags,omitempty"`
	Truncated  bool           `json:"truncated,omitempty"`
	Next       *nextCall      `json:"next,omitempty"`
}

// evidenceDrawing shares the room of one answer among rows and fields, in
// order. Whole fields that no longer fit are left to more.next, which begins
// with the first of them; a value that is cut carries its own next call.
type evidenceDrawing struct {
	tool string
	in   schemas.GetEvidence
	left int
}

// draw returns the rows that fit and what is left.
func (d *evidenceDrawing) draw(rows []soc.Evidence) ([]evidenceRow, *more) {
	out := []evidenceRow{}
	for n, row := range rows {
		if n > 0 && d.left < rowRoom+shortValue {
			return out, d.goOn(rows, n, 0)
		}
		skip := 0
		if n == 0 && d.in.Field == "" {
			skip = min(d.in.Offset, len(row.Fields))
		}
		drawn, rest := d.row(row, skip)
		out = append(out, drawn)
		if rest > 0 {
			return out, d.goOn(rows, n, rest)
		}
	}
	return out, nil
}

// goOn is the call for the rows from n on, without the first skip fields.
func (d *evidenceDrawing) goOn(rows []soc.Evidence, n, skip int) *more {
	next := schemas.GetEvidence{IncidentID: d.in.IncidentID, Field: d.in.Field, Offset: skip}
	for _, row := range rows[n:] {
		next.EvidenceIDs = append(next.EvidenceIDs, soc.EvidenceID(row.Number))
	}
	shown := n
	if skip > 0 {
		shown++
	}
	return &more{Shown: shown, Total: known(len(rows)), Next: &nextCall{d.tool, next}}
}

// row draws one row; rest is the number of the field to go on with, 0 if all
// fields are there.
func (d *evidenceDrawing) row(e soc.Evidence, skip int) (out evidenceRow, rest int) {
	out = evidenceRow{
		ID: soc.EvidenceID(e.Number), Time: instant(e.At), Source: e.Source, Type: outside(e.Type, 64), Alert: e.Alert,
		Entities: append([]string{}, firstOf(e.Entities, 20)...), Flags: flagWords(e.Flags), Fields: []field{},
	}
	d.left -= rowRoom
	for i := skip; i < len(e.Fields); i++ {
		drawn := d.field(e, e.Fields[i])
		size := characters(drawn)
		if size > d.left && len(out.Fields) > 0 {
			return out, i
		}
		d.left -= size
		out.Fields = append(out.Fields, drawn)
	}
	return out, 0
}

func (d *evidenceDrawing) field(e soc.Evidence, f soc.Field) field {
	width, offset := shortValue, 0
	if d.in.Field != "" && len(d.in.EvidenceIDs) == 1 {
		width, offset = wholeValue, boundary(f.Value, d.in.Offset)
	}
	rest := f.Value[offset:]
	kept, escaped := fitQuoted(rest, width)
	out := field{
		Name: outside(f.Name, fieldNameWidth), Value: escaped, Provenance: f.Provenance, Length: len(f.Value), Offset: offset,
		Flags: flagWords(slices.DeleteFunc(slices.Clone(e.Flags), func(flag soc.Flag) bool { return flag.Field != f.Name })),
	}
	if end := offset + kept; end < len(f.Value) {
		out.Truncated = true
		out.Next = &nextCall{d.tool, schemas.GetEvidence{
			IncidentID: d.in.IncidentID, EvidenceIDs: []string{soc.EvidenceID(e.Number)}, Field: out.Name, Offset: end,
		}}
	}
	return out
}

// boundary is offset, moved back to where a character of value begins.
func boundary(value string, offset int) int {
	offset = min(offset, len(value))
	for offset > 0 && offset < len(value) && !utf8.RuneStart(value[offset]) {
		offset--
	}
	return offset
}

// keepField drops the other fields of the rows. Names are the event's own, so
// an unknown one is not answered with a list of them.
func keepField(rows []soc.Evidence, name string) error {
	found := false
	for i := range rows {
		rows[i].Fields = slices.DeleteFunc(slices.Clone(rows[i].Fields), func(f soc.Field) bool {
			return f.Name != name && outside(f.Name, fieldNameWidth) != name
		})
		found = found || len(rows[i].Fields) > 0
	}
	if found {
		return nil
	}
	return soc.Errorf(soc.NotFound, soc.CodeNotFound, "None of these evidence rows has the field named by the argument field.").
		WithFix("Leave field out to see the fields of a row, then copy a name exactly.")
}

func evidenceRowsSummary(incident string, rows []evidenceRow, m *more) string {
	if m == nil && !slices.ContainsFunc(rows, func(e evidenceRow) bool {
		return slices.ContainsFunc(e.Fields, func(f field) bool { return f.Truncated })
	}) {
		return fmt.Sprintf("%s of %s in full.", count(len(rows), "evidence row"), incident)
	}
	return fmt.Sprintf("%s of %s, cut: next in a field or in more reads on.", count(len(rows), "evidence row"), incident)
}
