package backend_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"vedette/backend"
	"vedette/backend/connector/generic"
	"vedette/backend/soc"
	"vedette/backend/store"
)

// BenchmarkFloor times a whole triage (rows, judgement, record) in a workspace
// that remembers few and many verdicts; the ratio of the two is what says that
// memory costs what ten verdicts cost. $VEDETTE_BENCH_VERDICTS is the larger
// number, 20,000 where it is not set. Reported are the median and the 99th
// percentile in milliseconds.
func BenchmarkFloor(b *testing.B) {
	many := 20_000
	if n, err := strconv.Atoi(os.Getenv("VEDETTE_BENCH_VERDICTS")); err == nil {
		many = n
	}
	for _, n := range []int{100, many} {
		b.Run(fmt.Sprintf("verdicts=%d", n), func(b *testing.B) { benchFloor(b, n) })
	}
}

func benchFloor(b *testing.B, verdicts int) {
	ctx := context.Background()
	check := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	s, err := store.Open(ctx, filepath.Join(b.TempDir(), "vedette.db"), store.Options{})
	check(err)
	b.Cleanup(func() { _ = s.Close() })
	d := backend.New(backend.Config{Store: s, Mappers: map[string]backend.Mapper{"generic": {Split: generic.Split, Map: generic.Map}}})
	o, err := d.CreateOrganization(ctx, host(), "Bench")
	check(err)
	w, err := d.CreateWorkspace(ctx, host(), o.ID, "Bench")
	check(err)
	by := host()
	by.Organization, by.Workspace = o.ID, w.ID
	title := soc.TitleKey("Backup agent reads passwords", nil)
	began := time.Now().Add(-time.Hour)
	for from := 0; from < verdicts; from += 1000 {
		check(s.Write(ctx, func(tx *store.Tx) error {
			for n := from; n < min(verdicts, from+1000); n++ {
				key := fmt.Sprint("other-", n%997)
				if n%10 == 0 {
					key = title
				}
				err := tx.InsertVerdictEvent(soc.VerdictEvent{
					ID: fmt.Sprint("e-", n), Workspace: w.ID, Incident: fmt.Sprint("i-", n), DetectorKey: "d|" + key, TitleKey: key, KeyVersion: soc.KeyVersion,
					Verdict: soc.AllVerdicts[n%3], By: "person", DecidedAt: began.Add(time.Duration(n) * time.Millisecond), RecordedAt: began,
				})
				if err != nil {
					return err
				}
			}
			return nil
		}))
	}
	receipt, err := d.Ingest(ctx, by, soc.IngestRequest{Format: "generic", Items: [][]byte{[]byte(
		`{"external_id":"1","source":"wazuh","title":"Backup agent reads passwords","severity":"low","entities":[{"ref":"h","kind":"host","value":"ws-01","provenance":"sensor_asserted"}],"evidence":[{"type":"process","refs":["h"],"fields":{"name":"backup"}}]}`)}})
	check(err)
	ask := soc.TriageRequest{Incident: soc.IncidentRef{ID: receipt.Items[0].IncidentID}, Force: true, Wait: time.Second}
	var took []time.Duration
	for b.Loop() {
		at := time.Now()
		_, err := d.TriageIncident(ctx, by, ask)
		check(err)
		took = append(took, time.Since(at))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}
