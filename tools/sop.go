package tools

import (
	"context"
	"fmt"

	"vedette/backend/soc"
	"vedette/schemas"
)

type sopList struct {
	envelope
	table
	More *more `json:"more,omitempty"`
}

// sopText is one procedure. Its text is the workspace's own, not the event's.
type sopText struct {
	envelope
	ID      string `json:"id"`
	Name    string `json:"name"`
	Kind    string `json:"kind"`
	Version int    `json:"version"`
	Length  int    `json:"length"`
	Offset  int    `json:"offset,omitempty"`
	Text    string `json:"text"`
	More    *more  `json:"more,omitempty"`
}

// sopPage is how much of a procedure one answer holds, in characters.
const sopPage = 24_000

func getSOPs(ctx context.Context, r *request, in schemas.GetSOPs) (any, error) {
	if in.IncidentID != "" {
		if err := incidentIDs.check("incident_id", in.IncidentID); err != nil {
			return nil, err
		}
	}
	ref := soc.IncidentRef{}
	if in.IncidentID != "" {
		ref = r.ref(in.IncidentID)
	}
	matches, err := r.server.desk.GetSOPs(ctx, r.by, ref, in.SOPID)
	if err != nil {
		return nil, err
	}
	if in.SOPID != "" {
		if len(matches) == 0 {
			return nil, soc.NotFoundf("There is no such procedure.").WithFix("get_sops without sop_id lists the procedures with their ids.")
		}
		return drawSOP(in, matches[0].SOP, r.tool.Name), nil
	}
	out := sopList{table: table{Columns: []string{"id", "name", "kind", "version", "why"}}}
	shown := fill(newRoom(), &out.table, matches, func(m soc.SOPMatch) []any {
		return []any{m.SOP.ID, soc.DisplayName(m.SOP.Name), m.SOP.Kind, m.SOP.Version, outsideList(firstOf(m.Why, 5), 160)}
	})
	switch {
	case shown == 0 && in.IncidentID != "":
		out.Summary = "No procedure fits this incident. get_sops without arguments lists all."
	case shown == 0:
		out.Summary = "The workspace has no procedures."
	case in.IncidentID != "":
		out.Summary = fmt.Sprintf("%s, best match first. One in full: get_sops with its sop_id.", count(shown, "procedure"))
	default:
		out.Summary = fmt.Sprintf("%s. One in full: get_sops with its sop_id.", count(shown, "procedure"))
	}
	if shown < len(matches) {
		out.More = &more{Shown: shown, Total: known(len(matches))}
	}
	return out, nil
}

func drawSOP(in schemas.GetSOPs, sop soc.SOP, tool string) sopText {
	offset := boundary(sop.Text, in.Offset)
	kept, text := fitQuoted(sop.Text[offset:], sopPage)
	out := sopText{
		ID: sop.ID, Name: soc.DisplayName(sop.Name), Kind: sop.Kind, Version: sop.Version, Length: len(sop.Text), Offset: offset, Text: text,
	}
	out.Summary = fmt.Sprintf("Procedure %s, version %d.", sop.ID, sop.Version)
	if end := offset + kept; end < len(sop.Text) {
		out.Summary += " It goes on."
		out.More = &more{Shown: end, Total: known(len(sop.Text)), Next: &nextCall{tool, schemas.GetSOPs{SOPID: in.SOPID, Offset: end}}}
	}
	return out
}
