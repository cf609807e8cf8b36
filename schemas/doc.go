// Package schemas is the contract: the Go types that two doors share, the JSON
// Schemas made from them, and the one validator that holds callers to them.
//
// A wire type is written once, as a Go struct with json, jsonschema and
// jsonschema_description tags. Of makes the schema the agent tools serve,
// Request and Answer the ones REST publishes, and Compile the validator all
// doors use. Lint runs over every schema at start; a type that trips one of the
// reflector's traps stops the process instead of serving a weaker contract.
//
// Rules for wire types:
//   - optional = omitempty (or omitzero) = absent; everything else is required
//   - no any, no json.RawMessage (both become a bare true): use FreeObject
//   - no recursive types (the reflector would not come back)
//   - text with a comma goes into jsonschema_description, never description=
//   - a portal integer is an Int, a time of day a Time
//
// This package must never hold a rule that needs a clock, a row or a caller:
// those are the desk's. It knows no HTTP and no model.
package schemas
