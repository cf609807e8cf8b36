package store

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"vedette/backend/soc"
)

// recorder keeps the statements of a reader.
type recorder struct {
	queryer
	texts []string
	args  [][]any
}

func (c *recorder) query(ctx context.Context, text string, args ...any) (rows, error) {
	c.texts, c.args = append(c.texts, text), append(c.args, args)
	return c.queryer.query(ctx, text, args...)
}

func (c *recorder) queryRow(ctx context.Context, text string, args ...any) row {
	c.texts, c.args = append(c.texts, text), append(c.args, args)
	return c.queryer.queryRow(ctx, text, args...)
}

// planOf is how the engine would run a statement, a line a step.
func planOf(t *testing.T, s *Store, text string, args []any) []string {
	t.Helper()
	ctx := context.Background()
	if s.dialect == sqliteDialect {
		lines, err := all(s.Read(ctx), func(x row) (string, error) {
			var id, parent, unused int
			var line string
			err := x.Scan(&id, &parent, &unused, &line)
			return line, err
		}, `EXPLAIN QUERY PLAN `+text, args...)
		if err != nil {
			t.Fatal(err)
		}
		return lines
	}
	var lines []string
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SET LOCAL enable_sort = off`); err != nil {
			return err
		}
		found, err := tx.Query(ctx, `EXPLAIN (COSTS OFF) `+text, args...)
		if err != nil {
			return err
		}
		lines, err = pgx.CollectRows(found, pgx.RowTo[string])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

// scans are steps that read a whole table, per engine.
var scans = map[dialect]*regexp.Regexp{
	sqliteDialect:   regexp.MustCompile(`^SCAN (incident|i|incident_word)\b`),
	postgresDialect: regexp.MustCompile(`Seq Scan on incident|Bitmap`),
}

// TestNoListScansOrSorts looks at the plan of every order with every kind of
// filter, on a table of some thousand rows without statistics: no step reads
// all incidents, and what is sorted is the page alone.
func TestNoListScansOrSorts(t *testing.T) {
	open := soc.AllStatuses[:5]
	filters := map[string]soc.IncidentFilter{
		"all": {}, "one status": {Statuses: open[:1]}, "closed": {Statuses: soc.AllStatuses[5:]}, "open": {Statuses: open}, "severity": {Severities: soc.AllSeverities[3:]}, "status and severity": {Statuses: open[:2], Severities: soc.AllSeverities[4:]},
		"source": {Sources: []string{"Sentinel"}}, "sources": {Sources: []string{"Sentinel", "QRadar"}, Statuses: open[:1]}, "type": {Types: []string{"phishing"}}, "type and severity": {Types: []string{"phishing"}, Severities: soc.AllSeverities[3:]},
		"window": {CreatedAfter: fixtureTime.Add(-time.Hour), CreatedBefore: fixtureTime}, "source in a window": {Sources: []string{"Sentinel"}, CreatedAfter: fixtureTime.Add(-24 * time.Hour)},
		"closed in a long window": {Statuses: soc.AllStatuses[5:], CreatedBefore: fixtureTime.Add(-time.Minute)}, "long window": {CreatedAfter: fixtureTime.Add(-1000 * time.Hour)},
		"assignee": {AssigneeIDs: []string{"ana"}}, "assignees": {AssigneeIDs: []string{"ana", "ben"}, AssigneeEmails: []string{"ana@example.com"}, Unassigned: true, Severities: soc.AllSeverities[4:], CreatedAfter: fixtureTime.Add(-time.Hour)},
		"address": {AssigneeEmails: []string{"ana@example.com"}, Sources: []string{"Sentinel"}}, "nobody": {Unassigned: true, Statuses: open[:1]},
		"word": {Query: "suspicious"}, "words and status": {Query: "suspicious malware", Statuses: open},
	}
	engines(t, func(t *testing.T, s *Store) {
		workspace := seed(t, s, 3000)
		for name, f := range filters {
			for _, sort := range SortOrders() {
				for _, direction := range []string{"", "-"} {
					for _, phases := range [][]int{nil, {0}, {1, 2}} {
						for _, after := range []*soc.Keyset{nil, {Value: "2", ID: "0197"}} {
							if f.Query != "" && (sort != "created_at" || phases != nil) || (after != nil && direction == "") {
								continue // sorts what matches, and says so
							}
							f.Workspace, f.Sort, f.After, f.Limit = workspace, direction+sort, after, 50
							inOrder(t, s, fmt.Sprintf("%s by %s%s, phases %v, after %v", name, direction, sort, phases, after != nil), f, phases)
						}
					}
				}
			}
		}
	})
}

func inOrder(t *testing.T, s *Store, name string, f soc.IncidentFilter, phases []int) {
	t.Helper()
	r := s.Read(context.Background())
	kept := &recorder{queryer: r.q}
	r.q = kept
	if _, err := r.ListIncidents(f, phases); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	for n, text := range kept.texts {
		plan := planOf(t, s, text, kept.args[n])
		sorts := 0
		for _, line := range plan {
			line = strings.TrimLeft(line, " ->")
			if scans[s.dialect].MatchString(line) {
				t.Errorf("%s reads the whole table: %s\n%s", name, line, strings.Join(plan, "\n"))
				return
			}
			if strings.Contains(line, "One-Time Filter: false") {
				return // no range is left, and nothing is read
			}
			if line == "Sort" || strings.HasPrefix(line, "USE TEMP B-TREE FOR ORDER BY") || strings.HasPrefix(line, "USE TEMP B-TREE FOR LAST") {
				sorts++
			}
		}
		// Where the order's column is fixed in each range, PostgreSQL cannot see
		// that the ranges are in its order, and sorts one page of each.
		most := 1
		if column := listOrders[strings.TrimPrefix(f.Sort, "-")].column; s.dialect == postgresDialect && (column == "severity_rank" || column == "phase") {
			most = 2
		}
		if sorts > most {
			t.Errorf("%s sorts more than its page:\n%s", name, strings.Join(plan, "\n"))
			return
		}
	}
}
