package kql

import "strconv"

// aggregateTypes gives the type of an aggregate for its argument; "" where it
// takes none of that type.
var aggregateTypes = map[string]func(Type) Type{
	"count":    func(Type) Type { return Long },
	"countif":  func(t Type) Type { return only(t, Long, Bool) },
	"dcount":   func(t Type) Type { return only(t, Long, String, Long, Real, Bool, Datetime, Timespan) },
	"sum":      func(t Type) Type { return only(t, t, Long, Real, Timespan) },
	"avg":      func(t Type) Type { return only(t, Real, Long, Real) },
	"min":      func(t Type) Type { return only(t, t, String, Long, Real, Datetime, Timespan) },
	"max":      func(t Type) Type { return only(t, t, String, Long, Real, Datetime, Timespan) },
	"make_set": func(t Type) Type { return only(t, Dynamic, String, Long, Bool, Datetime) },
}

func only(t, result Type, allowed ...Type) Type {
	for _, a := range allowed {
		if t == a {
			return result
		}
	}
	return ""
}

// otherAggregates say what to write instead of what Kusto also has.
var otherAggregates = map[string]string{
	"make_list": "Use make_set.", "makelist": "Use make_set.", "makeset": "Use make_set.", "make_bag": "Use make_set.", "arg_max": "Use top 1 by Column desc.", "arg_min": "Use top 1 by Column asc.",
	"any": "Use min or max.", "take_any": "Use min or max.", "anyif": "Use where and then min or max.", "sumif": "Use sum(iff(Condition, Value, 0)).", "dcountif": "Use where and then dcount.", "avgif": "Use where and then avg.", "minif": "Use where and then min.", "maxif": "Use where and then max.", "make_set_if": "Use where and then make_set.", "count_distinct": "Use dcount, which is exact here.",
	"percentile": "Use min, avg and max.", "percentiles": "Use min, avg and max.", "stdev": "Use min, avg and max.", "variance": "Use min, avg and max.",
}

func (c *checker) summarize(in Node, op operator) Node {
	out := &Aggregate{In: in}
	var weights []weight
	add := func(name string, given bool, at int, e *Expr, typ Type, text bool) {
		unique := free(out.Cols, name)
		if given && unique != name {
			failf(at, "Give one of them another name.", "the column %s is made twice", echo(name))
		}
		w := weight{0, 1, 1}
		if e != nil {
			w = e.weight.grouped()
		}
		out.Cols, weights = append(out.Cols, Column{unique, typ, text}), append(weights, w)
	}
	for n, item := range op.by {
		e := c.expr(item.expr)
		c.groupable(item.expr, e)
		name := item.name
		if name == "" {
			name = nameOf(item.expr, "Column"+strconv.Itoa(n+1))
		}
		out.By = append(out.By, e)
		add(name, item.name != "", item.at, e, e.Type, e.text)
	}
	for _, item := range op.exprs {
		agg, typ, text := c.aggregate(item.expr)
		name := item.name
		if name == "" {
			name = aggregateName(agg.Func, item.expr)
		}
		out.Aggs = append(out.Aggs, agg)
		add(name, item.name != "", item.at, agg.Arg, typ, text)
	}
	if len(out.Cols) == 0 {
		failf(op.at, "Write summarize count() by Column.", "summarize makes no column")
	}
	c.set(out.Cols, weights)
	return out
}

func aggregateName(function string, n *node) string {
	prefix := function
	if function == "make_set" {
		prefix = "set"
	}
	if len(n.args) > 0 && function != "countif" {
		return prefix + "_" + nameOf(n.args[0], "")
	}
	return prefix + "_"
}

func (c *checker) aggregate(n *node) (agg Agg, typ Type, text bool) {
	const list = "Aggregates: count(), countif(Condition), dcount(X), sum(X), avg(X), min(X), max(X), make_set(X)."
	if n.kind != nodeCall {
		failf(n.at, list+" Values computed from them come with extend after summarize.", "summarize takes aggregates")
	}
	types := aggregateTypes[n.text]
	if types == nil {
		fix := list
		if instead := otherAggregates[n.text]; instead != "" {
			fix = instead
		}
		failf(n.at, fix, "the aggregate %s is outside the subset", echo(n.text))
	}
	agg.Func = n.text
	most := 1
	switch n.text {
	case "count":
		most = 0
	case "make_set":
		most = 2
		agg.Limit = SetLimit
	}
	if len(n.args) > most || len(n.args) == 0 && most > 0 {
		failf(n.at, list, "%s takes %s", n.text, arguments(min(most, 1), most))
	}
	if most == 0 {
		return agg, Long, false
	}
	if len(n.args) == 2 {
		limit := c.constant(n.args[1], "the size of a set")
		whole, ok := limit.Value.(int64)
		if !ok || limit.Type != Long || whole < 1 || whole > SetLimit {
			failf(n.args[1].at, "", "the size of a set is 1 to %d", SetLimit)
		}
		agg.Limit = whole
	}
	agg.Arg = c.expr(n.args[0])
	if typ = types(agg.Arg.Type); typ == "" {
		failf(n.args[0].at, "Convert it with tostring, tolong or todouble first.", "%s does not take a %s", n.text, agg.Arg.Type)
	}
	if agg.Func == "make_set" && agg.Arg.weight.texts > 1 {
		failf(n.args[0].at, "Take the set of a column as it is.", "make_set of a text that is put together is outside the subset")
	}
	return agg, typ, agg.Arg.text && (typ == String || typ == Dynamic)
}

// grouped is the weight of a column behind an aggregate, which no engine merges
// with what is below: only how long its texts may be is left.
func (w weight) grouped() weight { return weight{w.texts, 1, 1} }
