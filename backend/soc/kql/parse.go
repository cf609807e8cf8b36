package kql

import (
	"slices"
	"strings"
)

// Limits of a query's shape, so that nothing made of it can grow large.
const (
	maxDepth     = 40
	maxOperators = 32
	maxColumns   = 100
	maxList      = 200
	maxLets      = 32
	maxLevels    = 250 // of a checked expression; SQLite takes 1,000 of its own
	maxJoins     = 3
)

// Parse reads the syntax of a query. It knows no table and no type.
func Parse(source string) (q *Query, err error) {
	defer catch(source, &err)
	p := &parser{tokens: lex(source)}
	q = &Query{text: source}
	for p.peekWord("let") {
		q.lets = append(q.lets, p.let())
		if len(q.lets) > maxLets {
			failf(p.at(), "Write the values where they are used.", "the query has more than %d let statements", maxLets)
		}
	}
	q.main = p.pipeline()
	p.takeSign(";")
	if t := p.peek(); t.kind != end {
		failf(t.at, "One query has one table and its operators, each after a |.", "%s is not expected here", show(t))
	}
	return q, nil
}

type parser struct {
	tokens []token
	pos    int
	depth  int
	joins  int
}

func (p *parser) peek() token { return p.tokens[p.pos] }
func (p *parser) at() int     { return p.peek().at }

func (p *parser) next() token {
	t := p.tokens[p.pos]
	if t.kind != end {
		p.pos++
	}
	return t
}

func (p *parser) ahead(n int) token {
	return p.tokens[min(p.pos+n, len(p.tokens)-1)]
}

func (p *parser) peekSign(s string) bool { t := p.peek(); return t.kind == sign && t.text == s }
func (p *parser) peekWord(w string) bool { t := p.peek(); return t.kind == word && t.text == w }

func (p *parser) takeSign(s string) bool {
	if p.peekSign(s) {
		p.pos++
		return true
	}
	return false
}

func (p *parser) takeWord(w string) bool {
	if p.peekWord(w) {
		p.pos++
		return true
	}
	return false
}

func (p *parser) needSign(s, after string) {
	if !p.takeSign(s) {
		failf(p.at(), "", "%s is missing %s; there is %s", echo(s), after, show(p.peek()))
	}
}

func (p *parser) needWord(w, after string) {
	if !p.takeWord(w) {
		failf(p.at(), "", "the word %s is missing %s; there is %s", w, after, show(p.peek()))
	}
}

// show names a token for a message.
func show(t token) string {
	switch t.kind {
	case end:
		return "the end of the query"
	case text:
		return "the string " + echo(t.text)
	}
	return echo(t.text)
}

// name reads a name, plain or between [' and '].
func (p *parser) name(what string) string {
	if p.peekSign("[") && p.ahead(1).kind == text && p.ahead(2).kind == sign && p.ahead(2).text == "]" {
		t := p.ahead(1)
		p.pos += 3
		checkName(t)
		return t.text
	}
	t := p.next()
	if t.kind != word {
		failf(t.at, "", "%s is missing; there is %s", what, show(t))
	}
	checkName(t)
	return t.text
}

const maxName = 128

func checkName(t token) {
	if t.text == "" || len(t.text) > maxName {
		failf(t.at, "", "a name has 1 to %d characters", maxName)
	}
}

func (p *parser) let() named {
	p.next()
	l := named{at: p.at(), name: p.name("the name after let")}
	p.needSign("=", "after the name of a let")
	t := p.peek()
	if t.kind == word && (t.text == "materialize" || t.text == "view" || t.text == "datatable" || t.text == "range") || p.startsTable() {
		failf(t.at, "Give a let one value, such as let start = ago(1d);, and write the query where it is used.", "a let of a table or a function is outside the subset")
	}
	l.expr = p.expression()
	p.needSign(";", "after a let")
	return l
}

// startsTable tells a query from a value: a name and then |.
func (p *parser) startsTable() bool {
	next := p.ahead(1)
	return p.peek().kind == word && next.kind == sign && next.text == "|"
}

func (p *parser) pipeline() *pipeline {
	p.enter()
	defer p.leave()
	t := p.peek()
	switch {
	case t.kind == word && unknownSources[t.text] != "":
		failf(t.at, unknownSources[t.text], "%s as the source of rows is outside the subset", t.text)
	case t.kind == word && p.ahead(1).kind == sign && p.ahead(1).text == "(":
		failf(t.at, "Begin with the name of a table.", "a function as the source of rows is outside the subset")
	}
	out := &pipeline{table: token{kind: word, at: t.at, text: p.name("the name of a table")}}
	for p.takeSign("|") {
		out.ops = append(out.ops, p.operator())
		if len(out.ops) > maxOperators {
			failf(p.at(), "Split the question into shorter queries.", "the query has more than %d operators", maxOperators)
		}
	}
	return out
}

var unknownSources = map[string]string{
	"union":        "Ask each table in a query of its own.",
	"search":       "Begin with a table and write where Column has \"text\".",
	"find":         "Begin with a table and write where Column has \"text\".",
	"print":        "Begin with the name of a table.",
	"range":        "Begin with the name of a table.",
	"datatable":    "Begin with the name of a table.",
	"set":          "Leave it out: the limits of a query are fixed.",
	"declare":      "Use let for values.",
	"cluster":      "Begin with the name of a table: a query never leaves its workspace.",
	"database":     "Begin with the name of a table: a query never leaves its workspace.",
	"workspace":    "Begin with the name of a table: a query never leaves its workspace.",
	"externaldata": "Begin with the name of a table: a query never leaves its workspace.",
}

// enter bounds how deep a query is nested.
func (p *parser) enter() {
	if p.depth++; p.depth > maxDepth {
		failf(p.at(), "Write it in fewer levels.", "the query is nested more than %d levels deep", maxDepth)
	}
}

func (p *parser) leave() { p.depth-- }

// operatorName reads the name after a |, which may hold hyphens.
func (p *parser) operatorName() (name string, at int) {
	t := p.next()
	if t.kind != word {
		failf(t.at, "Operators: "+strings.Join(operatorNames, ", ")+".", "the name of an operator is missing after |; there is %s", show(t))
	}
	name, stop := t.text, t.at+len(t.text)
	for p.peekSign("-") && p.at() == stop && p.ahead(1).kind == word && p.ahead(1).at == stop+1 {
		name += "-" + p.ahead(1).text
		stop = p.ahead(1).at + len(p.ahead(1).text)
		p.pos += 2
	}
	return name, t.at
}

var operatorNames = []string{
	"where", "project", "project-away", "extend", "summarize", "sort by", "top", "take", "distinct", "count", "join",
}

func (p *parser) operator() operator {
	name, at := p.operatorName()
	op := operator{name: name, at: at}
	switch name {
	case "where", "filter":
		op.name, op.exprs = "where", []named{{at: p.at(), expr: p.expression()}}
	case "project", "extend":
		op.exprs = p.namedList()
	case "project-away", "distinct":
		op.exprs = p.columnList(name)
	case "summarize":
		if !p.peekWord("by") {
			op.exprs = p.namedList()
		}
		if p.takeWord("by") {
			op.by = p.namedList()
		}
	case "sort", "order":
		op.name = "sort"
		p.needWord("by", "after "+name)
		op.keys = p.sortKeys()
	case "top":
		op.count = p.expression()
		p.needWord("by", "after the number of top")
		op.keys = p.sortKeys()
	case "take", "limit":
		op.name, op.count = "take", p.expression()
	case "count":
	case "join":
		p.join(&op)
	default:
		fix := "Operators: " + strings.Join(operatorNames, ", ") + "."
		if instead := otherOperators[name]; instead != "" {
			fix = instead
		}
		failf(at, fix, "the operator %s is outside the subset", echo(name))
	}
	return op
}

// otherOperators say what to write instead of what Kusto also has.
var otherOperators = map[string]string{
	"project-rename": "Use project New = Old, naming every column to keep.", "project-keep": "Use project with the names of the columns.", "project-reorder": "Use project with the columns in order.",
	"mv-expand": "Take single members with parse_json(Column).name or Fields.name.", "mvexpand": "Take single members with parse_json(Column).name or Fields.name.", "mv-apply": "Take single members with parse_json(Column).name or Fields.name.",
	"parse": "Use where Column matches regex, or members of Fields.", "parse-where": "Use where Column matches regex, or members of Fields.", "parse-kv": "Use members of Fields.",
	"make-series": "Use summarize count() by bin(TimeGenerated, 1h).", "union": "Ask each table in a query of its own.", "render": "Leave it out: rows are not drawn here.",
	"evaluate": "Use summarize.", "invoke": "Write the operators out.", "lookup": "Use join kind=leftouter.", "top-nested": "Use summarize and top.", "top-hitters": "Use summarize count() by Column and top.",
	"search": "Use where Column has \"text\".", "find": "Use where Column has \"text\".", "sample": "Use take.", "sample-distinct": "Use distinct and take.", "serialize": "Leave it out: rows keep the order of the last sort.",
	"getschema": "Ask for the columns of the table instead.", "as": "Leave it out.", "consume": "Use count.", "fork": "Send several queries.", "facet": "Use summarize by each column.", "scan": "Use sort and read the rows.", "partition": "Use summarize by.", "reduce": "Use summarize by.",
}

func (p *parser) namedList() []named {
	var out []named
	for {
		n := named{at: p.at()}
		if p.peekSign("*") {
			failf(p.at(), "Name the columns.", "* in place of columns is outside the subset")
		}
		if t := p.ahead(1); p.peek().kind == word && t.kind == sign && t.text == "=" {
			n.name = p.name("a name")
			p.next()
		} else if p.peekSign("[") && p.ahead(3).kind == sign && p.ahead(3).text == "=" {
			n.name = p.name("a name")
			p.next()
		} else if p.peekSign("(") {
			p.tuple()
		}
		n.expr = p.expression()
		out = append(out, n)
		if len(out) > maxColumns {
			failf(n.at, "Name fewer columns.", "there are more than %d columns", maxColumns)
		}
		if !p.takeSign(",") {
			return out
		}
	}
}

// tuple refuses (a, b) = f(x), which looks like a value in parentheses.
func (p *parser) tuple() {
	if t := p.ahead(2); p.ahead(1).kind == word && t.kind == sign && t.text == "," {
		failf(p.at(), "Give one name to each value.", "a list of names in parentheses is outside the subset")
	}
}

// columnList reads plain names.
func (p *parser) columnList(of string) []named {
	var out []named
	for {
		if t := p.peek(); t.kind == sign && t.text == "*" {
			failf(t.at, "Name the columns.", "* in place of columns is outside the subset")
		}
		n := named{at: p.at(), name: p.name("the name of a column")}
		if t := p.peek(); t.kind == sign && !slices.Contains([]string{",", "|", ")", ";"}, t.text) {
			failf(t.at, "Make the value with extend first, then name its column.", "%s takes names of columns only", of)
		}
		n.expr = &node{kind: nodeName, at: n.at, text: n.name}
		out = append(out, n)
		if len(out) > maxColumns {
			failf(n.at, "Name fewer columns.", "there are more than %d columns", maxColumns)
		}
		if !p.takeSign(",") {
			return out
		}
	}
}

func (p *parser) sortKeys() []sortKey {
	var out []sortKey
	for {
		k := sortKey{expr: p.expression(), desc: true}
		switch {
		case p.takeWord("asc"):
			k.desc = false
		case p.takeWord("desc"):
		}
		k.nullsFirst = !k.desc
		if p.takeWord("nulls") {
			switch {
			case p.takeWord("first"):
				k.nullsFirst = true
			case p.takeWord("last"):
				k.nullsFirst = false
			default:
				failf(p.at(), "", "first or last is missing after nulls; there is %s", show(p.peek()))
			}
		}
		if out = append(out, k); len(out) > maxColumns {
			failf(p.at(), "Sort by fewer columns.", "there are more than %d keys", maxColumns)
		}
		if !p.takeSign(",") {
			return out
		}
	}
}

func (p *parser) join(op *operator) {
	if p.joins++; p.joins > maxJoins {
		failf(op.at, "Split the question into shorter queries.", "the query has more than %d joins", maxJoins)
	}
	const kinds = "Write join kind=inner or join kind=leftouter."
	if !p.takeWord("kind") {
		failf(p.at(), kinds, "a join without kind means innerunique, which is outside the subset")
	}
	p.needSign("=", "after kind")
	kind := p.next()
	if op.kind = kind.text; kind.kind != word || op.kind != "inner" && op.kind != "leftouter" {
		failf(kind.at, kinds, "the join kind %s is outside the subset", show(kind))
	}
	p.needSign("(", "before the right side of a join")
	op.right = p.pipeline()
	p.needSign(")", "after the right side of a join")
	p.needWord("on", "after the right side of a join")
	for {
		op.on = append(op.on, p.joinKey())
		if len(op.on) > maxColumns {
			failf(p.at(), "Join on fewer columns.", "there are more than %d keys", maxColumns)
		}
		if !p.takeSign(",") && !p.takeWord("and") {
			return
		}
	}
}

func (p *parser) joinKey() joinKey {
	k := joinKey{at: p.at()}
	if !p.peekSign("$") {
		k.left = p.name("the name of a column in both tables")
		k.right = k.left
		return k
	}
	sides := map[string]*string{"left": &k.left, "right": &k.right}
	for n := range 2 {
		p.needSign("$", "before left or right")
		t := p.next()
		side := sides[t.text]
		if side == nil || *side != "" {
			failf(t.at, "Write $left.Name == $right.Name.", "each side of a join key is named once")
		}
		p.needSign(".", "after the side")
		*side = p.name("the name of a column")
		if n == 0 {
			p.needSign("==", "in a join key: only equality joins are in the subset")
		}
	}
	return k
}
