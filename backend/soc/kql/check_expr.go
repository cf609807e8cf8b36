package kql

import (
	"slices"
	"strings"
)

const (
	// maxTexts bounds how many texts a string is put together from, so that
	// strcat after strcat cannot double a text until memory is full.
	maxTexts = 64
	// maxSize bounds an expression written out down to the tables, maxRowSize
	// those of all columns of a step: extend after extend doubles as well.
	maxSize    = 2000
	maxRowSize = 10_000
)

// expr gives an expression its type and computes what is constant.
func (c *checker) expr(n *node) *Expr { return c.weighed(n, c.typed(n)) }

// weighed completes an expression over arguments that are complete.
func (c *checker) weighed(n *node, e *Expr) *Expr {
	if e.Op == OpColumn || e.Op == OpConst {
		e.weight.size, e.weight.depth = max(e.weight.size, 1), max(e.weight.depth, 1)
		return e
	}
	text, w := false, weight{size: 1}
	for i, a := range e.Args {
		text = text || a.text && (e.Op != OpIff || i > 0)
		w.size += a.weight.size
		w.depth = max(w.depth, a.weight.depth)
		if e.Op == OpConcat {
			w.texts += max(a.weight.texts, 1)
		} else {
			w.texts = max(w.texts, a.weight.texts)
		}
	}
	w.depth++
	e.text, e.weight = text && (e.Type == String || e.Type == Dynamic), w
	switch {
	case w.texts > maxTexts:
		failf(n.at, "Put fewer texts together.", "a text is put together from more than %d others", maxTexts)
	case w.size > maxSize:
		failf(n.at, "Use in (…) for lists, and fewer steps that build on each other.", "the expression is made of more than %d others", maxSize)
	case w.depth > maxLevels:
		failf(n.at, "Write it in fewer levels, or with in (…).", "the expression is more than %d levels deep", maxLevels)
	}
	return fold(n, e)
}

// fold computes an operation on constants.
func fold(n *node, e *Expr) *Expr {
	if slices.ContainsFunc(e.Args, func(a *Expr) bool { return a.Op != OpConst }) {
		return e
	}
	v, err := e.Eval(nil)
	if err != nil {
		failf(n.at, "Write smaller numbers.", "%s", err)
	}
	return &Expr{Op: OpConst, Type: e.Type, Value: v, weight: weight{e.weight.texts, 1, 1}}
}

// constant is an expression that must not depend on rows.
func (c *checker) constant(n *node, what string) *Expr {
	columns, weights := c.columns, c.weights
	c.set(nil, nil)
	defer c.set(columns, weights)
	e := c.expr(n)
	if e.Op != OpConst {
		failf(n.at, "Write a value, or a name that let gave.", "%s must be constant", what)
	}
	return e
}

func (c *checker) need(n *node, e *Expr, t Type, what string) {
	if e.Type != t {
		failf(n.at, conversions[t], "%s must be a %s, not a %s", what, t, e.Type)
	}
}

var conversions = map[Type]string{
	Bool: "Write a comparison, such as Column == \"text\".", String: "Write tostring(…) around it.", Long: "Write tolong(…) around it.", Dynamic: "Write parse_json(…) around it.",
}

func (c *checker) typed(n *node) *Expr {
	switch n.kind {
	case nodeValue:
		return &Expr{Op: OpConst, Type: n.typ, Value: n.value}
	case nodeName:
		if at := slices.IndexFunc(c.columns, func(k Column) bool { return k.Name == n.text }); at >= 0 {
			return c.column(at)
		}
		if value := c.lets[n.text]; value != nil {
			return value
		}
		return c.column(c.find(n.at, n.text))
	case nodeMember:
		return &Expr{Op: OpMember, Type: Dynamic, Args: []*Expr{c.dynamic(n)}, Name: n.text}
	case nodeIndex:
		return &Expr{Op: OpElement, Type: Dynamic, Args: []*Expr{c.dynamic(n)}, Index: n.value.(int64)}
	case nodeCall:
		return c.call(n)
	case nodeBinary:
		return c.binary(n)
	}
	failf(n.at, "", "a list is not expected here")
	return nil
}

func (c *checker) dynamic(n *node) *Expr {
	e := c.expr(n.args[0])
	c.need(n.args[0], e, Dynamic, "what a member is taken of")
	return e
}

func (c *checker) binary(n *node) *Expr {
	switch n.text {
	case "and", "or":
		e := &Expr{Op: Op(n.text), Type: Bool, Args: []*Expr{c.expr(n.args[0]), c.expr(n.args[1])}}
		for i, a := range e.Args {
			c.need(n.args[i], a, Bool, "each side of "+n.text)
		}
		return e
	case "in", "in~":
		return c.in(n)
	case "has_any", "has_all":
		return c.hasMany(n)
	case "between":
		x := c.expr(n.args[0])
		low := c.weighed(n, c.compare(OpGe, n, x, c.expr(n.args[1])))
		high := c.weighed(n, c.compare(OpLe, n, x, c.between(x, n)))
		return &Expr{Op: OpAnd, Type: Bool, Args: []*Expr{low, high}}
	case "==", "!=", "=~", "!~", "<", "<=", ">", ">=":
		op, fold := Op(n.text), false
		switch n.text {
		case "=~":
			op, fold = OpEq, true
		case "!~":
			op, fold = OpNe, true
		}
		e := c.compare(op, n, c.expr(n.args[0]), c.expr(n.args[1]))
		if e.Fold = fold; fold {
			c.need(n.args[0], e.Args[0], String, "each side of "+n.text)
		}
		return e
	case "+", "-", "*", "/", "%":
		return c.arithmetic(n, c.expr(n.args[0]), c.expr(n.args[1]))
	}
	return c.textual(n)
}

// between is the upper end: datetime .. timespan means that long after.
func (c *checker) between(x *Expr, n *node) *Expr {
	high := c.expr(n.args[2])
	if x.Type == Datetime && high.Type == Timespan {
		return c.expr(binary("+", n.at, n.args[1], n.args[2]))
	}
	return high
}

// compare puts two values of one type side by side, a constant to the right.
func (c *checker) compare(op Op, n *node, a, b *Expr) *Expr {
	a, b = widen(a, b)
	if a.Type != b.Type || a.Type == Dynamic {
		failf(n.at, "Convert one side with tostring, tolong, todouble or datetime(…).", "%s compares %s with %s", n.text, a.Type, b.Type)
	}
	if op != OpEq && op != OpNe && (a.Type == String || a.Type == Bool) {
		failf(n.at, "Compare texts with == or =~, or convert them with tolong or todouble.", "%s does not compare a %s", n.text, a.Type)
	}
	if a.Op == OpConst && b.Op != OpConst {
		turned := map[Op]Op{OpLt: OpGt, OpLe: OpGe, OpGt: OpLt, OpGe: OpLe}
		if t := turned[op]; t != "" {
			op = t
		}
		a, b = b, a
	}
	return &Expr{Op: op, Type: Bool, Args: []*Expr{a, b}}
}

// widen makes a long beside a real a real.
func widen(a, b *Expr) (*Expr, *Expr) {
	switch {
	case a.Type == Long && b.Type == Real:
		return toReal(a), b
	case a.Type == Real && b.Type == Long:
		return a, toReal(b)
	}
	return a, b
}

func toReal(e *Expr) *Expr {
	w := e.weight
	w.size, w.depth = w.size+1, w.depth+1
	out := &Expr{Op: OpToReal, Type: Real, Args: []*Expr{e}, weight: w}
	if e.Op == OpConst {
		out.Op, out.Args, out.weight = OpConst, nil, weight{0, 1, 1}
		if v, ok := e.Value.(int64); ok {
			out.Value = float64(v)
		}
	}
	return out
}

// arithmetic knows the pairs that have a meaning.
func (c *checker) arithmetic(n *node, a, b *Expr) *Expr {
	if zero, ok := a.Value.(int64); ok && zero == 0 && a.Op == OpConst && a.Type == Long && n.text == "-" && b.Type == Timespan {
		a = &Expr{Op: OpConst, Type: Timespan, Value: int64(0)} // the sign of -1d
	}
	a, b = widen(a, b)
	make := func(t Type) *Expr { return &Expr{Op: Op(n.text), Type: t, Args: []*Expr{a, b}} }
	switch pair := string(a.Type) + n.text + string(b.Type); {
	case a.Type == b.Type && a.Type == Long, a.Type == b.Type && a.Type == Real && n.text != "%":
		return make(a.Type)
	case pair == "datetime-datetime", pair == "timespan+timespan", pair == "timespan-timespan", pair == "timespan*long", pair == "long*timespan", pair == "timespan/long":
		return make(Timespan)
	case pair == "datetime+timespan", pair == "datetime-timespan", pair == "timespan+datetime":
		return make(Datetime)
	case pair == "timespan/timespan":
		a, b = toReal(a), toReal(b)
		return make(Real)
	case a.Type == String && b.Type == String && n.text == "+":
		failf(n.at, "Write strcat(a, b).", "+ does not put texts together")
	}
	failf(n.at, "Convert one side with tolong or todouble.", "%s has no meaning between %s and %s", n.text, a.Type, b.Type)
	return nil
}

// in compares with a list of constants. Null is never among them.
func (c *checker) in(n *node) *Expr {
	e := &Expr{Op: OpIn, Type: Bool, Args: []*Expr{c.expr(n.args[0])}, Fold: n.text == "in~"}
	if e.Fold {
		c.need(n.args[0], e.Args[0], String, "what in~ looks for")
	}
	for _, item := range n.args[1].args {
		v := c.expr(item)
		if v.Op != OpConst {
			failf(item.at, "Write or between comparisons with columns.", "a list holds constants only")
		}
		x, v := widen(e.Args[0], v)
		if x.Type != v.Type || x.Type == Dynamic {
			failf(item.at, conversions[x.Type], "the list holds a %s where %s is looked for", v.Type, x.Type)
		}
		if v.Value == nil {
			failf(item.at, "Write isnull(…).", "null cannot be looked for in a list")
		}
		e.Args[0] = x
		e.Args = append(e.Args, v)
	}
	return e
}

// hasMany is has for a list: any or all of it.
func (c *checker) hasMany(n *node) *Expr {
	op := "or"
	if n.text == "has_all" {
		op = "and"
	}
	var out *node
	for _, item := range n.args[1].args {
		one := binary("has", item.at, n.args[0], item)
		if out == nil {
			out = one
		} else {
			out = binary(op, item.at, out, one)
		}
	}
	return c.expr(out)
}

// textual are the operators on texts.
func (c *checker) textual(n *node) *Expr {
	name, exact := strings.CutSuffix(n.text, "_cs")
	e := &Expr{Op: Op(name), Type: Bool, Args: []*Expr{c.expr(n.args[0]), c.expr(n.args[1])}, Fold: !exact && name != "matches"}
	for i, a := range e.Args {
		if a.Type == Dynamic { // as Kusto does
			e.Args[i] = c.weighed(n, &Expr{Op: OpToString, Type: String, Args: []*Expr{a}})
			continue
		}
		c.need(n.args[i], a, String, "each side of "+n.text)
	}
	if name != "has" && name != "matches" {
		return e
	}
	if e.Args[1].Op != OpConst {
		failf(n.args[1].at, "Use contains, or write the text.", "the right side of %s must be constant", n.text)
	}
	if name == "matches" {
		if err := CheckPattern(e.Args[1].Value.(string)); err != nil {
			failf(n.args[1].at, "The syntax is RE2's (github.com/google/re2/wiki/Syntax), without flags that change how lines count.", "the pattern cannot be used: %s", err)
		}
	}
	return e
}
