package main

import (
	"slices"
	"testing"

	"vedette/backend/connector"
)

// TestEveryProductStatesItsCalls: whoever grants permissions reads the table, so
// it is whole: each playbook has a call that acts and is documented, and the
// packages' own tests hold the table against what they ask.
func TestEveryProductStatesItsCalls(t *testing.T) {
	for _, k := range connectorKinds() {
		if k.Name == "range" || k.Declares != nil {
			continue
		}
		if len(k.Endpoints) == 0 {
			t.Errorf("%s states no call", k.Name)
		}
		for _, e := range k.Endpoints {
			if e.Method == "" || e.Path == "" || e.Permission == "" || e.Source == "" {
				t.Errorf("%s: %s is not whole", k.Name, e.Name)
			}
		}
		for _, id := range k.Playbooks {
			if !slices.ContainsFunc(k.Endpoints, func(e connector.Endpoint) bool { return e.Method != "GET" && slices.Contains(e.Playbooks, id) }) {
				t.Errorf("%s: no call carries %s out", k.Name, id)
			}
		}
		if len(k.Playbooks) == 0 && k.Source == "" {
			t.Errorf("%s is good for nothing", k.Name)
		}
	}
}
