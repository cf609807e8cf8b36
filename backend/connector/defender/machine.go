package defender

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"vedette/backend/connector"
)

// machineAction is what the API makes of an order to an endpoint.
type machineAction struct {
	ID        string    `json:"id"`
	Type      string    `json:"type"`
	Comment   string    `json:"requestorComment"`
	Status    string    `json:"status"`
	MachineID string    `json:"machineId"`
	CreatedAt time.Time `json:"creationDateTimeUtc"`
}

// The stages of a machine action.
const (
	underWay  = "under way"
	succeeded = "succeeded"
	failed    = "failed"
)

// stage sorts the API's statuses; one that is not documented is an error.
func (a machineAction) stage() (string, error) {
	switch a.Status {
	case "Pending", "InProgress":
		return underWay, nil
	case "Succeeded":
		return succeeded, nil
	case "Failed", "TimeOut", "Cancelled", "Canceled":
		return failed, nil
	}
	return "", connector.Unknownf(fmt.Errorf("status %.100q", a.Status), "Defender's word for the state of an action is not known.")
}

// is reports whether the action was ordered by the step with the key.
func (a machineAction) is(key string) bool {
	return key != "" && strings.Contains(a.Comment, comment(key))
}

// comment is what an action is ordered with; people read it in the product.
func comment(key string) string { return "Ordered by Vedette, step " + key + "." }

// order gives one order to one endpoint.
func (c *Connector) order(ctx context.Context, e connector.Endpoint, kind, machine, key string, more map[string]any) (connector.Receipt, error) {
	body := map[string]any{"Comment": comment(key)}
	maps.Copy(body, more)
	var made machineAction
	if _, err := c.Ask(ctx, connector.Call{Endpoint: e, Values: []string{machine}, Body: body}, &made); err != nil {
		return connector.Receipt{}, err
	}
	if made.ID == "" || made.Type != kind || !strings.EqualFold(made.MachineID, machine) {
		return connector.Receipt{}, connector.Unknownf(fmt.Errorf("%+.300v", made), "Defender's answer is not the action that was ordered.")
	}
	return connector.Receipt{Reference: made.ID}, nil
}

// lever is a pair of orders that undo each other, and the catalogue's words for
// where they lead.
type lever struct {
	on, off            connector.Endpoint
	onType, offType    string
	onWord, offWord    string
	turning, returning string
}

var (
	isolation = lever{isolating, releasing, "Isolate", "Unisolate", "isolated", "connected", "isolating", "releasing"}
	execution = lever{restricting, unrestricting, "RestrictCodeExecution", "UnrestrictCodeExecution", "restricted", "unrestricted", "restricting", "unrestricting"}
)

// turn gives one order of a pair. A second one while the first is under way, or
// after it, is declined by the API: what was asked for is so, or will be.
func (c *Connector) turn(ctx context.Context, l lever, on bool, a connector.Action, more map[string]any) (connector.Receipt, error) {
	e, kind, wanted := l.off, l.offType, []string{l.offWord, l.returning}
	if on {
		e, kind, wanted = l.on, l.onType, []string{l.onWord, l.turning}
	}
	receipt, err := c.order(ctx, e, kind, a.NativeID, a.IdempotencyKey, more)
	if connector.OutcomeOf(err) != connector.Refused || connector.Missing(err) {
		return receipt, err
	}
	if last, word, unread := c.last(ctx, l, a.NativeID); unread == nil && last.ID != "" && slices.Contains(wanted, word) {
		return connector.Receipt{Reference: last.ID}, nil
	}
	return receipt, err
}

// state reads where a lever stands.
func (c *Connector) state(ctx context.Context, l lever, machine string) (string, error) {
	_, word, err := c.last(ctx, l, machine)
	return word, err
}

// last finds the newest order of a pair that did not fail; without one the
// endpoint is as it always was.
func (c *Connector) last(ctx context.Context, l lever, machine string) (machineAction, string, error) {
	all, err := c.actions(ctx, fmt.Sprintf("machineId eq '%s' and (type eq '%s' or type eq '%s')", machine, l.onType, l.offType))
	if err != nil {
		return machineAction{}, "", err
	}
	for _, a := range all { // the newest first
		if !strings.EqualFold(a.MachineID, machine) || a.Type != l.onType && a.Type != l.offType {
			continue
		}
		stage, err := a.stage()
		switch {
		case err != nil:
			return a, "", err
		case stage == succeeded && a.Type == l.onType:
			return a, l.onWord, nil
		case stage == succeeded:
			return a, l.offWord, nil
		case stage == underWay && a.Type == l.onType:
			return a, l.turning, nil
		case stage == underWay:
			return a, l.returning, nil
		}
	}
	return machineAction{}, l.offWord, nil
}

// actions lists machine actions, the newest first. The API promises no order.
func (c *Connector) actions(ctx context.Context, filter string) ([]machineAction, error) {
	var all []machineAction
	err := c.List(ctx, connector.Call{Endpoint: actions, Query: url.Values{"$filter": {filter}}}, func(raw json.RawMessage) error {
		var a machineAction
		if err := json.Unmarshal(raw, &a); err != nil || a.ID == "" {
			return connector.Unknownf(err, "Defender's action could not be read.")
		}
		all = append(all, a)
		return nil
	})
	slices.SortStableFunc(all, func(a, b machineAction) int { return b.CreatedAt.Compare(a.CreatedAt) })
	return all, err
}

// scanned tells what became of the scan that the step ordered.
func (c *Connector) scanned(ctx context.Context, q connector.Question) (string, error) {
	all, err := c.actions(ctx, fmt.Sprintf("machineId eq '%s' and type eq 'RunAntiVirusScan'", q.NativeID))
	if err != nil {
		return "", err
	}
	for _, a := range all {
		if !a.is(q.IdempotencyKey) || !strings.EqualFold(a.MachineID, q.NativeID) {
			continue
		}
		stage, err := a.stage()
		if err != nil {
			return "", err
		}
		return map[string]string{underWay: "running", succeeded: "completed", failed: "failed"}[stage], nil
	}
	return "none", nil
}
