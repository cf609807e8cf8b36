package kql

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// expression reads a value: or, and, comparisons, sums, products, signs.
func (p *parser) expression() *node {
	p.enter()
	defer p.leave()
	left := p.conjunction()
	for n := 0; p.peekWord("or"); n++ {
		p.bounded(n)
		at := p.next().at
		left = binary("or", at, left, p.conjunction())
	}
	return left
}

// bounded limits how long a chain of one operator is: it becomes as deep.
func (p *parser) bounded(n int) {
	if n > maxList {
		failf(p.at(), "Use in (…) for a list of values.", "there are more than %d values in a row", maxList)
	}
}

func binary(op string, at int, args ...*node) *node {
	return &node{kind: nodeBinary, at: at, text: op, args: args}
}

func (p *parser) conjunction() *node {
	left := p.comparison()
	for n := 0; p.peekWord("and"); n++ {
		p.bounded(n)
		at := p.next().at
		left = binary("and", at, left, p.comparison())
	}
	return left
}

// wordOperators compare two values; each may stand behind a !.
var wordOperators = []string{
	"in", "has", "has_cs", "contains", "contains_cs", "startswith", "startswith_cs", "endswith", "endswith_cs", "between",
}

var listOperators = []string{"has_any", "has_all"}

// otherComparisons say what to write instead of what Kusto also has.
var otherComparisons = map[string]string{
	"hasprefix": "Use has, contains or matches regex.", "hasprefix_cs": "Use has, contains or matches regex.", "hassuffix": "Use has, contains or matches regex.", "hassuffix_cs": "Use has, contains or matches regex.",
	"like": "Use contains, startswith or endswith.", "notlike": "Use !contains.", "ipv4_is_in_range": "Use startswith or matches regex.",
}

func (p *parser) comparison() *node {
	left := p.sum()
	t := p.peek()
	not := false
	if t.kind == sign && t.text == "!" && p.ahead(1).kind == word {
		not = true
		p.next()
	}
	op := p.peek()
	switch {
	case op.kind == sign && !not && slices.Contains([]string{"==", "!=", "=~", "!~", "<", "<=", ">", ">="}, op.text):
		p.next()
		left = binary(op.text, op.at, left, p.sum())
	case op.kind == sign && op.text == "=":
		failf(op.at, "Write == to compare.", "= gives a name, it does not compare")
	case op.kind == word && op.text == "matches" && !not:
		p.next()
		p.needWord("regex", "after matches")
		left = binary("matches", op.at, left, p.sum())
	case op.kind == word && slices.Contains(wordOperators, op.text):
		left = p.wordOperator(left)
	case op.kind == word && slices.Contains(listOperators, op.text) && !not:
		p.next()
		left = binary(op.text, op.at, left, p.list(op.text))
	case op.kind == word && otherComparisons[op.text] != "":
		failf(op.at, otherComparisons[op.text], "the operator %s is outside the subset", op.text)
	case not:
		failf(t.at, "Write not(…) around a condition.", "! is not expected before %s", show(op))
	}
	if not {
		left = &node{kind: nodeCall, at: t.at, text: "not", args: []*node{left}}
	}
	if c := p.peek(); c.kind == sign && slices.Contains([]string{"==", "!=", "=~", "!~", "<", "<=", ">", ">="}, c.text) {
		failf(c.at, "Put parentheses around each comparison and and between them.", "comparisons cannot follow each other")
	}
	return left
}

func (p *parser) wordOperator(left *node) *node {
	op := p.next()
	switch op.text {
	case "in":
		name := "in"
		if p.takeSign("~") {
			name = "in~"
		}
		return binary(name, op.at, left, p.list(name))
	case "between":
		p.needSign("(", "after between")
		low := p.sum()
		p.needSign("..", "between the two ends")
		high := p.sum()
		p.needSign(")", "after the two ends")
		return binary("between", op.at, left, low, high)
	}
	return binary(op.text, op.at, left, p.sum())
}

// list reads ( value, ... ).
func (p *parser) list(of string) *node {
	out := &node{kind: nodeList, at: p.at()}
	p.needSign("(", "after "+of)
	if p.startsTable() {
		failf(p.at(), "Use join kind=inner on the column.", "a query inside %s is outside the subset", of)
	}
	for {
		out.args = append(out.args, p.sum())
		p.bounded(len(out.args))
		if !p.takeSign(",") {
			break
		}
	}
	p.needSign(")", "after the list")
	return out
}

func (p *parser) sum() *node {
	left := p.product()
	for n := 0; p.peekSign("+") || p.peekSign("-"); n++ {
		p.bounded(n * 10)
		op := p.next()
		left = binary(op.text, op.at, left, p.product())
	}
	return left
}

func (p *parser) product() *node {
	left := p.signed()
	for n := 0; p.peekSign("*") || p.peekSign("/") || p.peekSign("%"); n++ {
		p.bounded(n * 10)
		op := p.next()
		left = binary(op.text, op.at, left, p.signed())
	}
	return left
}

func (p *parser) signed() *node {
	if t := p.peek(); t.kind == sign && (t.text == "-" || t.text == "+") {
		p.enter()
		defer p.leave()
		p.next()
		of := p.signed()
		if t.text == "+" {
			return of
		}
		return binary("-", t.at, &node{kind: nodeValue, at: t.at, typ: Long, value: int64(0)}, of)
	}
	return p.postfix()
}

// postfix reads a value and the members taken of it.
func (p *parser) postfix() *node {
	left := p.primary()
	for n := 0; ; n++ {
		if n > maxDepth {
			failf(p.at(), "Take fewer levels.", "there are more than %d members in a row", maxDepth)
		}
		t := p.peek()
		switch {
		case p.takeSign("."):
			left = &node{kind: nodeMember, at: t.at, text: p.name("the name of a member"), args: []*node{left}}
		case p.takeSign("["):
			i := p.next()
			switch i.kind {
			case text:
				left = &node{kind: nodeMember, at: t.at, text: i.text, args: []*node{left}}
			case long:
				left = &node{kind: nodeIndex, at: t.at, value: i.whole, args: []*node{left}}
			default:
				failf(i.at, "Write ['name'] or [0].", "a member is taken by a string or by a whole number from 0")
			}
			p.needSign("]", "after the member")
		default:
			return left
		}
	}
}

func (p *parser) primary() *node {
	p.enter()
	defer p.leave()
	t := p.peek()
	switch t.kind {
	case text:
		p.next()
		return p.value(t, String, t.text)
	case long:
		p.next()
		return p.value(t, Long, t.whole)
	case real:
		p.next()
		return p.value(t, Real, t.broken)
	case span:
		p.next()
		return p.value(t, Timespan, t.whole)
	case sign:
		switch {
		case p.takeSign("("):
			inner := p.expression()
			p.needSign(")", "to close the parenthesis")
			return inner
		case t.text == "[":
			return &node{kind: nodeName, at: t.at, text: p.name("the name of a column")}
		}
	case word:
		if next := p.ahead(1); next.kind == sign && next.text == "(" {
			return p.call()
		}
		switch t.text {
		case "true", "false":
			p.next()
			return p.value(t, Bool, t.text == "true")
		case "null":
			failf(t.at, "Write long(null), datetime(null) or another type.", "null needs a type")
		}
		return &node{kind: nodeName, at: t.at, text: p.name("a name")}
	}
	failf(t.at, "", "a value is missing; there is %s", show(t))
	return nil
}

func (p *parser) value(t token, typ Type, v any) *node {
	return &node{kind: nodeValue, at: t.at, typ: typ, value: v}
}

// literals are what looks like a function of one literal.
var literals = map[string]Type{
	"datetime": Datetime, "date": Datetime, "timespan": Timespan, "time": Timespan, "long": Long, "int": Long, "real": Real, "double": Real,
	"bool": Bool, "boolean": Bool, "dynamic": Dynamic,
}

func (p *parser) call() *node {
	name := p.next()
	p.next()
	if typ, known := literals[name.text]; known {
		return p.literal(name, typ)
	}
	out := &node{kind: nodeCall, at: name.at, text: name.text}
	for !p.takeSign(")") {
		if len(out.args) > 0 {
			p.needSign(",", "between the arguments of "+name.text)
		}
		if p.peekSign("*") {
			failf(p.at(), "Name the columns.", "* as an argument is outside the subset")
		}
		out.args = append(out.args, p.expression())
		p.bounded(len(out.args))
	}
	return out
}

// literal reads the literal between the parentheses of name.
func (p *parser) literal(name token, typ Type) *node {
	out := &node{kind: nodeValue, at: name.at, typ: typ}
	minus := p.takeSign("-")
	t := p.next()
	if !p.takeSign(")") {
		failf(name.at, literalForms[typ], "%s( takes one literal", name.text)
	}
	if t.text == "null" && !minus {
		return out
	}
	ok := true
	switch {
	case typ == Datetime && !minus:
		out.value, ok = ParseTime(t.text)
	case typ == Timespan && !minus:
		out.value, ok = parseSpan(t.text)
	case typ == Long && t.kind == long:
		out.value = t.whole
	case typ == Real && t.kind == long:
		out.value = float64(t.whole)
	case typ == Real && t.kind == real:
		out.value = t.broken
	case typ == Bool && !minus && (t.text == "true" || t.text == "false"):
		out.value = t.text == "true"
	default:
		ok = false
	}
	if !ok {
		failf(name.at, literalForms[typ], "%s is no literal of type %s", show(t), typ)
	}
	if minus {
		return binary("-", name.at, &node{kind: nodeValue, at: name.at, typ: Long, value: int64(0)}, out)
	}
	return out
}

var literalForms = map[Type]string{
	Datetime: "Write datetime(2026-04-15), datetime(2026-04-15 20:00:00) or datetime(2026-04-15T20:00:00Z).",
	Timespan: "Write 2d, 90m or timespan(1.12:00:00).",
	Long:     "Write long(123); to convert a value write tolong(Value).",
	Real:     "Write real(1.5); to convert a value write todouble(Value).",
	Bool:     "Write true or false; to convert write iff(Condition, true, false).",
	Dynamic:  "Only dynamic(null) is in the subset; use parse_json(text) for members and in (…) for lists.",
}

// times are the forms of a datetime literal. One without a zone is UTC.
var times = []string{
	time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01-02 15:04",
	"2006-01-02", "2006-01",
}

// ParseTime reads a datetime as a literal or as text.
func ParseTime(text string) (micros int64, ok bool) {
	for _, form := range times {
		if at, err := time.Parse(form, text); err == nil {
			return at.UnixMicro(), at.Year() > 0
		}
	}
	return 0, false
}

// parseSpan reads 2d or [-][d.]hh:mm[:ss[.fffffff]].
func parseSpan(text string) (micros int64, ok bool) {
	minus := strings.HasPrefix(text, "-")
	text = strings.TrimPrefix(text, "-")
	defer func() {
		if minus {
			micros = -micros
		}
	}()
	n := 0
	for n < len(text) && digit(text[n]) {
		n++
	}
	if factor, known := spanUnits[text[n:]]; known && n > 0 {
		whole, overflow := scaled(text[:n], factor)
		return whole, !overflow
	}
	days, clock, found := strings.Cut(text, ".")
	if !found || strings.Contains(days, ":") {
		days, clock = "0", text
	}
	d, err := strconv.ParseInt(days, 10, 32)
	if err != nil || d > 3_000_000 || !digit(days[0]) {
		return 0, false
	}
	for _, form := range []string{"15:04:05.999999999", "15:04"} {
		if at, err := time.Parse(form, clock); err == nil {
			return d*day + at.Sub(time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)).Microseconds(), true
		}
	}
	return 0, false
}
