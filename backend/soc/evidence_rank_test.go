package soc

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// rankOf ranks rows as a search does: alerts are context, all may be found.
func rankOf(query string, rows []Evidence) []int {
	rank := NewEvidenceRank(query)
	for _, e := range rows {
		if e.Type == "alert" {
			rank.Context(e)
		}
	}
	for _, e := range rows {
		rank.Add(e)
	}
	return rank.Best()
}

func TestEvidenceRank(t *testing.T) {
	row := func(number int, alert, kind, entity, name, value string) Evidence {
		return Evidence{Number: number, Alert: alert, Type: kind, Entities: []string{entity}, Fields: []Field{Parsed(name, value)}}
	}
	rows := []Evidence{
		row(1, "a", "alert", "H", "title", "Suspicious inbox manipulation rule"),
		row(2, "a", "network", "I1", "address", "237.7.81.122"),
		row(3, "a", "host", "H", "host_name", "mail-1"),
		row(4, "b", "alert", "H", "title", "Password spray"),
		row(5, "b", "network", "I2", "address", "170.54.121.63"),
		row(6, "b", "host", "H", "host_name", "mail-1"),
		row(7, "c", "alert", "H", "title", "Password spray"),
	}
	for query, want := range map[string][]int{
		"inbox rules":       {1, 2, 3}, // a row of the alert is found by the alert's words
		"the passwords?":    {4, 5, 6}, // the same title again is the same thing
		"AadDeviceId":       nil,
		"HostName":          {3}, // a field's name with or without its underscores; H once
		"170.54.121.63":     {5},
		"":                  {1, 2, 3, 4, 5},
		"mail-1 spray word": {6, 4, 5}, // more of the words come first
	} {
		if got := rankOf(query, rows); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%q finds %v, want %v", query, got, want)
		}
	}
}

// TestEvidenceRankProperties: nothing comes twice, nothing without a word, and a
// row that holds every word of the query is always among the first of its kind.
func TestEvidenceRankProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := []string{"alpha", "beta", "gamma", "delta"}
		var rows []Evidence
		for n := range rapid.IntRange(1, 20).Draw(t, "rows") {
			text := strings.Join(rapid.SliceOfNDistinct(rapid.SampledFrom(words), 0, 3, rapid.ID).Draw(t, "words"), " ")
			rows = append(rows, Evidence{Number: n + 1, Type: "file", Entities: []string{fmt.Sprint("E", n)}, Fields: []Field{Parsed("v", text)}})
		}
		query := rapid.SliceOfNDistinct(rapid.SampledFrom(words), 1, 2, rapid.ID).Draw(t, "query")
		got := rankOf(strings.Join(query, " "), rows)
		if sorted := slices.Compact(slices.Sorted(slices.Values(got))); len(sorted) != len(got) {
			t.Fatalf("twice in %v", got)
		}
		partial := false
		for _, number := range got {
			held := 0
			for _, word := range query {
				if strings.Contains(rows[number-1].Fields[0].Value, word) {
					held++
				}
			}
			if held == 0 || partial && held == len(query) {
				t.Fatalf("%v for %v: row %d holds %d", got, query, number, held)
			}
			partial = partial || held < len(query)
		}
	})
}

func TestEvidenceExcerpt(t *testing.T) {
	long := strings.Repeat("x", 200)
	e := Evidence{Fields: []Field{
		Parsed("parent.command_line", "explorer.exe"), Parsed("file_name", "a.exe"), Parsed("path", `C:\Temp\a.exe`), Parsed("sha256", long),
		Parsed("created", "2026"), Parsed("created_utc", "2026"),
	}}
	for query, want := range map[string]string{
		"":            `path=C:\Temp\a.exe; sha256=` + long[:otherValue] + `…; created=2026; parent.command_line=explorer.exe`,
		"the SHA256?": `sha256=` + long[:askedValue] + `…; path=C:\Temp\a.exe; created=2026; parent.command_line=explorer.exe`,
		"CommandLine": `parent.command_line=explorer.exe; path=C:\Temp\a.exe; sha256=` + long[:otherValue] + `…; created=2026`,
	} {
		if got := EvidenceExcerpt(e, query); got != want {
			t.Errorf("%q: %s\nwant %s", query, got, want)
		}
	}
	if got := EvidenceExcerpt(Evidence{Text: "only text"}, "x"); got != "only text" {
		t.Error(got)
	}
}
