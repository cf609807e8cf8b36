package kql_test

import (
	"errors"
	"strings"
	"testing"

	"vedette/backend/soc/kql"
)

// seeds are queries of every construct, and some that end badly.
var seeds = []string{
	`Evidence`, `Evidence | where Summary has "x" and Size > 1 or not(Flagged) | take 5`, `let d = 2h; Evidence | where TimeGenerated between (ago(d) .. now()) | summarize count() by bin(TimeGenerated, 1h)`,
	`Evidence | extend a = Fields.b['c'][0], b = parse_json(Summary).x | project-away Size | sort by a asc nulls last`, `Evidence | sort by Size asc nulls first, Summary | top 3 by Score | distinct Summary`,
	`Evidence | join kind=leftouter (SecurityAlert | project IncidentId, AlertName) on IncidentId | where AlertName matches regex @"(?i)^a.*\bz$"`, `Evidence | where Size in (1, 0x2F, -3) and Summary !in~ ("a", 'b\t\u00e9') | count`,
	`Evidence | where TimeGenerated > datetime(2026-04-15T20:00:00Z) - timespan(1.02:03:04.5) and Score / 2.5e-3 >= real(null)`, `Evidence | project iff(Flagged, 1, 2), case(Size > 1, "a", "b"), strcat(Summary, Size), -7 % 3, tolong("12")`,
	"Evidence // comment\n| where Summary has_any (\"a\", @\"b\"\"c\") // more", `Evidence | summarize make_set(Summary, 5), dcount(Size), avg(Score) by ['Summary']`, `Evidence | where Summary matches regex "(?i)(a|b){2,3}[^\\pL]\\x{10ffff}"`,
	`Evidence | mv-expand x`, `Evidence | where (((`, `"`, `['`, `datetime(`, `Evidence | where Size == 1d2`, "\x00", "\xff", `h"x"`, `Evidence | take 99999999999999999999`, `let a = 1; let a = 2; Evidence`,
}

func FuzzParse(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		q, err := kql.Parse(text)
		if err == nil {
			_, err = q.Check(tables, now)
		}
		var e *kql.Error
		if err == nil {
			return
		}
		if !errors.As(err, &e) || e.Message == "" || e.Line < 1 || e.Column < 1 || e.Line > strings.Count(text, "\n")+1 {
			t.Fatalf("%q: %#v", text, err)
		}
		for _, c := range e.Error() + e.Fix {
			if c < ' ' || c > '~' && c != '…' {
				t.Fatalf("%q: the message %q holds what is not plain", text, e.Error())
			}
		}
	})
}

// Has is the same as looking for whole terms by hand.
func FuzzHas(f *testing.F) {
	f.Add("powershell.exe -enc", "exe")
	f.Add("aa", "a")
	f.Add("a a-a", "a-a")
	f.Fuzz(func(t *testing.T, text, sought string) {
		want := sought == ""
		plain := func(n int) bool {
			return n < 0 || n >= len(text) || !strings.ContainsRune("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", rune(text[n]))
		}
		for n := 0; n+len(sought) <= len(text) && sought != ""; n++ {
			want = want || text[n:n+len(sought)] == sought && plain(n-1) && plain(n+len(sought))
		}
		if kql.Has(text, sought) != want {
			t.Errorf("%q has %q: not %v", text, sought, want)
		}
	})
}
