package soc

import (
	"cmp"
	"html"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Rule ids of hostile text (S40). They are stored with flags and never change
// meaning.
const (
	HostileTag         = "tag_characters"         // U+E0000 block: text that only a model sees
	HostileZeroWidth   = "zero_width"             // invisible characters inside words
	HostileBidi        = "bidi_control"           // embeddings, overrides and isolates
	HostileANSI        = "ansi_escape"            // terminal control sequences
	HostileHomoglyph   = "homoglyph"              // letters of two scripts in one word
	HostileChatToken   = "chat_template_token"    // <|im_start|>, [INST] ...
	HostileRole        = "role_marker"            // a made-up conversation or message role
	HostileMarkup      = "hidden_markup"          // comments, invisible styles, links that carry data out
	HostileFormula     = "spreadsheet_formula"    // acts when a list is exported
	HostileStructure   = "structure_break"        // closes the JSON that it stands in
	HostileToolOutput  = "fake_tool_output"       // poses as the answer of a tool
	HostileOverride    = "instruction_override"   // ignore earlier instructions
	HostileAddressed   = "addressed_to_model"     // speaks to an assistant or model
	HostileDirective   = "triage_directive"       // orders a verdict, a closing, an action, a leak
	HostileEncoded     = "encoded_instruction"    // one of the above behind base64 or hex
	HostileTranslation = "translated_instruction" // the same in another language
)

// AllHostileRules lists the rule ids.
var AllHostileRules = []string{
	HostileTag, HostileZeroWidth, HostileBidi, HostileANSI, HostileHomoglyph, HostileChatToken, HostileRole, HostileMarkup,
	HostileFormula, HostileStructure, HostileToolOutput, HostileOverride, HostileAddressed, HostileDirective, HostileEncoded,
	HostileTranslation,
}

// DetectHostile looks in the text of one field for signs that it is meant for
// a model, or hides something from a reader. It returns at most one flag per
// rule, at the byte offset of the first match, in order of offset. It is
// deterministic, takes time linear in the text (RE2, bounded decoding), and
// never changes, drops or refuses anything: a flag marks the text and the run
// and may only raise (S40).
//
// Measured by TestS40Recall and TestS40FalseFlags on the copied corpora of
// testdata/hostile; the figures are in that folder's README. Detection by
// pattern is a smoke detector and not a wall: what keeps text from acting is
// the gate, which no text can reach.
func DetectHostile(field, text string) []Flag {
	d := hostileDetector{field: field}
	d.scan(text, 0)
	slices.SortStableFunc(d.flags, func(a, b Flag) int { return cmp.Compare(a.Offset, b.Offset) })
	return d.flags
}

type hostileDetector struct {
	field string
	flags []Flag
}

func (d *hostileDetector) flag(rule string, offset int) {
	if !slices.ContainsFunc(d.flags, func(f Flag) bool { return f.Rule == rule }) {
		d.flags = append(d.flags, Flag{Rule: rule, Field: d.field, Offset: offset})
	}
}

// maxDecodings is how many layers of encoding are looked behind.
const maxDecodings = 2

func (d *hostileDetector) scan(text string, depth int) {
	if len(text) < 4 {
		return
	}
	plain := plainASCII(text)
	if !plain {
		d.characters(text)
		d.markup(text)
	} else if strings.Contains(text, "=") || strings.Contains(text, `"`) {
		d.markup(text)
	}
	d.words(text)
	if !plain && hasOtherScript(text) {
		if at := otherScripts.FindStringIndex(foldText(text)); at != nil {
			d.flag(HostileTranslation, min(at[0], len(text)-1))
		}
	}
	if depth < maxDecodings {
		d.decoded(text, depth)
	}
}

func hasOtherScript(text string) bool {
	for _, r := range text {
		if r >= 0x370 && unicode.IsLetter(r) {
			return true
		}
	}
	return false
}

// characters flags code points. Joiners are ordinary between letters of the
// scripts that need them and in emoji, and products leave one at the end of a
// title, so invisible characters count only between Latin letters or digits,
// or in a row.
func (d *hostileDetector) characters(text string) {
	var previous rune
	script := 0 // of the word so far: 1 Latin, 2 a look-alike of another script
	for i, r := range text {
		switch {
		case 0xE0000 <= r && r <= 0xE007F:
			d.flag(HostileTag, i)
		case 0xE0100 <= r && r <= 0xE01EF, 0xFE00 <= r && r <= 0xFE0F && 0xFE00 <= previous && previous <= 0xFE0F:
			d.flag(HostileZeroWidth, i)
		case 0x202A <= r && r <= 0x202E, 0x2066 <= r && r <= 0x2069:
			d.flag(HostileBidi, i)
		case r == 0x1B && i+1 < len(text) && strings.IndexByte("[]()P_^", text[i+1]) >= 0, r == 0x9B:
			d.flag(HostileANSI, i)
		case invisible(r):
			next, _ := utf8.DecodeRuneInString(text[i+utf8.RuneLen(r):])
			if (latinOrDigit(previous) && latinOrDigit(next)) || previous == r {
				d.flag(HostileZeroWidth, i)
			}
		}
		switch {
		case !unicode.IsLetter(r):
			script = 0
		case r < 0x250:
			script |= 1
		case lookAlikes[r] != 0:
			script |= 2
		}
		if script == 3 {
			d.flag(HostileHomoglyph, i)
		}
		previous = r
	}
}

func latinOrDigit(r rune) bool {
	return r < 0x250 && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

// invisible are the characters without width; the soft hyphen and the marks
// LRM, RLM and ALM are left out because mail and localised logs are full of
// them.
func invisible(r rune) bool {
	switch {
	case 0x200B <= r && r <= 0x200D, 0x2060 <= r && r <= 0x2064, r == 0xFEFF, r == 0x180E, r == 0x034F,
		r == 0x115F, r == 0x1160, r == 0x3164, r == 0xFFA0:
		return true
	}
	return false
}

var rawRules = []struct {
	rule   string
	needs  []string // one of these must be there, so that ordinary text costs no search
	search *regexp.Regexp
}{
	{HostileChatToken, []string{"<", "["}, regexp.MustCompile(chatTokenPattern)},
	{HostileRole, []string{"\n"}, regexp.MustCompile(`(?i)(?:^|\n)[ \t#>*]*(?:assistant|human|ai)[ \t]*:[^\n]*\n(?:[^\n]*\n){0,20}?[ \t#>*]*(?:assistant|human|user|ai)[ \t]*:`)},
	{HostileRole, []string{`"role"`, `"Role"`, `"ROLE"`}, regexp.MustCompile(`(?i)"role"\s*:\s*"(?:system|assistant|developer|tool)"`)},
	{HostileMarkup, []string{"<!--"}, regexp.MustCompile(`<!--`)},
	{HostileMarkup, []string{"style", "STYLE", "Style"}, regexp.MustCompile(`(?i)<[a-z][^>]{0,400}(?:display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0|opacity\s*:\s*0[^.\d]|color\s*:\s*(?:white|#fff|transparent))`)},
	{HostileMarkup, []string{"]("}, regexp.MustCompile(`(?i)!?\[[^\]\n]{0,300}\]\(\s*(?:https?:|//|javascript:|data:)`)},
	{HostileFormula, []string{"("}, regexp.MustCompile(`(?i)(?:^|[\t,;"'])\s*[=@+-]\s*(?:hyperlink|importxml|importdata|importhtml|importrange|image|webservice|dde|exec|call|register\.id)\s*\(`)},
	{HostileFormula, []string{"|"}, regexp.MustCompile(`(?i)^\s*[=@+-]\s*(?:cmd|powershell|mshta|rundll32)\s*\|`)},
	{HostileStructure, []string{"}", "]"}, regexp.MustCompile(`^\s*["']\s*[}\]]\s*[,}\]]?`)},
	{HostileStructure, []string{`"}`, `" }`, "\"\n}"}, regexp.MustCompile(`^[^{\["]{0,200}"\s*\}\s*,\s*"?[{a-z_]`)},
	{HostileToolOutput, []string{`"tool`, `"function`, `"Tool`}, regexp.MustCompile(`(?i)"(?:tool|tool_name|tool_call_id|function|function_name)"\s*:\s*"[^"]{0,200}"[^}]*"(?:instructions?|directive|verdict|next_step|command_to_model)"\s*:`)},
}

func (d *hostileDetector) markup(text string) {
	for _, r := range rawRules {
		if slices.ContainsFunc(r.needs, func(n string) bool { return strings.Contains(text, n) }) {
			if at := r.search.FindStringIndex(text); at != nil {
				d.flag(r.rule, at[0])
			}
		}
	}
}

// decoded looks behind percent, entity, backslash, base64 and hex encoding.
// The first three are everyday in URLs, pages and logs, so what they hide is
// flagged as what it is; the others are reported as encoded_instruction.
func (d *hostileDetector) decoded(text string, depth int) {
	if strings.Contains(text, "%") {
		if plain := percentDecoded(text); plain != text {
			d.scan(plain, maxDecodings)
		}
	}
	if strings.Contains(text, "&") {
		if plain := html.UnescapeString(text); plain != text {
			d.scan(plain, maxDecodings)
		}
	}
	if strings.Contains(text, `\u`) || strings.Contains(text, `\x`) {
		if plain := backslashDecoded(text); plain != text {
			d.scan(plain, maxDecodings)
		}
	}
	if i := strings.IndexAny(text, "\u202E\u202D"); i >= 0 {
		inner := hostileDetector{}
		inner.words(reversed(text))
		if len(inner.flags) > 0 {
			d.flag(HostileEncoded, i)
		}
	}
	for _, hidden := range encodedRuns(text) {
		inner := hostileDetector{}
		inner.scan(hidden.text, depth+1)
		for _, f := range inner.flags {
			if f.Rule != HostileZeroWidth && f.Rule != HostileHomoglyph {
				d.flag(HostileEncoded, hidden.offset)
				break
			}
		}
	}
	for i := range d.flags {
		d.flags[i].Offset = min(d.flags[i].Offset, max(len(text)-1, 0))
	}
}

func reversed(s string) string {
	runes := []rune(s)
	slices.Reverse(runes)
	return string(runes)
}
