// Package tools is the agent door: the twelve tools, resources and prompts by
// which a model meets the desk, over MCP (streamable HTTP in both protocol
// revisions, and stdio) and for the built-in agent loop.
//
// It decides nothing about safety. Every rule here holds even if the agent on
// the other side is the attacker, because the rules that matter are the desk's:
// this door translates, bounds and explains. What it owns is
//
//   - the front (front.go, exchange.go): the raw request before any library
//     sees it, in the order origin, method, credential, size, strict JSON,
//     workspace, rate, scope
//   - the wrapper (call.go): validation, deadline, panics, the record of a call
//     before its answer leaves, and idempotent writes
//   - the envelope (envelope.go, table.go): text that somebody else wrote
//     stands only under the names in `untrusted`, escaped and bounded
//   - errors that teach (failure.go)
//
// Tools know no transport; mcp.go alone imports the MCP library, so a swap of
// that library is a change of one file.
//
// Never in this room: a decision about what may run, SQL, evidence text in an
// error or a summary, an argument named confirm, state that a second replica
// would not have.
package tools
