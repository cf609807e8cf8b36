package store

import (
	"errors"
	"strconv"
	"strings"

	"vedette/backend/soc/kql"
)

// errTooComplex is a plan whose statement would be too long.
var errTooComplex = errors.New("store: the statement is too long")

// maxStatement is the longest statement made of a query, in bytes. What
// stands in it twice because its null matters can make it grow.
const maxStatement = 256 << 10

// queryBuilder makes one statement of a plan. Values are always parameters;
// columns are c0, c1 ... and never the names of the query.
type queryBuilder struct {
	listQuery
	dialect   dialect
	workspace string
	run       string // the incident of the run, "" without a run
	incidents []string
	lineage   bool
	floors    map[*kql.Scan]int64
	depth     int
}

// relation is a SELECT: columns c0.., order columns o0.., lineage columns l0..
type relation struct {
	text  string
	order []orderTerm
	// identity is where the terms begin that name a row; those before are of a
	// sort.
	identity int
	lineage  []lineageKind
}

// orderTerm is one term of the order that rows are in. No two rows agree in
// all terms.
type orderTerm struct {
	desc, nullsFirst, nullable, text bool
}

// lineageKind tells what a lineage column says of the incident that a row came
// from, for the record of what was served.
type lineageKind int

const (
	lineageIncident lineageKind = iota // an incident's id, "!" before it when flagged
	lineageEvidence                    // the number of the evidence row, after its incident
	lineageSet                         // several incidents, separated by commas
)

func (b *queryBuilder) pg() bool { return b.dialect == postgresDialect }

// either is the text of the engine at hand.
func (b *queryBuilder) either(sqlite, postgres string) string {
	if b.pg() {
		return postgres
	}
	return sqlite
}

// guard gives up when a statement grows too long.
func guard(text string) string {
	if len(text) > maxStatement {
		panic(errTooComplex)
	}
	return text
}

// statement is the whole query with at most limit rows, in order.
func (b *queryBuilder) statement(plan *kql.Plan, limit int) (text string, lineage []lineageKind, err error) {
	defer func() {
		if r := recover(); r == errTooComplex { //nolint:errorlint // our own value
			err = errTooComplex
		} else if r != nil {
			panic(r)
		}
	}()
	all := make([]bool, len(plan.Columns))
	for n := range all {
		all[n] = true
	}
	r := b.node(plan.Root, all)
	var list []string
	for n := range plan.Columns {
		list = append(list, "t.c"+strconv.Itoa(n))
	}
	for n := range r.lineage {
		list = append(list, "t.l"+strconv.Itoa(n))
	}
	return guard("SELECT " + strings.Join(list, ", ") + " FROM (" + r.text + ") t" + b.orderBy(r.order, "t.") + " LIMIT " + b.arg(int64(limit))), r.lineage, nil
}

func (b *queryBuilder) orderBy(terms []orderTerm, prefix string) string {
	if len(terms) == 0 {
		return ""
	}
	out := make([]string, len(terms))
	for n, t := range terms {
		out[n] = prefix + "o" + strconv.Itoa(n)
		if t.text && b.pg() {
			out[n] += ` COLLATE "C"`
		}
		if t.desc {
			out[n] += " DESC"
		}
		if t.nullable && t.nullsFirst {
			out[n] += " NULLS FIRST"
		} else if t.nullable {
			out[n] += " NULLS LAST"
		}
	}
	return " ORDER BY " + strings.Join(out, ", ")
}

// selection collects the columns of a SELECT.
type selection []string

func (s *selection) add(sql, name string, n int) {
	*s = append(*s, sql+" AS "+name+strconv.Itoa(n))
}

// keep passes the order and lineage columns of the relation below on.
func (s *selection) keep(r relation) {
	for n := range r.order {
		s.add("t.o"+strconv.Itoa(n), "o", n)
	}
	for n := range r.lineage {
		s.add("t.l"+strconv.Itoa(n), "l", n)
	}
}

func (s selection) from(in string) string {
	list := strings.Join(s, ", ")
	if list == "" {
		list = "1"
	}
	return guard("SELECT " + list + " FROM (" + in + ") t")
}

// node compiles a step of a plan; need tells which of its columns are read.
func (b *queryBuilder) node(n kql.Node, need []bool) relation {
	switch n := n.(type) {
	case *kql.Scan:
		return b.scan(n, need)
	case *kql.Filter:
		return b.filter(n, need)
	case *kql.Project:
		return b.project(n, need)
	case *kql.Sort:
		return b.sort(n, need)
	case *kql.Take:
		in := b.node(n.In, need)
		var s selection
		s.columns(need)
		s.keep(in)
		in.text = s.from(in.text) + b.orderBy(in.order, "t.") + " LIMIT " + b.arg(n.N)
		return in
	case *kql.Aggregate:
		return b.aggregate(n, need)
	case *kql.Join:
		return b.join(n, need)
	}
	panic(errTooComplex)
}

// columns passes the columns that are needed on.
func (s *selection) columns(need []bool) {
	for n, needed := range need {
		if needed {
			s.add("t.c"+strconv.Itoa(n), "c", n)
		}
	}
}

// also is need and the columns that expressions read.
func also(need []bool, exprs ...*kql.Expr) []bool {
	out := append([]bool(nil), need...)
	for _, e := range exprs {
		e.Walk(func(e *kql.Expr) {
			if e.Op == kql.OpColumn {
				out[e.Index] = true
			}
		})
	}
	return out
}

func (b *queryBuilder) scan(n *kql.Scan, need []bool) relation {
	t := findQueryTable(n.Table)
	var s selection
	for i, needed := range need {
		if !needed {
			continue
		}
		sql := t.columns[i](b)
		if b.run != "" && t.shown != nil {
			sql = t.narrowed(b, i, sql)
		}
		s.add(sql, "c", i)
	}
	r := relation{}
	for i, column := range t.order {
		s.add(column, "o", i)
		r.order = append(r.order, orderTerm{desc: true})
	}
	if b.lineage {
		s.add("CASE WHEN "+t.flagged+" THEN '!' ELSE '' END || "+t.incident, "l", 0)
		r.lineage = append(r.lineage, lineageIncident)
		if t.number != "0" {
			s.add(t.number, "l", 1)
			r.lineage = append(r.lineage, lineageEvidence)
		}
	}
	r.text = guard("SELECT " + strings.Join(s, ", ") + " FROM " + t.from + b.scanWhere(n, t, true))
	return r
}

// scanWhere is what bounds the rows of a table: first of all the workspace. It
// stands in every statement that reads one.
func (b *queryBuilder) scanWhere(n *kql.Scan, t *queryTable, whole bool) string {
	where := []string{t.workspace + " = " + b.arg(b.workspace)}
	if n.From != nil {
		where = append(where, t.order[0]+" >= "+b.arg(*n.From))
	}
	if n.To != nil {
		where = append(where, t.order[0]+" <= "+b.arg(*n.To))
	}
	if floor, capped := b.floors[n]; capped {
		where = append(where, t.order[0]+" > "+b.arg(floor))
	}
	if n.Incidents != nil {
		where = append(where, t.incident+" IN (SELECT own.id FROM incident own WHERE own.workspace_id = "+b.arg(b.workspace)+" AND own.short_id IN ("+b.list(n.Incidents)+"))")
	}
	if b.incidents != nil {
		where = append(where, t.incident+" IN ("+b.list(b.incidents)+")")
	}
	if b.run != "" && t.shown == nil {
		where = append(where, t.incident+" = "+b.arg(b.run))
	}
	if t.alive != "" && (whole || t.from == t.base) {
		where = append(where, t.alive)
	}
	if whole {
		if t.types != nil {
			where = append(where, "e.type IN ("+b.list(t.types)+")")
		}
	}
	return " WHERE " + strings.Join(where, " AND ")
}

// list makes parameters of texts.
func (b *queryBuilder) list(texts []string) string {
	out := make([]string, len(texts))
	for n, text := range texts {
		out[n] = b.arg(text)
	}
	return strings.Join(out, ", ")
}

func (b *queryBuilder) filter(n *kql.Filter, need []bool) relation {
	in := b.node(n.In, also(need, n.Cond))
	var s selection
	s.columns(need)
	s.keep(in)
	in.text = guard(s.from(in.text) + " WHERE " + b.condition(n.Cond))
	return in
}

func (b *queryBuilder) project(n *kql.Project, need []bool) relation {
	var used []*kql.Expr
	for i, e := range n.Exprs {
		if need[i] {
			used = append(used, e)
		}
	}
	in := b.node(n.In, also(make([]bool, len(n.In.Columns())), used...))
	var s selection
	for i, e := range n.Exprs {
		if need[i] {
			s.add(b.expr(e), "c", i)
		}
	}
	s.keep(in)
	in.text = s.from(in.text)
	return in
}

// sort puts its keys in front of what names a row; an earlier sort is over.
func (b *queryBuilder) sort(n *kql.Sort, need []bool) relation {
	var keys []*kql.Expr
	for _, k := range n.Keys {
		keys = append(keys, k.Expr)
	}
	in := b.node(n.In, also(need, keys...))
	out := relation{lineage: in.lineage, identity: len(n.Keys)}
	var s selection
	s.columns(need)
	for i, k := range n.Keys {
		s.add(b.expr(k.Expr), "o", i)
		out.order = append(out.order, orderTerm{desc: k.Desc, nullsFirst: k.NullsFirst, nullable: k.Expr.Type != kql.String, text: k.Expr.Type == kql.String})
	}
	for i, t := range in.order[in.identity:] {
		s.add("t.o"+strconv.Itoa(in.identity+i), "o", len(out.order))
		out.order = append(out.order, t)
	}
	for i := range in.lineage {
		s.add("t.l"+strconv.Itoa(i), "l", i)
	}
	out.text = s.from(in.text)
	return out
}

// join has the keys in both sides' columns whether they are needed or not.
func (b *queryBuilder) join(n *kql.Join, need []bool) relation {
	width := len(n.Left.Columns())
	leftNeed, rightNeed := append([]bool(nil), need[:width]...), append([]bool(nil), need[width:]...)
	for i := range n.LeftKeys {
		leftNeed[n.LeftKeys[i]], rightNeed[n.RightKeys[i]] = true, true
	}
	left, right := b.node(n.Left, leftNeed), b.node(n.Right, rightNeed)
	var s selection
	out := relation{}
	for i, needed := range need {
		switch {
		case !needed:
		case i < width:
			s.add("t.c"+strconv.Itoa(i), "c", i)
		case n.Outer && n.Cols[i].Type == kql.String:
			s.add("COALESCE(u.c"+strconv.Itoa(i-width)+", '')", "c", i)
		default:
			s.add("u.c"+strconv.Itoa(i-width), "c", i)
		}
	}
	side := func(r relation, name string, nullable bool) {
		for i, t := range r.order[r.identity:] {
			s.add(name+".o"+strconv.Itoa(r.identity+i), "o", len(out.order))
			t.nullable = t.nullable || nullable
			out.order = append(out.order, t)
		}
		for i, kind := range r.lineage {
			s.add(name+".l"+strconv.Itoa(i), "l", len(out.lineage))
			out.lineage = append(out.lineage, kind)
		}
	}
	side(left, "t", false)
	side(right, "u", n.Outer)
	on := make([]string, len(n.LeftKeys))
	for i := range n.LeftKeys {
		on[i] = "t.c" + strconv.Itoa(n.LeftKeys[i]) + " = u.c" + strconv.Itoa(n.RightKeys[i])
	}
	kind := " JOIN ("
	if n.Outer {
		kind = " LEFT JOIN ("
	}
	out.text = guard(s.from(left.text) + kind + right.text + ") u ON " + strings.Join(on, " AND "))
	return out
}
