package store

import (
	"context"
	"reflect"
	"regexp"
	"slices"
	"testing"
)

func (c *recorder) exec(ctx context.Context, text string, args ...any) (int64, error) {
	c.texts, c.args = append(c.texts, text), append(c.args, args)
	return c.queryer.exec(ctx, text, args...)
}

func (c *recorder) deferExec(ctx context.Context, text string, args ...any) error {
	c.texts, c.args = append(c.texts, text), append(c.args, args)
	return c.queryer.deferExec(ctx, text, args...)
}

// wholeWorkspace is a step that finds rows by their workspace alone, and
// wholeTable one that reads all rows of a table.
var (
	wholeWorkspace = regexp.MustCompile(`^SEARCH (\w+) USING (?:COVERING )?INDEX \w+ \(workspace_id=\?\)`)
	wholeTable     = regexp.MustCompile(`^SCAN (\w+)`)
)

// fewOfWorkspace are tables, by name or by what a statement calls them, that hold few
// rows of a workspace, whatever comes in; inTurn the methods that walk a
// workspace's rows in the order of an index and stop at the end of a page, or ask
// an index that holds only the few that are not over.
var (
	fewOfWorkspace = []string{
		"breaker", "c", "incident_tally", "data_source", "memory_type", "workspace_limits", "policy_rules", "protected_list", "playbook_disabled", "agent_settings",
		"policy_version", "sla_target", "sop_draft", "mine", "triage_playbook", "target_lock", "run_work", "s", "g", "h",
	}
	inTurn = []string{
		"AuditEntries", "ListAlerts", "ListGamebooks", "Runs", "Suppressions", "SourcesInUse", "LookAgain", "HeldCounts", "TriagesOpen", "SupersedeVerdictEvent",
		"KeptAuditExports", "RunningVerification",
	}
)

// TestNoStatementReadsAWholeWorkspace looks at the plan that SQLite makes of
// every statement of every method, with the estimates that a new database has.
// A statement that says both its workspace and something that is rarer must not
// be answered by reading the workspace.
func TestNoStatementReadsAWholeWorkspace(t *testing.T) {
	names := parameterNames(t)
	s := openSQLite(t)
	fillEverything(t, s)
	reader := reflect.TypeFor[*Reader]()
	for n := range reader.NumMethod() {
		method := reader.Method(n)
		r := s.Read(context.Background())
		kept := &recorder{queryer: r.q}
		r.q = kept
		call(r, method, names[method.Name], mark)
		judge(t, s, method.Name, kept)
	}
	tx := reflect.TypeFor[*Tx]()
	for n := range tx.NumMethod() {
		method := tx.Method(n)
		if _, read := reader.MethodByName(method.Name); read {
			continue
		}
		var kept *recorder
		_ = s.Write(context.Background(), func(tx *Tx) error {
			kept = &recorder{queryer: tx.q}
			tx.q = kept
			defer func() { tx.q = kept.queryer }()
			call(tx, method, names[method.Name], mark)
			return context.Canceled
		})
		judge(t, s, method.Name, kept)
	}
}

func judge(t *testing.T, s *Store, name string, kept *recorder) {
	t.Helper()
	for n, text := range kept.texts {
		for _, line := range planOf(t, s, text, kept.args[n]) {
			step := wholeWorkspace.FindStringSubmatch(line)
			if step != nil && !slices.Contains(fewOfWorkspace, step[1]) && !slices.Contains(inTurn, name) {
				t.Errorf("%s reads a whole workspace: %s\n\t%s", name, line, text)
			}
			if step = wholeTable.FindStringSubmatch(line); step != nil && tableNames(t, s)[step[1]] {
				t.Errorf("%s reads a whole table: %s\n\t%s", name, line, text)
			}
		}
	}
}

func tableNames(t *testing.T, s *Store) map[string]bool {
	t.Helper()
	found, err := all(s.Read(context.Background()), scanString, `SELECT name FROM sqlite_schema WHERE type = 'table'`)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, name := range found {
		names[name] = true
	}
	return names
}
