package soc

import (
	"slices"
	"testing"
)

func TestS36CitationsAndTimeline(t *testing.T) {
	cited := Cited("Seen in [E1], [E3, E4] and [e5]; [E1] again, [E0] and [E99].")
	if !slices.Equal(cited, []string{"E1", "E3", "E4", "E99"}) {
		t.Fatalf("%v", cited)
	}
	if got := CountCitations(cited, 10, map[string]bool{"E1": true, "E4": true}); got != (Citations{OK: 2, Unread: 1, Unknown: 1}) {
		t.Errorf("%+v", got)
	}
	call := func(name string) ToolCall { return ToolCall{Name: name} }
	claimed := []ToolCall{call("get_incident"), call("search_evidence"), call("list_incidents"), call("raw_query"), call("get_incident")}
	got := ReconcileTimeline(claimed, []string{"get_incident", "search_evidence", "get_evidence"}, []string{"list_incidents", "find_related"})
	if got != (Timeline{Matched: 3, Missing: 1, Invented: 2}) {
		t.Errorf("%+v", got)
	}
}
