package store

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"vedette/backend/soc/kql"
)

// reference carries a plan out over rows in memory, step by step and without a
// thought of speed. The statements of both engines must agree with it.
type reference struct {
	tables map[string][][]any // rows as stored, newest first
}

// refRow is a row; id names it among its like, in the order of the store.
type refRow struct {
	values []any
	id     []int
}

func compareIDs(a, b refRow) int { return slices.Compare(a.id, b.id) }

func (r reference) run(n kql.Node) ([]refRow, error) {
	switch n := n.(type) {
	case *kql.Scan:
		var out []refRow
		for i, values := range r.tables[n.Table.Name] {
			out = append(out, refRow{values, []int{i}})
		}
		return out, nil
	case *kql.Filter:
		in, err := r.run(n.In)
		var out []refRow
		for _, row := range in {
			keep, failed := n.Cond.Eval(row.values)
			if failed != nil {
				return nil, failed
			}
			if keep == true {
				out = append(out, row)
			}
		}
		return out, err
	case *kql.Project:
		in, err := r.run(n.In)
		for i, row := range in {
			if in[i].values, err = evalAll(n.Exprs, row.values); err != nil {
				return nil, err
			}
		}
		return in, err
	case *kql.Sort:
		return r.sort(n)
	case *kql.Take:
		in, err := r.run(n.In)
		return in[:min(int64(len(in)), n.N)], err
	case *kql.Aggregate:
		return r.aggregate(n)
	case *kql.Join:
		return r.join(n)
	}
	panic("unknown node")
}

func evalAll(exprs []*kql.Expr, row []any) (out []any, err error) {
	for _, e := range exprs {
		v, err := e.Eval(row)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

func (r reference) sort(n *kql.Sort) ([]refRow, error) {
	in, err := r.run(n.In)
	if err != nil {
		return nil, err
	}
	type keyed struct {
		refRow
		keys []any
	}
	rows := make([]keyed, len(in))
	for i, row := range in {
		rows[i].refRow = row
		for _, k := range n.Keys {
			v, err := k.Expr.Eval(row.values)
			if err != nil {
				return nil, err
			}
			rows[i].keys = append(rows[i].keys, v)
		}
	}
	slices.SortFunc(rows, func(a, b keyed) int {
		for i, k := range n.Keys {
			if c := compareKeys(a.keys[i], b.keys[i], k); c != 0 {
				return c
			}
		}
		return compareIDs(a.refRow, b.refRow)
	})
	out := make([]refRow, len(rows))
	for i, row := range rows {
		out[i] = row.refRow
	}
	return out, nil
}

func compareKeys(a, b any, k kql.Key) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil || b == nil:
		if (a == nil) == k.NullsFirst {
			return -1
		}
		return 1
	case k.Desc:
		return kql.Compare(b, a)
	}
	return kql.Compare(a, b)
}

func (r reference) aggregate(n *kql.Aggregate) ([]refRow, error) {
	in, err := r.run(n.In)
	if err != nil {
		return nil, err
	}
	type group struct {
		by   []any
		rows [][]any
	}
	var groups []*group
	for _, row := range in {
		by, err := evalAll(n.By, row.values)
		if err != nil {
			return nil, err
		}
		at := slices.IndexFunc(groups, func(g *group) bool { return slices.Equal(g.by, by) })
		if at < 0 {
			at = len(groups)
			groups = append(groups, &group{by: by})
		}
		groups[at].rows = append(groups[at].rows, row.values)
	}
	if len(n.By) == 0 && len(groups) == 0 {
		groups = []*group{{}}
	}
	slices.SortFunc(groups, func(a, b *group) int {
		for i := range a.by {
			if c := compareKeys(a.by[i], b.by[i], kql.Key{NullsFirst: true}); c != 0 {
				return c
			}
		}
		return 0
	})
	var out []refRow
	for i, g := range groups {
		values := slices.Clone(g.by)
		for _, a := range n.Aggs {
			v, err := aggregateOf(a, g.rows)
			if err != nil {
				return nil, err
			}
			values = append(values, v)
		}
		out = append(out, refRow{values, []int{i}})
	}
	return out, nil
}

func aggregateOf(a kql.Agg, rows [][]any) (any, error) {
	if a.Func == "count" {
		return int64(len(rows)), nil
	}
	var values []any
	for _, row := range rows {
		v, err := a.Arg.Eval(row)
		if err != nil {
			return nil, err
		}
		if v != nil {
			values = append(values, v)
		}
	}
	sorted := slices.Clone(values)
	slices.SortFunc(sorted, kql.Compare)
	distinct := slices.CompactFunc(slices.Clone(sorted), func(a, b any) bool { return a == b })
	switch a.Func {
	case "countif":
		n := int64(0)
		for _, v := range values {
			if v == true {
				n++
			}
		}
		return n, nil
	case "dcount":
		return int64(len(distinct)), nil
	case "min", "max":
		switch {
		case len(sorted) == 0 && a.Arg.Type == kql.String:
			return "", nil
		case len(sorted) == 0:
			return nil, nil
		case a.Func == "min":
			return sorted[0], nil
		}
		return sorted[len(sorted)-1], nil
	case "make_set":
		members := []any{}
		for _, v := range distinct[:min(int64(len(distinct)), a.Limit)] {
			if at, ok := v.(int64); ok && a.Arg.Type == kql.Datetime {
				v = kql.TimeText(at)
			}
			members = append(members, v)
		}
		var b strings.Builder
		encoder := json.NewEncoder(&b)
		encoder.SetEscapeHTML(false)
		err := encoder.Encode(members)
		return strings.TrimSpace(b.String()), err
	}
	sum := int64(0)
	for _, v := range values {
		sum += v.(int64)
	}
	switch {
	case a.Func == "sum":
		return sum, nil
	case len(values) == 0:
		return nil, nil
	}
	return float64(sum) / float64(len(values)), nil
}

func (r reference) join(n *kql.Join) ([]refRow, error) {
	left, err := r.run(n.Left)
	if err != nil {
		return nil, err
	}
	right, err := r.run(n.Right)
	if err != nil {
		return nil, err
	}
	last := []int{1 << 30}
	var out []refRow
	for _, l := range left {
		found := false
		for _, u := range right {
			same := true
			for i := range n.LeftKeys {
				a, b := l.values[n.LeftKeys[i]], u.values[n.RightKeys[i]]
				same = same && a != nil && a == b
			}
			if same {
				found = true
				out = append(out, refRow{slices.Concat(l.values, u.values), slices.Concat(l.id, u.id)})
			}
		}
		if !found && n.Outer {
			var none []any
			for _, c := range n.Right.Columns() {
				if c.Type == kql.String {
					none = append(none, "")
				} else {
					none = append(none, nil)
				}
			}
			out = append(out, refRow{slices.Concat(l.values, none), slices.Concat(l.id, last)})
		}
	}
	slices.SortFunc(out, func(a, b refRow) int { return cmp.Or(compareIDs(a, b)) })
	return out, nil
}
