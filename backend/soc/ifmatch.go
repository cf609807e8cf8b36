package soc

import "slices"

// IfMatch says which revisions of an object its caller is willing to change.
// The zero value was not given and allows every revision.
type IfMatch struct {
	// Given is true when the caller stated a condition.
	Given bool
	// Any is the condition that the object exists at all.
	Any       bool
	Revisions []int64
}

// Check returns the 412 of a lost update, nil if revision may be changed. The
// object exists, since it has a revision.
func (m IfMatch) Check(revision int64) error {
	if !m.Given || m.Any || slices.Contains(m.Revisions, revision) {
		return nil
	}
	return Errorf(Precondition, CodePreconditionFailed, "The object has changed since it was read.").
		WithFix("Read it again, look at the change, and send the request with the new ETag in If-Match.")
}
