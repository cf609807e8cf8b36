package soc

import (
	"slices"
	"strings"
	"unicode"
)

// AllTactics are the ATT&CK tactics in the order of an attack, enterprise
// first, then the three that only the industrial matrix has.
var AllTactics = []string{
	"reconnaissance", "resource-development", "initial-access", "execution", "persistence", "privilege-escalation",
	"defense-evasion", "credential-access", "discovery", "lateral-movement", "collection", "command-and-control",
	"exfiltration", "impact",
	"evasion", "inhibit-response-function", "impair-process-control",
}

// seriousTactics are those whose presence raises the log-odds (T11), gravest
// first.
var seriousTactics = []string{"impact", "exfiltration", "lateral-movement", "credential-access"}

// NormalTactic turns a source's spelling of a tactic (CredentialAccess,
// credential_access, "Credential Access") into ATT&CK's. ok is false for a
// word that is no tactic; such a word is never shown or counted.
func NormalTactic(word string) (tactic string, ok bool) {
	if len(word) > 64 {
		return "", false
	}
	var slug strings.Builder
	lower := false
	for _, r := range strings.TrimSpace(word) {
		switch {
		case r == ' ' || r == '_' || r == '-':
			slug.WriteByte('-')
			lower = false
		case unicode.IsUpper(r):
			if lower {
				slug.WriteByte('-')
			}
			slug.WriteRune(unicode.ToLower(r))
			lower = false
		default:
			slug.WriteRune(r)
			lower = true
		}
	}
	if slug.String() == "defence-evasion" {
		return "defense-evasion", true
	}
	if i := slices.Index(AllTactics, slug.String()); i >= 0 {
		return AllTactics[i], true
	}
	return "", false
}

// Technique is an ATT&CK technique with the tactics it serves.
type Technique struct {
	// ID is the present id; ids that ATT&CK revoked are already resolved.
	ID      string
	Tactics []string
}
