package backend

import (
	"cmp"
	"context"
	"encoding/json"
	"regexp"
	"slices"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// Bounds of the overview: at most about 1,500 tokens (T18).
const (
	overviewTitles = 8
	overviewTitle  = 200
	overviewKinds  = 12
	overviewLook   = 6
)

// typeWord is a type of evidence that is a word of a product and no sentence.
var typeWord = regexp.MustCompile(`^[A-Za-z0-9_.:/-]{1,40}$`)

// overviewOf is the server's digest of a run's incident with the floor's result;
// nil where the incident is gone.
func (d *Desk) overviewOf(ctx context.Context, w soc.RunWork) (overview *soc.Overview, result soc.FloorResult, err error) {
	err = d.store.View(ctx, func(r *store.Reader) error {
		i, found, err := r.Incident(w.Workspace, w.Incident)
		if err != nil || !found {
			return err
		}
		policy, err := r.Policy(w.Workspace)
		if err != nil {
			return err
		}
		rows, err := d.floorRows(r, i, policy)
		if err != nil {
			return err
		}
		result = soc.Floor(soc.GatherFacts(rows, d.reference), d.weights)
		overview = drawOverview(rows, result)
		return nil
	})
	return overview, result, err
}

func drawOverview(rows soc.FloorRows, result soc.FloorResult) *soc.Overview {
	i := rows.Incident
	o := &soc.Overview{
		Incident: i.ShortID, Source: i.Source, Severity: i.HighestSeverity, Status: i.Status, Alerts: i.AlertCount, EvidenceRows: i.EvidenceCount,
		Entities: []soc.OverviewCount{}, EvidenceTypes: []soc.OverviewCount{}, Look: []soc.OverviewEntity{}, Untrusted: []soc.UntrustedText{}, Flags: result.Flags,
	}
	if typeWord.MatchString(i.Type) {
		o.Type = i.Type
	}
	o.History = historyLine(result)
	kinds, types := map[string]int{}, map[string]int{}
	for _, e := range rows.Entities {
		kinds[string(e.Kind)]++
	}
	for _, e := range rows.Evidence {
		if typeWord.MatchString(e.Type) {
			types[e.Type]++
		}
	}
	o.Entities, o.EvidenceTypes = countsOf(kinds), countsOf(types)
	for _, kind := range priorKinds {
		for _, e := range rows.Entities {
			if e.Kind == kind && e.Provenance != soc.ProvenanceAgentAdded && len(o.Look) < overviewLook {
				o.Look = append(o.Look, soc.OverviewEntity{ID: e.ID, Kind: e.Kind})
			}
		}
	}
	o.Say("incident", i.Title, overviewTitles, overviewTitle)
	for _, a := range rows.Alerts {
		for _, tactic := range a.Tactics {
			if typeWord.MatchString(tactic) && !slices.Contains(o.Tactics, tactic) && len(o.Tactics) < overviewKinds {
				o.Tactics = append(o.Tactics, tactic)
			}
		}
		o.Say("alert", a.Title, overviewTitles, overviewTitle)
	}
	if i.EvidenceCount == 0 {
		o.Gaps = append(o.Gaps, "The incident has no evidence rows.")
	}
	if len(rows.Entities) == 0 {
		o.Gaps = append(o.Gaps, "No entity is known.")
	}
	return o
}

// historyLine is what the floor found in memory, without what it made of it.
func historyLine(result soc.FloorResult) (h soc.OverviewHistory) {
	var rationale struct {
		History struct {
			Level          soc.MemoryLevel
			TruePositive   int
			BenignPositive int
			FalsePositive  int
		}
	}
	if json.Unmarshal(result.Rationale, &rationale) == nil {
		from := rationale.History
		h = soc.OverviewHistory{Level: from.Level, TruePositive: from.TruePositive, BenignPositive: from.BenignPositive, FalsePositive: from.FalsePositive}
	}
	return h
}

// countsOf orders counts, most first, at most as many as are shown.
func countsOf(of map[string]int) []soc.OverviewCount {
	out := []soc.OverviewCount{}
	for name, n := range of {
		out = append(out, soc.OverviewCount{Name: name, N: n})
	}
	slices.SortFunc(out, func(a, b soc.OverviewCount) int { return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Name, b.Name)) })
	return out[:min(len(out), overviewKinds)]
}
