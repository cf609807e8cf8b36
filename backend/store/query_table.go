package store

import (
	"encoding/json"
	"strconv"
	"strings"

	"vedette/backend/soc"
	"vedette/backend/soc/kql"
)

// queryTable is a table of kql with the SQL behind it.
type queryTable struct {
	kql.Table
	// from is the FROM clause and base the table in it that workspace, incident
	// and order are columns of. alive is what every row satisfies. number is the
	// evidence number, "0" where there is none.
	from, base, alive, workspace, incident, number, flagged string
	// order are the columns that name a row, the time first; an index of the
	// workspace gives them in this order.
	order []string
	// types are the evidence types of a view; nil for all.
	types   []string
	columns []func(*queryBuilder) string
	// shown are the columns that a run sees of incidents other than its own; nil
	// where it sees no row of them.
	shown map[string]bool
}

// queryTables are all tables in the order of a list.
var queryTables = append([]*queryTable{evidenceTable("Evidence", "Every row of evidence of every incident.", nil, nil), alertTable(), incidentTable()}, evidenceViews()...)

// QueryTables lists the tables that a query can name. The views of evidence are
// among them whether there are rows or not.
func QueryTables() []*kql.Table {
	out := make([]*kql.Table, len(queryTables))
	for n, t := range queryTables {
		out[n] = &t.Table
	}
	return out
}

func findQueryTable(t *kql.Table) *queryTable {
	for _, own := range queryTables {
		if &own.Table == t {
			return own
		}
	}
	return nil
}

// add gives a table a column. sql may hold no value of a caller.
func (t *queryTable) add(name string, typ kql.Type, outside bool, sql string) {
	t.make(name, typ, outside, func(*queryBuilder) string { return sql })
}

func (t *queryTable) make(name string, typ kql.Type, outside bool, sql func(*queryBuilder) string) {
	t.Columns = append(t.Columns, kql.Column{Name: name, Type: typ, Text: outside})
	t.columns = append(t.columns, sql)
}

// at is a stored time: 0 is none.
func at(column string) string { return "NULLIF(" + column + ", 0)" }

// worded is a column of a closed set in the portal's words.
func worded[T ~string](column string, words soc.Words[T], all []T) string {
	var b strings.Builder
	b.WriteString("CASE " + column)
	for _, core := range all {
		b.WriteString(" WHEN '" + string(core) + "' THEN '" + words.Word(core) + "'")
	}
	return b.String() + " ELSE '' END"
}

// capital is a column of a closed set with its words in capitals.
func capital[T ~string](column string, all []T) string {
	var b strings.Builder
	b.WriteString("CASE " + column)
	for _, word := range all {
		b.WriteString(" WHEN '" + string(word) + "' THEN '" + strings.ToUpper(string(word[:1])) + string(word[1:]) + "'")
	}
	return b.String() + " ELSE '' END"
}

func evidenceTable(name, about string, types []string, fields []evidenceField) *queryTable {
	t := &queryTable{
		Table: kql.Table{Name: name, About: about, Time: 0, Incident: 2},
		from:  "evidence e JOIN incident i ON i.id = e.incident_id", base: "evidence e", alive: "i.deleted_at = 0", workspace: "e.workspace_id", incident: "e.incident_id",
		number: "e.number", flagged: "e.flags <> '[]'", order: []string{"e.at", "e.incident_id", "e.number"}, types: types,
	}
	t.add("TimeGenerated", kql.Datetime, false, at("e.at"))
	t.add("EvidenceId", kql.String, false, "'E' || CAST(e.number AS TEXT)")
	t.add("IncidentId", kql.String, false, "i.short_id")
	t.add("IncidentNumber", kql.Long, false, "i.number")
	t.add("Source", kql.String, false, "e.source")
	t.add("Type", kql.String, false, "e.type")
	for _, f := range fields {
		t.make(f.column, kql.String, true, f.sql)
	}
	t.add("AlertId", kql.String, false, "e.alert_id")
	t.add("EntityIds", kql.Dynamic, false, "e.entities")
	t.add("Summary", kql.String, true, "e.text")
	t.add("Fields", kql.Dynamic, true, "kql_bag(e.fields)")
	t.add("Provenance", kql.String, false, worded("e.provenance", soc.PortalProvenance, soc.AllProvenances))
	t.add("Flagged", kql.Bool, false, "(e.flags <> '[]')")
	return t
}

// evidenceField is a column of a view: the first of several fields that has a
// value.
type evidenceField struct {
	column string
	fields []string
}

func (f evidenceField) sql(b *queryBuilder) string {
	parts := make([]string, 0, len(f.fields)+1)
	for _, name := range f.fields {
		parts = append(parts, "NULLIF(kql_field(e.fields, "+b.arg(fieldMark(name))+"), '')")
	}
	return "COALESCE(" + strings.Join(append(parts, "''"), ", ") + ")"
}

// fieldMark is how the stored fields of a row begin one of this name: a quote
// inside a text is always behind a backslash, so no text can hold it.
func fieldMark(name string) string {
	quoted, _ := json.Marshal(name) // a string always encodes
	return `{"name":` + string(quoted) + `,"value":"`
}

func alertTable() *queryTable {
	t := &queryTable{
		Table: kql.Table{Name: "SecurityAlert", About: "Every alert as ingested.", Time: 0, Incident: 2},
		from:  "alert a LEFT JOIN incident i ON i.id = a.incident_id AND i.deleted_at = 0", base: "alert a", workspace: "a.workspace_id", incident: "a.incident_id",
		number: "0", flagged: "a.flags <> '[]'", order: []string{"a.created_at", "a.id"},
	}
	t.add("TimeGenerated", kql.Datetime, false, at("a.created_at"))
	t.add("AlertId", kql.String, false, "a.id")
	t.add("IncidentId", kql.String, false, "COALESCE(i.short_id, '')")
	t.add("IncidentNumber", kql.Long, false, "i.number")
	t.add("Source", kql.String, false, "a.source")
	t.add("SystemAlertId", kql.String, true, "a.external_id")
	t.add("AlertName", kql.String, true, "a.title")
	t.add("AlertSeverity", kql.String, false, worded("a.severity", soc.PortalSeverity, soc.AllSeverities))
	t.add("Status", kql.String, false, capital("a.status", soc.AllAlertStatuses))
	t.add("Description", kql.String, true, "a.description")
	t.add("ProductName", kql.String, false, "a.product")
	t.add("VendorName", kql.String, false, "a.vendor")
	t.add("AlertType", kql.String, true, "a.detector")
	t.add("Category", kql.String, true, "a.category")
	t.add("Tactics", kql.Dynamic, false, "a.tactics")
	t.add("Techniques", kql.Dynamic, false, "a.techniques")
	t.add("StartTime", kql.Datetime, false, at("a.started_at"))
	t.add("EndTime", kql.Datetime, false, at("a.ended_at"))
	t.add("Flagged", kql.Bool, false, "(a.flags <> '[]')")
	return t
}

func incidentTable() *queryTable {
	t := &queryTable{
		Table: kql.Table{Name: "SecurityIncident", About: "Every incident, one row each as it is now.", Time: 0, Incident: 1},
		from:  "incident i", base: "incident i", alive: "i.deleted_at = 0", workspace: "i.workspace_id", incident: "i.id", number: "0", flagged: "i.flags <> '[]'", order: []string{"i.created_at", "i.id"},
		shown: map[string]bool{
			"TimeGenerated": true, "IncidentId": true, "IncidentNumber": true, "IncidentName": true, "Source": true, "IncidentType": true, "Title": true,
			"Severity": true, "Status": true, "Classification": true, "CreatedTime": true, "LastModifiedTime": true,
		},
	}
	t.add("TimeGenerated", kql.Datetime, false, at("i.created_at"))
	t.add("IncidentId", kql.String, false, "i.short_id")
	t.add("IncidentNumber", kql.Long, false, "i.number")
	t.add("IncidentName", kql.String, true, "i.external_id")
	t.add("Source", kql.String, false, "i.source")
	t.add("IncidentType", kql.String, false, "i.incident_type")
	t.add("Title", kql.String, true, "i.title")
	t.add("Description", kql.String, true, "i.description")
	t.add("Severity", kql.String, false, worded("i.severity", soc.PortalSeverity, soc.AllSeverities))
	t.add("Status", kql.String, false, worded("i.status", soc.PortalStatus, soc.AllStatuses))
	t.add("Classification", kql.String, false, "i.verdict")
	t.add("ClassificationReason", kql.String, false, "i.verdict_reason")
	t.add("OwnerEmail", kql.String, false, "i.assignee_email")
	t.add("Tactics", kql.Dynamic, false, "i.tactics")
	t.add("AlertProductNames", kql.Dynamic, false, "i.products")
	t.add("AlertsCount", kql.Long, false, "i.alert_count")
	t.add("EvidenceCount", kql.Long, false, "i.evidence_count")
	t.add("CreatedTime", kql.Datetime, false, at("i.created_at"))
	t.add("LastModifiedTime", kql.Datetime, false, at("i.updated_at"))
	t.add("FirstActivityTime", kql.Datetime, false, at("i.first_activity"))
	t.add("LastActivityTime", kql.Datetime, false, at("i.last_activity"))
	t.add("Flagged", kql.Bool, false, "(i.flags <> '[]')")
	return t
}

// narrowedTitle is the longest title that a run is shown of an incident that is
// not its own, as in the lists.
const narrowedTitle = 200

// narrowed is a column under a run: of other incidents empty, unless shown.
func (t *queryTable) narrowed(b *queryBuilder, column int, sql string) string {
	c := t.Columns[column]
	if t.shown[c.Name] && c.Name != "Title" {
		return sql
	}
	own := "CASE WHEN " + t.incident + " = " + b.arg(b.run) + " THEN " + sql
	switch {
	case c.Name == "Title":
		return own + " ELSE substr(" + sql + ", 1, " + strconv.Itoa(narrowedTitle) + ") END"
	case c.Type == kql.String:
		return own + " ELSE '' END"
	}
	return own + " END"
}
