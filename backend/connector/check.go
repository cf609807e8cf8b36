package connector

import (
	"context"
	"errors"
	"time"

	"vedette/backend/soc"
)

// Diagnoser is a Connector that can tell more of itself than Check does: which
// steps work and which permission is missing. It reads only.
type Diagnoser interface {
	Diagnose(ctx context.Context) soc.ConnectorCheck
}

// Diagnose asks a connector how it is. Those that cannot tell more are asked to
// Check.
func Diagnose(ctx context.Context, c Connector, now func() time.Time) soc.ConnectorCheck {
	began := now()
	var found soc.ConnectorCheck
	if d, ok := c.(Diagnoser); ok {
		found = d.Diagnose(ctx)
	} else {
		found.Step("check", c.Check(ctx))
	}
	found.CheckedAt, found.Latency = began, now().Sub(began)
	return found
}

// Choosy is a Connector some of whose playbooks take only some of its native
// ids.
type Choosy interface {
	// Takes reports whether the playbook can be carried out on a native id. Pure.
	Takes(playbookID, nativeID string) bool
}

// Healthy is a Connector that tells of its line.
type Healthy interface {
	Health() LineState
}

// CheckError makes the error of Check out of a diagnosis.
func CheckError(found soc.ConnectorCheck) error {
	for _, step := range found.Steps {
		if !step.OK {
			return errors.New(step.Name + ": " + step.Problem)
		}
	}
	for _, p := range found.Permissions {
		if !p.Granted {
			return errors.New("permission " + p.Name + " is missing")
		}
	}
	return nil
}
