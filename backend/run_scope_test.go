package backend_test

import (
	"testing"

	"vedette/backend/soc"
)

// TestS8ARunSeesOneIncident asks, with a run on one incident, for everything of
// all the others by every way there is.
func TestS8ARunSeesOneIncident(t *testing.T) {
	o := newOffice(t)
	o.ingestDemo()
	ctx := t.Context()
	all, err := o.desk.ListIncidents(ctx, o.agent("free"), soc.IncidentFilter{Workspace: o.home, Limit: 50})
	must(t, err)
	own := all.Incidents[0]
	by := func() soc.Actor {
		a := o.agent("bound")
		a.Run = &soc.Run{ID: "run", Workspace: o.home, Incident: own.ID, Agent: a.ID, Trigger: soc.TriggerInvestigateAndRespond}
		return a
	}
	if _, err := o.desk.GetIncident(ctx, by(), soc.IncidentRef{Workspace: o.home, ID: own.ShortID}, soc.IncidentParts{Alerts: true}); err != nil {
		t.Errorf("its own incident: %v", err)
	}
	if len(all.Incidents) < 10 {
		t.Fatalf("%d incidents: too few to be refused", len(all.Incidents))
	}
	for _, other := range all.Incidents[1:] {
		ref := soc.IncidentRef{Workspace: o.home, ID: other.ShortID}
		for name, ask := range map[string]func(soc.Actor) error{
			"find": func(a soc.Actor) error { _, err := o.desk.FindIncident(ctx, a, ref); return err },
			"get": func(a soc.Actor) error {
				_, err := o.desk.GetIncident(ctx, a, ref, soc.IncidentParts{Alerts: true, Entities: true, Evidence: true})
				return err
			},
			"by source": func(a soc.Actor) error {
				_, err := o.desk.FindIncident(ctx, a, soc.IncidentRef{Workspace: o.home, Source: other.Source, ExternalID: other.ExternalID})
				return err
			},
			"payload": func(a soc.Actor) error { _, err := o.desk.RawPayload(ctx, a, ref); return err },
			"search": func(a soc.Actor) error {
				_, err := o.desk.SearchEvidence(ctx, a, ref, soc.EvidenceFilter{Limit: 5})
				return err
			},
			"evidence": func(a soc.Actor) error { _, _, err := o.desk.GetEvidence(ctx, a, ref, []int{1}); return err },
			"columns":  func(a soc.Actor) error { _, err := o.desk.EvidenceColumns(ctx, a, other); return err },
			"comments": func(a soc.Actor) error { _, _, err := o.desk.Comments(ctx, a, ref, nil, 5); return err },
			"comment": func(a soc.Actor) error {
				_, err := o.desk.AddComment(ctx, a, ref, soc.NewComment{Body: "hello"})
				return err
			},
			"gamebook":  func(a soc.Actor) error { _, err := o.desk.LastGamebook(ctx, a, ref); return err },
			"procedure": func(a soc.Actor) error { _, err := o.desk.GetSOPs(ctx, a, ref, ""); return err },
			"playbooks": func(a soc.Actor) error {
				_, err := o.desk.ListPlaybooks(ctx, a, soc.PlaybookQuery{Workspace: o.home, Incident: other.ShortID})
				return err
			},
			"triage": func(a soc.Actor) error {
				_, err := o.desk.TriageIncident(ctx, a, soc.TriageRequest{Incident: ref})
				return err
			},
			"verdict": func(a soc.Actor) error {
				_, err := o.desk.SubmitInvestigation(ctx, a, soc.SubmitInvestigation{Incident: ref, Comment: "hello"})
				return err
			},
			"response": func(a soc.Actor) error {
				_, err := o.desk.SubmitGamebook(ctx, a, soc.SubmitGamebook{Incident: ref, Steps: []soc.SubmitStep{{Playbook: "isolate_host", Entity: "ENT-00000000"}}})
				return err
			},
		} {
			a := by()
			a.Scopes = append(a.Scopes, soc.ScopeGamebooksRead)
			if err := ask(a); err == nil || soc.AsError(err).Code != soc.CodeRunScope {
				t.Errorf("%s of %s: %v", name, other.ShortID, err)
			}
			if a.Served.Rows != 0 || len(a.Served.Evidence) != 0 {
				t.Errorf("%s of %s: %+v was served", name, other.ShortID, a.Served)
			}
		}
	}
}

// TestS8ListsAreNarrowed holds what a run may see of other incidents to what
// says which they are.
func TestS8ListsAreNarrowed(t *testing.T) {
	o := newOffice(t)
	o.ingestDemo()
	ctx := t.Context()
	free := o.agent("free")
	all, err := o.desk.ListIncidents(ctx, free, soc.IncidentFilter{Workspace: o.home, Limit: 50})
	must(t, err)
	bound := o.agent("bound")
	bound.Run = &soc.Run{ID: "run", Workspace: o.home, Incident: all.Incidents[0].ID, Agent: bound.ID, Trigger: soc.TriggerOnQueue}
	seen, err := o.desk.ListIncidents(ctx, bound, soc.IncidentFilter{Workspace: o.home, Limit: 50})
	must(t, err)
	if len(seen.Incidents) != len(all.Incidents) {
		t.Fatalf("%d rows, want %d", len(seen.Incidents), len(all.Incidents))
	}
	var described int
	for n, row := range seen.Incidents {
		whole := all.Incidents[n]
		if whole.Description != "" && n > 0 {
			described++
		}
		if n > 0 && (row.Description != "" || len(row.Tactics) > 0 || len([]rune(row.Title)) > 200) {
			t.Errorf("%s shows more than which it is: %+v", row.ShortID, row)
		}
		if n == 0 && row.Description != whole.Description {
			t.Errorf("its own incident is cut")
		}
	}
	if described == 0 {
		t.Error("no incident has a description: the test proves nothing")
	}
}
