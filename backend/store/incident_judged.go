package store

import (
	"slices"
	"strconv"
	"strings"

	"vedette/backend/soc"
)

// verdictIs is one verdict with its mark, a member of a closed set, in the text
// as rangesText wants it.
func verdictIs(table string, v soc.VerdictMark) string {
	if !slices.Contains(soc.AllVerdicts, v.Verdict) {
		return ` AND 1 = 0`
	}
	return ` AND ` + table + `verdict <> '' AND ` + table + `verdict = '` + string(v.Verdict) + `' AND ` + table + `duplicate = ` + strings.ToUpper(strconv.FormatBool(v.Duplicate))
}

// heldOnly is the condition of the index of held incidents.
func heldOnly(f soc.IncidentFilter) string {
	all := f
	all.Held = nil
	return ` AND held = TRUE` + judged("", all)
}

// judged is what a filter says about verdicts, row by row.
func judged(table string, f soc.IncidentFilter) string {
	where := ""
	if f.Held != nil {
		where += ` AND ` + table + `held = ` + strings.ToUpper(strconv.FormatBool(*f.Held))
	}
	if len(f.Verdicts) == 0 {
		return where
	}
	parts := make([]string, len(f.Verdicts))
	for n, v := range f.Verdicts {
		parts[n] = `(` + strings.TrimPrefix(verdictIs(table, v), ` AND `) + `)`
	}
	return where + ` AND (` + strings.Join(parts, ` OR `) + `)`
}
