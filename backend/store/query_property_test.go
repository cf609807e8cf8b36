package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vedette/backend/soc/kql"
	"vedette/backend/store/pgtest"
)

// queryWriter writes random queries.
type queryWriter struct {
	t *rapid.T
	// columns are those at hand.
	columns []kql.Column
}

func (w *queryWriter) pick(of ...string) string { return rapid.SampledFrom(of).Draw(w.t, "pick") }

// value writes an expression of a type.
func (w *queryWriter) value(typ kql.Type, depth int) string {
	var own []string
	for _, c := range w.columns {
		if c.Type == typ {
			own = append(own, "["+"'"+c.Name+"']")
		}
	}
	if len(own) > 0 && rapid.IntRange(0, 2).Draw(w.t, "own") > 0 || len(own) > 0 && depth <= 0 {
		return w.pick(own...)
	}
	if depth <= 0 {
		return w.literal(typ)
	}
	v := func(t kql.Type) string { return w.value(t, depth-1) }
	switch typ {
	case kql.Long:
		return w.pick(w.literal(typ), "strlen("+v(kql.String)+")", "tolong("+v(kql.String)+")", "toint("+v(kql.Bool)+")", "tolong("+v(kql.Real)+")", "("+v(kql.Long)+w.pick("+", "-", "*", "/", "%")+v(kql.Long)+")", "bin("+v(kql.Long)+", 7)", "iff("+v(kql.Bool)+", "+v(kql.Long)+", "+v(kql.Long)+")")
	case kql.Real:
		return w.pick(w.literal(typ), "todouble("+v(kql.Long)+")", "todouble("+v(kql.String)+")", "("+v(kql.Real)+w.pick("+", "-", "*", "/")+v(kql.Long)+")", "("+v(kql.Timespan)+" / 1m)", "bin("+v(kql.Real)+", 0.5)")
	case kql.String:
		return w.pick(w.literal(typ), "tostring("+v(w.anyType())+")", "strcat("+v(kql.String)+", "+v(kql.Long)+")", "tolower("+v(kql.String)+")", "toupper("+v(kql.String)+")", "case("+v(kql.Bool)+", "+v(kql.String)+", "+v(kql.Bool)+", "+v(kql.String)+", "+v(kql.String)+")")
	case kql.Datetime:
		return w.pick(w.literal(typ), "("+v(kql.Datetime)+w.pick("+", "-")+v(kql.Timespan)+")", "bin("+v(kql.Datetime)+", "+w.pick("1h", "7d", "90s")+")")
	case kql.Timespan:
		return w.pick(w.literal(typ), "("+v(kql.Datetime)+" - "+v(kql.Datetime)+")", "("+v(kql.Timespan)+w.pick("+", "-")+v(kql.Timespan)+")")
	case kql.Dynamic:
		return w.pick("parse_json("+v(kql.String)+")", v(kql.Dynamic)+w.pick(".a", "[0]", "['b c']", ".dest_ip", "[1]"))
	}
	return w.condition(depth)
}

// anyType is one that tostring takes.
func (w *queryWriter) anyType() kql.Type {
	return rapid.SampledFrom([]kql.Type{kql.Long, kql.Real, kql.Bool, kql.Datetime, kql.Dynamic, kql.String}).Draw(w.t, "type")
}

func (w *queryWriter) condition(depth int) string {
	v := func(t kql.Type) string { return w.value(t, depth-1) }
	number := rapid.SampledFrom([]kql.Type{kql.Long, kql.Real, kql.Datetime, kql.Timespan}).Draw(w.t, "number")
	same := rapid.SampledFrom([]kql.Type{kql.Long, kql.Real, kql.Datetime, kql.String, kql.Bool, kql.Timespan}).Draw(w.t, "same")
	return w.pick(
		"("+v(number)+w.pick("<", "<=", ">", ">=")+v(number)+")", "("+v(same)+w.pick(" == ", " != ")+v(same)+")", "("+v(kql.String)+w.pick(" =~ ", " !~ ")+v(kql.String)+")",
		"("+v(kql.String)+w.pick(" contains ", " !contains ", " startswith ", " endswith ", " contains_cs ", " startswith_cs ", " endswith_cs ")+v(kql.String)+")",
		"("+v(kql.String)+w.pick(" has ", " !has ", " has_cs ")+w.literal(kql.String)+")", "("+v(kql.String)+" matches regex "+w.pick(queryPatterns...)+")",
		"("+v(kql.Bool)+w.pick(" and ", " or ")+v(kql.Bool)+")", "not("+v(kql.Bool)+")", "isempty("+v(w.anyType())+")", "isnull("+v(number)+")",
		"("+v(kql.Long)+w.pick(" in ", " !in ")+"(0, 3, 4711))", "("+v(kql.String)+w.pick(" in ", " in~ ", " !in ", " !in~ ")+"(\"process\", \"\", \"A1\"))", "("+v(number)+" between ("+v(number)+" .. "+v(number)+"))", "("+v(kql.String)+" has_any (\"exe\", \"a\"))",
	)
}

// queryPatterns are RE2, some of which PostgreSQL would read another way.
var queryPatterns = []string{`@"^a|\d+$"`, `@"(?i)ÜNAL|exe\b"`, `@"[^a-z]{2,3}"`, `@"(?s)a.*b"`, `@"(?m)^x$"`, `@"\Ba\B"`, `@"()|z"`, `@"[[:alpha:]]+\s[\pL]"`, `@"a{0}$"`, `@"(?U)a+?"`, `@"\x{41}|\.|\*"`, `@"(a|b)*c?\z"`, `@"k"`, `@"(?i)k"`}

func (w *queryWriter) literal(typ kql.Type) string {
	switch typ {
	case kql.Long:
		return w.pick("0", "1", "2", "17", "-3", "long(null)")
	case kql.Real:
		return w.pick("0.5", "2.0", "-1.25", "real(null)", "1e3")
	case kql.String:
		return w.pick(`""`, `"a"`, `"A1"`, `"exe"`, `"Ünal"`, `"12"`, `"-7.5e2"`, `'{"a":[1,{"b c":"x\\u00e9"}],"a":{"a":null}}'`, `' [ 1.50 , "q" ]'`, `"process"`, `"a\nb"`, `"7.0.0.1"`, `"true"`)
	case kql.Bool:
		return w.pick("true", "false")
	case kql.Datetime:
		return w.pick("datetime(2026-03-14T09:27:00Z)", "now()", "datetime(null)")
	case kql.Timespan:
		return w.pick("1m", "90s", "2d", "timespan(null)", "-1h")
	}
	return "dynamic(null)"
}

// operator writes one step.
func (w *queryWriter) operator(n int) string {
	v := func(t kql.Type) string { return w.value(t, 2) }
	name := fmt.Sprintf("x%d", n)
	column := w.columns[rapid.IntRange(0, len(w.columns)-1).Draw(w.t, "column")]
	key := column.Name
	if column.Type == kql.Dynamic {
		key = "tostring(['" + column.Name + "'])"
	} else {
		key = "['" + key + "']"
	}
	typ := rapid.SampledFrom([]kql.Type{kql.Long, kql.Real, kql.String, kql.Bool, kql.Datetime, kql.Timespan, kql.Dynamic}).Draw(w.t, "made")
	return w.pick(
		"where "+v(kql.Bool), "where "+v(kql.Bool), "extend "+name+" = "+v(typ), "project "+name+" = "+v(typ)+", "+name+"k = "+key,
		"sort by "+key+w.pick("", " asc", " asc nulls last", " desc nulls first")+", "+v(kql.Long), "top "+w.pick("1", "3")+" by "+key, "take "+w.pick("0", "2", "5"),
		"summarize "+name+" = count(), "+name+"c = countif("+v(kql.Bool)+"), "+name+"s = sum("+v(kql.Long)+"), "+name+"a = avg("+v(kql.Long)+") by "+name+"g = "+key,
		"summarize "+name+" = dcount("+key+"), "+name+"m = max("+v(kql.String)+"), "+name+"n = min("+v(kql.Datetime)+"), "+name+"v = make_set("+w.pick("Type", "'b'")+", 2) by "+name+"g = "+v(kql.Bool),
		"summarize "+name+" = min("+v(kql.Real)+"), "+name+"t = sum("+v(kql.Timespan)+")", "count",
		"join kind="+w.pick("inner", "leftouter")+" (SecurityIncident | project Key = "+w.pick("IncidentId", "Title", "Severity")+", Title, EvidenceCount) on $left.Link == $right.Key",
		"project-away ['"+column.Name+"']",
	)
}

// write writes a query that checks, step by step.
func (w *queryWriter) write() (text string, plan *kql.Plan) {
	text = w.pick("Evidence", "Evidence", "SecurityAlert", "SecurityIncident", "DeviceNetworkEvents")
	if rapid.Bool().Draw(w.t, "link") {
		text += " | extend Link = IncidentId"
	}
	plan = w.check(text)
	for n := range rapid.IntRange(1, 5).Draw(w.t, "steps") {
		w.columns = plan.Columns
		if longer := text + " | " + w.operator(n); w.check(longer) != nil {
			text, plan = longer, w.check(longer)
		}
	}
	return text, plan
}

func (w *queryWriter) check(text string) *kql.Plan {
	q, err := kql.Parse(text)
	if err != nil {
		return nil
	}
	plan, err := q.Check(QueryTables(), queryNow)
	if err != nil {
		return nil
	}
	return plan
}

// bothEngines are one workspace's rows in SQLite and in PostgreSQL, beside
// another workspace with rows of its own.
func bothEngines(t *testing.T) (stores [2]*Store, workspaces [2]string, other [2]string) {
	pg, err := Open(context.Background(), pgtest.Start(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pg.Close() })
	stores = [2]*Store{openSQLite(t), pg}
	for n, s := range stores {
		fixtureSerial.Store(100) // the same ids in both
		other[n], _ = queryWorkspace(t, s)
		workspaces[n], _ = queryWorkspace(t, s)
	}
	return stores, workspaces, other
}

// Random queries give the same rows on SQLite, on PostgreSQL and in the
// reference, in the same order.
func TestQueriesMeanTheSameEverywhere(t *testing.T) {
	stores, workspaces, _ := bothEngines(t)
	tables := reference{map[string][][]any{}}
	for _, table := range QueryTables() {
		answer, err := stores[0].Query(context.Background(), queryPlan(t, table.Name), QueryScope{Workspace: workspaces[0], Limit: 200})
		if err != nil {
			t.Fatal(err)
		}
		same, err := stores[1].Query(context.Background(), queryPlan(t, table.Name), QueryScope{Workspace: workspaces[1], Limit: 200})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(answer.Rows, same.Rows); diff != "" {
			t.Fatalf("%s: %s", table.Name, diff)
		}
		tables.tables[table.Name] = answer.Rows
	}
	ran := 0
	rapid.Check(t, func(rt *rapid.T) {
		w := &queryWriter{t: rt}
		text, plan := w.write()
		var got [2][][]any
		var failures [2]error
		for n, s := range stores {
			answer, err := s.Query(context.Background(), plan, QueryScope{Workspace: workspaces[n], Limit: 200})
			got[n], failures[n] = answer.Rows, err
		}
		want, err := tables.run(plan.Root)
		if errors.Is(err, kql.ErrRange) || errors.Is(failures[0], kql.ErrRange) || errors.Is(failures[1], kql.ErrRange) {
			return // which rows are computed is the engine's choice
		}
		if err != nil || failures[0] != nil || failures[1] != nil {
			rt.Fatalf("%s\nreference: %v, sqlite: %v, postgres: %v", text, err, failures[0], failures[1])
		}
		var rows [][]any
		for _, row := range want[:min(len(want), 200)] {
			rows = append(rows, row.values)
		}
		for n, name := range []string{"sqlite", "postgres"} {
			if diff := cmp.Diff(readable(rows, plan), readable(got[n], plan)); diff != "" {
				rt.Fatalf("%s\n%s differs from the reference (-) by\n%s", text, name, diff)
			}
		}
		ran++
	})
	if ran < 20 {
		t.Errorf("only %d queries ran", ran)
	}
}

// readable tells values apart by type and compares JSON by meaning.
func readable(rows [][]any, plan *kql.Plan) []string {
	var out []string
	for _, row := range rows {
		var b strings.Builder
		for n, v := range row {
			if text, ok := v.(string); ok && plan.Columns[n].Type == kql.Dynamic {
				var parsed any
				if json.Unmarshal([]byte(text), &parsed) == nil {
					v = parsed
				}
			}
			fmt.Fprintf(&b, "%T %v|", v, v)
		}
		out = append(out, b.String())
	}
	return out
}

// No query tells anything of another workspace: no row names one, every row that
// says where it came from says its own, and who has no rows is told nothing, not
// even as a run that claims an incident of another workspace. That numbers count
// no foreign row either is TestQueriesMeanTheSameEverywhere, where another
// workspace stands beside.
func TestS44QueriesStayInTheirWorkspace(t *testing.T) {
	engines(t, func(t *testing.T, s *Store) {
		here, incidents := queryWorkspace(t, s)
		_, strangers := queryWorkspace(t, s)
		nobody := makeWorkspace(t, s)
		own := map[string]bool{incidents[0].ID: true, incidents[1].ID: true}
		rapid.Check(t, func(rt *rapid.T) {
			w := &queryWriter{t: rt}
			text, plan := w.write()
			ask := func(scope QueryScope) (QueryAnswer, error) {
				scope.Limit, scope.Lineage = 200, true
				return s.Query(context.Background(), plan, scope)
			}
			answer, err := ask(QueryScope{Workspace: here})
			if err != nil {
				return
			}
			for _, source := range answer.Sources {
				if !own[source.Incident] {
					rt.Fatalf("%s\nis drawn from %s", text, source.Incident)
				}
			}
			for _, id := range []string{strangers[0].ShortID, strangers[1].ShortID} {
				if strings.Contains(lines(answer), id) {
					rt.Fatalf("%s\nanswers %q, which names %s", text, lines(answer), id)
				}
			}
			empty, err := ask(QueryScope{Workspace: nobody})
			if err != nil || len(empty.Sources) > 0 {
				rt.Fatalf("%s\nan empty workspace answers %v, %v", text, empty, err)
			}
			run, err := ask(QueryScope{Workspace: nobody, Run: incidents[0].ID, Incidents: []string{incidents[0].ID}})
			if err != nil || len(run.Sources) > 0 || lines(run) != lines(empty) {
				rt.Fatalf("%s\na run on a foreign incident is told %v, %v", text, run, err)
			}
		})
	})
}

// Two queries that differ in their values alone are one statement: no value is
// ever part of its text, and no name of the query either.
func TestValuesAndNamesAreNoSQL(t *testing.T) {
	for _, d := range []dialect{sqliteDialect, postgresDialect} {
		text := func(query string) string {
			b := &queryBuilder{dialect: d, workspace: "w"}
			out, _, err := b.statement(queryPlan(t, query), 50)
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		const form = `Evidence | where Summary has %[1]q and Type in (%[1]q) or Source startswith %[1]q or tostring(Fields[%[1]q]) matches regex %[1]q | extend ['%[2]s'] = %[3]d | summarize ['%[2]s1'] = make_set(Type, %[3]d) by ['%[2]s'] | take %[3]d`
		a := text(fmt.Sprintf(form, "x", "y", 5))
		b := text(fmt.Sprintf(form, "x'; DROP TABLE evidence; --", `z" OR 1=1 --`, 7))
		if a != b {
			t.Errorf("%s\n%s", a, b)
		}
	}
}
