package defender

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"vedette/backend/connector"
)

// title marks the indicators that Vedette made; no other is ever deleted.
const title = "Blocked by Vedette"

// Words of the catalogue's probe of a block.
const (
	blocked   = "blocked"
	open      = "open"
	partially = "partially"
)

type indicator struct {
	ID      json.Number `json:"id"`
	Value   string      `json:"indicatorValue"`
	Action  string      `json:"action"`
	Title   string      `json:"title"`
	Expires *time.Time  `json:"expirationTime"`
	Groups  []string    `json:"rbacGroupNames"`
}

// blocks reports whether the file may not run by the indicator.
func (i indicator) blocks() bool {
	return i.Action == "Block" || i.Action == "AlertAndBlock" || i.Action == "BlockAndRemediate"
}

// blocking is what indicators say of a file.
type blockage struct {
	word    string
	ours    []string // ids
	foreign string   // action of one that others made, if any
}

func indicatorType(hash string) string {
	if len(hash) == 64 {
		return "FileSha256"
	}
	return "FileSha1"
}

func (c *Connector) blockState(ctx context.Context, hash string) (blockage, error) {
	state := blockage{word: open}
	call := connector.Call{Endpoint: indicators, Query: url.Values{"$filter": {fmt.Sprintf("indicatorValue eq '%s'", hash)}}}
	err := c.List(ctx, call, func(raw json.RawMessage) error {
		var i indicator
		if err := json.Unmarshal(raw, &i); err != nil || i.ID == "" || i.Action == "" {
			return connector.Unknownf(err, "Defender's indicator could not be read.")
		}
		if !strings.EqualFold(i.Value, hash) {
			return nil
		}
		if i.Title == title {
			state.ours = append(state.ours, i.ID.String())
		} else {
			state.foreign = i.Action
		}
		live := i.Expires == nil || i.Expires.After(c.Config.Now())
		switch {
		case !i.blocks() || !live || state.word == blocked:
		case len(i.Groups) > 0:
			state.word = partially
		default:
			state.word = blocked
		}
		return nil
	})
	if err != nil {
		return blockage{}, err
	}
	return state, nil
}

// block keeps the file from running everywhere. The API would overwrite an
// indicator of the same value, so that of others is left alone: where it blocks,
// nothing is to be done, else somebody decided otherwise.
func (c *Connector) block(ctx context.Context, a connector.Action) (connector.Receipt, error) {
	state, err := c.blockState(ctx, a.NativeID)
	switch {
	case err != nil:
		return connector.Receipt{}, before(err)
	case state.word == blocked:
		return connector.Receipt{}, nil
	case state.foreign != "":
		return connector.Receipt{}, connector.Refusedf(fmt.Errorf("action %.100q", state.foreign), "Defender has an indicator for this file that others made and that does not block it everywhere; it was left alone.")
	}
	var made indicator
	_, err = c.Ask(ctx, connector.Call{Endpoint: blocking, Body: map[string]any{
		"indicatorValue": a.NativeID, "indicatorType": indicatorType(a.NativeID), "action": "Block", "title": title,
		"description": comment(a.IdempotencyKey), "severity": "High", "generateAlert": true,
	}}, &made)
	if err == nil && (made.ID == "" || !strings.EqualFold(made.Value, a.NativeID) || !made.blocks()) {
		err = connector.Unknownf(fmt.Errorf("%+.300v", made), "Defender's answer is not the indicator that was ordered.")
	}
	return connector.Receipt{Reference: made.ID.String()}, err
}

// unblock deletes what block made. A block of others stays, and is no success.
func (c *Connector) unblock(ctx context.Context, hash string) error {
	state, err := c.blockState(ctx, hash)
	switch {
	case err != nil:
		return before(err)
	case len(state.ours) == 0 && state.word == open:
		return nil
	case len(state.ours) == 0:
		return connector.Refusedf(nil, "The file is blocked by an indicator that others made; it was left alone.")
	}
	for n, id := range state.ours {
		if _, err := c.Ask(ctx, connector.Call{Endpoint: unblocking, Values: []string{id}}, nil); err != nil {
			if n > 0 {
				return connector.Unknownf(err, "Only some of the indicators were deleted.")
			}
			return err
		}
	}
	return nil
}

// before is the failure of an action that had not begun to act.
func before(err error) error {
	var f *connector.Failure
	if errors.As(err, &f) {
		return connector.Refusedf(err, "Nothing was ordered: %s", f.Message)
	}
	return connector.Refusedf(err, "Nothing was ordered.")
}
