// Package kql reads the subset of the Kusto query language that Vedette answers
// and turns it into a typed plan. It knows no clock, no disk and no SQL: the
// caller says what the time is and which tables there are, and backend/store
// makes one bounded statement of the plan.
//
// The subset, with the meaning Kusto documents (learn.microsoft.com/kusto/query):
//
//	query     = { "let" name "=" scalar ";" } table { "|" operator } [ ";" ]
//	operators = where filter, project, project-away, extend, summarize .. by ..,
//	            sort by / order by, top .. by .., take / limit, distinct, count,
//	            join kind=inner|leftouter ( query ) on ..
//	types     = string, long, real, bool, datetime, timespan, dynamic
//	operators on values = == != =~ !~ < <= > >= in !in in~ !in~ between !between
//	            has contains startswith endswith, each with ! and _cs,
//	            has_any has_all, "matches regex", and or not, + - * / %
//	functions = the table in function.go
//	aggregates = count countif dcount sum avg min max make_set
//
// Everything else is an *Error that names the construct and its position, and
// says what to write instead.
//
// Where Kusto leaves freedom this subset decides, so that both engines answer
// alike: rows without a sort come newest first, dcount is exact, make_set is
// sorted and keeps SetLimit members, arithmetic that leaves its type is an error
// instead of a wrapped number, a division by zero is null, and letters beyond
// ASCII have no case (Kusto's own case-insensitive operators are ASCII only).
// Strings are never null; the nulls of other types follow Kusto's page "Null
// values": null == null is null, null == 1 is false, null != 1 is true.
//
// Why not a parser that exists: github.com/runreveal/pql was looked at. It
// has no let, join, between, has, contains, startswith, matches regex,
// datetime, timespan or member access, and its compiler writes values
// and names into the text of its SQL. Microsoft's own parser is C#.
package kql
