package soc

// SuppressionMiss is why suppressions matched an alert and did not apply.
type SuppressionMiss string

// The reasons, most telling first.
const (
	SuppressionNothingDeclared SuppressionMiss = "no_declared_observables"
	SuppressionUncovered       SuppressionMiss = "uncovered_observables"
	SuppressionCriticalFloor   SuppressionMiss = "critical_floor"
)

// AllSuppressionMisses lists the reasons.
var AllSuppressionMisses = []SuppressionMiss{SuppressionNothingDeclared, SuppressionUncovered, SuppressionCriticalFloor}
