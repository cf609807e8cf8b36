package backend_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// TestS46VerdictsElsewhereChangeNothing: two workspaces of one organization see
// the same detection, and what people of one decide about it a hundred times
// changes no answer of the other.
func TestS46VerdictsElsewhereChangeNothing(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		ctx := context.Background()
		const alert = `{"external_id":"a-1","source":"edge","title":"Odd logon","severity":"high","detector":"EDGE-1","entities":[{"kind":"host","value":"ws-1.corp.local","provenance":"sensor_asserted"}]}`
		for _, workspace := range []string{o.home, o.away} {
			_, err := o.desk.Ingest(ctx, o.ingestKey(workspace), soc.IngestRequest{Format: "generic", Items: [][]byte{[]byte(alert)}})
			must(t, err)
		}
		i := o.openIncident()
		alerts, err := o.store.Read(ctx).IncidentAlerts(o.home, i.ID, nil, 1)
		must(t, err)
		key := soc.AlertKey{Title: alerts[0].TitleKey, Detector: alerts[0].DetectorKey}
		answers := func() map[string]any {
			history, err := o.desk.HistoryAsOf(ctx, o.home, key, time.Time{})
			must(t, err)
			detail, err := o.desk.GetIncident(ctx, o.agent("a"), soc.IncidentRef{ID: i.ShortID}, soc.IncidentParts{Alerts: true, Entities: true, Evidence: true, Verdict: true})
			must(t, err)
			related, err := o.desk.FindRelated(ctx, o.agent("a"), soc.RelatedQuery{Kind: soc.KindHost, Value: "ws-1.corp.local", Limit: 10})
			must(t, err)
			return map[string]any{"history": history, "incident": detail, "related": related}
		}
		before := answers()
		must(t, o.store.Write(ctx, func(tx *store.Tx) error {
			for n := range 100 {
				at := o.clock.Now().Add(-time.Hour)
				if err := tx.InsertVerdictEvent(soc.VerdictEvent{
					ID: fmt.Sprintf("event-%d", n), Workspace: o.away, Incident: "elsewhere", DetectorKey: key.Detector, TitleKey: key.Title, KeyVersion: soc.KeyVersion,
					Verdict: soc.VerdictFalsePositive, By: "person", DecidedAt: at, RecordedAt: at,
				}); err != nil {
					return err
				}
			}
			return nil
		}))
		if d := cmp.Diff(before, answers()); d != "" {
			t.Errorf("another workspace's verdicts show (-before +after):\n%s", d)
		}
		theirs, err := o.desk.HistoryAsOf(ctx, o.away, key, time.Time{})
		must(t, err)
		if theirs[0].Counts.FalsePositive != 100 {
			t.Errorf("they were not counted where they belong: %+v", theirs[0])
		}
	})
}
