package kql

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Check finds the tables, columns and types of a query. catalog knows the
// tables by name; now is what now() and ago() mean.
func (q *Query) Check(catalog []*Table, now time.Time) (plan *Plan, err error) {
	defer catch(q.text, &err)
	c := &checker{catalog: catalog, now: now.UnixMicro(), lets: map[string]*Expr{}}
	for _, l := range q.lets {
		if _, again := c.lets[l.name]; again {
			failf(l.at, "Give each let a name of its own.", "%s is set twice", echo(l.name))
		}
		c.lets[l.name] = c.constant(l.expr, "the value of a let")
	}
	root := c.pipeline(q.main)
	return &Plan{Root: root, Columns: root.Columns(), Streams: streams(root)}, nil
}

type checker struct {
	catalog []*Table
	now     int64
	lets    map[string]*Expr
	// columns are those of the step at hand; weights belong to them.
	columns []Column
	weights []weight
}

// streams reports a plan that keeps the order of its one table.
func streams(n Node) bool {
	switch n := n.(type) {
	case *Scan:
		return true
	case *Filter:
		return streams(n.In)
	case *Project:
		return streams(n.In)
	case *Take:
		return streams(n.In)
	}
	return false
}

func (c *checker) pipeline(p *pipeline) Node {
	table := c.table(p.table)
	scan := &Scan{Table: table}
	c.columns, c.weights = table.Columns, make([]weight, len(table.Columns))
	for n := range c.weights {
		c.weights[n] = weight{1, 1, 1}
	}
	var node Node = scan
	bounding := true
	for _, op := range p.ops {
		node = c.operator(node, op)
		f, filters := node.(*Filter)
		if bounding = bounding && filters; bounding {
			bound(scan, f.Cond)
		}
		if columns := node.Columns(); len(columns) > maxColumns {
			failf(op.at, "Keep fewer columns with project.", "there are more than %d columns", maxColumns)
		}
	}
	return node
}

func (c *checker) table(t token) *Table {
	var names []string
	for _, table := range c.catalog {
		if table.Name == t.text {
			return table
		}
		names = append(names, table.Name)
	}
	failf(t.at, "Tables: "+strings.Join(names, ", ")+".", "there is no table %s%s", echo(t.text), near(t.text, names))
	return nil
}

// near names the one a caller may have meant: the same but for case.
func near(name string, names []string) string {
	for _, n := range names {
		if strings.EqualFold(n, name) {
			return " (names are compared exactly: did you mean " + n + "?)"
		}
	}
	return ""
}

// set makes columns those of the next step.
func (c *checker) set(columns []Column, weights []weight) { c.columns, c.weights = columns, weights }

func (c *checker) operator(in Node, op operator) Node {
	switch op.name {
	case "where":
		cond := c.expr(op.exprs[0].expr)
		c.need(op.exprs[0].expr, cond, Bool, "the condition of where")
		return &Filter{In: in, Cond: cond}
	case "project":
		return c.project(in, op, nil)
	case "extend":
		return c.project(in, op, c.columns)
	case "project-away":
		return c.away(in, op)
	case "distinct":
		return c.distinct(in, op)
	case "summarize":
		return c.summarize(in, op)
	case "count":
		c.set([]Column{{Name: "Count", Type: Long}}, []weight{{0, 1, 1}})
		return &Aggregate{In: in, Aggs: []Agg{{Func: "count"}}, Cols: c.columns}
	case "sort":
		return c.sort(in, op)
	case "top":
		sorted := c.sort(in, op)
		return &Take{In: sorted, N: c.rows(op)}
	case "take":
		return &Take{In: in, N: c.rows(op)}
	}
	return c.join(in, op)
}

// rows is the number of take and top.
func (c *checker) rows(op operator) int64 {
	n := c.constant(op.count, "the number of "+op.name)
	if whole, ok := n.Value.(int64); ok && n.Type == Long && whole >= 0 {
		return whole
	}
	failf(op.count.at, "Write a number such as 50.", "the number of %s must be a whole number from 0", op.name)
	return 0
}

// project makes the columns named, after those of keep.
func (c *checker) project(in Node, op operator, keep []Column) Node {
	out := &Project{In: in}
	weights := slices.Clone(c.weights[:len(keep)])
	for n, column := range keep {
		out.Cols = append(out.Cols, column)
		out.Exprs = append(out.Exprs, c.column(n))
	}
	made := map[string]bool{}
	for n, item := range op.exprs {
		e := c.expr(item.expr)
		name := item.name
		if name == "" {
			name = nameOf(item.expr, "Column"+strconv.Itoa(n+1))
		}
		if made[name] {
			failf(item.at, "Give one of them another name.", "the column %s is made twice", echo(name))
		}
		made[name] = true
		column := Column{Name: name, Type: e.Type, Text: e.text}
		if at := slices.IndexFunc(keep, func(k Column) bool { return k.Name == name }); at >= 0 {
			out.Cols[at], out.Exprs[at], weights[at] = column, e, e.weight
			continue
		}
		out.Cols, out.Exprs, weights = append(out.Cols, column), append(out.Exprs, e), append(weights, e.weight)
	}
	total := 0
	for _, w := range weights {
		total += w.size
	}
	if total > maxRowSize {
		failf(op.at, "Make fewer or simpler columns.", "the columns are made of more than %d expressions", maxRowSize)
	}
	c.set(out.Cols, weights)
	return out
}

func (c *checker) away(in Node, op operator) Node {
	gone := map[int]bool{}
	for _, item := range op.exprs {
		gone[c.find(item.at, item.name)] = true
	}
	out := &Project{In: in}
	var weights []weight
	for n, column := range c.columns {
		if !gone[n] {
			out.Cols, out.Exprs, weights = append(out.Cols, column), append(out.Exprs, c.column(n)), append(weights, c.weights[n])
		}
	}
	if len(out.Cols) == 0 {
		failf(op.at, "Keep at least one column.", "project-away leaves no column")
	}
	c.set(out.Cols, weights)
	return out
}

func (c *checker) distinct(in Node, op operator) Node {
	out := &Aggregate{In: in}
	var weights []weight
	for _, item := range op.exprs {
		if slices.ContainsFunc(out.Cols, func(k Column) bool { return k.Name == item.name }) {
			failf(item.at, "Name it once.", "the column %s is named twice", echo(item.name))
		}
		e := c.expr(item.expr)
		c.groupable(item.expr, e)
		out.By = append(out.By, e)
		out.Cols, weights = append(out.Cols, Column{item.name, e.Type, e.text}), append(weights, e.weight.grouped())
	}
	c.set(out.Cols, weights)
	return out
}

func (c *checker) groupable(n *node, e *Expr) {
	if e.Type == Dynamic {
		failf(n.at, "Write tostring(…) around it.", "a dynamic value cannot be grouped, sorted or joined by")
	}
}

func (c *checker) sort(in Node, op operator) Node {
	out := &Sort{In: in}
	for _, k := range op.keys {
		e := c.expr(k.expr)
		c.groupable(k.expr, e)
		if e.Op == OpConst {
			failf(k.expr.at, "Sort by a column.", "a constant gives no order")
		}
		out.Keys = append(out.Keys, Key{e, k.desc, k.nullsFirst})
	}
	return out
}

func (c *checker) join(in Node, op operator) Node {
	left, leftWeights := c.columns, c.weights
	right := c.pipeline(op.right)
	out := &Join{Left: in, Right: right, Outer: op.kind == "leftouter"}
	for _, key := range op.on {
		l, r := findColumn(key.at, left, key.left), findColumn(key.at, c.columns, key.right)
		if left[l].Type != c.columns[r].Type || left[l].Type == Dynamic {
			failf(key.at, "Make both the same type with extend and tostring or tolong first.", "the join compares %s with %s", left[l].Type, c.columns[r].Type)
		}
		out.LeftKeys, out.RightKeys = append(out.LeftKeys, l), append(out.RightKeys, r)
	}
	out.Cols = slices.Clone(left)
	for _, column := range c.columns {
		column.Name = free(out.Cols, column.Name)
		out.Cols = append(out.Cols, column)
	}
	c.set(out.Cols, slices.Concat(leftWeights, c.weights))
	return out
}

// free is name, or name1, name2 ... where it is taken.
func free(columns []Column, name string) string {
	candidate := name
	for n := 1; slices.ContainsFunc(columns, func(k Column) bool { return k.Name == candidate }); n++ {
		candidate = name + strconv.Itoa(n)
	}
	return candidate
}

func (c *checker) find(at int, name string) int { return findColumn(at, c.columns, name) }

func findColumn(at int, columns []Column, name string) int {
	names := make([]string, len(columns))
	for n, column := range columns {
		if column.Name == name {
			return n
		}
		names[n] = column.Name
	}
	fix := "Columns here: " + strings.Join(names[:min(len(names), 40)], ", ") + "."
	failf(at, fix, "there is no column %s here%s", echo(name), near(name, names))
	return 0
}

func (c *checker) column(n int) *Expr {
	return &Expr{Op: OpColumn, Type: c.columns[n].Type, Index: int64(n), text: c.columns[n].Text, weight: c.weights[n]}
}

// nameOf is the name Kusto gives to a value without one.
func nameOf(n *node, otherwise string) string {
	switch n.kind {
	case nodeName:
		return n.text
	case nodeMember:
		return nameOf(n.args[0], "") + "_" + n.text
	case nodeIndex:
		return nameOf(n.args[0], "") + "_" + strconv.FormatInt(n.value.(int64), 10)
	case nodeCall:
		if slices.Contains([]string{"bin", "floor", "tostring", "tolong", "toint", "todouble", "toreal", "tolower", "toupper"}, n.text) && len(n.args) > 0 {
			return nameOf(n.args[0], otherwise)
		}
	}
	return otherwise
}

// bound notes what a condition on the table's own columns says about the window
// of time and the incident.
func bound(s *Scan, cond *Expr) {
	if cond.Op == OpAnd {
		for _, a := range cond.Args {
			bound(s, a)
		}
		return
	}
	if len(cond.Args) < 2 || cond.Args[0].Op != OpColumn {
		return
	}
	column, value := int(cond.Args[0].Index), cond.Args[1]
	if column == s.Table.Incident && !cond.Fold && s.Incidents == nil && (cond.Op == OpEq || cond.Op == OpIn) {
		for _, a := range cond.Args[1:] {
			id, ok := a.Value.(string)
			if !ok {
				s.Incidents = nil
				return
			}
			s.Incidents = append(s.Incidents, id)
		}
		return
	}
	at, ok := value.Value.(int64)
	if column != s.Table.Time || !ok || value.Op != OpConst {
		return
	}
	switch cond.Op {
	case OpGt, OpGe:
		s.from(at)
	case OpLt, OpLe:
		s.to(at)
	case OpEq:
		s.from(at)
		s.to(at)
	}
}

func (s *Scan) from(at int64) {
	if s.From == nil || *s.From < at {
		s.From = &at
	}
}

func (s *Scan) to(at int64) {
	if s.To == nil || *s.To > at {
		s.To = &at
	}
}
