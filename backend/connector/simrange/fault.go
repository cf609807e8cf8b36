package simrange

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Behaviour is a way to misbehave.
type Behaviour string

// The behaviours. Ignore and the two act_then ones exist for acts only.
const (
	Delay        Behaviour = "delay"          // act, late; also when the caller has gone
	Ignore       Behaviour = "ignore"         // accept and do nothing
	ActThenDrop  Behaviour = "act_then_drop"  // act and close the connection without an answer
	Drop         Behaviour = "drop"           // close the connection without acting
	ActThenError Behaviour = "act_then_error" // act and answer 500
	Error        Behaviour = "error"          // answer 500 without acting
	Decline      Behaviour = "decline"        // answer 409 without acting
)

// AllBehaviours lists the behaviours.
var AllBehaviours = []Behaviour{Delay, Ignore, ActThenDrop, Drop, ActThenError, Error, Decline}

// acts reports whether an action with this behaviour has its effect.
func (b Behaviour) acts() bool {
	return b == "" || b == Delay || b == ActThenDrop || b == ActThenError
}

// forActsOnly reports whether the behaviour makes no sense for a read.
func (b Behaviour) forActsOnly() bool { return b == Ignore || b == ActThenDrop || b == ActThenError }

// anyAct is the operation of a fault that applies to every act.
const anyAct = "*"

// maxDelay bounds how long a fault may hold an answer back.
const maxDelay = 5 * time.Minute

// Fault orders a misbehaviour.
type Fault struct {
	// Operation is an act (host.isolate), a read (host.isolation), or * for every act.
	Operation string
	Behaviour Behaviour
	// Delay comes before anything else, with every behaviour.
	Delay time.Duration
	// Count is how many calls misbehave; 0 is all until the faults are cleared.
	Count int
}

// faultJSON is Fault on the control API.
type faultJSON struct {
	Operation string    `json:"operation"`
	Behaviour Behaviour `json:"behaviour"`
	Delay     int64     `json:"delay_ms,omitempty"`
	Count     int       `json:"count"`
}

// MarshalJSON implements json.Marshaler.
func (f Fault) MarshalJSON() ([]byte, error) {
	return json.Marshal(faultJSON{f.Operation, f.Behaviour, f.Delay.Milliseconds(), f.Count})
}

func (f Fault) check() error {
	_, _, act := acting(f.Operation)
	_, read := reading(f.Operation)
	switch {
	case !act && !read && f.Operation != anyAct:
		return fmt.Errorf("operation %q does not exist", f.Operation)
	case !slices.Contains(AllBehaviours, f.Behaviour):
		return fmt.Errorf("behaviour must be one of %v", AllBehaviours)
	case read && f.Behaviour.forActsOnly():
		return fmt.Errorf("behaviour %s exists for acts only", f.Behaviour)
	case f.Delay < 0 || f.Delay > maxDelay:
		return fmt.Errorf("delay_ms must be between 0 and %d", maxDelay.Milliseconds())
	case f.Behaviour == Delay && f.Delay == 0:
		return errors.New("delay_ms is missing")
	case f.Count < 0:
		return errors.New("count must not be negative")
	}
	return nil
}

// Inject adds a fault. Faults of one operation are used up in the order they
// were added; one for the exact operation goes before one for *.
func (r *Range) Inject(f Fault) error {
	if err := f.check(); err != nil {
		return err
	}
	r.lock.Lock()
	defer r.lock.Unlock()
	r.faults = append(r.faults, f)
	return nil
}

// ClearFaults makes the range behave again.
func (r *Range) ClearFaults() {
	r.lock.Lock()
	defer r.lock.Unlock()
	r.faults = nil
}

// Faults returns what is still ordered.
func (r *Range) Faults() []Fault {
	r.lock.Lock()
	defer r.lock.Unlock()
	return slices.Clone(r.faults)
}

// take uses up one call of the fault that applies to operation.
func (r *Range) take(operation string, act bool) Fault {
	r.lock.Lock()
	defer r.lock.Unlock()
	i := slices.IndexFunc(r.faults, func(f Fault) bool { return f.Operation == operation })
	if i < 0 && act {
		i = slices.IndexFunc(r.faults, func(f Fault) bool { return f.Operation == anyAct })
	}
	if i < 0 {
		return Fault{}
	}
	f := r.faults[i]
	switch f.Count {
	case 0:
	case 1:
		r.faults = slices.Delete(r.faults, i, i+1)
	default:
		r.faults[i].Count--
	}
	return f
}
