package kql_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"vedette/backend/soc/kql"
)

var now = time.Date(2026, 4, 15, 20, 0, 0, 0, time.UTC)

var tables = []*kql.Table{
	{Name: "Evidence", Time: 0, Incident: 1, Columns: []kql.Column{
		{Name: "TimeGenerated", Type: kql.Datetime},
		{Name: "IncidentId", Type: kql.String},
		{Name: "Summary", Type: kql.String, Text: true},
		{Name: "Size", Type: kql.Long},
		{Name: "Score", Type: kql.Real},
		{Name: "Flagged", Type: kql.Bool},
		{Name: "Fields", Type: kql.Dynamic, Text: true},
	}},
	{Name: "SecurityAlert", Time: 0, Incident: -1, Columns: []kql.Column{
		{Name: "TimeGenerated", Type: kql.Datetime}, {Name: "AlertName", Type: kql.String, Text: true}, {Name: "IncidentId", Type: kql.String},
	}},
}

func check(text string) (*kql.Plan, error) {
	q, err := kql.Parse(text)
	if err != nil {
		return nil, err
	}
	return q.Check(tables, now)
}

func columns(p *kql.Plan) string {
	var names []string
	for _, c := range p.Columns {
		mark := ""
		if c.Text {
			mark = "!"
		}
		names = append(names, c.Name+":"+string(c.Type)+mark)
	}
	return strings.Join(names, " ")
}

func TestColumnsAndTypesOfQueries(t *testing.T) {
	for text, want := range map[string]string{
		`SecurityAlert`: "TimeGenerated:datetime AlertName:string! IncidentId:string",
		`SecurityAlert | project-away TimeGenerated | take 5`:                                                                                                                                                 "AlertName:string! IncidentId:string",
		`Evidence | where TimeGenerated > ago(1d) | count`:                                                                                                                                                    "Count:long",
		`Evidence | extend Half = Size / 2, Summary = strlen(Summary) | project Half, Summary`:                                                                                                                "Half:long Summary:long",
		`Evidence | project Fields.a.b, tostring(Fields['x y'][0]), Size + 1.5, strcat('a', Size)`:                                                                                                            "Fields_a_b:dynamic! Fields_x y_0:string! Column3:real Column4:string",
		`Evidence | summarize count(), dcount(Summary), make_set(Summary), max(Score) by bin(TimeGenerated, 1h), Flagged`:                                                                                     "TimeGenerated:datetime Flagged:bool count_:long dcount_Summary:long set_Summary:dynamic! max_Score:real",
		`Evidence | summarize N = count() by Summary | top 3 by N | project Summary`:                                                                                                                          "Summary:string!",
		`Evidence | join kind=leftouter (SecurityAlert | project IncidentId, AlertName) on IncidentId | project IncidentId, IncidentId1, AlertName`:                                                           "IncidentId:string IncidentId1:string AlertName:string!",
		`let since = ago(2h); let words = 3; Evidence | where TimeGenerated between (since .. 1h) and Size in (1, words) | distinct IncidentId`:                                                               "IncidentId:string",
		`Evidence | where not(Summary has "x") and Summary !contains "y" or Summary matches regex @"\d+" | project x = iff(Flagged, 1, 0.5), case(Size > 1, "a", Size > 0, "b", "c")`:                         "x:real Column2:string",
		"Evidence // all\n| where Summary has_any ('a', \"b\\t\") and Summary !in~ ('c') and TimeGenerated < datetime(2026-04-15T20:00:00Z) - 1d\n| sort by Size asc nulls last, Summary | project ['Size'];": "Size:long",
	} {
		plan, err := check(text)
		if err != nil {
			t.Errorf("%s\n%v", text, err)
			continue
		}
		if got := columns(plan); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}

func TestWhatIsOutsideIsNamed(t *testing.T) {
	for text, want := range map[string]string{
		``:                                `line 1, column 1: the name of a table is missing; there is the end of the query`,
		`Evidnce`:                         `line 1, column 1: there is no table "Evidnce" / Tables: Evidence, SecurityAlert.`,
		`evidence`:                        `did you mean Evidence?`,
		`Evidence | mv-expand Fields`:     `line 1, column 12: the operator "mv-expand" is outside the subset / Take single members`,
		"Evidence\n| where x = 1":         `line 2, column 11: = gives a name, it does not compare / Write ==`,
		`Evidence | where Sumary has "x"`: `line 1, column 18: there is no column "Sumary" here / Columns here: TimeGenerated`,
		`Evidence | where extract("a", 1, Summary) == ""`:                                `the function "extract" is outside the subset`,
		`Evidence | summarize percentile(Size, 50)`:                                      `the aggregate "percentile" is outside the subset`,
		`Evidence | join (SecurityAlert) on IncidentId`:                                  `a join without kind means innerunique`,
		`Evidence | join kind=fullouter (SecurityAlert) on IncidentId`:                   `the join kind "fullouter" is outside`,
		`union Evidence, SecurityAlert`:                                                  `union as the source of rows is outside the subset`,
		`Evidence | where Size has "x"`:                                                  `each side of has must be a string, not a long`,
		`Evidence | where Summary == 1`:                                                  `== compares string with long`,
		`Evidence | where Summary > "a"`:                                                 `> does not compare a string`,
		`Evidence | where Summary matches regex "(?=a)"`:                                 `the pattern cannot be used: invalid or unsupported Perl syntax`,
		`Evidence | where Summary has "x`:                                                `line 1, column 30: the string that begins here does not end`,
		`Evidence | take Size`:                                                           `there is no column "Size" here`,
		`Evidence | take -1`:                                                             `the number of take must be a whole number from 0`,
		`Evidence | extend a = 9223372036854775807 + 1`:                                  `the arithmetic leaves the range of its type`,
		`Evidence | where Size == 1 == 1`:                                                `comparisons cannot follow each other`,
		`Evidence | summarize by Fields`:                                                 `a dynamic value cannot be grouped`,
		`Evidence | project a = Size, a = Size`:                                          `the column "a" is made twice`,
		`Evidence | where TimeGenerated > "2026"`:                                        `> compares datetime with string`,
		`Evidence | where TimeGenerated > datetime(soon)`:                                `"soon" is no literal of type datetime`,
		`let x = Size; Evidence | count`:                                                 `there is no column "Size" here`,
		`let f = (a:long) { a }; Evidence`:                                               `line 1`,
		`Evidence | where Summary in ((SecurityAlert | project AlertName))`:              `line 1`,
		`Evidence | where isnull(Summary)`:                                               `a string is never null`,
		`Evidence | render timechart`:                                                    `the operator "render" is outside the subset`,
		`Evidence; SecurityAlert`:                                                        `is not expected here`,
		`Evidence | where Summary has "` + strings.Repeat("x", kql.MaxQuery) + `"`:       `the query has`,
		`Evidence | where ` + strings.Repeat("(", 60) + `true` + strings.Repeat(")", 60): `nested more than 40 levels`,
		`Evidence` + strings.Repeat(` | extend Size = Size + Size`, 20):                  `the expression is made of more than 2000 others`,
		`Evidence` + strings.Repeat(` | extend Summary = strcat(Summary, Summary)`, 20):  `a text is put together from more than 64 others`,
		`Evidence` + strings.Repeat(` | count`, 40):                                      `more than 32 operators`,
		`Evidence | where Size in (` + strings.Repeat("1,", 300) + `1)`:                  `more than 200 values`,
		`Evidence | where Size == 1` + strings.Repeat(" or Size == 2", 190) + strings.Repeat(" or (Size == 1", 10) + strings.Repeat(")", 10): ``,
	} {
		_, err := check(text)
		var e *kql.Error
		if want == "" {
			if err != nil {
				t.Errorf("%.80s: %v", text, err)
			}
			continue
		}
		if !errors.As(err, &e) {
			t.Errorf("%.80s: no error", text)
			continue
		}
		if got := e.Error() + " / " + e.Fix; !strings.Contains(got, want) {
			t.Errorf("%.80s\n got %s\nwant %s", text, got, want)
		}
	}
}

// The window of time and the incidents that a query leaves are known to who
// reads the table.
func TestScansAreBounded(t *testing.T) {
	bounds := func(text string) (*kql.Scan, string) {
		t.Helper()
		plan, err := check(text)
		if err != nil {
			t.Fatal(err)
		}
		node := plan.Root
		for {
			switch n := node.(type) {
			case *kql.Filter:
				node = n.In
			case *kql.Take:
				node = n.In
			case *kql.Project:
				node = n.In
			case *kql.Scan:
				out := ""
				for _, at := range []*int64{n.From, n.To} {
					if at == nil {
						out += "-"
					} else {
						out += now.Sub(time.UnixMicro(*at)).String()
					}
					out += " "
				}
				return n, out + strings.Join(n.Incidents, ",")
			}
		}
	}
	for text, want := range map[string]string{
		`Evidence`: "- - ",
		`Evidence | where TimeGenerated > ago(1d) and TimeGenerated <= ago(1h) | where TimeGenerated > ago(2h)`: "2h0m0s 1h0m0s ",
		`Evidence | where TimeGenerated between (ago(3h) .. 1h)`:                                                "3h0m0s 2h0m0s ",
		`Evidence | where now() > TimeGenerated`:                                                                "- 0s ",
		`Evidence | where TimeGenerated > ago(1d) or Size == 1`:                                                 "- - ",
		`Evidence | where not(TimeGenerated > ago(1d))`:                                                         "- - ",
		`Evidence | extend TimeGenerated = now() | where TimeGenerated > ago(1d)`:                               "- - ",
		`Evidence | take 1 | where TimeGenerated > ago(1d)`:                                                     "- - ",
		`Evidence | where IncidentId == "INC-1"`:                                                                "- - INC-1",
		`Evidence | where IncidentId in ("INC-1", "INC-2") and Size > 1`:                                        "- - INC-1,INC-2",
		`Evidence | where IncidentId =~ "INC-1"`:                                                                "- - ",
		`Evidence | where IncidentId == Summary`:                                                                "- - ",
	} {
		if _, got := bounds(text); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
