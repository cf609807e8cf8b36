package store

import (
	"slices"
	"strconv"

	"vedette/backend/soc"
)

// RankEvidence lists the rows of a filter that hold any word of its query, best
// first and each thing once (soc.EvidenceRank), and how many there are; the
// position is a place in that order. Of an incident with more than 10,000 rows
// the oldest 10,000 are looked at.
func (r *Reader) RankEvidence(f soc.EvidenceFilter) (rows []soc.Evidence, next *soc.Keyset, total int, err error) {
	rank := soc.NewEvidenceRank(f.Query)
	looked := 0
	within := func(use func(soc.Evidence)) func(soc.Evidence) bool {
		looked = 0
		return func(e soc.Evidence) bool {
			use(e)
			looked++
			return looked < evidenceCap
		}
	}
	whole := f
	whole.After = nil
	alerts := soc.EvidenceFilter{Workspace: f.Workspace, Incident: f.Incident, Type: "alert"}
	if err := r.eachMatch(alerts, nil, within(rank.Context)); err != nil {
		return nil, nil, 0, err
	}
	if err := r.eachMatch(whole, nil, within(rank.Add)); err != nil {
		return nil, nil, 0, err
	}
	numbers := rank.Best()
	total = len(numbers)
	skip := 0
	if f.After != nil {
		skip = min(int(keysetNumber(f.After)), total)
	}
	shown := numbers[skip:min(skip+f.Limit, total)]
	if rows, err = r.EvidenceByNumber(f.Workspace, f.Incident, shown); err != nil {
		return nil, nil, 0, err
	}
	slices.SortFunc(rows, func(a, b soc.Evidence) int { return slices.Index(shown, a.Number) - slices.Index(shown, b.Number) })
	if end := skip + len(shown); end < total {
		next = &soc.Keyset{Value: strconv.Itoa(end), ID: "rank"}
	}
	return rows, next, total, nil
}
