package tools

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"vedette/backend/soc"
	"vedette/schemas"
)

type playbookList struct {
	envelope
	Playbooks []playbookEntry `json:"playbooks"`
	More      *more           `json:"more,omitempty"`
}

type playbookEntry struct {
	ID          string           `json:"id"`
	Name        string           `json:"name"`
	Description string           `json:"description,omitempty"`
	Targets     []soc.EntityKind `json:"target_types"`
	Requires    []string         `json:"required_properties,omitempty"`
	Class       soc.Class        `json:"reversibility"`
	Impact      soc.Impact       `json:"impact"`
	Rollback    string           `json:"undone_by,omitempty"`
	Enabled     bool             `json:"enabled"`
	Connected   bool             `json:"connected"`
	Approval    string           `json:"approval"`
	// Here are the targets of the incident asked about.
	Here *section `json:"targets,omitempty"`
}

// playbookPage is how many entries one answer holds, with and without targets.
const (
	playbookPage   = 40
	playbookTarget = 10
)

func listPlaybooks(ctx context.Context, r *request, in schemas.ListPlaybooks) (any, error) {
	if in.IncidentID != "" {
		if err := incidentIDs.check("incident_id", in.IncidentID); err != nil {
			return nil, err
		}
	}
	kind := soc.EntityKind(in.EntityType)
	if kind != "" && !slices.Contains(soc.AllEntityKinds, kind) {
		return nil, soc.Errorf(soc.Invalid, soc.CodeValidationError, "Argument entity_type is not a type: %q.", shown(in.EntityType)).
			WithFix("Types are %s.", strings.Join(words(soc.AllEntityKinds), ", "))
	}
	filters := in
	filters.Cursor = ""
	at, err := r.open(filters, in.Cursor)
	if err != nil {
		return nil, err
	}
	offers, err := r.server.desk.ListPlaybooks(ctx, r.by, soc.PlaybookQuery{
		Workspace: r.by.Workspace, Kind: kind, Incident: in.IncidentID, Playbook: in.PlaybookID,
	})
	if err != nil {
		return nil, err
	}
	if len(offers) == 0 && in.PlaybookID != "" && kind == "" {
		return nil, soc.NotFoundf("There is no such playbook.").WithFix("list_playbooks without playbook_id lists them.")
	}
	offers = slices.Clone(offers)
	slices.SortFunc(offers, func(a, b soc.PlaybookOffer) int { return strings.Compare(a.Playbook.ID, b.Playbook.ID) })
	total := len(offers)
	if at.After != nil {
		offers = slices.DeleteFunc(offers, func(o soc.PlaybookOffer) bool { return o.Playbook.ID <= at.After.ID })
	}
	out := playbookList{Playbooks: []playbookEntry{}}
	left := newRoom()
	for n, offer := range offers {
		entry := drawPlaybook(in, offer)
		size := characters(entry)
		if n > 0 && (n == playbookPage || size > left.left) {
			next := filters
			if next.Cursor, err = r.seal(filters, cursor{After: &soc.Keyset{ID: offers[n-1].Playbook.ID}}); err != nil {
				return nil, err
			}
			out.More = &more{Shown: n, Total: &total, Next: &nextCall{r.tool.Name, next}}
			break
		}
		left.left -= size
		out.Playbooks = append(out.Playbooks, entry)
	}
	out.Summary = playbookSummary(in, len(out.Playbooks), total)
	return out, nil
}

func playbookSummary(in schemas.ListPlaybooks, n, total int) string {
	if n == 0 {
		switch {
		case in.EntityType != "" || in.IncidentID != "":
			return "No playbook of the catalogue acts on that. list_playbooks without arguments lists all."
		}
		return "The catalogue of this workspace is empty: a person has to enable playbooks."
	}
	text := fmt.Sprintf("%d of %s.", n, count(total, "playbook"))
	if in.IncidentID != "" {
		text += " Use the target ids exactly; gate says what a submit would give: run, queue (a person decides) or deny."
	}
	return text
}

func drawPlaybook(in schemas.ListPlaybooks, o soc.PlaybookOffer) playbookEntry {
	p := o.Playbook
	entry := playbookEntry{
		ID: p.ID, Name: soc.DisplayName(p.Name), Description: outside(p.Description, 400), Targets: p.EntityKinds, Requires: p.RequiredProperties,
		Class: p.Class, Impact: p.Impact, Rollback: p.Rollback, Enabled: o.Enabled, Connected: p.Internal || len(o.Connectors) > 0,
		Approval: needText(o.Need),
	}
	if in.IncidentID == "" {
		return entry
	}
	limit := playbookTarget
	if in.PlaybookID != "" {
		limit = fullRows
	}
	entry.Here = &section{table: table{Columns: []string{"entity_id", "gate", "reasons"}, Rows: [][]any{}}}
	for _, target := range firstOf(o.Targets, limit) {
		entry.Here.Rows = append(entry.Here.Rows, []any{target.Entity, target.Outcome, words(target.Reasons)})
	}
	if hidden := len(o.Targets); hidden > limit {
		entry.Here.More = &more{Shown: limit, Total: &hidden}
		if in.PlaybookID == "" {
			entry.Here.More.Next = &nextCall{"list_playbooks", schemas.ListPlaybooks{IncidentID: in.IncidentID, PlaybookID: p.ID}}
		} else {
			entry.Here.More.Next = &nextCall{"get_incident", schemas.GetIncident{IncidentID: in.IncidentID, Include: []string{"entities"}, Detail: "full"}}
		}
	}
	return entry
}

// needText says who approves, in words.
func needText(n soc.Need) string {
	if n.Count == 0 {
		return "none"
	}
	people := "1 person"
	if n.Count > 1 {
		people = fmt.Sprintf("%d people", n.Count)
	}
	if len(n.Roles) == 0 {
		return people
	}
	return people + " with role " + strings.Join(words(n.Roles), ", ") + " or above"
}
