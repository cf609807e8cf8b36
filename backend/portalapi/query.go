package portalapi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

// Requests and data of the agent tools are snake_case (portal-api.md section 1).

// registerQuery adds the agent tools that read what the workspace knows.
func (d *door) registerQuery(registry *web.Registry, family *web.Family) {
	execute := web.Operation{Method: "POST", Who: web.Scoped, Scope: soc.ScopeAgentToolsExecute, MinRole: soc.RoleSenior, Rate: "agent-tools"}
	web.Register(registry, family, at(execute, toolsPath+"/kql/query", "execute_kql", "Answer a query over the rows of the workspace."), d.executeKQL)
	read := web.Operation{Method: "GET", Who: web.Scoped, Scope: soc.ScopeAgentToolsRead, MinRole: soc.RoleViewer, Rate: "agent-tools"}
	web.Register(registry, family, at(read, toolsPath+"/kql/tables", "list_kql_tables", "The tables that a query can name."), d.listKQLTables)
	columns := read
	columns.Method = "POST"
	web.Register(registry, family, at(columns, toolsPath+"/kql/tables/columns", "get_kql_table_columns", "The columns of tables, with their types."), d.kqlTableColumns)
	d.registerReads(registry, family)
}

type kqlInput struct {
	Body struct {
		Query   string      `json:"query" jsonschema:"minLength=1,maxLength=16384" jsonschema_description:"A query in the documented subset of KQL over the tables of list-kql-tables."`
		MaxRows schemas.Int `json:"max_rows,omitempty" jsonschema:"minimum=1" jsonschema_description:"At most so many rows, default 50. Above 200 is 200."`
	} `body:"json"`
}

// kqlAnswer is what execute-kql answers. Code is null on success.
type kqlAnswer struct {
	Success   bool       `json:"success"`
	Summary   string     `json:"summary"`
	Code      *string    `json:"code"`
	RowCount  int        `json:"row_count"`
	Truncated bool       `json:"truncated"`
	Columns   []string   `json:"columns"`
	Rows      []queryRow `json:"rows"`
}

// queryRow is a row as an object of its columns.
type queryRow = schemas.FreeObject

func (d *door) executeKQL(ctx context.Context, by soc.Actor, in kqlInput) (web.Reply[kqlAnswer], error) {
	found, err := d.desk.ExecuteKQL(ctx, by, soc.Query{Text: in.Body.Query, MaxRows: int(in.Body.MaxRows)})
	if summary, code, refused := refusal("Not run", err); refused {
		return web.OK(kqlAnswer{Summary: summary, Code: &code, Columns: []string{}, Rows: []queryRow{}}), nil
	}
	if err != nil {
		return web.Reply[kqlAnswer]{}, err
	}
	out := kqlAnswer{
		Success: true, Summary: querySummary(found), RowCount: len(found.Rows), Truncated: found.More || found.Cut,
		Columns: []string{}, Rows: []queryRow{},
	}
	for _, c := range found.Columns {
		out.Columns = append(out.Columns, c.Name)
	}
	for _, row := range found.Rows {
		object, err := drawRow(out.Columns, row)
		if err != nil {
			return web.Reply[kqlAnswer]{}, err
		}
		out.Rows = append(out.Rows, object)
	}
	return web.OK(out), nil
}

// refusal is what an agent tool says instead of an answer where policy or the
// question itself stands against one.
func refusal(what string, err error) (summary, code string, refused bool) {
	if soc.KindOf(err) != soc.Refused {
		return "", "", false
	}
	e := soc.AsError(err)
	summary = what + " (" + string(e.Code) + "): " + e.Message
	if e.Fix != "" {
		summary += " " + e.Fix
	}
	return summary, string(e.Code), true
}

type kqlTables struct {
	Success bool       `json:"success"`
	Summary string     `json:"summary"`
	Tables  []kqlTable `json:"tables"`
}

type kqlTable struct {
	Name string `json:"name"`
}

func (d *door) listKQLTables(ctx context.Context, by soc.Actor, _ struct{}) (web.Reply[kqlTables], error) {
	found, err := d.desk.ListKQLTables(ctx, by)
	if err != nil {
		return web.Reply[kqlTables]{}, err
	}
	out := kqlTables{Success: true, Summary: counted(len(found), "table") + " of this workspace. Ask for the columns of those that matter, then query them.", Tables: []kqlTable{}}
	for _, t := range found {
		out.Tables = append(out.Tables, kqlTable{t.Name})
	}
	return web.OK(out), nil
}

type kqlColumnsInput struct {
	Body struct {
		TableNames []string `json:"table_names" jsonschema:"minItems=1,maxItems=50" jsonschema_description:"Names as list-kql-tables gives them."`
	} `body:"json"`
}

type kqlColumns struct {
	Success           bool              `json:"success"`
	Summary           string            `json:"summary"`
	Tables            []kqlTableColumns `json:"tables"`
	UnknownTableNames []string          `json:"unknown_table_names"`
}

type kqlTableColumns struct {
	Name    string      `json:"name"`
	Columns []kqlColumn `json:"columns"`
}

type kqlColumn struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

func (d *door) kqlTableColumns(ctx context.Context, by soc.Actor, in kqlColumnsInput) (web.Reply[kqlColumns], error) {
	found, unknown, err := d.desk.KQLTables(ctx, by, in.Body.TableNames)
	if err != nil {
		return web.Reply[kqlColumns]{}, err
	}
	out := kqlColumns{Success: true, Summary: counted(len(found), "table") + " described.", Tables: []kqlTableColumns{}, UnknownTableNames: list(unknown)}
	if len(unknown) > 0 {
		out.Summary += " " + counted(len(unknown), "name") + " not known: names are compared exactly, see list-kql-tables."
	}
	for _, t := range found {
		drawn := kqlTableColumns{t.Name, []kqlColumn{}}
		for _, c := range t.Columns {
			drawn.Columns = append(drawn.Columns, kqlColumn(c))
		}
		out.Tables = append(out.Tables, drawn)
	}
	return web.OK(out), nil
}

// querySummary is in the server's own words: no text of a row is in it.
func querySummary(r soc.QueryResult) string {
	text := fmt.Sprintf("%s of %s.", counted(len(r.Rows), "row"), counted(len(r.Columns), "column"))
	if r.Clamped {
		text += fmt.Sprintf(" max_rows was more than allowed; %d was used.", r.Limit)
	}
	if r.More {
		text += fmt.Sprintf(" There are more rows than these %d: narrow the query, summarize, or ask on from the last TimeGenerated.", r.Limit)
	}
	if r.Cut {
		text += " The answer ends early because its values are long: project fewer columns."
	}
	if len(r.Rows) == 0 {
		text += " Nothing matches: check the time window, the case of == (=~ ignores it) and the names in list-kql-tables."
	}
	return text
}

func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// drawRow writes a row as an object, its members in the order of the columns.
func drawRow(columns []string, row []any) (queryRow, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	b.WriteByte('{')
	for n, name := range columns {
		if n > 0 {
			b.WriteByte(',')
		}
		if err := encoder.Encode(name); err != nil {
			return nil, err
		}
		b.WriteByte(':')
		if err := encoder.Encode(drawValue(row[n])); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	var tight bytes.Buffer
	err := json.Compact(&tight, b.Bytes())
	return tight.Bytes(), err
}

func drawValue(v any) any {
	switch v := v.(type) {
	case time.Time:
		if v.Nanosecond()%int(time.Millisecond) != 0 {
			return v.Format("2006-01-02T15:04:05.000000Z")
		}
		return schemas.Time(v)
	case time.Duration:
		return spanText(v)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil
		}
	}
	return v
}

// spanText writes a timespan as Kusto does: 1.02:03:04.5000000.
func spanText(v time.Duration) string {
	minus := ""
	if v < 0 {
		minus, v = "-", -v
	}
	days, v := v/(24*time.Hour), v%(24*time.Hour)
	text := fmt.Sprintf("%02d:%02d:%02d", v/time.Hour, v/time.Minute%60, v/time.Second%60)
	if rest := v % time.Second; rest > 0 {
		text += fmt.Sprintf(".%07d", rest/100)
	}
	if days > 0 {
		text = fmt.Sprintf("%d.%s", days, text)
	}
	return minus + text
}
