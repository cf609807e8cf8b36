package backend_test

import (
	"sync"
	"testing"

	"vedette/backend/soc"
)

// phish is the incident of the triage family's reference.
func phish(external string) soc.NewIncident {
	return soc.NewIncident{Alert: soc.InboundAlert{
		Source: "email_gateway", ExternalID: external, Type: "phishing", Severity: soc.SeverityHigh,
		Raw: []byte(`{ "message_id":"<1@example.com>","sender":"a@example.com","recipient":"b@example.com","subject":"Urgent","urls":["http://x.example/","http://y.example/"]}`),
	}}
}

func (o *office) create(by soc.Actor, in soc.NewIncident) (soc.CreatedIncident, error) {
	read, err := soc.ReadRawData(in.Alert, by.Source == in.Alert.Source, o.clock.Now())
	must(o.t, err)
	in.Alert = read
	return o.desk.CreateIncident(o.t.Context(), by, in)
}

func TestAnIncidentIsMadeWhole(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		key := o.writer(soc.PrincipalService)
		key.Role, key.Source = soc.RoleViewer, "email_gateway"
		made, err := o.create(key, phish("m1"))
		must(t, err)
		i := o.incidentNow(made.Incident)
		if i.ExternalID != "m1" || i.Number == 0 || i.Title != "" || i.Type != "phishing" || i.AlertCount != 1 || i.EvidenceCount != 1 || i.EntityCount != 5 || i.IngestSeverity != soc.SeverityHigh {
			t.Errorf("%+v", i)
		}
		entities, err := o.store.Read(t.Context()).IncidentEntities(o.home, i.ID, "", 50)
		must(t, err)
		for _, e := range entities {
			want := soc.ProvenanceParsed
			if e.Kind == soc.KindMailMessage || e.Value == "b@example.com" {
				want = soc.ProvenanceSensorAsserted
			}
			if e.Provenance != want {
				t.Errorf("S10: %s %s is %s", e.Kind, e.Value, e.Provenance)
			}
		}
		again, err := o.create(key, phish("m1"))
		must(t, err)
		if !again.Deduplicated || again.Incident.ID != i.ID {
			t.Errorf("%+v", again)
		}
		other := phish("m1")
		other.Alert.Severity = soc.SeverityLow
		_, err = o.create(key, other)
		wantCode(t, "another payload", err, soc.CodeConflict)
		for range 2 {
			if made, err := o.create(key, phish("")); err != nil || made.Deduplicated || made.Incident.ExternalID != made.Incident.ShortID {
				t.Errorf("without a key: %+v %v", made, err)
			}
		}
		_, err = o.create(o.writer(soc.PrincipalAgent), phish("m2"))
		wantCode(t, "an agent", err, soc.CodeForbidden)
		key.Source = "other"
		_, err = o.create(key, phish("m2"))
		wantCode(t, "another source's key", err, soc.CodeForbidden)
	})
}

// TestS27OneKeyIsOneIncident posts one key from many goroutines.
func TestS27OneKeyIsOneIncident(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		key := o.writer(soc.PrincipalService)
		ids := make([]string, 20)
		var wait sync.WaitGroup
		for n := range ids {
			wait.Go(func() {
				made, err := o.desk.CreateIncident(t.Context(), key, phish("same"))
				if err == nil {
					ids[n] = made.Incident.ID
				}
			})
		}
		wait.Wait()
		for _, id := range ids {
			if id == "" || id != ids[0] {
				t.Fatalf("%v", ids)
			}
		}
	})
}

func TestS35DeletingIsATombstone(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		ctx := t.Context()
		key := o.writer(soc.PrincipalService)
		made, err := o.create(key, phish("m1"))
		must(t, err)
		i := made.Incident
		ref := soc.IncidentRef{ID: i.ID}
		key.Scopes, key.Role = append(key.Scopes, soc.ScopeIncidentsDelete), soc.RoleAdmin
		agent := key
		agent.Kind, agent.Served = soc.PrincipalAgent, &soc.Served{}
		wantCode(t, "an agent", o.desk.DeleteIncident(ctx, agent, ref, soc.IfMatch{}), soc.CodeForbidden)
		low := key
		low.Role = soc.RoleManager
		wantCode(t, "a manager", o.desk.DeleteIncident(ctx, low, ref, soc.IfMatch{}), soc.CodeInsufficientWorkspaceRole)
		hold, release := true, false
		_, err = o.desk.ChangeWorkspace(ctx, host(), soc.WorkspaceChange{Workspace: o.home, LegalHold: &hold, Reason: "court order"})
		must(t, err)
		wantCode(t, "under legal hold", o.desk.DeleteIncident(ctx, key, ref, soc.IfMatch{}), soc.CodeLocked)
		_, err = o.desk.ChangeWorkspace(ctx, host(), soc.WorkspaceChange{Workspace: o.home, LegalHold: &release, Reason: "lifted"})
		must(t, err)
		must(t, o.desk.DeleteIncident(ctx, key, ref, soc.IfMatch{}))
		wantCode(t, "again", o.desk.DeleteIncident(ctx, key, ref, soc.IfMatch{}), soc.CodeNotFound)
		if _, err := o.desk.GetIncident(ctx, key, ref, soc.IncidentParts{}); soc.KindOf(err) != soc.NotFound {
			t.Errorf("read: %v", err)
		}
		page, err := o.desk.ListIncidentsByPhase(ctx, key, soc.IncidentFilter{Limit: 10}, nil)
		must(t, err)
		if len(page.Incidents) != 0 || page.Total != 0 {
			t.Errorf("listed: %+v", page)
		}
		_, err = o.create(key, phish("m1"))
		wantCode(t, "its key", err, soc.CodeConflict)
		next, err := o.create(key, phish("m2"))
		must(t, err)
		if next.Incident.Number != i.Number+1 {
			t.Errorf("number %d after %d", next.Incident.Number, i.Number)
		}
		kept, err := o.store.Read(ctx).EvidenceTypes(o.home, i.ID)
		must(t, err)
		if len(kept) == 0 {
			t.Error("its evidence is gone")
		}
	})
}

func TestALockedWorkspaceTakesNoWrites(t *testing.T) {
	o := newOffice(t)
	o.ingestDemo()
	i, key, lock := o.openIncident(), o.writer(soc.PrincipalService), true
	_, err := o.desk.ChangeWorkspace(t.Context(), host(), soc.WorkspaceChange{Workspace: o.home, Locked: &lock, Reason: "off-boarding"})
	must(t, err)
	_, err = o.change(key, i, soc.IncidentChange{Severity: soc.SeverityCritical})
	wantCode(t, "a change", err, soc.CodeLocked)
	_, err = o.create(key, phish(""))
	wantCode(t, "an incident", err, soc.CodeLocked)
	_, err = o.desk.ChangeWorkspace(t.Context(), key, soc.WorkspaceChange{Workspace: o.home, Locked: new(bool)})
	wantCode(t, "a key unlocks", err, soc.CodeForbidden)
}
