// Package openapi draws the OpenAPI 3.1 documents of the REST families from the
// routes that are registered, and serves them with a page that shows them.
//
// Nothing is written by hand here that a route could say itself: parameters,
// bodies and answers come from the Go types of the handlers, failures from the
// checks of the pipeline and the codes an operation names, security from who
// may call. The tests of every door hold each of their exchanges to these
// documents (webtest), so a route that answers otherwise fails there.
//
// Never here: a path, a code or a schema of one family.
package openapi
