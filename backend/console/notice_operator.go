package console

import "maps"

// operatorNotices are those of the pages about the server; see notices.
var operatorNotices = map[string]string{
	"suspended":          "The agent is suspended; no key of it works.",
	"agent-created":      "The agent is made. It can do nothing before it has a key.",
	"agent-changed":      "The agent is described anew.",
	"unsuspended":        "The suspension is lifted.",
	"run-started":        "The run is under way.",
	"run-cancelled":      "The run has ended.",
	"policy-changed":     "The policy is changed.",
	"policy-same":        "That is the policy already; nothing was changed.",
	"change-asked":       "The change waits for a second person.",
	"change-confirmed":   "Your confirmation is recorded.",
	"change-rejected":    "The change is rejected.",
	"webhook-paused":     "The webhook is paused. What happens meanwhile waits for it.",
	"webhook-resumed":    "The webhook is told again what happens.",
	"webhook-enabled":    "The webhook is enabled.",
	"webhook-saved":      "The webhook is saved.",
	"webhook-deleted":    "The webhook is deleted.",
	"webhook-tested":     "The test was sent; its line in the log says what came of it.",
	"connector-asked":    "Another admin has to put it in force.",
	"connector-enabled":  "The connector is in force.",
	"connector-disabled": "The connector is out of force.",
	"connector-made":     "The connector is stated. Set its secrets and check it; another admin puts it in force.",
	"connector-saved":    "The connector is as the form says.",
	"connector-secrets":  "The secrets are sealed and stored.",
	"connector-deleted":  "The connector and its secrets are gone.",
	"person-disabled":    "The person is shut out.",
	"roles-set":          "The roles are as the form says.",
	"key-revoked":        "The key is revoked.",
	"redelivered":        "It is being sent again.",
}

func init() { maps.Copy(notices, operatorNotices) }
