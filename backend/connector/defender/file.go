package defender

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"vedette/backend/connector"
)

// maxEndpoints is how many endpoints one stop may reach. A file that more of
// them saw is blocked by its hash, not hunted.
const maxEndpoints = 15

// sha1Of finds the SHA-1 of a file, by which alone a stop is ordered.
func (c *Connector) sha1Of(ctx context.Context, hash string) (string, error) {
	if len(hash) == 40 {
		return hash, nil
	}
	var file struct {
		SHA1   string `json:"sha1"`
		SHA256 string `json:"sha256"`
	}
	if _, err := c.Ask(ctx, connector.Call{Endpoint: files, Values: []string{hash}}, &file); err != nil {
		return "", err
	}
	sha1 := strings.ToLower(file.SHA1)
	if len(sha1) != 40 || !hashForm.MatchString(sha1) || !strings.EqualFold(file.SHA256, hash) {
		return "", connector.Unknownf(nil, "Defender's answer is not the file that was asked for.")
	}
	return sha1, nil
}

// endpoints lists the endpoints that saw a file.
func (c *Connector) endpoints(ctx context.Context, sha1 string) ([]string, error) {
	var all []string
	err := c.List(ctx, connector.Call{Endpoint: sightings, Values: []string{sha1}}, func(raw json.RawMessage) error {
		var machine struct {
			ID string `json:"id"`
		}
		if err := json.Unmarshal(raw, &machine); err != nil || !machineForm.MatchString(machine.ID) {
			return connector.Unknownf(err, "Defender's endpoint could not be read.")
		}
		all = append(all, machine.ID)
		return nil
	})
	return all, err
}

// stop orders every endpoint that saw the file to stop and quarantine it.
// Nothing is ordered before all is known; after that, an order that was not
// taken among others that were leaves the whole Unknown.
func (c *Connector) stop(ctx context.Context, a connector.Action) error {
	sha1, err := c.sha1Of(ctx, a.NativeID)
	var machines []string
	if err == nil {
		machines, err = c.endpoints(ctx, sha1)
	}
	switch {
	case err != nil:
		return connector.Refusedf(err, "It is not known which endpoints saw the file; nothing was ordered.")
	case len(machines) == 0:
		return connector.Refusedf(nil, "No endpoint saw the file.")
	case len(machines) > maxEndpoints:
		return connector.Refusedf(nil, "%d endpoints saw the file, and at most %d are stopped at once; nothing was ordered.", len(machines), maxEndpoints)
	}
	taken := 0
	var last error
	for _, machine := range machines {
		_, err := c.order(ctx, stopping, "StopAndQuarantineFile", machine, a.IdempotencyKey, map[string]any{"Sha1": sha1})
		switch connector.OutcomeOf(err) {
		case connector.Accepted:
			taken++
		case connector.Unknown:
			return err
		default:
			last = err
		}
	}
	if taken > 0 && last != nil {
		return connector.Unknownf(last, "Defender took the order for %d of %d endpoints.", taken, len(machines))
	}
	return last
}

// stopped is true of a file when every endpoint that saw it carried the step's
// order out.
func (c *Connector) stopped(ctx context.Context, q connector.Question) (string, error) {
	sha1, err := c.sha1Of(ctx, q.NativeID)
	if err != nil {
		return "", err
	}
	machines, err := c.endpoints(ctx, sha1)
	if err != nil {
		return "", err
	}
	all, err := c.actions(ctx, "type eq 'StopAndQuarantineFile'")
	if err != nil {
		return "", err
	}
	stages := map[string]string{}
	for _, a := range all {
		if !a.is(q.IdempotencyKey) {
			continue
		}
		stage, err := a.stage()
		if err != nil {
			return "", err
		}
		stages[a.MachineID] = stage
	}
	count := map[string]int{}
	for _, machine := range machines {
		count[stages[machine]]++
	}
	switch {
	case len(stages) == 0:
		return "running", nil
	case count[underWay] > 0:
		return "stopping", nil
	case len(machines) > 0 && count[succeeded] == len(machines):
		return "stopped", nil
	}
	return fmt.Sprintf("stopped on %d of %d endpoints", count[succeeded], len(machines)), nil
}
