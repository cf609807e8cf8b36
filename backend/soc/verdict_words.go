package soc

import (
	"slices"
	"strings"
)

// wideReasons are the pairs a person may give (portal-api.md section 10).
func wideReasons(v Verdict) []string {
	switch v {
	case VerdictTruePositive:
		return []string{
			"MultistagedAttack", "Malware", "MaliciousUserActivity", "UnwantedSoftware", "Phishing", "CompromisedUser",
			"Apt", "SuspiciousActivity", "Other",
		}
	case VerdictFalsePositive:
		return []string{"NotMalicious", "NoEnoughDataToValidate", "InaccurateData", "IncorrectAlertLogic", "Other"}
	case VerdictBenignPositive:
		return []string{
			"SecurityTesting", "ConfirmedUserActivity", "LineOfBusinessApplication", "SecurityPersonnel",
			"SuspiciousButExpected", "Other",
		}
	case VerdictUndetermined:
		return []string{"Unknown", "Other"}
	}
	return nil
}

// agentReasons are the reasons an agent's verdict keeps; any other becomes
// Other.
func agentReasons(v Verdict) []string {
	switch v {
	case VerdictTruePositive:
		return []string{"Malware", "Phishing", "Other"}
	case VerdictFalsePositive:
		return []string{"InaccurateData", "IncorrectAlertLogic", "Other"}
	}
	return []string{"Other"}
}

// AllClassifications are the words accepted as a classification.
func AllClassifications() []string {
	return []string{
		"TruePositive", "PolicyViolation", "FalsePositive", "QradarFalsePositive", "BenignPositive",
		"InformationalExpectedActivity", "NonIssue", "Undetermined", "Unknown", "Undefined", "Suspicious",
	}
}

// AllReasons are the words accepted as a classification reason.
func AllReasons() []string {
	var all []string
	for _, v := range AllVerdicts {
		for _, r := range wideReasons(v) {
			if !slices.Contains(all, r) {
				all = append(all, r)
			}
		}
	}
	return all
}

// ReasonsFor lists the reasons a person may give with a verdict on an incident
// of source (the wide table). ok is false where the verdict is none there.
func ReasonsFor(v Verdict, source string) (reasons []string, ok bool) {
	if !slices.Contains(AllVerdicts, v) || v == VerdictSuspicious && source != SourceSentinelOne {
		return nil, false
	}
	return wideReasons(v), true
}

// NormalisedVerdict is a classification pair as applied. Normalised tells that
// it differs from what was sent.
type NormalisedVerdict struct {
	Verdict    Verdict
	Reason     string
	Normalised bool
}

// NormaliseVerdict is the table of portal-api.md section 8 for what agents
// send: eleven words become five verdicts, a reason outside the verdict's list
// becomes Other. An empty classification stays empty and drops the reason. An
// unknown word is Invalid; Suspicious outside SentinelOne is Refused with
// CLASSIFICATION_NOT_SUPPORTED.
func NormaliseVerdict(classification, reason, source string) (NormalisedVerdict, error) {
	if reason != "" && !slices.Contains(AllReasons(), reason) {
		return NormalisedVerdict{}, InvalidField("classification_reason", "Must be one of %s.", strings.Join(AllReasons(), ", "))
	}
	var n NormalisedVerdict
	switch classification {
	case "":
		n.Normalised = reason != ""
		return n, nil
	case "TruePositive", "PolicyViolation":
		n.Verdict = VerdictTruePositive
	case "FalsePositive", "QradarFalsePositive":
		n.Verdict = VerdictFalsePositive
	case "BenignPositive", "InformationalExpectedActivity", "NonIssue":
		n.Verdict = VerdictBenignPositive
	case "Undetermined", "Unknown", "Undefined":
		n.Verdict = VerdictUndetermined
	case "Suspicious":
		if source != SourceSentinelOne {
			return n, Errorf(Refused, CodeClassificationNotSupported, "Suspicious exists for SentinelOne incidents only.").
				WithFix("%s", NextStep(CodeClassificationNotSupported))
		}
		return NormalisedVerdict{VerdictSuspicious, "", reason != ""}, nil
	default:
		return n, InvalidField("classification", "Must be one of %s.", strings.Join(AllClassifications(), ", "))
	}
	n.Reason = "Other"
	if slices.Contains(agentReasons(n.Verdict), reason) {
		n.Reason = reason
	}
	n.Normalised = string(n.Verdict) != classification || n.Reason != reason
	return n, nil
}

// SentinelWriteBack is the pair Microsoft Sentinel is told for a verdict of
// ours (portal-api.md section 10); the exact choice stays here.
func SentinelWriteBack(v Verdict, reason string) (classification, classificationReason string) {
	switch v {
	case VerdictTruePositive:
		return "TruePositive", "SuspiciousActivity"
	case VerdictFalsePositive:
		if reason == "IncorrectAlertLogic" {
			return "FalsePositive", reason
		}
		return "FalsePositive", "InaccurateData"
	case VerdictBenignPositive:
		return "BenignPositive", "SuspiciousButExpected"
	}
	return "Undetermined", ""
}

// CaseVerdict is the case family's word of a verdict, "" where it has none.
func CaseVerdict(v Verdict, duplicate bool) string {
	switch {
	case v == VerdictTruePositive:
		return "true_positive"
	case v == VerdictFalsePositive:
		return "false_positive"
	case v == VerdictBenignPositive:
		return "benign"
	case v == VerdictUndetermined && duplicate:
		return "duplicate"
	}
	return ""
}

// AllCaseVerdicts are the case family's words.
func AllCaseVerdicts() []string {
	return []string{"true_positive", "false_positive", "benign", "duplicate"}
}

// FromCaseVerdict reads a case family's word.
func FromCaseVerdict(word string) (v Verdict, duplicate, ok bool) {
	for _, v := range AllVerdicts {
		if word != "" && CaseVerdict(v, true) == word {
			return v, word == "duplicate", true
		}
	}
	return "", false, false
}

// AllTriageVerdicts are the triage family's words.
func AllTriageVerdicts() []string {
	return []string{"malicious", "suspicious", "benign", "inconclusive"}
}

// TriageVerdict is the triage family's word of a verdict, "" for none
// (triage-api.md section 5). score may be nil.
func TriageVerdict(v Verdict, score *int, duplicate bool) string {
	switch v {
	case VerdictTruePositive:
		return "malicious"
	case VerdictSuspicious:
		return "suspicious"
	case VerdictBenignPositive, VerdictFalsePositive:
		return "benign"
	case VerdictUndetermined:
		if score != nil && *score >= 50 && !duplicate {
			return "suspicious"
		}
		return "inconclusive"
	}
	return ""
}

// FromTriageVerdict reads a triage family's word about an incident of source.
// leastScore is what the score must be raised to so that the word reads back.
func FromTriageVerdict(word, source string) (v Verdict, leastScore int, ok bool) {
	switch word {
	case "malicious":
		return VerdictTruePositive, 0, true
	case "suspicious":
		if source == SourceSentinelOne {
			return VerdictSuspicious, 0, true
		}
		return VerdictUndetermined, 50, true
	case "benign":
		return VerdictBenignPositive, 0, true
	case "inconclusive":
		return VerdictUndetermined, 0, true
	}
	return "", 0, false
}

// TriageConfidence derives the confidence, 0 to 1 in steps of 0.01, that a
// submitted malicious score s (0-100) gives a word: malicious and suspicious
// s/100, benign 1-s/100, inconclusive min(s, 100-s)/50. No score, or one out
// of range, is no confidence.
func TriageConfidence(word string, score *int) float64 {
	if score == nil || *score < 0 || *score > 100 {
		return 0
	}
	hundredths := 0
	switch word {
	case "malicious", "suspicious":
		hundredths = *score
	case "benign":
		hundredths = 100 - *score
	case "inconclusive":
		hundredths = 2 * min(*score, 100-*score)
	}
	return float64(hundredths) / 100
}
