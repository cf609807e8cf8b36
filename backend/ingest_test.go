package backend_test

import (
	"context"
	"slices"
	"testing"

	"vedette/backend/data"
	"vedette/backend/soc"
	"vedette/backend/store"
)

func TestDemoDataBecomesEightIncidentsWithTheirAlerts(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		receipts := o.ingestDemo()
		incidents := o.allIncidents()
		alerts, dangling, sentinel := 0, 0, 0
		for _, i := range incidents {
			if i.Source != soc.SourceSentinel {
				continue
			}
			sentinel++
			alerts += i.AlertCount
			dangling += len(i.DanglingAlerts)
			if i.EvidenceCount == 0 || i.EntityCount == 0 {
				t.Errorf("%s has %d rows and %d entities", i.ShortID, i.EvidenceCount, i.EntityCount)
			}
		}
		if sentinel != 8 || alerts != 189 || dangling != 2 {
			t.Errorf("%d incidents, %d alerts, %d dangling references; want 8, 189, 2", sentinel, alerts, dangling)
		}
		for _, r := range receipts {
			if r.Rejected+r.Conflict > 0 {
				t.Errorf("%+v", r)
			}
		}
		again := o.ingestDemo()
		for n, r := range again {
			if r.Created+r.Updated > 0 {
				t.Errorf("file %d again: %+v", n, r)
			}
		}
		if now := o.allIncidents(); len(now) != len(incidents) {
			t.Errorf("%d incidents after the second ingest, %d before", len(now), len(incidents))
		}
	})
}

// TestIngestEndsWithTheSameRowsInAnyOrder sends alerts before their incidents:
// the stand-ins leave and the same incidents with the same alerts remain.
func TestIngestEndsWithTheSameRowsInAnyOrder(t *testing.T) {
	straight, reversed := newOffice(t), newOffice(t)
	straight.ingestDemo()
	files := data.Demo()
	slices.Reverse(files)
	for _, file := range files {
		items, err := reversed.desk.SplitIngest(file.Format, file.Bytes)
		must(t, err)
		slices.Reverse(items)
		for chunk := range slices.Chunk(items, 7) {
			_, err := reversed.desk.Ingest(context.Background(), reversed.ingestKey(reversed.home), soc.IngestRequest{Format: file.Format, Items: chunk})
			must(t, err)
		}
	}
	summary := func(o *office) map[string][4]int {
		out := map[string][4]int{}
		for _, i := range o.allIncidents() {
			out[i.Source+"/"+i.ExternalID] = [4]int{i.AlertCount, i.EntityCount, i.EvidenceCount, len(i.DanglingAlerts)}
		}
		return out
	}
	want, got := summary(straight), summary(reversed)
	if len(want) != len(got) {
		t.Errorf("%d incidents, want %d", len(got), len(want))
	}
	for key, w := range want {
		if got[key] != w {
			t.Errorf("%s: %v, want %v", key, got[key], w)
		}
	}
}

func TestS35AgentCannotSendAlerts(t *testing.T) {
	o := newOffice(t)
	by := o.agent("mallory")
	by.Scopes = append(by.Scopes, soc.ScopeAlertsWrite)
	_, err := o.desk.Ingest(context.Background(), by, soc.IngestRequest{Format: "generic", Items: [][]byte{[]byte(`{}`)}})
	if e := soc.AsError(err); e == nil || e.Code != soc.CodeForbidden {
		t.Fatalf("%v", err)
	}
}

// allIncidents lists every incident of the home workspace.
func (o *office) allIncidents() []soc.Incident {
	o.t.Helper()
	var out []soc.Incident
	f := soc.IncidentFilter{Workspace: o.home, Limit: 100}
	for {
		page, err := o.store.Read(context.Background()).ListIncidents(f, nil)
		must(o.t, err)
		out = append(out, page.Incidents...)
		if page.Next == nil {
			return out
		}
		f.After = page.Next
	}
}

var _ = store.Options{}
