package soc

import "time"

// Query asks about the rows of a workspace in the language of package kql.
type Query struct {
	Text string
	// MaxRows is the most rows of the answer, 1 to 200; 0 is 50, and more than
	// 200 is 200.
	MaxRows int
}

// QueryColumn is a column of a table or of an answer.
type QueryColumn struct {
	Name string
	Type string
}

// QueryTable is a table that a query can name.
type QueryTable struct {
	Name    string
	About   string
	Columns []QueryColumn
}

// QueryResult is what a query found.
type QueryResult struct {
	Columns []QueryColumn
	// Rows hold a value per column: nil, string, int64, float64, bool, time.Time,
	// time.Duration, or JSON as json.RawMessage.
	Rows [][]any
	// Limit is the most rows that were asked for; Clamped says that more were.
	Limit   int
	Clamped bool
	// More says that there are rows beyond the limit, Cut that the answer ends
	// early because its values are long.
	More, Cut bool
	// At is what now() and ago() meant.
	At time.Time
}

// EntityRows asks for the rows of evidence in which an account or a device
// stands.
type EntityRows struct {
	// Value is any name of the entity: a UPN, mail or object id, a host name or
	// device id.
	Value    string
	From, To time.Time
	// After is where the last page ended.
	After *RowPosition
	Limit int
}

// RowPosition is behind the Seen-th row of an instant.
type RowPosition struct {
	At   time.Time `json:"t"`
	Seen int       `json:"n"`
}

// EntityRowsPage is one page of them.
type EntityRowsPage struct {
	QueryResult
	Next *RowPosition
	// Known tells that the workspace has seen the entity at all, Partial that it
	// was seen in more incidents than were looked at.
	Known, Partial bool
}

// UserDetails are what the workspace's alerts say of an account.
type UserDetails struct {
	ID, DisplayName, UPN, Mail string
	// Incidents is in how many of the newest incidents the account stands.
	Incidents int
}
