package tools

import (
	"fmt"
	"slices"
	"strings"

	"vedette/backend/soc"
)

type visible struct {
	tool     string
	scope    soc.Scope
	readOnly bool
}

// visibility is the one table of who sees which tool. The filter at list and
// the refusal at call both read it. A tool that is missing here, or whose hint
// disagrees with readOnly, stops the start (M20).
var visibility = []visible{
	{"list_incidents", soc.ScopeIncidentsRead, true},
	{"get_incident", soc.ScopeIncidentsRead, true},
	{"search_evidence", soc.ScopeIncidentsRead, true},
	{"get_evidence", soc.ScopeIncidentsRead, true},
	{"find_related", soc.ScopeIncidentsRead, true},
	{"list_playbooks", soc.ScopeAgentToolsRead, true},
	{"get_sops", soc.ScopeAgentToolsRead, true},
	{"get_status", soc.ScopeIncidentsRead, true},
	{"triage_incident", soc.ScopeTriageRun, false},
	{"submit_investigation", soc.ScopeAgentToolsExecute, false},
	{"submit_gamebook", soc.ScopeAgentToolsExecute, false},
	{"add_comment", soc.ScopeIncidentsComments, false},
}

// Scopes are the five scopes of this door, in the order of a challenge.
// Approving is none of them: it needs a person's session.
var Scopes = []soc.Scope{
	soc.ScopeIncidentsRead, soc.ScopeAgentToolsRead, soc.ScopeIncidentsComments, soc.ScopeTriageRun, soc.ScopeAgentToolsExecute,
}

// profile checks the tools against the table and returns those the server's
// profile has, ordered by name. What a profile leaves out exists for nobody.
func profile(all []*tool, readOnly bool) ([]*tool, error) {
	var kept []*tool
	for _, t := range all {
		row := slices.IndexFunc(visibility, func(v visible) bool { return v.tool == t.Name })
		if row < 0 {
			return nil, fmt.Errorf("tools: %s is not in the visibility table", t.Name)
		}
		if visibility[row].readOnly != t.Hints.ReadOnly {
			return nil, fmt.Errorf("tools: the visibility table and the read-only hint of %s disagree", t.Name)
		}
		if t.Hints.ReadOnly && t.Hints.Destructive {
			return nil, fmt.Errorf("tools: %s is both read-only and destructive", t.Name)
		}
		t.Scope = visibility[row].scope
		if t.Hints.ReadOnly || !readOnly {
			kept = append(kept, t)
		}
	}
	if len(all) != len(visibility) {
		return nil, fmt.Errorf("tools: %d tools, the visibility table has %d", len(all), len(visibility))
	}
	slices.SortFunc(kept, func(a, b *tool) int { return strings.Compare(a.Name, b.Name) })
	return kept, nil
}
