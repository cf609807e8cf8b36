package soc

import (
	"bytes"
	_ "embed" // the shipped weights
	"encoding/json"
	"fmt"
	"math"
)

//go:embed floor_weights.json
var shippedWeights []byte

// Weights are what the signals of T11 add to the log-odds of TruePositive.
// They live in a versioned file; every rationale names the version. The
// shipped ones are the starting values of T11, not measured optima.
type Weights struct {
	Version int `json:"version"`
	// Limit bounds the sum of all weights, SignatureLimit the signature prior
	// alone, either way.
	Limit          float64 `json:"limit"`
	SignatureLimit float64 `json:"signature_limit"`
	// ExplainShift moves the log-odds of BenignPositive against FalsePositive
	// per explaining signal.
	ExplainShift       float64              `json:"explain_shift"`
	Severity           map[Severity]float64 `json:"severity"`
	VendorVerdict      map[string]float64   `json:"vendor_verdict"`
	AttackTechnique    float64              `json:"attack_technique"`
	ReputationList     float64              `json:"reputation_list"`
	ScannerList        float64              `json:"scanner_list"`
	CommonHashList     float64              `json:"common_hash_list"`
	AttackSimulator    float64              `json:"attack_simulator"`
	PriorTruePositive  float64              `json:"prior_true_positive"`
	PriorFalsePositive float64              `json:"prior_false_positive"`
	CriticalAsset      float64              `json:"critical_asset"`
	Suppression        float64              `json:"suppression"`
	KnownGood          float64              `json:"known_good"`
	FirstSight         float64              `json:"first_sight"`
	Chronic            float64              `json:"chronic"`
	Burst              float64              `json:"burst"`
	CoOccurrence       float64              `json:"co_occurrence"`
	// Company is the part that counts of what other signatures on the host say.
	Company float64 `json:"company"`
}

// ShippedWeights are the weights this build was released with.
func ShippedWeights() Weights {
	w, err := ParseWeights(shippedWeights)
	if err != nil {
		panic(err) // the embedded file is part of the build and tested
	}
	return w
}

// ParseWeights reads a weights file. Unknown members, a version below 1 and
// limits that are not positive are errors: a typing mistake must not silently
// weigh nothing.
func ParseWeights(file []byte) (Weights, error) {
	var w Weights
	decoder := json.NewDecoder(bytes.NewReader(file))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&w); err != nil {
		return Weights{}, fmt.Errorf("weights: %w", err)
	}
	if w.Version < 1 {
		return Weights{}, fmt.Errorf("weights: version %d, want 1 or more", w.Version)
	}
	for _, limit := range []float64{w.Limit, w.SignatureLimit, w.ExplainShift} {
		if limit <= 0 || math.IsInf(limit, 0) {
			return Weights{}, fmt.Errorf("weights: limit %v is not positive", limit)
		}
	}
	for severity := range w.Severity {
		if severity.Rank() < 0 {
			return Weights{}, fmt.Errorf("weights: unknown severity %q", severity)
		}
	}
	return w, nil
}
