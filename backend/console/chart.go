package console

import (
	"encoding/json"
	"fmt"
	"html/template"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"vedette/backend/soc"
)

// Charts are SVG that the server draws: attributes and classes only, because
// the page may carry no style of its own. Each stands beside its numbers, in
// the table that it is part of or in one below.

// figureFunctions are those of templates that show figures.
var figureFunctions = template.FuncMap{
	"part": percent, "count": count, "took": took, "tone": againstGoal, "spreads": spreadsOf, "anySpread": anySpread, "stretch": stretch, "either": either, "asJSON": asJSON,
}

// column is one value of a chart over time.
type column struct {
	At    time.Time
	Value float64
	// X, Y, Width and Height place it in the chart.
	X, Y, Width, Height float64
}

// columnChart is a chart of columns, in a box of chartWidth by chartHeight.
type columnChart struct {
	Columns []column
	// Top is the value of the upper line, Half of the one in the middle.
	Top, Half float64
}

const (
	chartWidth  = 600.0
	chartHeight = 120.0
)

// columnsOf places values side by side, against a round number above the
// largest.
func columnsOf(values []column) columnChart {
	largest := 0.0
	for _, v := range values {
		largest = max(largest, v.Value)
	}
	chart := columnChart{Columns: values, Top: roundUp(largest)}
	chart.Half = chart.Top / 2
	step := chartWidth / float64(max(1, len(values)))
	for i := range values {
		v := &values[i]
		v.Height = tenth(v.Value / chart.Top * chartHeight)
		if v.Value > 0 {
			v.Height = max(v.Height, 1)
		}
		v.X, v.Y, v.Width = tenth(step*(float64(i)+0.15)), tenth(chartHeight-v.Height), tenth(step*0.7)
	}
	return chart
}

// roundUp is the next of 1, 2 and 5 times a power of ten, at least 2: its half
// is a number that one can read.
func roundUp(value float64) float64 {
	if value <= 2 {
		return 2
	}
	power := math.Pow(10, math.Floor(math.Log10(value)))
	for _, times := range []float64{1, 2, 5, 10} {
		if value <= times*power {
			return times * power
		}
	}
	return 10 * power
}

// percent is how much a part is of a whole, to a tenth.
func percent(part, whole any) float64 {
	a, b := number(part), number(whole)
	if b <= 0 {
		return 0
	}
	return tenth(100 * a / b)
}

func tenth(value float64) float64 { return math.Round(value*10) / 10 }

// number reads a number of a template.
func number(value any) float64 {
	switch v := value.(type) {
	case float64:
		return v
	case int:
		return float64(v)
	case int64:
		return float64(v)
	case time.Duration:
		return v.Seconds()
	}
	return 0
}

// count writes a number with a gap between thousands.
func count(value any) string {
	digits := strconv.FormatInt(int64(number(value)), 10)
	for at := len(digits) - 3; at > 0 && digits[at-1] != '-'; at -= 3 {
		digits = digits[:at] + "\u202f" + digits[at:]
	}
	return digits
}

// took spells a duration in two units, as clocks of a shift are read.
func took(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		if minutes := int(d.Minutes()) % 60; minutes > 0 {
			return fmt.Sprintf("%d h %d min", int(d.Hours()), minutes)
		}
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

// spreadRow is the durations of one severity, and what they should keep to.
type spreadRow struct {
	Severity soc.Severity
	Spread   soc.Spread
	Goal     time.Duration
}

// spreadsOf are the durations to triage or to contain.
func spreadsOf(severities []soc.OverviewSeverity, which string) []spreadRow {
	rows := make([]spreadRow, len(severities))
	for i, s := range severities {
		rows[i] = spreadRow{Severity: s.Severity, Spread: s.Contain}
		if which == "triage" {
			rows[i].Spread, rows[i].Goal = s.Triage, s.TriageGoal
		}
	}
	return rows
}

func anySpread(severities []soc.OverviewSeverity, which string) bool {
	return slices.ContainsFunc(spreadsOf(severities, which), func(r spreadRow) bool { return r.Spread.N > 0 })
}

// againstGoal is the colour of a duration that has a goal.
func againstGoal(d, goal time.Duration) string {
	if goal > 0 && d > goal {
		return "warn"
	}
	return "plain"
}

// stretch names an hour or a day of a chart.
func stretch(at time.Time, window string) string {
	if window == "day" {
		return at.UTC().Format("Jan 2 15:04")
	}
	return at.UTC().Format("Jan 2")
}

// either is the one text where something is, else the other.
func either(n int, some, none string) string {
	if n > 0 {
		return some
	}
	return none
}

// asJSON is a value of a policy as its document spells it; none is a dash.
func asJSON(value any) string {
	if value == nil {
		return "-"
	}
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return soc.EscapeVisible(string(text))
}

// lower is a word of a closed set in small letters.
func lower(word any) string { return strings.ToLower(fmt.Sprint(word)) }
