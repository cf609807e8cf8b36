package soc

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
)

// PlanHash names a step set on an incident: two gamebooks with one hash would
// do the same (S27). Words around it (rationale, names, claims) do not count,
// and neither does the order of entries that act on different entities.
func PlanHash(incident string, steps []Step) (string, error) {
	ordered := slices.Clone(steps)
	slices.SortStableFunc(ordered, func(a, b Step) int {
		return cmp.Or(cmp.Compare(a.Entity, b.Entity), cmp.Compare(a.Ordinal, b.Ordinal))
	})
	list := make([]any, len(ordered))
	for i, s := range ordered {
		parameters := s.Parameters
		if parameters == nil {
			parameters = map[string]any{}
		}
		list[i] = map[string]any{"playbook_id": s.Playbook, "entity_id": s.Entity, "params": parameters}
	}
	canonical, err := appendCanonical(nil, "", map[string]any{"incident_id": incident, "steps": list})
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(append([]byte("vedette-plan-v1\n"), canonical...))
	return hex.EncodeToString(sum[:]), nil
}

// SetOrdinals numbers the steps of each entity from 1, by sequence, then by
// their place in the list (D6).
func SetOrdinals(steps []Step) {
	order := make([]int, len(steps))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(steps[a].Sequence, steps[b].Sequence) })
	next := map[string]int{}
	for _, i := range order {
		next[steps[i].Entity]++
		steps[i].Ordinal = next[steps[i].Entity]
	}
}

// StepGroups parts the steps into groups that may run side by side: steps of
// one entity, or on one resolved target, stay together and in order (S28).
// Each group is a list of places in steps.
func StepGroups(steps []Step) [][]int {
	group := make([]int, len(steps))
	for i := range steps {
		group[i] = i
	}
	join := func(a, b int) {
		from, to := max(group[a], group[b]), min(group[a], group[b])
		for i := range group {
			if group[i] == from {
				group[i] = to
			}
		}
	}
	for i, s := range steps {
		for j, o := range steps[:i] {
			sameTarget := s.Connector != "" && s.Connector == o.Connector && s.NativeID == o.NativeID
			if s.Entity == o.Entity || sameTarget {
				join(i, j)
			}
		}
	}
	order := make([]int, len(steps))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(group[a], group[b]), cmp.Compare(steps[a].Ordinal, steps[b].Ordinal), cmp.Compare(a, b))
	})
	var groups [][]int
	for n, i := range order {
		if n == 0 || group[i] != group[order[n-1]] {
			groups = append(groups, nil)
		}
		groups[len(groups)-1] = append(groups[len(groups)-1], i)
	}
	return groups
}
