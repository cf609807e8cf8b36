package soc

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// KeyVersion is the version of the keys of verdict memory (T7). It grows
// whenever the same alert would get another key; stored events carry theirs
// and are re-keyed in the background.
const KeyVersion = 1

// DetectorKey names the rule that fired. A stable id of the source is used
// verbatim and never templated: numeric ids would otherwise all become one
// key. Without one the key is made of product and analytic name. The two
// shapes start differently so that a name can never pose as an id.
func DetectorKey(source, detector, product, name string) string {
	if detector != "" {
		return "id|" + escapeKeyPart(strings.ToLower(source)) + "|" + detector
	}
	return "name|" + escapeKeyPart(product) + "|" + name
}

var keyPart = strings.NewReplacer("%", "%25", "|", "%7C")

func escapeKeyPart(s string) string { return keyPart.Replace(s) }

// CategoryKey is the vendor's category, else the first ATT&CK tactic.
func CategoryKey(category string, tactics []string) string {
	if category != "" {
		return foldText(trim(category))
	}
	if len(tactics) > 0 {
		return foldText(trim(tactics[0]))
	}
	return ""
}

// AlertKeys returns the three keys of an alert as a mapper read it.
func AlertKeys(a InboundAlert) (detector, title, category string) {
	var values []string
	for _, e := range a.Entities {
		values = append(values, e.Value, e.Display)
		values = append(values, e.Names...)
	}
	return DetectorKey(a.Source, a.Detector, a.Product, a.Title), TitleKey(a.Title, values), CategoryKey(a.Category, a.Tactics)
}

// TitleKey is the 128-bit hash of the title's template, in hex.
func TitleKey(title string, entityValues []string) string {
	sum := sha256.Sum256([]byte(TitleTemplate(title, entityValues)))
	return hex.EncodeToString(sum[:16])
}

// wildcard stands for every varying part. One sign for all kinds, so that a
// name which is an entity in one alert and only looks like an address in
// another still gives one template.
const wildcard = "*"

// varying lists what differs between two firings of one rule, in the order in
// which it is replaced: an URL holds paths, a path holds digits.
var varying = []*regexp.Regexp{
	regexp.MustCompile(`\b[a-z][a-z0-9+.-]*://[^\s"'<>]+`),
	regexp.MustCompile(`[a-z0-9._%+'-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+`),
	regexp.MustCompile(`\{?\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b\}?`),
	regexp.MustCompile(`"[^"]*"|“[^”]*”|‘[^’]*’|«[^»]*»|\x60[^\x60]*\x60`),
	regexp.MustCompile(`\B'[^']*'\B`),
	regexp.MustCompile(`\b(?:[0-9]{1,3}\.){3}[0-9]{1,3}\b(?:[:/][0-9]{1,5}\b)?`),
	regexp.MustCompile(`(?:[0-9a-f]{1,4}:){3,7}[0-9a-f]{1,4}\b|(?:[0-9a-f]{1,4}:){1,6}:(?:[0-9a-f]{1,4})?`),
	regexp.MustCompile(`\b[0-9a-f]{32,}\b`),
	regexp.MustCompile(`(?:\b[a-z]:|\\\\[^\\\s]+)\\[^\s"'<>|,;]*`),
	regexp.MustCompile(`(?:^|[\s(=:])(/[^\s/"'<>|,;]+){2,}/?`),
	regexp.MustCompile(`[0-9]{3,}`),
}

// TitleTemplate returns the part of a title that its rule wrote: lower case,
// NFKC, with the alert's own entity values, GUIDs, addresses, hashes, mail
// addresses, paths, quoted parts and runs of three or more digits replaced.
func TitleTemplate(title string, entityValues []string) string {
	s := foldText(strings.ToValidUTF8(title, "\uFFFD"))
	for _, v := range templateValues(entityValues) {
		s = replaceWhole(s, v)
	}
	for _, r := range varying {
		s = r.ReplaceAllStringFunc(s, func(m string) string {
			if c := m[0]; c == ' ' || c == '(' || c == '=' || c == ':' || c == '\t' {
				return string(c) + wildcard
			}
			return wildcard
		})
	}
	return strings.Join(strings.FieldsFunc(norm.NFKC.String(s), unicode.IsSpace), " ")
}

// templateValues folds and orders values longest first, so that a short name
// never breaks the long one that holds it. Values under three characters would
// tear words apart.
func templateValues(values []string) []string {
	var out []string
	for _, v := range values {
		if v = trim(foldText(strings.ToValidUTF8(v, "\uFFFD"))); utf8.RuneCountInString(v) >= 3 {
			out = append(out, v)
		}
	}
	slices.SortFunc(out, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	return slices.Compact(out)
}

// replaceWhole replaces v where it is not part of a longer word.
func replaceWhole(s, v string) string {
	var b strings.Builder
	for {
		i := strings.Index(s, v)
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		before, _ := utf8.DecodeLastRuneInString(s[:i])
		after, _ := utf8.DecodeRuneInString(s[i+len(v):])
		first, _ := utf8.DecodeRuneInString(v)
		last, _ := utf8.DecodeLastRuneInString(v)
		b.WriteString(s[:i])
		if (i > 0 && wordRune(before) && wordRune(first)) || (i+len(v) < len(s) && wordRune(after) && wordRune(last)) {
			b.WriteString(v)
		} else {
			b.WriteString(wildcard)
		}
		s = s[i+len(v):]
	}
}

func wordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' }
