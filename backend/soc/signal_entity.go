package soc

import "slices"

// Lowering signals rest on sensor-asserted entities only: a value parsed out
// of attacker-writable text may raise the odds or spoil an "all of them", it
// can never lower them (T12).

// networkKinds are the entities for which a reputation list can speak. A URL
// is more than its host, so a URL on the incident is a network entity that is
// on no list, whatever its host is.
var networkKinds = []EntityKind{KindIP, KindDomain, KindURL}

// listSignals weighs the reputation lists when every network entity is on one,
// and the hash lists when every file hash is. Private addresses and names do
// not count either way.
func listSignals(entities []EntityFact, w Weights) []Signal {
	network := covered(entities, networkKinds, ListReputation, ListScanner)
	hashes := covered(entities, []EntityKind{KindFileHash}, ListCommonHash)
	var found []Signal
	if network.all {
		weight := w.ReputationList
		if network.groups[ListScanner] {
			weight = w.ScannerList
		}
		found = append(found, network.signal(weight))
	}
	if hashes.all {
		found = append(found, hashes.signal(w.CommonHashList))
	}
	return found
}

// coverage is how lists cover the entities of some kinds.
type coverage struct {
	all    bool
	list   string
	groups map[ListGroup]bool
	rows   [][]string
}

func (c coverage) signal(weight float64) Signal {
	return Signal{
		ID: SignalWarningList, Kind: SignalWeighs, Weight: weight, Detail: c.list,
		Evidence: evidenceUnion(evidenceShown, c.rows...),
	}
}

// covered looks whether each entity of the kinds is on a list of the groups,
// the first group that fits counting. Without any sensor-asserted one there is
// nothing to rest on.
func covered(entities []EntityFact, kinds []EntityKind, groups ...ListGroup) coverage {
	c := coverage{groups: map[ListGroup]bool{}}
	asserted := false
	for _, entity := range entities {
		if !slices.Contains(kinds, entity.Kind) {
			continue
		}
		if _, private := entity.on(ListPrivate); private {
			continue
		}
		list, group := "", ListGroup("")
		if _, abused := entity.on(ListAbused); abused {
			return coverage{}
		}
		for _, candidate := range groups {
			if name, on := entity.on(candidate); on && entity.Kind != KindURL {
				list, group = name, candidate
				break
			}
		}
		if list == "" {
			return coverage{}
		}
		if c.list == "" {
			c.list = list
		}
		c.groups[group] = true
		c.rows = append(c.rows, entity.Evidence)
		asserted = asserted || entity.Provenance == ProvenanceSensorAsserted
	}
	c.all = asserted
	return c
}

// simulatorKinds carry a domain or a sender. The sender inside a mail message
// is not among them: whoever wrote the mail wrote it.
var simulatorKinds = []EntityKind{KindDomain, KindIP, KindMailbox}

// simulatorSignals: phishing-simulation infrastructure explains the alert as
// BenignPositive.
func simulatorSignals(entities []EntityFact, w Weights) []Signal {
	for _, entity := range entities {
		list, on := entity.on(ListSimulator)
		if !on || entity.Provenance != ProvenanceSensorAsserted || !slices.Contains(simulatorKinds, entity.Kind) {
			continue
		}
		evidence := evidenceUnion(evidenceShown, entity.Evidence)
		return []Signal{
			{ID: SignalSimulator, Kind: SignalWeighs, Weight: w.AttackSimulator, Detail: list, Evidence: evidence},
			{ID: SignalSimulator, Kind: SignalExplains, Explains: VerdictBenignPositive, Detail: list, Evidence: evidence},
		}
	}
	return nil
}

// priorSignals: an entity of a recent TruePositive weighs and vetoes; entities
// known from FalsePositives alone lower. Values that many incidents share by
// nature (anything on a warning list, but for the known scanners) say nothing.
func priorSignals(entities []EntityFact, w Weights) []Signal {
	var bad, good [][]string
	for _, entity := range entities {
		if _, scanner := entity.on(ListScanner); len(entity.Lists) > 0 && !scanner {
			continue
		}
		prior := entity.Prior
		switch {
		case prior.TruePositive > 0:
			bad = append(bad, entity.Evidence)
		case prior.FalsePositive > 0 && prior.BenignPositive == 0 && entity.Provenance == ProvenanceSensorAsserted:
			good = append(good, entity.Evidence)
		}
	}
	if len(bad) > 0 {
		evidence := evidenceUnion(evidenceShown, bad...)
		return []Signal{
			{ID: SignalPriorSighting, Kind: SignalWeighs, Weight: w.PriorTruePositive, Detail: "true_positive_30_days", Evidence: evidence},
			{ID: SignalPriorSighting, Kind: SignalVetoes, Detail: "true_positive_30_days", Evidence: evidence},
		}
	}
	if len(good) > 0 {
		return []Signal{{
			ID: SignalPriorSighting, Kind: SignalWeighs, Weight: w.PriorFalsePositive, Detail: "false_positive_only",
			Evidence: evidenceUnion(evidenceShown, good...),
		}}
	}
	return nil
}

// assetSignals: a critical asset weighs, a protected one vetoes.
func assetSignals(entities []EntityFact, w Weights) []Signal {
	var critical, protected [][]string
	for _, entity := range entities {
		if entity.Critical {
			critical = append(critical, entity.Evidence)
		}
		if entity.Protected {
			protected = append(protected, entity.Evidence)
		}
	}
	var found []Signal
	if len(critical) > 0 {
		found = append(found, Signal{
			ID: SignalCriticalAsset, Kind: SignalWeighs, Weight: w.CriticalAsset, Detail: "high",
			Evidence: evidenceUnion(evidenceShown, critical...),
		})
	}
	if len(protected) > 0 {
		found = append(found, Signal{
			ID: SignalProtected, Kind: SignalVetoes, Detail: "protected_list",
			Evidence: evidenceUnion(evidenceShown, protected...),
		})
	}
	return found
}
