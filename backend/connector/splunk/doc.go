// Package splunk tells Splunk Enterprise Security how a notable event was closed
// here: status, disposition and a comment, by the notable event framework. It
// carries no playbook out.
//
// The framework has no read for notable events. What was written is read back
// from the collection in which it keeps every review.
package splunk
