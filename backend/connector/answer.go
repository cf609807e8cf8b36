package connector

import (
	"encoding/json"
	"errors"
	"net/http"
)

// Read decodes an answer's JSON. Anything else, a login page above all, came
// from something that is not the product: what was asked of it is Unknown.
func (a Answer) Read(into any) error {
	if err := json.Unmarshal(a.Body, into); err != nil {
		return Unknownf(err, "The answer is not the product's.")
	}
	return nil
}

// Explain gives a declined exchange the meaning its status has everywhere:
// permission is what the product's administrator must grant for the call. Other
// errors stay as they are.
func Explain(answer Answer, err error, permission string) error {
	var f *Failure
	if !errors.As(err, &f) || f.Outcome != Refused {
		return err
	}
	switch answer.Status {
	case http.StatusUnauthorized:
		return Refusedf(f.Cause, "The product did not accept the connector's credential.")
	case http.StatusForbidden:
		return Refusedf(missing{f}, "The product did not permit the request. The connector's credential needs: %s.", permission)
	case http.StatusTooManyRequests:
		return Refusedf(f.Cause, "The product limits how often it may be asked; nothing was done.")
	}
	return err
}

// missing marks the cause of a failure for want of a permission.
type missing struct{ cause error }

// Error implements error.
func (m missing) Error() string { return "permission: " + m.cause.Error() }

// Unwrap returns the cause.
func (m missing) Unwrap() error { return m.cause }

// Missing reports whether a call failed because a permission is missing.
func Missing(err error) bool {
	var m missing
	return errors.As(err, &m)
}
