package kql

// Query is what Parse read: syntax, without names or types.
type Query struct {
	text string
	lets []named
	main *pipeline
}

// pipeline is a table and what is done to its rows.
type pipeline struct {
	table token
	ops   []operator
}

// operator is one step after a |. Which members are set depends on name.
type operator struct {
	name  string
	at    int
	exprs []named // where: one; project, extend, distinct, summarize
	by    []named // summarize
	keys  []sortKey
	count *node // take, top
	right *pipeline
	kind  string // join
	on    []joinKey
}

// named is an expression with the name that the query gives it, or "".
type named struct {
	name string
	at   int
	expr *node
}

type sortKey struct {
	expr             *node
	desc, nullsFirst bool
}

type joinKey struct {
	at          int
	left, right string
}

type nodeKind int

const (
	nodeName nodeKind = iota
	nodeValue
	nodeCall   // text is the function
	nodeBinary // text is the operator
	nodeMember // text is the name
	nodeIndex  // args[1] is the position
	nodeList   // of in
)

// node is an expression as written.
type node struct {
	kind  nodeKind
	at    int
	text  string
	typ   Type // of nodeValue
	value any
	args  []*node
}

// Set gives a query a value under a name, as a let does: how a value of
// somebody else gets into a text of ours.
func (q *Query) Set(name string, typ Type, value any) {
	q.lets = append(q.lets, named{name: name, expr: &node{kind: nodeValue, typ: typ, value: value}})
}
