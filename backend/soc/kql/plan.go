package kql

// Type is the type of a column or of a value.
type Type string

// The types of the subset. An int of Kusto is a long here.
const (
	String   Type = "string"
	Long     Type = "long"
	Real     Type = "real"
	Bool     Type = "bool"
	Datetime Type = "datetime"
	Timespan Type = "timespan"
	Dynamic  Type = "dynamic"
)

// Column is one column of a table or of an answer.
type Column struct {
	Name string
	Type Type
	// Text is true where the value can hold text that somebody outside wrote:
	// whoever reads it is tainted (S38).
	Text bool
}

// Table is what can be asked about.
type Table struct {
	Name    string
	About   string
	Columns []Column
	// Time is the index of the column that a window of time bounds, Incident
	// that of the incident's id; -1 for none.
	Time, Incident int
}

// Plan is a checked query.
type Plan struct {
	Root Node
	// Columns are those of the answer.
	Columns []Column
	// Streams is true where the rows come out in the order in which the one
	// table is read, so that reading may stop at the last row wanted.
	Streams bool
}

// Node is one step of a plan: *Scan, *Filter, *Project, *Sort, *Take,
// *Aggregate or *Join.
type Node interface{ Columns() []Column }

// Scan reads a table. The bounds are what every row of the answer is known to
// satisfy; the filters that say so are in the plan as well.
type Scan struct {
	Table *Table
	// From and To bound the time column, inclusive, in Unix microseconds; nil
	// where there is no bound.
	From, To *int64
	// Incidents are the ids that the incident column must be one of; nil for any.
	Incidents []string
}

// Filter keeps the rows for which Cond is true. Null is not true.
type Filter struct {
	In   Node
	Cond *Expr
}

// Project makes new rows of expressions over the old.
type Project struct {
	In    Node
	Exprs []*Expr
	Cols  []Column
}

// Sort orders rows.
type Sort struct {
	In   Node
	Keys []Key
}

// Key is one key of a sort. NullsFirst is as Kusto has it: first when
// ascending, last when descending, unless the query says otherwise.
type Key struct {
	Expr             *Expr
	Desc, NullsFirst bool
}

// Take keeps the first N rows, in the order of the last sort, else as stored:
// newest first.
type Take struct {
	In Node
	N  int64
}

// Aggregate groups rows. Its columns are By, then Aggs. With no By there is
// one row, also of nothing.
type Aggregate struct {
	In   Node
	By   []*Expr
	Aggs []Agg
	Cols []Column
}

// Agg is one aggregate. Arg is nil for count.
type Agg struct {
	Func string // count countif dcount sum avg min max make_set
	Arg  *Expr
	// Limit is the most members of a set.
	Limit int64
}

// Join puts rows with equal keys together: the columns of Left, then of Right.
// Outer keeps rows of Left without a partner.
type Join struct {
	Left, Right         Node
	Outer               bool
	LeftKeys, RightKeys []int
	Cols                []Column
}

// Columns implement Node.
func (n *Scan) Columns() []Column      { return n.Table.Columns }
func (n *Filter) Columns() []Column    { return n.In.Columns() }
func (n *Project) Columns() []Column   { return n.Cols }
func (n *Sort) Columns() []Column      { return n.In.Columns() }
func (n *Take) Columns() []Column      { return n.In.Columns() }
func (n *Aggregate) Columns() []Column { return n.Cols }
func (n *Join) Columns() []Column      { return n.Cols }

// Op is what an expression does.
type Op string

// The operations. Arguments have the types that check.go made sure of.
const (
	OpColumn    Op = "column"     // Index
	OpConst     Op = "const"      // Value; nil is the null of Type
	OpAnd       Op = "and"        //
	OpOr        Op = "or"         //
	OpNot       Op = "not"        //
	OpEq        Op = "=="         // same types
	OpNe        Op = "!="         //
	OpLt        Op = "<"          // long, real, datetime, timespan
	OpLe        Op = "<="         //
	OpGt        Op = ">"          //
	OpGe        Op = ">="         //
	OpAdd       Op = "+"          // both long or real, or microseconds
	OpSub       Op = "-"          //
	OpMul       Op = "*"          //
	OpDiv       Op = "/"          // by zero is null; long truncates
	OpMod       Op = "%"          // long, never negative
	OpIn        Op = "in"         // Args[1:] are constants that are not null
	OpContains  Op = "contains"   // of strings
	OpStarts    Op = "startswith" //
	OpEnds      Op = "endswith"   //
	OpHas       Op = "has"        // Args[1] is a constant
	OpMatch     Op = "matches"    // Args[1] is a constant RE2 pattern
	OpIsNull    Op = "isnull"     // not of strings
	OpIff       Op = "iff"        // a null condition is false
	OpToString  Op = "tostring"   // of long, real, bool, datetime, dynamic
	OpToLong    Op = "tolong"     // of string, real, bool
	OpToReal    Op = "toreal"     // of string, long
	OpToLower   Op = "tolower"    // ASCII
	OpToUpper   Op = "toupper"    // ASCII
	OpLength    Op = "strlen"     // characters
	OpConcat    Op = "strcat"     //
	OpParseJSON Op = "parse_json" // null where the text is not JSON
	OpMember    Op = "member"     // Args[0].Name, null where there is none
	OpElement   Op = "element"    // Args[0][Index]
	OpBin       Op = "bin"        // Args[1] is a constant above zero
)

// Limits of an answer.
const (
	// SetLimit is the most members of make_set: the smallest.
	SetLimit = 1000
	// MaxRows is the most rows of an answer, DefaultRows how many there are
	// unless more are asked for.
	MaxRows     = 200
	DefaultRows = 50
)

// Expr is a typed expression over the columns of the node below.
type Expr struct {
	Op   Op
	Type Type
	Args []*Expr
	// Index is the column of OpColumn, the position of OpElement.
	Index int64
	// Name is the member of OpMember.
	Name string
	// Value is a string, int64 (long, datetime and timespan in microseconds),
	// float64 or bool.
	Value any
	// Fold is true where OpEq, OpNe, OpIn and the string operations take
	// capital and small ASCII letters as the same.
	Fold bool

	text   bool // see Column.Text
	weight weight
}

// weight is what an expression would be if every column in it were written out
// down to the tables, as an engine does when it merges the steps of a query.
type weight struct {
	texts int // how many texts a string may be put together from
	size  int // expressions
	depth int // levels
}

// Walk calls use for e and everything below it.
func (e *Expr) Walk(use func(*Expr)) {
	use(e)
	for _, a := range e.Args {
		a.Walk(use)
	}
}
