package soc

import (
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MaxEntityValue is the longest canonical value in bytes. Longer ones keep
// their beginning and end in the SHA-256 of the whole, because PostgreSQL
// refuses an index row over 2,704 bytes; the full text stays in the evidence.
const MaxEntityValue = 1024

// CanonicalValue returns the identity of text within kind, and whether text
// parses as that kind. One that does not is kept as sent (bounded), so it is
// still found by exact text, but must never be enriched or acted on.
//
// The canonical form decides whether two sightings are one entity and what
// find_related matches. It has nothing to do with ids: an ENT- id is compared
// byte for byte (D3).
//
//   - ip: netip form, IPv4-mapped unmapped, zone stripped, defanged
//   - host: lower case, no trailing dot, no trailing "$" (S32)
//   - account: UPN, DOMAIN\name and names lower case, SID upper, GUID lower
//   - domain: lower case, A-form (RFC 5890), no trailing dot
//   - url: scheme and host lower case, empty path "/", the rest untouched
//   - file: the hash where text is one; a Windows path in lower case with
//     backslashes; any other path as it is
//   - file_hash: hex in lower case, the length says the algorithm
//   - registry: hive spelled out, lower case
//   - mail_message: GUID in lower case, or the Message-ID without brackets
//
// CanonicalValue is idempotent.
func CanonicalValue(kind EntityKind, text string) (value string, valid bool) {
	text = strings.ToValidUTF8(text, "\uFFFD")
	value, valid = canonicalForms[kind](text)
	if !valid || value == "" {
		return boundValue(text), false
	}
	return boundValue(value), true
}

var canonicalForms = map[EntityKind]func(string) (string, bool){
	KindIP:            canonicalIP,
	KindHost:          canonicalHost,
	KindAccount:       canonicalAccount,
	KindMailbox:       canonicalMailbox,
	KindDomain:        canonicalDomain,
	KindURL:           canonicalURL,
	KindFile:          canonicalFile,
	KindFileHash:      canonicalHash,
	KindProcess:       canonicalName,
	KindMailMessage:   canonicalMessage,
	KindRegistryKey:   canonicalRegistry,
	KindRegistryValue: canonicalRegistry,
	KindCloudResource: canonicalResource,
	KindApplication:   canonicalName,
	KindOther:         canonicalOther,
	"":                canonicalOther,
}

func boundValue(s string) string {
	if len(s) <= MaxEntityValue {
		return s
	}
	sum := sha256.Sum256([]byte(s))
	tail := "~sha256:" + hex.EncodeToString(sum[:])
	cut := MaxEntityValue - len(tail)
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + tail
}

// foldText is the case and compatibility folding of values: NFKC and lower
// case, repeated until nothing changes, because lowering a character can make
// text composable again.
func foldText(s string) string {
	if isLowerASCII(s) {
		return s
	}
	for range 4 {
		folded := norm.NFKC.String(strings.ToLower(norm.NFKC.String(s)))
		if folded == s {
			break
		}
		s = folded
	}
	return s
}

func isLowerASCII(s string) bool {
	for i := range len(s) {
		if c := s[i]; c >= utf8.RuneSelf || ('A' <= c && c <= 'Z') {
			return false
		}
	}
	return true
}

// trim removes spaces, controls and invisible characters around a value; they
// are never part of an identity.
func trim(s string) string {
	return strings.TrimFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
	})
}

var fangs = strings.NewReplacer("[.]", ".", "(.)", ".", "{.}", ".", "[dot]", ".", "[:]", ":", "[://]", "://", "[@]", "@")

// refang undoes the usual ways of writing an address so that nobody clicks it.
func refang(s string) string {
	for range 4 {
		next := fangs.Replace(s)
		if next == s {
			break
		}
		s = next
	}
	return s
}

func canonicalIP(s string) (string, bool) {
	s = strings.Trim(refang(trim(s)), "[]")
	addr, err := netip.ParseAddr(s)
	if err != nil {
		return "", false
	}
	return addr.Unmap().WithZone("").String(), true
}

func canonicalHost(s string) (string, bool) {
	if ip, ok := canonicalIP(s); ok {
		return ip, true
	}
	s = foldText(refang(trim(s)))
	if i := strings.LastIndexByte(s, '\\'); i >= 0 {
		s = s[i+1:]
	}
	s = strings.TrimRight(strings.TrimSuffix(strings.TrimRight(s, "."), "$"), ".$")
	if s == "" || len(s) > 255 || strings.ContainsFunc(s, badNameRune) || strings.ContainsAny(s, "/ @:") {
		return "", false
	}
	if ip, ok := canonicalIP(s); ok {
		return ip, true
	}
	return s, true
}

func badNameRune(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }

func canonicalAccount(s string) (string, bool) {
	s = trim(s)
	if sid, ok := CanonicalSID(s); ok {
		return sid, true
	}
	if id, ok := CanonicalGUID(s); ok {
		return id, true
	}
	s = trim(foldText(strings.TrimPrefix(refang(s), `.\`)))
	if s == "" || strings.ContainsFunc(s, badNameRune) {
		return "", false
	}
	if sid, ok := CanonicalSID(s); ok {
		return sid, true
	}
	return s, true
}

func canonicalMailbox(s string) (string, bool) {
	s = trim(strings.Trim(trim(s), "<>"))
	if len(s) > 7 && strings.EqualFold(s[:7], "mailto:") {
		s = s[7:]
	}
	s = trim(strings.Trim(foldText(refang(s)), "<> "))
	at := strings.LastIndexByte(s, '@')
	if at < 1 || strings.ContainsFunc(s, badNameRune) || strings.ContainsAny(s, " <>") {
		return "", false
	}
	domain, ok := canonicalDomain(s[at+1:])
	if !ok || strings.HasPrefix(s, "mailto:") {
		return "", false
	}
	return s[:at] + "@" + domain, true
}

func canonicalHash(s string) (string, bool) {
	s = strings.ToLower(trim(s))
	if i := strings.LastIndexAny(s, ":="); i >= 0 && i < 12 {
		s = trim(s[i+1:])
	}
	if HashAlgorithm(s) == "" {
		return "", false
	}
	return s, true
}

// HashAlgorithm names the algorithm of a hex digest by its length: md5, sha1,
// sha224, sha256, sha384 or sha512; empty if hash is not one.
func HashAlgorithm(hash string) string {
	for i := range len(hash) {
		c := hash[i] | 0x20
		if !('0' <= hash[i] && hash[i] <= '9') && (c < 'a' || c > 'f') {
			return ""
		}
	}
	return map[int]string{32: "md5", 40: "sha1", 56: "sha224", 64: "sha256", 96: "sha384", 128: "sha512"}[len(hash)]
}

func canonicalMessage(s string) (string, bool) {
	s = trim(s)
	if id, ok := CanonicalGUID(s); ok {
		return id, true
	}
	s = trim(strings.Trim(s, "<> "))
	if id, ok := CanonicalGUID(s); ok {
		return id, true
	}
	return s, s != ""
}

// canonicalName serves names without a grammar: applications, and processes
// without a process id.
func canonicalName(s string) (string, bool) {
	s = trim(foldText(trim(s)))
	return s, s != ""
}

func canonicalOther(s string) (string, bool) {
	s = trim(s)
	return s, s != ""
}

// canonicalResource lowers Azure and other case-insensitive ids. ARNs keep
// their case because the resource part is case-sensitive.
func canonicalResource(s string) (string, bool) {
	s = strings.TrimRight(trim(s), "/")
	if len(s) > 4 && strings.EqualFold(s[:4], "arn:") {
		return "arn:" + s[4:], true
	}
	s = trim(strings.TrimRight(foldText(s), "/"))
	return s, s != ""
}
