package falcon

import (
	"context"
	"fmt"
	"net/url"

	"vedette/backend/connector"
)

// The words of the catalogue's probe of a host.
const (
	isolated  = "isolated"
	connected = "connected"
)

// hostStatus gives the API's words the catalogue's. A host that is on its way,
// as one that is switched off stays, is neither.
var hostStatus = map[string]string{
	"normal": connected, "contained": isolated,
	"containment_pending": "containment pending", "lift_containment_pending": "release pending",
}

// contain contains one host or lifts its containment.
func (c *Connector) contain(ctx context.Context, action, agent, wanted string) (connector.Receipt, error) {
	said, err := c.ask(ctx, hostAction, url.Values{"action_name": {action}}, map[string][]string{"ids": {agent}})
	if err != nil {
		// 409 is what a host that is contained already answers to contain.
		return connector.Receipt{}, asWanted(err, func() (string, error) { return c.isolation(ctx, agent) }, wanted)
	}
	var host struct {
		ID string `json:"id"`
	}
	if err := said.only(&host); err != nil {
		return connector.Receipt{}, err
	}
	if host.ID != agent {
		return connector.Receipt{}, connector.Unknownf(nil, "Falcon acted on another host than the one that was named.")
	}
	return connector.Receipt{Reference: said.Meta.TraceID}, nil
}

// isolation reads a host's containment.
func (c *Connector) isolation(ctx context.Context, agent string) (string, error) {
	said, err := c.ask(ctx, hosts, url.Values{"ids": {agent}}, nil)
	if err != nil {
		return "", err
	}
	var host struct {
		ID     string `json:"device_id"`
		Status string `json:"status"`
	}
	if err := said.only(&host); err != nil {
		return "", err
	}
	word, known := hostStatus[host.Status]
	if host.ID != agent || !known {
		return "", connector.Unknownf(fmt.Errorf("device %.64q, status %.64q", host.ID, host.Status), "Falcon's answer does not tell the host's containment.")
	}
	return word, nil
}
