package kql

import "fmt"

// function is a scalar function of the subset.
type function struct {
	least, most int
	make        func(c *checker, n *node, args []*Expr) *Expr
}

// functions is filled by init because its entries check expressions, which
// call functions.
var functions map[string]function

func init() {
	functions = map[string]function{
		"now": {0, 0, func(c *checker, _ *node, _ []*Expr) *Expr { return at(c.now) }},
		"ago": {1, 1, func(c *checker, n *node, args []*Expr) *Expr {
			c.need(n.args[0], args[0], Timespan, "the argument of ago")
			return &Expr{Op: OpSub, Type: Datetime, Args: []*Expr{at(c.now), args[0]}}
		}},
		"not": {1, 1, func(c *checker, n *node, args []*Expr) *Expr {
			c.need(n.args[0], args[0], Bool, "the argument of not")
			return &Expr{Op: OpNot, Type: Bool, Args: args}
		}},
		"tostring": {1, 1, toText}, "tolong": {1, 1, toLong}, "toint": {1, 1, toLong}, "todouble": {1, 1, toDouble}, "toreal": {1, 1, toDouble},
		"tolower": {1, 1, ofText(OpToLower, String)}, "toupper": {1, 1, ofText(OpToUpper, String)}, "strlen": {1, 1, ofText(OpLength, Long)},
		"parse_json": {1, 1, parseJSON}, "todynamic": {1, 1, parseJSON},
		"isempty": {1, 1, isEmpty}, "isnull": {1, 1, isNull},
		"isnotempty": {1, 1, func(c *checker, n *node, args []*Expr) *Expr { return c.not(n, isEmpty(c, n, args)) }},
		"isnotnull":  {1, 1, func(c *checker, n *node, args []*Expr) *Expr { return c.not(n, isNull(c, n, args)) }},
		"strcat":     {1, 32, strcat}, "iff": {3, 3, iff}, "iif": {3, 3, iff}, "case": {3, 63, cases}, "bin": {2, 2, bin}, "floor": {2, 2, bin},
	}
}

// otherFunctions say what to write instead of what Kusto also has.
var otherFunctions = map[string]string{
	"todatetime": "Use TimeGenerated, or datetime(…) around a literal.", "totimespan": "Write a timespan such as 2d.", "tobool": "Compare: tostring(X) == \"true\".", "todecimal": "Use todouble.", "toguid": "Compare the text.",
	"startofday": "Use bin(X, 1d).", "startofweek": "Use bin(X, 7d).", "startofmonth": "Use bin(X, 30d).", "startofyear": "Use bin(X, 365d).", "format_datetime": "Use bin or tostring.", "datetime_diff": "Use (a - b) / 1h.", "datetime_add": "Use X + 1d.", "dayofweek": "Use bin(X, 1d).", "hourofday": "Use bin(X, 1h).", "getyear": "Use bin(X, 365d).",
	"extract": "Use matches regex to filter, or members of Fields.", "extract_all": "Use matches regex to filter, or members of Fields.", "split": "Use contains or matches regex.", "substring": "Use startswith or matches regex.", "indexof": "Use contains.", "replace": "Compare with in or matches regex.", "replace_string": "Compare with in or matches regex.", "replace_regex": "Compare with in or matches regex.", "trim": "Use contains.", "strcat_array": "Use strcat.", "strcat_delim": "Use strcat with the separators written out.", "countof": "Use contains.", "reverse": "Use endswith.", "parse_url": "Use members of Fields.", "parse_path": "Use endswith.", "url_decode": "Compare the text as it is.", "base64_decode_tostring": "Decoded commands are in Fields.decoded_command where a connector could read them.",
	"coalesce": "Use iff(isempty(a), b, a).", "round": "Use bin(X, 1).", "abs": "Use iff(X < 0, 0 - X, X).", "array_length": "Use dcount in summarize.", "bag_keys": "Name the member.", "extractjson": "Use parse_json(X).name.", "extract_json": "Use parse_json(X).name.", "hash": "Compare the value.", "ipv4_is_private": "Use startswith or matches regex.", "ipv4_is_in_range": "Use startswith or matches regex.", "has_ipv4": "Use has.", "tohex": "Use tostring.", "row_number": "Use top.", "prev": "Use sort and read the rows.", "next": "Use sort and read the rows.", "geo_info_from_ip_address": "Look at the fields of the sign-in instead.",
	"count": "Aggregates stand in summarize only.", "countif": "Aggregates stand in summarize only.", "dcount": "Aggregates stand in summarize only.", "sum": "Aggregates stand in summarize only.", "avg": "Aggregates stand in summarize only.", "min": "Aggregates stand in summarize only.", "max": "Aggregates stand in summarize only.", "make_set": "Aggregates stand in summarize only.",
}

// FunctionNames lists the scalar functions, for messages.
const FunctionNames = "ago, bin, case, iff, isempty, isnotempty, isnotnull, isnull, not, now, parse_json, strcat, strlen, todouble, toint, tolong, tolower, tostring, toupper"

func (c *checker) call(n *node) *Expr {
	f, known := functions[n.text]
	if !known {
		fix := "Functions: " + FunctionNames + "."
		if instead := otherFunctions[n.text]; instead != "" {
			fix = instead
		}
		failf(n.at, fix, "the function %s is outside the subset", echo(n.text))
	}
	if len(n.args) < f.least || len(n.args) > f.most {
		failf(n.at, "", "%s takes %s", n.text, arguments(f.least, f.most))
	}
	args := make([]*Expr, len(n.args))
	for i, a := range n.args {
		args[i] = c.expr(a)
	}
	return f.make(c, n, args)
}

func arguments(least, most int) string {
	switch {
	case most == 0:
		return "no argument"
	case least == most && most == 1:
		return "one argument"
	case least == most:
		return fmt.Sprintf("%d arguments", most)
	}
	return fmt.Sprintf("%d to %d arguments", least, most)
}

func at(micros int64) *Expr { return &Expr{Op: OpConst, Type: Datetime, Value: micros} }

func (c *checker) not(n *node, e *Expr) *Expr {
	return &Expr{Op: OpNot, Type: Bool, Args: []*Expr{c.weighed(n, e)}}
}

func ofText(op Op, t Type) func(*checker, *node, []*Expr) *Expr {
	return func(c *checker, n *node, args []*Expr) *Expr {
		c.need(n.args[0], args[0], String, "the argument of "+n.text)
		return &Expr{Op: op, Type: t, Args: args}
	}
}

func toText(_ *checker, n *node, args []*Expr) *Expr {
	switch args[0].Type {
	case String:
		return args[0]
	case Timespan:
		failf(n.at, "Divide it: X / 1s is a number of seconds.", "tostring of a timespan is outside the subset")
	}
	return &Expr{Op: OpToString, Type: String, Args: args}
}

// text makes of a dynamic value its text, which the conversions read.
func (c *checker) text(n *node, e *Expr) *Expr {
	if e.Type != Dynamic {
		return e
	}
	return c.weighed(n, &Expr{Op: OpToString, Type: String, Args: []*Expr{e}})
}

func toLong(c *checker, n *node, args []*Expr) *Expr {
	e := c.text(n, args[0])
	switch e.Type {
	case Long:
		return e
	case String, Real, Bool:
		return &Expr{Op: OpToLong, Type: Long, Args: []*Expr{e}}
	}
	failf(n.args[0].at, "Divide a timespan: X / 1s is a number of seconds.", "%s does not take a %s", n.text, e.Type)
	return nil
}

func toDouble(c *checker, n *node, args []*Expr) *Expr {
	e := c.text(n, args[0])
	switch e.Type {
	case Real:
		return e
	case String, Long:
		return &Expr{Op: OpToReal, Type: Real, Args: []*Expr{e}}
	}
	failf(n.args[0].at, "Divide a timespan: X / 1s is a number of seconds.", "%s does not take a %s", n.text, e.Type)
	return nil
}

func parseJSON(_ *checker, n *node, args []*Expr) *Expr {
	switch args[0].Type {
	case Dynamic:
		return args[0]
	case String:
		return &Expr{Op: OpParseJSON, Type: Dynamic, Args: args}
	}
	failf(n.args[0].at, "", "%s takes a string, not a %s", n.text, args[0].Type)
	return nil
}

func isEmpty(c *checker, n *node, args []*Expr) *Expr {
	if args[0].Type == String {
		return &Expr{Op: OpEq, Type: Bool, Args: []*Expr{args[0], {Op: OpConst, Type: String, Value: ""}}}
	}
	return isNull(c, n, args)
}

func isNull(_ *checker, n *node, args []*Expr) *Expr {
	if args[0].Type == String {
		failf(n.at, "Use isempty.", "a string is never null")
	}
	return &Expr{Op: OpIsNull, Type: Bool, Args: args}
}

func strcat(c *checker, n *node, args []*Expr) *Expr {
	for i, a := range args {
		if a.Type != String {
			args[i] = c.weighed(n, toText(c, n.args[i], []*Expr{a}))
		}
	}
	return &Expr{Op: OpConcat, Type: String, Args: args}
}

func iff(c *checker, n *node, args []*Expr) *Expr {
	c.need(n.args[0], args[0], Bool, "the condition")
	a, b := widen(args[1], args[2])
	if a.Type != b.Type {
		failf(n.at, "Convert one of them.", "both values of %s must have one type, not %s and %s", n.text, a.Type, b.Type)
	}
	return &Expr{Op: OpIff, Type: a.Type, Args: []*Expr{args[0], a, b}}
}

// cases is iff inside iff.
func cases(c *checker, n *node, args []*Expr) *Expr {
	if len(args)%2 == 0 {
		failf(n.at, "Write case(Condition, Value, …, Otherwise).", "case ends with the value for all others")
	}
	last := len(args) - 1
	out, typ := args[last], args[last].Type
	for i := last - 2; i >= 0; i -= 2 {
		c.need(n.args[i], args[i], Bool, "each condition of case")
		if args[i+1].Type != typ {
			failf(n.args[i+1].at, "Convert it.", "all values of case must have one type, not %s and %s", args[i+1].Type, typ)
		}
		out = &Expr{Op: OpIff, Type: typ, Args: []*Expr{args[i], args[i+1], out}}
		if i > 0 {
			out = c.weighed(n, out)
		}
	}
	return out
}

func bin(_ *checker, n *node, args []*Expr) *Expr {
	a, b := widen(args[0], args[1])
	step := b.Type
	if a.Type == Datetime {
		step = Timespan
	}
	above := false
	switch v := b.Value.(type) {
	case int64:
		above = v > 0
	case float64:
		above = v > 0
	}
	if b.Op != OpConst || !above || b.Type != step || a.Type != step && a.Type != Datetime || step != Long && step != Real && step != Timespan {
		failf(n.at, "Write bin(TimeGenerated, 1h) or bin(Number, 10).", "bin rounds a %s by a constant above zero of its kind, not by a %s", a.Type, b.Type)
	}
	return &Expr{Op: OpBin, Type: a.Type, Args: []*Expr{a, b}}
}
