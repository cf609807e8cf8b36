package backend

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"vedette/backend/soc"
	"vedette/backend/soc/kql"
	"vedette/backend/store"
)

// queryText is the most characters of one value of an answer; more is cut
// visibly (S41).
const queryText = 32_768

// ExecuteKQL answers a query over the evidence, alerts and incidents of the
// actor's workspace; no query can name anything else. Under a run token the
// evidence and alerts are those of the run's incident, and of other incidents
// only which they are, their title and verdict (S8). A query that cannot be
// answered is Refused with KQL_ERROR, saying why and what to write instead.
func (d *Desk) ExecuteKQL(ctx context.Context, by soc.Actor, in soc.Query) (out soc.QueryResult, err error) {
	if err := by.May(soc.ScopeAgentToolsExecute, soc.RoleSenior); err != nil {
		return out, err
	}
	return d.query(ctx, by, in)
}

func (d *Desk) query(ctx context.Context, by soc.Actor, in soc.Query) (out soc.QueryResult, err error) {
	out = soc.QueryResult{Limit: in.MaxRows, At: d.clock()}
	switch {
	case in.MaxRows < 0:
		return out, soc.InvalidField("max_rows", "must be 1 to %d", kql.MaxRows)
	case in.MaxRows == 0:
		out.Limit = kql.DefaultRows
	case in.MaxRows > kql.MaxRows:
		out.Limit, out.Clamped = kql.MaxRows, true
	}
	parsed, err := kql.Parse(in.Text)
	if err != nil {
		return out, kqlError(err)
	}
	plan, err := parsed.Check(store.QueryTables(), out.At)
	if err != nil {
		return out, kqlError(err)
	}
	found, err := d.answer(ctx, by, plan, d.queryScope(by, out.Limit))
	found.Limit, found.Clamped, found.At = out.Limit, out.Clamped, out.At
	return found, err
}

// queryScope is what of the workspace an actor may ask about.
func (d *Desk) queryScope(by soc.Actor, limit int) store.QueryScope {
	scope := store.QueryScope{Workspace: by.Workspace, Lineage: by.Kind == soc.PrincipalAgent, Limit: limit}
	if by.Run != nil {
		scope.Run = by.Run.Incident
	}
	return scope
}

// answer runs a plan and notes what it hands out.
func (d *Desk) answer(ctx context.Context, by soc.Actor, plan *kql.Plan, scope store.QueryScope) (out soc.QueryResult, err error) {
	answer, err := d.store.Query(ctx, plan, scope)
	if err != nil {
		return out, kqlError(err)
	}
	if err := serveQuery(by, answer); err != nil {
		return out, err
	}
	out.More, out.Cut = answer.More, answer.Cut
	for _, c := range plan.Columns {
		out.Columns = append(out.Columns, soc.QueryColumn{Name: c.Name, Type: string(c.Type)})
	}
	for _, row := range answer.Rows {
		for n, c := range plan.Columns {
			row[n] = queryValue(c.Type, row[n])
		}
		out.Rows = append(out.Rows, row)
	}
	return out, nil
}

// serveQuery notes the rows, and the incidents whose text is in them. An answer
// to a run belongs to its incident even if it says nothing of it.
func serveQuery(by soc.Actor, answer store.QueryAnswer) error {
	own := soc.Incident{}
	if by.Run != nil {
		own.ID = by.Run.Incident
	}
	if err := serve(by, own, len(answer.Rows), false, false); err != nil {
		return err
	}
	for _, source := range answer.Sources {
		i := soc.Incident{ID: source.Incident}
		if err := serve(by, i, 0, true, source.Flagged); err != nil {
			return err
		}
		rows := make([]soc.Evidence, len(source.Evidence))
		for n, number := range source.Evidence {
			rows[n].Number = number
		}
		if err := serveEvidence(by, i, rows); err != nil {
			return err
		}
	}
	return nil
}

// queryValue gives a stored value the type it has outside.
func queryValue(t kql.Type, v any) any {
	switch v := v.(type) {
	case int64:
		switch t {
		case kql.Datetime:
			return time.UnixMicro(v).UTC()
		case kql.Timespan:
			return time.Duration(v) * time.Microsecond
		}
	case string:
		if t == kql.Dynamic && len(v) <= queryText && json.Valid([]byte(v)) {
			return json.RawMessage(v)
		}
		return cutValue(v, queryText)
	}
	return v
}

// cutValue cuts a text to so many characters and says how many are left out.
func cutValue(text string, most int) string {
	if len(text) <= most {
		return text
	}
	count := utf8.RuneCountInString(text)
	if count <= most {
		return text
	}
	return fmt.Sprintf("%s…[cut %d]", string([]rune(text)[:most]), count-most)
}

// kqlError says what is wrong with a query; other errors stay as they are.
func kqlError(err error) error {
	refuse := func(fix, format string, args ...any) error {
		e := soc.Errorf(soc.Refused, soc.CodeKQLError, format, args...)
		e.Fix = fix
		return e
	}
	sentence := func(text string) string {
		return strings.ToUpper(text[:1]) + text[1:] + "."
	}
	var wrong *kql.Error
	var scan *store.QueryScanError
	switch {
	case errors.As(err, &wrong):
		return refuse(wrong.Fix, "%s", sentence(wrong.Error()))
	case errors.As(err, &scan):
		return refuse(fmt.Sprintf("Put | where TimeGenerated > datetime(%s) right behind the table, or ask for an earlier window of that size.", scan.Since.Format("2006-01-02T15:04:05.000000Z")),
			"%s holds more than %d rows in the time asked for, and no query reads more.", scan.Table, store.QueryScan)
	case errors.Is(err, store.ErrQueryTime):
		return refuse("Ask for a shorter time with where TimeGenerated > ago(…) right behind the table.", "The query took too long and was stopped.")
	case errors.Is(err, store.ErrQuerySize):
		return refuse("Keep fewer columns and groups.", "The query needs more room than it may have.")
	case errors.Is(err, store.ErrQuerySources):
		return refuse("Ask for a shorter time or for fewer incidents, or leave out columns of text.", "The answer draws on the text of more incidents than one answer may.")
	case errors.Is(err, kql.ErrRange):
		return refuse("Divide first, or use todouble.", "The arithmetic of the query leaves the range of its type.")
	}
	return err
}

// ListKQLTables lists the tables that a query can name. The views of evidence by
// type are listed where the workspace has rows of the type.
func (d *Desk) ListKQLTables(ctx context.Context, by soc.Actor) (tables []soc.QueryTable, err error) {
	if err := by.May(soc.ScopeAgentToolsRead, soc.RoleViewer); err != nil {
		return nil, err
	}
	filled, err := d.store.FilledTables(ctx, d.queryScope(by, 0))
	if err != nil {
		return nil, err
	}
	for _, t := range store.QueryTables() {
		if slices.Contains(filled, t.Name) {
			tables = append(tables, soc.QueryTable{Name: t.Name, About: t.About})
		}
	}
	return tables, serveRun(by, len(tables))
}

// KQLTables describes tables by name, and says which names are not known. Views
// without rows can be described and asked as well.
func (d *Desk) KQLTables(_ context.Context, by soc.Actor, names []string) (tables []soc.QueryTable, unknown []string, err error) {
	if err := by.May(soc.ScopeAgentToolsRead, soc.RoleViewer); err != nil {
		return nil, nil, err
	}
	all := store.QueryTables()
	for _, name := range names {
		n := slices.IndexFunc(all, func(t *kql.Table) bool { return t.Name == name })
		if n < 0 {
			unknown = append(unknown, name)
			continue
		}
		t := soc.QueryTable{Name: name, About: all[n].About}
		for _, c := range all[n].Columns {
			t.Columns = append(t.Columns, soc.QueryColumn{Name: c.Name, Type: string(c.Type)})
		}
		tables = append(tables, t)
	}
	return tables, unknown, serveRun(by, len(tables))
}

// serveRun notes an answer without text of anybody outside.
func serveRun(by soc.Actor, rows int) error {
	return serveQuery(by, store.QueryAnswer{Rows: make([][]any, rows)})
}
