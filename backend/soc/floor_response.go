package soc

import (
	"slices"
	"strings"
)

// recommendable is what a verdict may suggest: a playbook, the entity kinds it
// acts on and the tactics it answers (none = any). Names of triage-api.md
// section 6 and portal-api.md section 11; only those the catalogue offers are
// ever returned. Most specific first.
var recommendable = []struct {
	playbook string
	kinds    []EntityKind
	tactics  []string
	// mild: may be suggested while nothing is decided yet.
	mild bool
}{
	{"scan_host", []EntityKind{KindHost}, nil, true},
	{
		"isolate_host",
		[]EntityKind{KindHost},
		[]string{"execution", "persistence", "privilege-escalation", "lateral-movement", "command-and-control", "exfiltration", "impact"},
		false,
	},
	{"revoke_sessions", []EntityKind{KindAccount}, []string{"initial-access", "credential-access", "lateral-movement", "persistence"}, false},
	{"disable_user", []EntityKind{KindAccount}, []string{"credential-access", "lateral-movement", "exfiltration", "impact"}, false},
	{"quarantine_email", []EntityKind{KindMailMessage}, nil, false},
	{"block_sender", []EntityKind{KindMailMessage}, nil, false},
	{"quarantine_file", []EntityKind{KindFile, KindFileHash}, nil, false},
	{"block_ip", []EntityKind{KindIP}, []string{"initial-access", "credential-access", "command-and-control", "exfiltration", "reconnaissance"}, false},
	{"block_domain", []EntityKind{KindDomain}, []string{"initial-access", "command-and-control", "exfiltration"}, false},
}

// recommendedMost bounds the list of recommended actions.
const recommendedMost = 5

// recommend names playbooks for a verdict that asks for a response. Only
// sensor-asserted, unprotected entities suggest one: the gate would queue or
// refuse the others anyway.
func (in FloorInput) recommend(class Verdict) []string {
	if class.Benign() {
		return nil
	}
	kinds := map[EntityKind]bool{}
	for _, entity := range in.Entities {
		_, private := entity.on(ListPrivate)
		_, known := entity.on(ListReputation)
		if entity.Provenance == ProvenanceSensorAsserted && !entity.Protected && !private && !known {
			kinds[entity.Kind] = true
		}
	}
	tactics, _ := tacticsOf(in.Alerts)
	var actions []string
	for _, row := range recommendable {
		if class == VerdictUndetermined && !row.mild || !slices.Contains(in.Playbooks, row.playbook) {
			continue
		}
		target := slices.ContainsFunc(row.kinds, func(kind EntityKind) bool { return kinds[kind] })
		fits := len(row.tactics) == 0 || slices.ContainsFunc(row.tactics, func(tactic string) bool { return slices.Contains(tactics, tactic) })
		if target && fits && len(actions) < recommendedMost {
			actions = append(actions, row.playbook)
		}
	}
	return actions
}

// categoryOf is the incident type, else the gravest tactic found, with the
// classification reason that goes with it; nothing while Undetermined.
func (in FloorInput) categoryOf(class Verdict) (category, reason string) {
	if class == VerdictUndetermined {
		return "", "Other"
	}
	category = in.IncidentType
	if category == "" {
		tactics, _ := tacticsOf(in.Alerts)
		for _, tactic := range slices.Concat(seriousTactics, AllTactics) {
			if slices.Contains(tactics, tactic) {
				category = strings.ReplaceAll(tactic, "-", "_")
				break
			}
		}
	}
	if class != VerdictTruePositive {
		return category, "Other"
	}
	switch category {
	case "phishing":
		return category, "Phishing"
	case "malware":
		return category, "Malware"
	default:
		return category, "Other"
	}
}
