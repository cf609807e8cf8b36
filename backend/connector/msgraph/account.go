package msgraph

import (
	"context"
	"crypto/rand"
	"net/url"
	"strings"
	"time"

	"vedette/backend/connector"
)

// enable sets whether the account may sign in. It is so already: the directory
// answers alike.
func (c *Connector) enable(ctx context.Context, id string, on bool) error {
	_, err := c.Ask(ctx, connector.Call{Endpoint: enabling, Values: []string{id}, Body: map[string]any{"accountEnabled": on}}, nil)
	return err
}

// revoke ends sessions and refresh tokens. The API says 204, and said 200 with a
// value before.
func (c *Connector) revoke(ctx context.Context, id string) error {
	var said struct {
		Value *bool `json:"value"`
	}
	answer, err := c.Ask(ctx, connector.Call{Endpoint: revoking, Values: []string{id}, Body: map[string]any{}}, &said)
	if err == nil && answer.Status != 204 && (said.Value == nil || !*said.Value) {
		return connector.Unknownf(nil, "The answer does not say that the sessions were revoked.")
	}
	return err
}

// reset replaces the password by one that nobody knows.
func (c *Connector) reset(ctx context.Context, a connector.Action) error {
	force, stated := a.Parameters["force_change"].(bool)
	_, err := c.Ask(ctx, connector.Call{Endpoint: password, Values: []string{a.NativeID}, Body: map[string]any{
		"passwordProfile": map[string]any{"password": drawPassword(), "forceChangePasswordNextSignIn": force || !stated},
	}}, nil)
	return err
}

// drawPassword draws 130 random bits and adds one of each class that the
// directory's complexity rule asks for.
func drawPassword() string {
	text := rand.Text()
	return text[:13] + strings.ToLower(text[13:]) + "-7aA"
}

// user is what a read-back looks at.
type user struct {
	ID              string     `json:"id"`
	Enabled         *bool      `json:"accountEnabled"`
	SessionsFrom    *time.Time `json:"signInSessionsValidFromDateTime"`
	PasswordChanged *time.Time `json:"lastPasswordChangeDateTime"`
}

func (c *Connector) user(ctx context.Context, id, property string) (user, error) {
	var u user
	_, err := c.Ask(ctx, connector.Call{Endpoint: reading, Values: []string{id}, Query: url.Values{"$select": {"id," + property}}}, &u)
	if err == nil && (u.ID == "" || objectForm.MatchString(id) && !strings.EqualFold(u.ID, id)) {
		err = connector.Unknownf(nil, "The answer is not of the account that was asked for.")
	}
	return u, err
}

func (c *Connector) status(ctx context.Context, q connector.Question) (string, error) {
	u, err := c.user(ctx, q.NativeID, "accountEnabled")
	switch {
	case err != nil:
		return "", err
	case u.Enabled == nil:
		return "", connector.Unknownf(nil, "The answer does not say whether the account is enabled.")
	case *u.Enabled:
		return "enabled", nil
	}
	return "disabled", nil
}

func (c *Connector) sessions(ctx context.Context, q connector.Question) (string, error) {
	u, err := c.user(ctx, q.NativeID, "signInSessionsValidFromDateTime")
	if err != nil {
		return "", err
	}
	return since(u.SessionsFrom, q.DispatchedAt, "revoked", "valid"), nil
}

func (c *Connector) password(ctx context.Context, q connector.Question) (string, error) {
	u, err := c.user(ctx, q.NativeID, "lastPasswordChangeDateTime")
	if err != nil {
		return "", err
	}
	return since(u.PasswordChanged, q.DispatchedAt, "changed", "unchanged"), nil
}

// since compares a time of the directory, which has seconds, with the dispatch.
// Without a dispatch nothing can be told apart.
func since(at *time.Time, dispatched time.Time, done, not string) string {
	if at == nil || dispatched.IsZero() || at.Before(dispatched.Truncate(time.Second)) {
		return not
	}
	return done
}

// judge confirms or dismisses the risk of one account. The API takes object ids
// only.
func (c *Connector) judge(ctx context.Context, e connector.Endpoint, id string) error {
	if !objectForm.MatchString(id) {
		return connector.Refusedf(nil, "Identity Protection knows accounts by their object id only.")
	}
	_, err := c.Ask(ctx, connector.Call{Endpoint: e, Body: map[string]any{"userIds": []string{id}}}, nil)
	return err
}

// risk reads the risk state in the catalogue's words; what the directory says
// beyond those two is given as it is.
func (c *Connector) risk(ctx context.Context, id string) (string, error) {
	if !objectForm.MatchString(id) {
		return "", connector.Refusedf(nil, "Identity Protection knows accounts by their object id only.")
	}
	var seen struct {
		ID    string `json:"id"`
		State string `json:"riskState"`
	}
	_, err := c.Ask(ctx, connector.Call{Endpoint: risk, Values: []string{id}}, &seen)
	switch {
	case err != nil:
		return "", err
	case !strings.EqualFold(seen.ID, id) || seen.State == "":
		return "", connector.Unknownf(nil, "The answer is not of the account that was asked for.")
	case seen.State == "confirmedCompromised":
		return "compromised", nil
	}
	return seen.State, nil
}
