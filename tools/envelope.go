package tools

import (
	"fmt"
	"strings"
	"time"

	"vedette/backend/soc"
)

// envelope opens every answer (M25). Text that somebody outside wrote stands
// only in the members named by Untrusted; Summary is the server's own.
type envelope struct {
	Summary   string   `json:"summary"`
	Untrusted []string `json:"untrusted,omitempty"`
}

func (e envelope) hasUntrusted() bool { return len(e.Untrusted) > 0 }

// outside writes text that somebody else wrote: escaped so that nothing in it
// acts on a reader, and cut to width characters as shown, with the number of
// bytes that are missing. A width of 0 does not cut.
func outside(text string, width int) string {
	if width <= 0 {
		return soc.EscapeVisible(text)
	}
	kept, escaped := fit(text, width)
	if missing := len(text) - kept; missing > 0 {
		escaped += fmt.Sprintf("…[+%d bytes]", missing)
	}
	return escaped
}

// fit returns how many bytes of text take at most width characters when
// escaped, on a character boundary, and those escaped.
func fit(text string, width int) (kept int, escaped string) {
	return fitCost(text, width, func(rune) int { return 1 })
}

// fitQuoted is fit for a width in characters of JSON, where quotes and
// backslashes take two.
func fitQuoted(text string, width int) (kept int, escaped string) {
	return fitCost(text, width, func(r rune) int {
		if r == '"' || r == '\\' {
			return 2
		}
		return 1
	})
}

// fitCost escapes once and cuts what was escaped: an escape opens with ⟦, which
// stands for nothing else there, so none is ever cut in two, and Unescape tells
// how much of the text the rest stands for.
func fitCost(text string, width int, cost func(rune) int) (kept int, escaped string) {
	head := firstRunes(text, width)
	escaped = soc.EscapeVisible(head)
	used := 0
	for i, r := range escaped {
		if used += cost(r); used <= width {
			continue
		}
		escaped = escaped[:i]
		if open := strings.LastIndex(escaped, "⟦"); open > strings.LastIndex(escaped, "⟧") {
			escaped = escaped[:open]
		}
		return len(soc.Unescape(escaped)), escaped
	}
	return len(head), escaped
}

func firstRunes(text string, n int) string {
	for i := range text {
		if n == 0 {
			return text[:i]
		}
		n--
	}
	return text
}

// outsideList is outside for each entry.
func outsideList(texts []string, width int) []string {
	out := make([]string, len(texts))
	for i, text := range texts {
		out[i] = outside(text, width)
	}
	return out
}

// flagWords lists the detectors that hit, each once, in order.
func flagWords(flags []soc.Flag) string {
	var rules []string
	seen := map[string]bool{}
	for _, flag := range flags {
		if !seen[flag.Rule] {
			seen[flag.Rule] = true
			rules = append(rules, flag.Rule)
		}
	}
	return strings.Join(rules, ",")
}

// instant writes a time in whole seconds, "" for none.
func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}

// age says how long ago t was in one number and unit.
func age(now, t time.Time) string {
	switch d := now.Sub(t); {
	case t.IsZero():
		return ""
	case d < 0:
		return "0m"
	case d < 2*time.Hour:
		return fmt.Sprintf("%dm", int(d/time.Minute))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d/time.Hour))
	default:
		return fmt.Sprintf("%dd", int(d/(24*time.Hour)))
	}
}

// count writes a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if strings.HasSuffix(noun, "y") {
		return fmt.Sprintf("%d %sies", n, strings.TrimSuffix(noun, "y"))
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// standing is an incident's verdict in one word: as recorded, or held.
func standing(i soc.Incident) string {
	switch {
	case i.Verdict != "":
		return string(i.Verdict)
	case i.Held && i.ProposedVerdict != "":
		return "held:" + string(i.ProposedVerdict)
	}
	return ""
}

func words[Word ~string](list []Word) []string {
	out := make([]string, len(list))
	for i, word := range list {
		out[i] = string(word)
	}
	return out
}
