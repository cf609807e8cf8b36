// Package falcon carries actions out by the CrowdStrike Falcon API: it contains
// hosts and lifts containment, scans them on demand, blocks files by custom
// indicators, and writes verdicts on alerts.
//
// The API wraps every answer in resources and errors, and an error may stand in
// a 200 or a 202; an action counts as accepted only when the resource that was
// named is in the answer and no error is. Rate limits come in a header of its
// own, which throttle.go gives the standard's name.
package falcon
