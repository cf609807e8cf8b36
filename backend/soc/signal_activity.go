package soc

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Limits of the volume and co-occurrence rows of T11. Starting values of this
// project: a baseline below them is too small to call anything usual or rare.
const (
	chronicSightings   = 10  // earlier alerts that make a detector chronic on a host
	chronicVariation   = 0.5 // standard deviation of the gaps over their mean
	burstAlerts        = 10  // alerts in one incident that can be a burst
	burstFactor        = 10  // over the host's usual rate
	rareSightings      = 2   // earlier alerts in the workspace that still count as rare
	rareBaseline       = 100 // alerts a workspace needs before anything is rare
	coOccurrenceWindow = 30 * time.Minute
)

// volumeSignals: first sight on a host that is otherwise known, chronic and
// evenly spaced noise, or a burst.
func volumeSignals(activity []Activity, w Weights) []Signal {
	var first, burst, chronic [][]string
	allChronic := len(activity) > 0
	for _, a := range activity {
		switch {
		case a.HostAlerts > 0 && len(a.Earlier) == 0:
			first = append(first, a.Evidence)
		case a.bursts():
			burst = append(burst, a.Evidence)
		case a.chronic():
			chronic = append(chronic, a.Evidence)
			continue
		}
		allChronic = false
	}
	var found []Signal
	add := func(rows [][]string, weight float64, detail string) {
		if len(rows) > 0 {
			found = append(found, Signal{
				ID: SignalVolume, Kind: SignalWeighs, Weight: weight, Detail: detail,
				Evidence: evidenceUnion(evidenceShown, rows...),
			})
		}
	}
	add(first, w.FirstSight, "first_sight")
	add(burst, w.Burst, "burst")
	if allChronic {
		add(chronic, w.Chronic, "chronic")
	}
	return found
}

// bursts reports more than burstFactor times the usual rate. Rates are per
// hour; this incident's counts over at least one.
func (a Activity) bursts() bool {
	if len(a.Present) < burstAlerts || len(a.Earlier) == 0 {
		return false
	}
	hours := func(from, to time.Time) float64 { return max(to.Sub(from).Hours(), 1) }
	present := float64(len(a.Present)) / hours(a.Present[0], a.Present[len(a.Present)-1])
	usual := float64(len(a.Earlier)) / hours(a.Earlier[0], a.Present[0])
	return present > burstFactor*usual
}

// chronic reports many earlier alerts at even gaps.
func (a Activity) chronic() bool {
	if len(a.Earlier) < chronicSightings {
		return false
	}
	var sum, squares float64
	for i := 1; i < len(a.Earlier); i++ {
		gap := a.Earlier[i].Sub(a.Earlier[i-1]).Seconds()
		sum += gap
		squares += gap * gap
	}
	n := float64(len(a.Earlier) - 1)
	mean := sum / n
	if mean <= 0 {
		return false
	}
	return math.Sqrt(max(squares/n-mean*mean, 0))/mean <= chronicVariation
}

// coOccurrenceSignal: two or more detectors that are rare in the workspace, on
// one host within the window.
func coOccurrenceSignal(activity []Activity, w Weights) []Signal {
	type sight struct {
		host, detector string
		at             time.Time
		evidence       []string
	}
	var rare []sight
	for _, a := range activity {
		if a.WorkspaceAlerts < rareBaseline || a.WorkspaceSightings > rareSightings {
			continue
		}
		for _, at := range a.Present {
			rare = append(rare, sight{a.Host, a.Detector, at, a.Evidence})
		}
	}
	slices.SortStableFunc(rare, func(a, b sight) int {
		return cmp.Or(cmp.Compare(a.host, b.host), a.at.Compare(b.at), cmp.Compare(a.detector, b.detector))
	})
	var rows [][]string
	for i := 1; i < len(rare); i++ {
		// Neighbours in time suffice: between two different detectors within
		// the window lies a neighbouring pair of different ones.
		a, b := rare[i-1], rare[i]
		if a.host == b.host && a.detector != b.detector && b.at.Sub(a.at) <= coOccurrenceWindow {
			rows = append(rows, a.evidence, b.evidence)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	return []Signal{{
		ID: SignalCoOccurrence, Kind: SignalWeighs, Weight: w.CoOccurrence, Detail: "rare_signatures",
		Evidence: evidenceUnion(evidenceShown, rows...),
	}}
}

// signaturePrior is naive Bayes over the other signatures of an incident with
// several: TP against FP decisions in this workspace, half-count smoothing,
// bounded by Weights.SignatureLimit. The leading type is left out because its
// decisions already are the memory's estimate. It only ever raises: the most
// suspicious type decides an incident (T7), and an attacker who adds an alert
// that is known to be noise must not talk it down.
func signaturePrior(types []AlertType, leading int, w Weights) []Signal {
	sum := 0.0
	var rows [][]string
	counted := map[string]bool{}
	if leading >= 0 {
		counted[types[leading].DetectorKey] = true
	}
	for _, alertType := range types {
		if counted[alertType.DetectorKey] {
			continue
		}
		counted[alertType.DetectorKey] = true
		signature, workspace := alertType.level(LevelDetector), alertType.level(LevelWorkspace)
		if signature.TruePositive+signature.FalsePositive == 0 {
			continue
		}
		share := func(k, n int) float64 { return (float64(k) + 0.5) / (float64(n) + 1) }
		sum += math.Log(share(signature.TruePositive, workspace.TruePositive) / share(signature.FalsePositive, workspace.FalsePositive))
		rows = append(rows, alertType.Evidence)
	}
	if sum <= 0 {
		return nil
	}
	return []Signal{{
		ID: SignalSignaturePrior, Kind: SignalWeighs, Weight: math.Round(min(sum, w.SignatureLimit)*1e4) / 1e4,
		Detail: "other_signatures", Evidence: evidenceUnion(evidenceShown, rows...),
	}}
}
