// Package defender carries actions out by the API of Microsoft Defender for
// Endpoint, as an application: it isolates endpoints and releases them, restricts
// what may run and lifts that, scans on demand, stops and quarantines files, and
// blocks files by indicators.
//
// The API answers an action on an endpoint with a machine action that is Pending:
// accepted, and no effect yet. Every read-back looks at the machine actions and
// believes only Succeeded. The idempotency key of the step goes out as the comment
// of the action, so that a scan or a stop is recognised as the step's own; the
// API has no field that would keep it from acting twice.
//
// Only indicators that Vedette made are ever deleted, and none of others is ever
// overwritten: the API would do either.
package defender
