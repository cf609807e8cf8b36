package soc

import (
	"io"
	"slices"
	"strconv"
	"strings"
)

// Prefixes of the short ids (mcp.md M26).
const (
	PrefixIncident = "INC-"
	PrefixEntity   = "ENT-"
	PrefixAlert    = "ALR-"
	PrefixGamebook = "GB-"
	PrefixStep     = "ACT-"
	PrefixTriage   = "triage-"
)

// AllIDPrefixes lists the prefixes of ids with a check character.
var AllIDPrefixes = []string{PrefixIncident, PrefixEntity, PrefixAlert, PrefixGamebook, PrefixStep}

// crockford is Douglas Crockford's base-32 alphabet: no I, L, O, U.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// idBody is how many random characters stand before the check character: 35
// bits. Bodies are drawn, not counted, so that an id tells nothing about how
// many there are and a neighbour cannot be guessed; among a million ids of one
// kind about 15 draws meet a taken one, so the writer draws again when the
// unique index refuses (five draws never fail in practice).
const idBody = 7

// triageBody is the length of what follows "triage-": 50 random bits.
const triageBody = 10

// NewID draws an id with a check character from random (crypto/rand.Reader
// outside tests). It fails only if random does.
func NewID(prefix string, random io.Reader) (string, error) {
	body, err := draw(random, idBody)
	if err != nil {
		return "", err
	}
	return prefix + body + string(crockford[checkValue(body)]), nil
}

// NewTriageID draws the handle of a triage: "triage-" and ten lower-case
// characters, without a check character (taken as listed, never typed).
func NewTriageID(random io.Reader) (string, error) {
	body, err := draw(random, triageBody)
	return PrefixTriage + strings.ToLower(body), err
}

func draw(random io.Reader, n int) (string, error) {
	var b [triageBody]byte
	if _, err := io.ReadFull(random, b[:n]); err != nil {
		return "", err
	}
	for i := range n {
		b[i] = crockford[b[i]&31]
	}
	return string(b[:n]), nil
}

// CheckID reports whether s is an id of this prefix as NewID makes them. The
// comparison is exact: no case fold, no trim, no repair of look-alikes. Every
// id with one wrong character or two neighbours swapped is refused, so a slip
// is told apart from an unknown id without asking the database.
func CheckID(prefix, s string) bool {
	body, found := strings.CutPrefix(s, prefix)
	if !found || len(body) != idBody+1 {
		return false
	}
	for i := range len(body) {
		if strings.IndexByte(crockford, body[i]) < 0 {
			return false
		}
	}
	return body[idBody] == crockford[checkValue(body[:idBody])]
}

// CheckTriageID reports whether s has the form of a triage handle.
func CheckTriageID(s string) bool {
	body, found := strings.CutPrefix(s, PrefixTriage)
	return found && len(body) == triageBody &&
		strings.Trim(body, strings.ToLower(crockford)) == ""
}

// checkValue is the sum of alpha^i * d_i over GF(32), i from 1, with alpha = x
// modulo x^5+x^2+1. The check character itself has weight 1 = alpha^0. The
// eight weights differ and none is zero, so one wrong character changes the
// sum, and so do two swapped neighbours.
func checkValue(body string) int {
	sum := 0
	for i := len(body) - 1; i >= 0; i-- { // Horner's rule
		sum = timesAlpha(sum ^ strings.IndexByte(crockford, body[i]))
	}
	return sum
}

func timesAlpha(v int) int {
	if v <<= 1; v&32 != 0 {
		v ^= 0b100101
	}
	return v
}

// EvidenceID spells the number of an evidence row: E12.
func EvidenceID(number int) string { return "E" + strconv.Itoa(number) }

// ParseEvidenceID reads E1 to E999999999; leading zeros, signs and lower case
// are refused.
func ParseEvidenceID(s string) (int, bool) {
	digits, found := strings.CutPrefix(s, "E")
	if !found || len(digits) > 9 || strings.Trim(digits, "0123456789") != "" || strings.HasPrefix(digits, "0") {
		return 0, false
	}
	n, err := strconv.Atoi(digits)
	return n, err == nil
}

// NearestIDs returns up to limit of the visible ids, nearest to given first
// (edit distance with swaps, then by id). It is a hint for the sender of a
// wrong id and never a repair: acting on one takes a new call. The caller
// passes only ids that the asker may see.
func NearestIDs(given string, visible []string, limit int) []string {
	type near struct {
		id       string
		distance int
	}
	given = cut(given, 64) // an id is short; a long text is far from all of them
	found := make([]near, 0, len(visible))
	for _, id := range visible {
		found = append(found, near{id, editDistance(given, id)})
	}
	slices.SortFunc(found, func(a, b near) int {
		if a.distance != b.distance {
			return a.distance - b.distance
		}
		return strings.Compare(a.id, b.id)
	})
	found = found[:min(max(limit, 0), len(found))]
	ids := make([]string, len(found))
	for i, f := range found {
		ids[i] = f.id
	}
	return ids
}

// editDistance counts insertions, deletions, changes and swaps of neighbours
// (optimal string alignment), byte by byte.
func editDistance(a, b string) int {
	before, above, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range above {
		above[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := above[j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			row[j] = min(change, above[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, above, row = above, row, before
	}
	return above[len(b)]
}
