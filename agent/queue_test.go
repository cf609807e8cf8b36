package agent

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"vedette/backend/soc"
)

// TestT4QueueOrder: most severe first, then oldest; every fourth lease is the
// oldest whatever it is; no more at once than a workspace may have.
func TestT4QueueOrder(t *testing.T) {
	h := openHouse(t, func(l *soc.Loop) { l.Concurrent = 3 })
	body, err := os.ReadFile("../backend/connector/generic/example.json")
	h.must(err)
	more := func(id, severity string) {
		h.Advance(time.Minute)
		h.Ingest(h.First, "generic", []byte(strings.NewReplacer(`"falcon-9182734"`, `"`+id+`"`, `"severity": "high"`, `"severity": "`+severity+`"`, "WS-042", id, "EDGE-1042", "D-"+id).Replace(string(body))))
		page, err := h.read().ListIncidents(soc.IncidentFilter{Workspace: h.First, Limit: 50}, nil)
		h.must(err)
		for _, i := range page.Incidents {
			h.must(h.Desk.RunFloor(context.Background(), soc.FloorJob{Workspace: h.First, Incidents: []string{i.ID}}))
		}
	}
	more("low-1", "low")
	more("critical-1", "critical")
	more("critical-2", "critical")
	more("low-2", "low")
	var got []string
	for range 6 {
		lease, found, err := h.runs.Lease(context.Background(), nil, 0)
		h.must(err)
		if !found {
			got = append(got, "-")
			continue
		}
		got = append(got, string(lease.Input.Overview.Severity))
		if len(got) == 3 {
			// Three are under way: the next asks get nothing until the leases end.
			if _, found, _ := h.runs.Lease(context.Background(), nil, 0); found {
				t.Error("more at once than may be")
			}
		}
	}
	if order := strings.Join(got[:3], " "); order != "critical critical high" && order != "critical critical low" {
		t.Errorf("%v", got)
	}
	if got[3] != "-" {
		t.Errorf("%v", got)
	}
}
