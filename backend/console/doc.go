// Package console is the operator's web pages. A page is drawn from what the
// desk says; everything that changes something goes through the same
// operations as the ops API.
//
// Never here: a rule, SQL, a script or style from elsewhere.
package console
