package main

import (
	"vedette/backend/connector/simrange"
	"vedette/backend/store/bare"
)

// checkFacts compares what is stored, and what reached the range, with what the
// server had promised before it died (S26).
func checkFacts(load *crashLoad, facts *bare.Facts, dispatches []simrange.Dispatch) error {
	for _, check := range []func() error{
		func() error { return checkWrites(load, facts) },
		func() error { return checkApprovals(load, facts) },
		func() error { return checkEffects(facts, dispatches) },
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// checkWrites: every acknowledged write exists, and what was sent twice exists
// once.
func checkWrites(load *crashLoad, facts *bare.Facts) error {
	for _, id := range load.alerts {
		if n := facts.Alerts[id]; n != 1 {
			return violated("the acknowledged alert %s is stored %d times", id, n)
		}
	}
	for _, c := range load.comments {
		if n := facts.Comments[c.text]; n != 1 {
			return violated("the acknowledged comment %q is stored %d times", c.text, n)
		}
	}
	for _, v := range load.investigations {
		if n := facts.Investigations[v.text]; n != 1 {
			return violated("the acknowledged verdict %q is stored %d times", v.text, n)
		}
	}
	for id := range load.gamebooks {
		if _, found := facts.Gamebooks[id]; !found {
			return violated("the acknowledged gamebook %s is not stored", id)
		}
	}
	return nil
}

// checkApprovals: every acknowledged yes exists once, and is used only by a
// gamebook that ran.
func checkApprovals(load *crashLoad, facts *bare.Facts) error {
	given := map[string]int{}
	people := map[[2]string]int{}
	for _, a := range facts.Approvals {
		if a.Approved {
			given[a.Gamebook]++ // a changed world voids it later, and it stays on record
		}
		if a.Approved && !a.Void {
			people[[2]string{a.Gamebook, a.Person}]++
		}
		g := facts.Gamebooks[a.Gamebook]
		ran := g.Status != "Queued" && g.Status != "Rejected" && g.Status != "Expired"
		if a.Consumed && !ran {
			return violated("an approval of %s is used up, and the gamebook is %s", a.Gamebook, g.Status)
		}
		if a.Consumed && (a.Void || !a.Approved) {
			return violated("an approval of %s that does not count is used up", a.Gamebook)
		}
	}
	for key, n := range people {
		if n > 1 {
			return violated("one person's approval of %s is stored %d times", key[0], n)
		}
	}
	acknowledged := map[string]int{}
	for a, yes := range load.approvals {
		if yes {
			acknowledged[a.gamebook]++
		}
	}
	for id, n := range acknowledged {
		if given[id] < n {
			return violated("%d approvals of %s were acknowledged and %d are stored", n, id, given[id])
		}
	}
	return nil
}

// checkEffects: intent before effect, one effect per key, and a step that is
// called done was done.
func checkEffects(facts *bare.Facts, dispatches []simrange.Dispatch) error {
	lines, effects := map[string]int{}, map[string]int{}
	for _, d := range dispatches {
		lines[d.Key]++
		if d.Effect {
			effects[d.Key]++
		}
	}
	known := map[string]bool{}
	for _, s := range facts.Steps {
		known[s.Key] = true
		switch {
		case effects[s.Key] > 1:
			return violated("step %s of %s took effect %d times", s.Key, s.Gamebook, effects[s.Key])
		case lines[s.Key] > 1:
			return violated("step %s of %s was sent %d times", s.Key, s.Gamebook, lines[s.Key])
		case lines[s.Key] == 1 && !s.Dispatched:
			return violated("step %s of %s reached the range and is not on record as sent", s.Key, s.Gamebook)
		case lines[s.Key] == 1 && (s.Status == "Queued" || s.Status == "NotRun"):
			return violated("step %s of %s reached the range and is called %s", s.Key, s.Gamebook, s.Status)
		}
	}
	for key := range lines {
		if !known[key] {
			return violated("the range was sent %s, which is no step", key)
		}
	}
	return nil
}
