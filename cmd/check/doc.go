// Command check is the one command of the house. Everything that must hold
// before a change may stand on the main line is a subcommand of it: format,
// vet, lint, the rooms' import rules, goldens, the second digest
// implementation, tests, the MCP conformance and client runs, and the crash
// rounds. A laptop runs `go run ./cmd/check pre`; CI runs
// `go run ./cmd/check ci`.
//
// It imports nothing of ours, so it can judge a tree that does not compile.
// Nothing here knows a rule of the product.
package main
