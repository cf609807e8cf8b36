package falcon

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"vedette/backend/connector"
)

// The words of the catalogue's probe of a blocked file.
const (
	blocked   = "blocked"
	open      = "open"
	partially = "blocked on some hosts"
)

// ours marks the indicators that this package made. It deletes no other.
const ours = "Vedette"

// indicator is what is read of a custom indicator.
type indicator struct {
	ID         string     `json:"id"`
	Type       string     `json:"type"`
	Value      string     `json:"value"`
	Action     string     `json:"action"`
	Source     string     `json:"source"`
	Everywhere bool       `json:"applied_globally"`
	Deleted    bool       `json:"deleted"`
	Expired    bool       `json:"expired"`
	Expiration *time.Time `json:"expiration"`
}

func hashType(hash string) string {
	if len(hash) == 64 {
		return "sha256"
	}
	return "md5"
}

// block makes an indicator that prevents a file everywhere.
func (c *Connector) block(ctx context.Context, a connector.Action) (connector.Receipt, error) {
	said, err := c.ask(ctx, indicatorCreate, nil, map[string]any{
		"comment": description(a.IdempotencyKey),
		"indicators": []map[string]any{{
			"type": hashType(a.NativeID), "value": a.NativeID, "action": "prevent", "severity": "high", "source": ours,
			"description": description(a.IdempotencyKey), "platforms": []string{"windows", "mac", "linux"}, "applied_globally": true,
		}},
	})
	if err != nil {
		// 400 is what a second indicator of one value answers.
		return connector.Receipt{}, asWanted(err, func() (string, error) {
			_, state, err := c.blockState(ctx, a.NativeID)
			return state, err
		}, blocked)
	}
	var made indicator
	if err := said.only(&made); err != nil {
		return connector.Receipt{}, err
	}
	if made.ID == "" || !strings.EqualFold(made.Value, a.NativeID) {
		return connector.Receipt{}, connector.Unknownf(nil, "Falcon's answer does not name the indicator.")
	}
	return connector.Receipt{Reference: made.ID}, nil
}

// unblock deletes the indicators of a file that this package made.
func (c *Connector) unblock(ctx context.Context, a connector.Action) (connector.Receipt, error) {
	found, state, err := c.blockState(ctx, a.NativeID)
	switch {
	case err != nil:
		return connector.Receipt{}, connector.Refusedf(err, "The indicators of the file could not be read; nothing was deleted.")
	case state == open:
		return connector.Receipt{}, nil
	}
	query := url.Values{"comment": {description(a.IdempotencyKey)}}
	for _, i := range found {
		if i.Source != ours {
			return connector.Receipt{}, connector.Refusedf(nil, "The file is blocked by an indicator that Vedette did not make; it is not deleted.")
		}
		query.Add("ids", i.ID)
	}
	said, err := c.ask(ctx, indicatorDelete, query, nil)
	if err != nil {
		return connector.Receipt{}, err
	}
	if len(said.Resources) != len(found) {
		return connector.Receipt{}, connector.Unknownf(nil, "Falcon deleted %d indicators where %d were named.", len(said.Resources), len(found))
	}
	return connector.Receipt{Reference: said.Meta.TraceID}, nil
}

// blockState reads the indicators that block a file, and what they come to.
func (c *Connector) blockState(ctx context.Context, hash string) (blocking []indicator, state string, err error) {
	said, err := c.ask(ctx, indicators, url.Values{"filter": {"type:'" + hashType(hash) + "'+value:'" + hash + "'"}, "limit": {"100"}}, nil)
	if err != nil {
		return nil, "", err
	}
	if said.Resources == nil {
		return nil, "", connector.Unknownf(nil, "Falcon's answer holds no list.")
	}
	state = open
	for _, raw := range said.Resources {
		var i indicator
		if err := json.Unmarshal(raw, &i); err != nil || !strings.EqualFold(i.Value, hash) {
			return nil, "", connector.Unknownf(err, "Falcon answered with indicators that were not asked for.")
		}
		if i.Deleted || i.Expired || i.Expiration != nil && i.Expiration.Before(c.Config.Now()) || !strings.HasPrefix(i.Action, "prevent") {
			continue
		}
		blocking = append(blocking, i)
		if i.Everywhere {
			state = blocked
		} else if state == open {
			state = partially
		}
	}
	return blocking, state, nil
}
