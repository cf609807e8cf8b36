// Package web is what every HTTP door shares: who is calling, limits, request
// ids, the one kind -> status table, and Register, from which come the route,
// the validation, the facts of the OpenAPI entry and the rows of the generated
// test matrix.
//
// # The order of checks
//
// One pipeline serves every route of every family, in the order of
// portal-api.md section 3: limits and media type; authentication 401; rate 429;
// path syntax 400; scope 403; workspace 404 or 403, role 403; source 400; query,
// headers, body 400; idempotency 409 or 422; then the operation, which finds
// resource 404, If-Match 412, state 409 or 423, policy 422. A declared length
// above the limit is refused at once; a body of undeclared length is read, and
// bounded, only after its sender has been let in, so that nobody without a
// credential can make the server hold one.
//
// # Idempotency keys, for authors of operations
//
// The key of a write must be stored in the transaction of its effect, and only
// the desk has that. So web parses the header, computes a soc.IdempotencyClaim
// and passes it as by.Idempotency (nil where there is no key); it has already
// answered a key that is stored, used for something else, or running in this
// process. The operation calls, as the last line of its store.Write and only
// if it changed something,
//
//	d.settleIdempotency(tx, by, receipt) // store.Tx.CompleteIdempotency
//
// which asks claim.Encode for the status and body that the door will send, and
// stores them under (Principal, Route, Key) with the fingerprint for 24 hours;
// a row that is there already fails the transaction with a Conflict of code
// IDEMPOTENCY_IN_PROGRESS, and the caller's repetition finds the answer. Since
// Encode needs to know how the door draws the operation's result, a door whose
// route is a Write passes by through Answering:
//
//	out, err := desk.SubmitGamebook(ctx, web.Answering(by, draw), in)
//	if err != nil { return web.Reply[Receipt]{}, err }
//	return draw(out), nil
//
// The answer sent is byte for byte the answer stored. Bodies of routes marked
// Secret are sealed before they reach the store.
//
// # What must never be here
//
// A rule of the house (soc), a row (store), an operation (backend): this
// package reads requests and writes answers.
package web
