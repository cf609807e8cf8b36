package sentinelone

import (
	"context"
	"encoding/json"
	"net/url"
	"time"

	"vedette/backend/connector"
)

// The words of the catalogue's probe of a file.
const (
	quarantined = "quarantined"
	present     = "present"
	mixed       = "partly quarantined"
)

// mitigate sends a mitigation for every threat of a hash.
func (c *Connector) mitigate(ctx context.Context, action, sha1, wanted string) error {
	affected, err := c.act(ctx, mitigate, []string{action}, "contentHashes", sha1, nil)
	if err != nil || affected > 0 {
		return err
	}
	if now, err := c.fileState(ctx, sha1); err == nil && now == wanted {
		return nil
	}
	return connector.Refusedf(nil, "SentinelOne sent the action to no threat: none with this hash is within the token's scope.")
}

// threat is what a read-back needs of a threat.
type threat struct {
	Info *struct {
		SHA1 string `json:"sha1"`
	} `json:"threatInfo"`
	Mitigations []mitigation `json:"mitigationStatus"`
}

// mitigation is the last state of one kind of action on a threat.
type mitigation struct {
	Action     string    `json:"action"`
	Status     string    `json:"status"`
	LastUpdate time.Time `json:"lastUpdate"`
}

// fileState reads what became of every threat of a hash: of the actions that
// move a file, the latest on each counts, and only when it succeeded.
func (c *Connector) fileState(ctx context.Context, sha1 string) (string, error) {
	seen := map[string]int{}
	err := c.list(ctx, threats, nil, url.Values{"contentHashes": {sha1}}, func(items []json.RawMessage) error {
		for _, raw := range items {
			var t threat
			if err := json.Unmarshal(raw, &t); err != nil || t.Info == nil || t.Info.SHA1 != sha1 {
				return connector.Unknownf(err, "SentinelOne answered with threats that were not asked for.")
			}
			seen[t.state()]++
		}
		return nil
	})
	switch {
	case err != nil:
		return "", err
	case len(seen) == 0:
		return "", connector.Unknownf(nil, "SentinelOne knows no threat with this hash.")
	case len(seen) > 1:
		return mixed, nil
	}
	for state := range seen {
		return state, nil
	}
	return "", nil
}

// state is the state of the threat's own file.
func (t threat) state() string {
	state, at := present, time.Time{}
	for _, m := range t.Mitigations {
		moved := map[string]string{"quarantine": quarantined, "unquarantine": present, "un-quarantine": present}[m.Action]
		if moved == "" || m.LastUpdate.Before(at) {
			continue
		}
		if at, state = m.LastUpdate, moved; m.Status != "success" {
			state += ", not confirmed" // pending, failed, or a word to come
		}
	}
	return state
}
