package soc

import "time"

// KnownGoodWindow is how long what a person called known-good speaks for the
// same thing on the same host by the same account: "that was us, just now".
const KnownGoodWindow = 24 * time.Hour

// knownSignals are what people have said about values and alerts before they
// came: suppressions that cover all alerts, and a dismissal as known-good of the
// same detection. Both lower, neither is sufficient, and a veto stands above.
func knownSignals(in FloorInput, w Weights) []Signal {
	var found []Signal
	if in.Suppression != "" {
		found = append(found,
			Signal{ID: SignalSuppression, Kind: SignalWeighs, Weight: w.Suppression, Detail: in.Suppression},
			Signal{ID: SignalSuppression, Kind: SignalExplains, Explains: VerdictFalsePositive, Detail: in.Suppression})
	}
	if in.KnownGood {
		const detail = "dismissed_known_good"
		found = append(found,
			Signal{ID: SignalKnownGood, Kind: SignalWeighs, Weight: w.KnownGood, Detail: detail},
			Signal{ID: SignalKnownGood, Kind: SignalExplains, Explains: VerdictBenignPositive, Detail: detail})
	}
	return found
}

// KnownGood reports whether a person dismissed as known-good an alert of the
// same detector that named the same hosts and the same accounts, at least one of
// each, in the time before. A match in part is none (T11): an allowance for one
// actor on one host is none for another.
func KnownGood(a Alert, values []Observable, dismissed Alert, its []Observable) bool {
	d := dismissed.Dismissal
	if d == nil || d.Reason != DismissKnownGood || d.ByKind != PrincipalPerson || a.DetectorKey != dismissed.DetectorKey {
		return false
	}
	if apart := a.DetectedAt().Sub(dismissed.DetectedAt()); apart < -KnownGoodWindow || apart > KnownGoodWindow {
		return false
	}
	for _, kind := range []EntityKind{KindHost, KindAccount} {
		have, want := valuesOf(values, kind), valuesOf(its, kind)
		if len(have) == 0 || len(have) != len(want) {
			return false
		}
		for value := range have {
			if !want[value] {
				return false
			}
		}
	}
	return true
}

// valuesOf are the valid values of a kind.
func valuesOf(observables []Observable, kind EntityKind) map[string]bool {
	values := map[string]bool{}
	for _, o := range observables {
		if o.Kind == kind && o.Valid {
			values[o.Value] = true
		}
	}
	return values
}
