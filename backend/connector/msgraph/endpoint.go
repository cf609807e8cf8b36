package msgraph

import (
	"net/http"

	"vedette/backend/connector"
)

const source = "https://learn.microsoft.com/graph/api/"

// The calls, each with the least application permission the vendor documents.
var (
	enabling = connector.Endpoint{
		Name: "account.disable, account.enable", Method: http.MethodPatch, Path: "/v1.0/users/{id}",
		Permission: "User.EnableDisableAccount.All", Playbooks: []string{"disable_user", "enable_user"}, Source: source + "user-update",
	}
	password = connector.Endpoint{
		Name: "account.reset_password", Method: http.MethodPatch, Path: "/v1.0/users/{id}",
		Permission: "User-PasswordProfile.ReadWrite.All", Playbooks: []string{"reset_password"}, Source: source + "user-update",
	}
	revoking = connector.Endpoint{
		Name: "account.revoke_sessions", Method: http.MethodPost, Path: "/v1.0/users/{id}/revokeSignInSessions",
		Permission: "User.RevokeSessions.All", Playbooks: []string{"revoke_sessions"}, Source: source + "user-revokesigninsessions",
	}
	reading = connector.Endpoint{
		Name: "account.status, account.sessions, account.password", Method: http.MethodGet, Path: "/v1.0/users/{id}",
		Permission: "User.Read.All", Playbooks: []string{"disable_user", "enable_user", "reset_password", "revoke_sessions"}, Source: source + "user-get",
	}
	confirming = connector.Endpoint{
		Name: "account.confirm_compromised", Method: http.MethodPost, Path: "/v1.0/identityProtection/riskyUsers/confirmCompromised",
		Permission: "IdentityRiskyUser.ReadWrite.All", Playbooks: []string{"confirm_compromised"}, Source: source + "riskyuser-confirmcompromised",
	}
	dismissing = connector.Endpoint{
		Name: "account.dismiss_risk", Method: http.MethodPost, Path: "/v1.0/identityProtection/riskyUsers/dismiss",
		Permission: "IdentityRiskyUser.ReadWrite.All", Playbooks: []string{"dismiss_risk"}, Source: source + "riskyuser-dismiss",
	}
	risk = connector.Endpoint{
		Name: "account.risk", Method: http.MethodGet, Path: "/v1.0/identityProtection/riskyUsers/{id}",
		Permission: "IdentityRiskyUser.Read.All", Playbooks: []string{"confirm_compromised", "dismiss_risk"}, Source: source + "riskyuser-get",
	}
)

// Endpoints is every call that this package makes.
var Endpoints = []connector.Endpoint{connector.MicrosoftSignIn, enabling, password, revoking, reading, confirming, dismissing, risk}

// wider names permissions that include another.
var wider = map[string][]string{
	"User.EnableDisableAccount.All": {"User.ReadWrite.All", "Directory.ReadWrite.All"},
	"User.RevokeSessions.All":       {"User.ReadWrite.All", "Directory.ReadWrite.All"},
	"User.Read.All":                 {"User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"},
	"IdentityRiskyUser.Read.All":    {"IdentityRiskyUser.ReadWrite.All"},
}
