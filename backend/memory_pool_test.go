package backend_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// TestS46PoolingTakesThreeOthers: what people of other workspaces decided shows
// in an answer only where this one and at least three others give and take;
// then in buckets, with the mark of a cold start, never above 0.60 and never
// as a reason to close.
func TestS46PoolingTakesThreeOthers(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	const alert = `{"external_id":"a-1","source":"edge","title":"Odd logon","severity":"low","detector":"EDGE-1"}`
	o.ingest(o.home, alert)
	about := o.openIncident()
	incident := about.ShortID
	boss := o.person("boss", soc.RoleManager)
	alerts, err := o.store.Read(ctx).IncidentAlerts(o.home, about.ID, nil, 1)
	must(t, err)
	key := soc.AlertKey{Title: alerts[0].TitleKey, Detector: alerts[0].DetectorKey}
	pool := func(workspace string, give, take bool) {
		t.Helper()
		_, err := o.desk.EditPolicy(ctx, host(), soc.PolicyEdit{
			Workspace: workspace, Part: soc.PartLimits, Event: "limits_changed",
			Edit: func(doc soc.PolicyDocument) (soc.PolicyDocument, error) {
				doc.Limits.Pooling = soc.PoolingRecord{Give: give, Take: take}
				return doc, nil
			},
		})
		must(t, err)
	}
	decide := func(workspace string, verdict soc.Verdict, times int) {
		t.Helper()
		must(t, o.store.Write(ctx, func(tx *store.Tx) error {
			for range times {
				id := fmt.Sprintf("event-%d", time.Now().UnixNano())
				err := tx.InsertVerdictEvent(soc.VerdictEvent{
					ID: id, Workspace: workspace, Incident: "elsewhere", DetectorKey: key.Detector, TitleKey: key.Title, Category: alerts[0].Category,
					KeyVersion: soc.KeyVersion, Verdict: verdict, By: "person", DecidedAt: o.clock.Now(), RecordedAt: o.clock.Now(),
				})
				if err != nil {
					return err
				}
			}
			return nil
		}))
	}
	type answer struct {
		Position []byte
		Memory   []soc.MemoryOfType
	}
	ask := func() (a answer, v soc.Triage) {
		t.Helper()
		o.clock.Advance(time.Minute) // the newest position is told by its time
		_, err := o.desk.TriageIncident(ctx, boss, soc.TriageRequest{Incident: soc.IncidentRef{ID: incident}, Force: true, Wait: time.Second})
		must(t, err)
		v, err = o.desk.FloorPosition(ctx, boss, soc.IncidentRef{ID: incident})
		must(t, err)
		a.Position = v.Result
		a.Memory, err = o.desk.InspectMemory(ctx, boss, soc.MemoryQuery{Incident: incident})
		must(t, err)
		return a, v
	}
	others := []string{o.away}
	for len(others) < 4 {
		w, err := o.desk.CreateWorkspace(ctx, host(), o.org, "Workspace")
		must(t, err)
		others = append(others, w.ID)
	}
	before, _ := ask()
	same := func(step string) {
		t.Helper()
		if now, _ := ask(); cmp.Diff(before, now) != "" {
			t.Fatalf("%s: others' verdicts show (-before +after):\n%s", step, cmp.Diff(before, now))
		}
	}
	for _, other := range others {
		decide(other, soc.VerdictFalsePositive, 14)
	}
	same("pooling off")
	pool(o.home, true, true)
	same("alone in the pool")
	pool(others[0], true, true)
	pool(others[1], true, true)
	pool(others[2], true, false)
	pool(others[3], false, true)
	same("two others, and two that only give or only take")
	pool(others[2], true, true)

	now, position := ask()
	levels := now.Memory[0].Levels
	pooled := levels[len(levels)-1]
	if pooled.Level != soc.LevelPooled || pooled.Counts != (soc.VerdictCounts{FalsePositive: 30}) || !pooled.Last.IsZero() || len(pooled.Newest) > 0 || len(pooled.Deciders) > 0 {
		t.Errorf("42 decisions of three others show as %+v", pooled)
	}
	if len(now.Memory[0].WhyNot) == 0 {
		t.Error("pooled decisions would let it close")
	}
	rationale := string(now.Position)
	if !strings.Contains(rationale, `"cold_start":true`) || !strings.Contains(rationale, `"closable":false`) || !strings.Contains(rationale, string(soc.LevelPooledTitle)) {
		t.Errorf("%s", rationale)
	}
	if position.Confidence > 0.60 || position.Verdict.Benign() {
		t.Errorf("on pooled history alone: %s at %v", position.Verdict, position.Confidence)
	}
	decide(others[0], soc.VerdictFalsePositive, 1)
	if later, _ := ask(); cmp.Diff(now, later) != "" {
		t.Errorf("one more decision elsewhere shows:\n%s", cmp.Diff(now, later))
	}
	pool(others[1], false, true)
	same("one has left the pool")
}

// TestS46ConsentLoosens: giving and taking both wait for a second person, and
// ending either does not.
func TestS46ConsentLoosens(t *testing.T) {
	off := soc.PolicyDocument{Limits: soc.ShippedLimits().Record()}
	for _, on := range []soc.PoolingRecord{{Give: true}, {Take: true}, {Give: true, Take: true}} {
		doc := off
		doc.Limits.Pooling = on
		if got := soc.DirectionOf(soc.DiffPolicy(off, doc)); got != soc.DirectionLoosening {
			t.Errorf("%+v: %s", on, got)
		}
		if got := soc.DirectionOf(soc.DiffPolicy(doc, off)); got != soc.DirectionTightening {
			t.Errorf("off from %+v: %s", on, got)
		}
	}
	if off.Limits.Pooling != (soc.PoolingRecord{}) {
		t.Error("a new workspace pools")
	}
}

// TestS46BucketsHideOne: over any shares, what shows is no more than the sum, of
// at least three workspaces, and the same for all sums of a bucket.
func TestS46BucketsHideOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shares := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) soc.PoolShare {
			n := rapid.IntRange(0, 40)
			return soc.PoolShare{
				Workspace: rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "workspace"),
				Counts:    soc.VerdictCounts{TruePositive: n.Draw(t, "tp"), BenignPositive: n.Draw(t, "bp"), FalsePositive: n.Draw(t, "fp")},
			}
		}), 0, 8).Draw(t, "shares")
		behind, sum := map[string]bool{}, soc.VerdictCounts{}
		for _, s := range shares {
			if s.Counts.Total() > 0 {
				behind[s.Workspace] = true
			}
			sum.TruePositive += s.Counts.TruePositive
			sum.BenignPositive += s.Counts.BenignPositive
			sum.FalsePositive += s.Counts.FalsePositive
		}
		pooled, shown := soc.Pool(soc.LevelPooledTitle, shares)
		if shown && len(behind) < soc.PoolLeast {
			t.Fatalf("%d workspaces are enough", len(behind))
		}
		for _, pair := range [][2]int{{sum.TruePositive, pooled.Counts.TruePositive}, {sum.BenignPositive, pooled.Counts.BenignPositive}, {sum.FalsePositive, pooled.Counts.FalsePositive}} {
			if pair[1] > pair[0] || shown && pair[1] != soc.PoolBucket(pair[0]) || pair[1] == 1 || pair[1] == 2 {
				t.Fatalf("%d of %d shows", pair[1], pair[0])
			}
		}
	})
}
