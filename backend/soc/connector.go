package soc

import (
	"errors"
	"slices"
	"time"
)

// ConnectorCheck is what asking a product came to, by reading only.
type ConnectorCheck struct {
	CheckedAt   time.Time
	Latency     time.Duration
	Steps       []ConnectorStep
	Permissions []ConnectorPermission
}

// ConnectorStep is one thing that was tried. Problem is in the server's own
// words.
type ConnectorStep struct {
	Name    string
	OK      bool
	Problem string
}

// ConnectorPermission is one permission of the product, and the playbooks that
// need it.
type ConnectorPermission struct {
	Name      string
	Granted   bool
	NeededFor []string
}

// OK reports whether everything works and nothing is missing.
func (c ConnectorCheck) OK() bool {
	return !slices.ContainsFunc(c.Steps, func(s ConnectorStep) bool { return !s.OK }) &&
		!slices.ContainsFunc(c.Permissions, func(p ConnectorPermission) bool { return !p.Granted })
}

// Step notes how one thing went; it reports whether it went well. Only errors
// that are safe to show have their text shown.
func (c *ConnectorCheck) Step(name string, err error) bool {
	step := ConnectorStep{Name: name, OK: err == nil}
	if err != nil {
		step.Problem = "The product's answer could not be judged."
		var shown interface{ Shown() string }
		if errors.As(err, &shown) {
			step.Problem = shown.Shown()
		}
	}
	c.Steps = append(c.Steps, step)
	return err == nil
}
