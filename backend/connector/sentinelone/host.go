package sentinelone

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"

	"vedette/backend/connector"
)

// The words of the catalogue's probe of an endpoint.
const (
	isolated  = "isolated"
	connected = "connected"
)

// networkStatus gives the API's words the catalogue's. An endpoint that is still
// on its way is neither.
var networkStatus = map[string]string{
	"connected": connected, "disconnected": isolated,
	"connecting": "connecting", "disconnecting": "disconnecting",
}

// network cuts one endpoint off or joins it again.
func (c *Connector) network(ctx context.Context, e connector.Endpoint, agent, wanted string) error {
	affected, err := c.act(ctx, e, nil, "ids", agent, nil)
	switch {
	case err != nil:
		return err
	case affected == 1:
		return nil
	case affected > 1:
		return connector.Unknownf(nil, "SentinelOne says that it sent the action to %d endpoints where one was named.", affected)
	}
	// Nothing was affected: the endpoint is as wanted already, or out of reach.
	if now, err := c.isolation(ctx, agent); err == nil && now == wanted {
		return nil
	}
	return connector.Refusedf(nil, "SentinelOne sent the action to no endpoint: none with this id is within the token's scope.")
}

// isolation reads an endpoint's network status.
func (c *Connector) isolation(ctx context.Context, agent string) (string, error) {
	type endpoint struct {
		ID            string `json:"id"`
		NetworkStatus string `json:"networkStatus"`
	}
	var seen []endpoint
	err := c.list(ctx, agents, nil, url.Values{"ids": {agent}}, func(items []json.RawMessage) error {
		for _, raw := range items {
			var item endpoint
			if err := json.Unmarshal(raw, &item); err != nil {
				return connector.Unknownf(err, "SentinelOne's endpoint could not be read.")
			}
			seen = append(seen, item)
		}
		return nil
	})
	switch {
	case err != nil:
		return "", err
	case len(seen) != 1 || seen[0].ID != agent:
		return "", connector.Unknownf(nil, "SentinelOne answered with %d endpoints where one was asked for.", len(seen))
	}
	word, known := networkStatus[seen[0].NetworkStatus]
	if !known {
		return "", connector.Unknownf(fmt.Errorf("network status %.100q", seen[0].NetworkStatus), "SentinelOne's word for the network status is not known.")
	}
	return word, nil
}
