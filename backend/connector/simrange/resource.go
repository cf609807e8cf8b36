package simrange

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// resource is one thing of the simulated products that can be read and changed.
type resource struct {
	// path has one or two wildcards; they joined by "/" are the object's id.
	path string
	// read is the operation of a GET, the name catalogue probes use.
	read string
	// initial is the state of an object nobody has touched.
	initial string
	// acts maps the state asked for by PUT to its operation.
	acts map[string]string
	// adds, instead, is the operation of a POST that adds an item with the state
	// done; such a resource is read as its list of items.
	adds, done string
	parameters []parameter
}

// parameter is a member of a request beside "state". Exactly one of words,
// highest and boolean says what it may be.
type parameter struct {
	name    string
	words   []string
	highest int64 // an integer from 0
	boolean bool
	initial any
}

var resources = []resource{
	{
		path: "/api/v1/accounts/{id}/status", read: "account.status", initial: "enabled",
		acts: map[string]string{"enabled": "account.enable", "disabled": "account.disable"},
	},
	{
		path: "/api/v1/accounts/{id}/sessions", read: "account.sessions", initial: "active",
		acts: map[string]string{"revoked": "account.revoke_sessions"},
	},
	{
		path: "/api/v1/accounts/{id}/password-resets", read: "account.password", adds: "account.reset_password", done: "changed",
		parameters: []parameter{{name: "force_change", boolean: true, initial: true}},
	},
	{
		path: "/api/v1/accounts/{id}/risk", read: "account.risk", initial: "atRisk",
		acts: map[string]string{"compromised": "account.confirm_compromised", "dismissed": "account.dismiss_risk"},
	},
	{
		path: "/api/v1/endpoints/{id}/isolation", read: "host.isolation", initial: "connected",
		acts:       map[string]string{"isolated": "host.isolate", "connected": "host.release"},
		parameters: []parameter{{name: "mode", words: []string{"full", "selective"}, initial: "full"}},
	},
	{
		path: "/api/v1/endpoints/{id}/execution", read: "host.execution", initial: "unrestricted",
		acts: map[string]string{"restricted": "host.restrict", "unrestricted": "host.unrestrict"},
	},
	{
		path: "/api/v1/endpoints/{id}/scans", read: "host.scans", adds: "host.scan", done: "completed",
		parameters: []parameter{{name: "depth", words: []string{"quick", "full"}, initial: "quick"}},
	},
	{
		path: "/api/v1/files/{id}/quarantine", read: "file.state", initial: "present",
		acts: map[string]string{"quarantined": "file.quarantine", "present": "file.restore"},
	},
	{
		path: "/api/v1/files/{id}/block", read: "file.block_state", initial: "open",
		acts: map[string]string{"blocked": "file.block", "open": "file.unblock"},
	},
	{path: "/api/v1/files/{id}/stops", read: "file.stopped", adds: "file.stop", done: "stopped"},
	{
		path: "/api/v1/mailboxes/{id}/messages/{message}", read: "message.state", initial: "delivered",
		acts: map[string]string{"quarantined": "message.quarantine", "delivered": "message.release"},
	},
	{
		path: "/api/v1/blocklist/{id}", read: "address.state", initial: "open",
		acts: map[string]string{"blocked": "address.block", "open": "address.unblock"},
		parameters: []parameter{
			{name: "direction", words: []string{"both", "inbound", "outbound"}, initial: "both"},
			{name: "duration_hours", highest: 8760, initial: int64(0)},
		},
	},
}

// acting finds the resource an operation changes, and the state it asks for.
func acting(operation string) (*resource, string, bool) {
	for i := range resources {
		r := &resources[i]
		if r.adds == operation && operation != "" {
			return r, "", true
		}
		for state, name := range r.acts {
			if name == operation {
				return r, state, true
			}
		}
	}
	return nil, "", false
}

// reading finds the resource a probe operation reads.
func reading(operation string) (*resource, bool) {
	for i := range resources {
		if resources[i].read == operation {
			return &resources[i], true
		}
	}
	return nil, false
}

// request checks the members of a change and returns its operation and its
// parameters with their defaults, or what is wrong.
func (r *resource) request(body map[string]any) (operation string, given map[string]any, problem string) {
	operation = r.adds
	if operation == "" {
		state, _ := body["state"].(string)
		if operation = r.acts[state]; operation == "" {
			return "", nil, "state is missing or unknown"
		}
		delete(body, "state")
	}
	given = map[string]any{}
	for _, p := range r.parameters {
		value, stated := body[p.name]
		delete(body, p.name)
		if !stated {
			value = p.initial
		} else if value = p.accept(value); value == nil {
			return "", nil, p.name + " is not valid"
		}
		given[p.name] = value
	}
	if len(body) > 0 {
		return "", nil, "unknown members"
	}
	return operation, given, ""
}

// accept returns the typed value, or nil.
func (p parameter) accept(value any) any {
	switch v := value.(type) {
	case bool:
		if p.boolean {
			return v
		}
	case string:
		if slices.Contains(p.words, v) {
			return v
		}
	case float64:
		if p.highest > 0 && v >= 0 && v <= float64(p.highest) && v == float64(int64(v)) {
			return int64(v)
		}
	}
	return nil
}

// object is the state of one thing; the zero object is untouched.
type object struct {
	state      string
	parameters map[string]any
	at         time.Time
	key        string
	items      []item
}

// item is one entry of a resource that collects acts.
type item struct {
	RequestID  string         `json:"request_id"`
	State      string         `json:"state"`
	At         time.Time      `json:"at"`
	Parameters map[string]any `json:"parameters,omitempty"`
}

// keptItems bounds a list; older ones are in the journal.
const keptItems = 50

// apply carries the effect of one journal line out.
func (s state) apply(d Dispatch) error {
	r, asked, ok := acting(d.Operation)
	if !ok {
		return fmt.Errorf("unknown operation %q", d.Operation)
	}
	o := s.at(r, d.Object)
	if r.adds != "" {
		o.items = append(o.items, item{RequestID: d.Key, State: r.done, At: d.At, Parameters: d.Parameters})
		o.items = o.items[max(0, len(o.items)-keptItems):]
	} else {
		o.state, o.parameters, o.at, o.key = asked, d.Parameters, d.At, d.Key
	}
	s[objectKey{r.read, d.Object}] = o
	return nil
}

type objectKey struct{ read, id string }

// state holds every object that was ever touched.
type state map[objectKey]object

func (s state) at(r *resource, id string) object { return s[objectKey{r.read, id}] }

// view is the answer to a GET.
func (s state) view(r *resource, id string, now time.Time) map[string]any {
	o := s.at(r, id)
	answer := map[string]any{"id": id}
	if r.adds != "" {
		answer["items"] = append([]item{}, o.items...)
		return answer
	}
	if hours := hoursOf(o.parameters); hours > 0 && !now.Before(o.at.Add(hours)) {
		o = object{} // the block ended by itself
	}
	answer["state"] = r.initial
	if o.state != "" {
		answer["state"], answer["request_id"], answer["updated_at"] = o.state, o.key, o.at
	}
	if o.state != "" && o.state != r.initial {
		for name, value := range o.parameters {
			answer[name] = value
		}
	}
	return answer
}

// hoursOf reads duration_hours, which is a float64 after a restart.
func hoursOf(parameters map[string]any) time.Duration {
	switch hours := parameters["duration_hours"].(type) {
	case int64:
		return time.Duration(hours) * time.Hour
	case float64:
		return time.Duration(hours) * time.Hour
	}
	return 0
}

// wildcards are the path parameters in order; their values joined are the id.
func (r *resource) wildcards() []string {
	var names []string
	for part := range strings.SplitSeq(r.path, "/") {
		if strings.HasPrefix(part, "{") {
			names = append(names, strings.Trim(part, "{}"))
		}
	}
	return names
}
