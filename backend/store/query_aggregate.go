package store

import (
	"strconv"
	"strings"

	"vedette/backend/soc/kql"
)

// aggregate groups in one SELECT and names the order in another around it: a
// group is named by what it is grouped by.
func (b *queryBuilder) aggregate(n *kql.Aggregate, need []bool) relation {
	used := append([]*kql.Expr(nil), n.By...)
	for i, a := range n.Aggs {
		if a.Arg != nil && need[len(n.By)+i] {
			used = append(used, a.Arg)
		}
	}
	in := b.node(n.In, also(make([]bool, len(n.In.Columns())), used...))
	var inner, outer selection
	var positions []string
	out := relation{}
	for i, e := range n.By {
		inner.add(b.expr(e), "c", i)
		positions = append(positions, strconv.Itoa(i+1))
		outer.add("t.c"+strconv.Itoa(i), "o", i)
		out.order = append(out.order, orderTerm{nullsFirst: true, nullable: e.Type != kql.String, text: e.Type == kql.String})
	}
	for i, a := range n.Aggs {
		if at := len(n.By) + i; need[at] {
			inner.add(b.aggregated(a), "c", at)
		}
	}
	if len(inner) == 0 { // one row, though nobody reads a column of it
		inner.add("COUNT(*)", "n", 0)
	}
	outer.columns(need)
	if parts := lineageParts(in.lineage); len(parts) > 0 {
		inner.add(b.either("group_concat", "string_agg")+"(DISTINCT "+strings.Join(parts, " || ',' || ")+b.either("", ", ','")+")", "l", 0)
		outer.add("t.l0", "l", 0)
		out.lineage = []lineageKind{lineageSet}
	}
	group := ""
	if len(positions) > 0 {
		group = " GROUP BY " + strings.Join(positions, ", ")
	}
	out.text = outer.from(inner.from(in.text) + group)
	return out
}

// lineageParts are the columns below that name incidents.
func lineageParts(kinds []lineageKind) []string {
	var parts []string
	for n, kind := range kinds {
		if kind != lineageEvidence {
			parts = append(parts, "COALESCE(t.l"+strconv.Itoa(n)+", '')")
		}
	}
	return parts
}

// setText bounds one member of a set, in characters; what is cut says so.
const setText = 4096

func (b *queryBuilder) aggregated(a kql.Agg) string {
	if a.Func == "count" {
		return "COUNT(*)"
	}
	if a.Func == "countif" {
		return "COUNT(*) FILTER (WHERE " + b.condition(a.Arg) + ")"
	}
	x, typ := b.expr(a.Arg), a.Arg.Type
	switch a.Func {
	case "dcount":
		return "COUNT(DISTINCT " + x + ")"
	case "sum":
		if typ == kql.Real {
			return "COALESCE(SUM(" + x + "), 0.0)"
		}
		return b.either("COALESCE(SUM("+x+"), 0)", "COALESCE(SUM("+x+"), 0)::bigint")
	case "avg":
		if typ == kql.Real {
			return "AVG(" + x + ")"
		}
		return b.either("CAST(SUM("+x+") AS REAL) / COUNT("+x+")", "SUM("+x+")::bigint::float8 / NULLIF(COUNT("+x+"), 0)")
	case "make_set":
		return b.set(x, typ, a.Limit)
	}
	function := strings.ToUpper(a.Func) // MIN, MAX
	if typ == kql.String {
		return "COALESCE(" + function + "(" + x + b.either("", ` COLLATE "C"`) + "), '')"
	}
	return function + "(" + x + ")"
}

// set is a sorted array of what is not null.
func (b *queryBuilder) set(x string, typ kql.Type, limit int64) string {
	switch typ {
	case kql.String:
		size := strconv.Itoa(setText)
		x = "CASE WHEN length(" + x + ") > " + size + " THEN substr(" + x + ", 1, " + size + ") || '…[cut ' || (length(" + x + ") - " + size + ") || ']' ELSE " + x + " END"
		if b.pg() {
			x = "(" + x + `) COLLATE "C"`
		}
	case kql.Datetime:
		x = "kql_time_text(" + x + ")"
		if b.pg() {
			x += ` COLLATE "C"`
		}
	case kql.Bool:
		x = b.either("json(CASE "+x+" WHEN TRUE THEN 'true' WHEN FALSE THEN 'false' END)", x)
		if !b.pg() {
			return guard("kql_first(json_group_array(DISTINCT " + x + " ORDER BY " + x + ") FILTER (WHERE " + x + " IS NOT NULL), " + b.arg(limit) + ")")
		}
	}
	filter := " FILTER (WHERE " + x + " IS NOT NULL)"
	if b.pg() {
		return guard("COALESCE(to_json((array_agg(DISTINCT " + x + " ORDER BY " + x + ")" + filter + ")[1:" + b.arg(limit) + "])::text, '[]')")
	}
	return guard("kql_first(json_group_array(DISTINCT " + x + " ORDER BY " + x + ")" + filter + ", " + b.arg(limit) + ")")
}
