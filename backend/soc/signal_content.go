package soc

import "slices"

// signals evaluates T11 over the facts, in the order of AllSignals. leading is
// the index of the alert type that decides, -1 without types.
func signals(in FloorInput, leading int, w Weights) []Signal {
	var found []Signal
	found = append(found, severitySignal(in, w)...)
	found = append(found, vendorSignals(in.Entities, w)...)
	found = append(found, attackSignals(in.Alerts, w)...)
	found = append(found, listSignals(in.Entities, w)...)
	found = append(found, simulatorSignals(in.Entities, w)...)
	found = append(found, priorSignals(in.Entities, w)...)
	found = append(found, assetSignals(in.Entities, w)...)
	found = append(found, knownSignals(in, w)...)
	found = append(found, volumeSignals(in.Activity, w)...)
	found = append(found, coOccurrenceSignal(in.Activity, w)...)
	found = append(found, companySignal(in, w)...)
	found = append(found, signaturePrior(in.Types, leading, w)...)
	found = append(found, aiDirectedSignal(in)...)
	rows := in.citable(leading)
	for i := range found {
		if len(found[i].Evidence) == 0 {
			found[i].Evidence = evidenceUnion(evidenceShown, rows)
		}
	}
	return found
}

// severitySignal weighs the gravest severity the vendor stated; an incident
// without alerts has the severity it came with.
func severitySignal(in FloorInput, w Weights) []Signal {
	worst := Severity("")
	for _, alert := range in.Alerts {
		if alert.Severity.Rank() > worst.Rank() {
			worst = alert.Severity
		}
	}
	if worst == "" {
		worst = in.IngestSeverity
	}
	weight, weighs := w.Severity[worst]
	if !weighs {
		return nil
	}
	var rows [][]string
	for _, alert := range in.Alerts {
		if alert.Severity == worst {
			rows = append(rows, alert.Evidence)
		}
	}
	return []Signal{{
		ID: SignalVendorSeverity, Kind: SignalWeighs, Weight: weight, Detail: string(worst),
		Evidence: evidenceUnion(evidenceShown, rows...),
	}}
}

// vendorVerdicts is in falling gravity; only the gravest word given counts.
var vendorVerdicts = []string{"malicious", "suspicious", "clean"}

// vendorSignals weighs the gravest verdict a vendor gave on any entity, once.
// A malicious entity that nobody removed vetoes a benign outcome.
func vendorSignals(entities []EntityFact, w Weights) []Signal {
	var found []Signal
	for _, word := range vendorVerdicts {
		rows, live := [][]string(nil), [][]string(nil)
		given := false
		for _, entity := range entities {
			if entity.VendorVerdict != word {
				continue
			}
			given = true
			rows = append(rows, entity.Evidence)
			if word == "malicious" && !entity.Remediated {
				live = append(live, entity.Evidence)
			}
		}
		if !given {
			continue
		}
		found = append(found, Signal{
			ID: SignalVendorVerdict, Kind: SignalWeighs, Weight: w.VendorVerdict[word], Detail: word,
			Evidence: evidenceUnion(evidenceShown, rows...),
		})
		if len(live) > 0 {
			found = append(found, Signal{
				ID: SignalVendorVerdict, Kind: SignalVetoes, Detail: "malicious_not_remediated",
				Evidence: evidenceUnion(evidenceShown, live...),
			})
		}
		break
	}
	return found
}

// manyTactics is how many tactics make an incident a chain (T11).
const manyTactics = 3

// attackSignals weighs a grave tactic or a chain of tactics once; a chain is
// also a veto.
func attackSignals(alerts []AlertFact, w Weights) []Signal {
	tactics, rows := tacticsOf(alerts)
	detail := ""
	for _, tactic := range seriousTactics {
		if slices.Contains(tactics, tactic) {
			detail = tactic
			break
		}
	}
	chain := len(tactics) >= manyTactics
	if detail == "" && chain {
		detail = "several_tactics"
	}
	if detail == "" {
		return nil
	}
	var evidence [][]string
	for _, tactic := range tactics {
		if chain || slices.Contains(seriousTactics, tactic) {
			evidence = append(evidence, rows[tactic])
		}
	}
	shown := evidenceUnion(evidenceShown, evidence...)
	found := []Signal{{ID: SignalAttackTechnique, Kind: SignalWeighs, Weight: w.AttackTechnique, Detail: detail, Evidence: shown}}
	if chain {
		found = append(found, Signal{ID: SignalAttackTechnique, Kind: SignalVetoes, Detail: "several_tactics", Evidence: shown})
	}
	return found
}

// tacticsOf returns the tactics of the alerts in the order of AllTactics, with
// the evidence of each. A technique that serves several tactics (Valid
// Accounts serves four) says which one only together with what else is known:
// it adds a grave tactic always, another only if none of its own is there yet.
func tacticsOf(alerts []AlertFact) (tactics []string, rows map[string][]string) {
	rows = map[string][]string{}
	add := func(tactic string, evidence []string) {
		rows[tactic] = append(rows[tactic], evidence...)
	}
	for _, alert := range alerts {
		for _, tactic := range alert.Tactics {
			add(tactic, alert.Evidence)
		}
		for _, technique := range alert.Techniques {
			if len(technique.Tactics) == 1 {
				add(technique.Tactics[0], alert.Evidence)
			}
		}
	}
	for _, alert := range alerts {
		for _, technique := range alert.Techniques {
			if len(technique.Tactics) > 1 {
				add(servedTactic(technique, rows), alert.Evidence)
			}
		}
	}
	for _, tactic := range AllTactics {
		if _, present := rows[tactic]; present {
			tactics = append(tactics, tactic)
		}
	}
	return tactics, rows
}

// servedTactic picks the one tactic a technique of several counts for.
func servedTactic(technique Technique, known map[string][]string) string {
	for _, tactic := range technique.Tactics {
		if _, present := known[tactic]; present {
			return tactic
		}
	}
	for _, tactic := range seriousTactics {
		if slices.Contains(technique.Tactics, tactic) {
			return tactic
		}
	}
	return technique.Tactics[0]
}

// aiDirectedSignal marks text that speaks to a model (S40). It weighs nothing
// and changes no class; the result is never closable.
func aiDirectedSignal(in FloorInput) []Signal {
	if len(in.Flags) == 0 {
		return nil
	}
	return []Signal{{
		ID: SignalAIDirected, Kind: SignalWeighs, Detail: "flagged",
		Evidence: evidenceUnion(evidenceShown, in.FlaggedEvidence),
	}}
}
