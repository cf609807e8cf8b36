package soc

import "slices"

// sourceReasons are the closing reasons that Sentinel and Defender XDR send
// (SecurityIncident table, column ClassificationReason).
var sourceReasons = map[Verdict][]string{
	VerdictTruePositive: {
		"MultistagedAttack", "Malware", "MaliciousUserActivity", "UnwantedSoftware", "Phishing", "CompromisedUser", "Apt", "SuspiciousActivity",
	},
	VerdictFalsePositive:  {"NotMalicious", "NoEnoughDataToValidate", "InaccurateData", "IncorrectAlertLogic"},
	VerdictBenignPositive: {"SecurityTesting", "ConfirmedUserActivity", "LineOfBusinessApplication", "SecurityPersonnel", "SuspiciousButExpected"},
}

// SourceVerdict reads the closing classification of a source's own incident.
// known is false for an empty or foreign word: such a closure says nothing
// about what happened and is not remembered.
func SourceVerdict(source, classification, reason string) (verdict Verdict, applied string, known bool) {
	verdict = Verdict(classification)
	if !slices.Contains(AllVerdicts, verdict) || (verdict == VerdictSuspicious && source != SourceSentinelOne) {
		return "", "", false
	}
	if slices.Contains(sourceReasons[verdict], reason) {
		return verdict, reason, true
	}
	return verdict, "Other", true
}
