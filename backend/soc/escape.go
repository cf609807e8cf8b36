package soc

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// EscapeVisible returns text with everything that could act on a reader or on
// a model shown instead of sent: control characters, bidirectional controls,
// tag and zero-width characters, and the first character of chat-template
// tokens (S39, M25). No information is lost:
//
//   - U+0000-U+001F and U+007F become their pictures U+2400-U+2421 (␊ is a
//     line feed)
//   - any other such code point becomes ⟦U+200B⟧
//   - a byte that is not UTF-8 becomes ⟦0xFF⟧
//   - the signs used for that, ⟦ and the pictures, are themselves escaped
//
// Unescape is the inverse for every string. Text is escaped exactly once, at
// the door: escaping twice shows the escapes.
func EscapeVisible(text string) string {
	if plainASCII(text) {
		return text
	}
	tokens := chatTokens.FindAllStringIndex(text, -1)
	var b strings.Builder
	b.Grow(len(text) + len(text)/8)
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		for len(tokens) > 0 && tokens[0][0] < i {
			tokens = tokens[1:]
		}
		switch {
		case r == utf8.RuneError && size <= 1:
			b.WriteString("⟦0x" + strings.ToUpper(strconv.FormatUint(uint64(text[i])|0x100, 16)[1:]) + "⟧")
		case r < 0x20:
			b.WriteRune(0x2400 + r)
		case r == 0x7F:
			b.WriteRune(0x2421)
		case actsOnReader(r), len(tokens) > 0 && tokens[0][0] == i:
			writeEscape(&b, r)
		default:
			b.WriteString(text[i : i+size])
		}
		i += size
	}
	return b.String()
}

func writeEscape(b *strings.Builder, r rune) {
	hex := strings.ToUpper(strconv.FormatInt(int64(r), 16))
	b.WriteString("⟦U+" + strings.Repeat("0", max(0, 4-len(hex))) + hex + "⟧")
}

// plainASCII reports whether text has nothing to escape, the usual case.
func plainASCII(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < 0x20 || c >= 0x7F || c == '<' || c == '[' {
			return false
		}
	}
	return true
}

// actsOnReader covers Unicode's format characters (Cf: zero-width, bidi, soft
// hyphen, tags), C1 controls, line and paragraph separators, blank letters,
// variation selectors, private use, and the signs of the escape itself.
func actsOnReader(r rune) bool {
	switch {
	case r < 0x80:
		return false
	case r == '⟦', 0x2400 <= r && r <= 0x2421:
		return true
	case r == 0x034F, r == 0x115F, r == 0x1160, r == 0x17B4, r == 0x17B5, r == 0x3164, r == 0xFFA0:
		return true
	case 0x180B <= r && r <= 0x180F, 0xFE00 <= r && r <= 0xFE0E, 0xE0000 <= r && r <= 0xE0FFF:
		return true
	}
	return unicode.In(r, unicode.Cf, unicode.Cc, unicode.Zl, unicode.Zp, unicode.Co, unicode.Noncharacter_Code_Point)
}

// chatTokens are the control tokens of the chat formats in use: ChatML and
// gpt-oss (<|...|>), Llama 2 and Mistral ([INST], <<SYS>>, <s>), Gemma
// (<start_of_turn>), DeepSeek (full-width bars), and the tags of tool calls.
var chatTokens = regexp.MustCompile(chatTokenPattern + `|</?s>`)

// chatTokenPattern leaves out <s>, which XML and HTML also use: it is escaped,
// but flags nothing.
const chatTokenPattern = `(?i)<\|[a-z0-9_ ./:-]{1,48}\|>|<｜[^｜<>]{1,48}｜>|\[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|TOOL_CONTENT)\]|<</?SYS>>|<(?:start|end)_of_turn>|<(?:bos|eos|pad|unk)>|</?(?:tool_calls?|tool_response|tool_results?|function_calls?|function_results?|think|thinking|system|assistant|human)>`

// Unescape returns the text that EscapeVisible was given.
func Unescape(escaped string) string {
	if !strings.ContainsAny(escaped, "⟦␀␁␂␃␄␅␆␇␈␉␊␋␌␍␎␏␐␑␒␓␔␕␖␗␘␙␚␛␜␝␞␟␡") {
		return escaped
	}
	var b strings.Builder
	for i := 0; i < len(escaped); {
		r, size := utf8.DecodeRuneInString(escaped[i:])
		switch {
		case 0x2400 <= r && r < 0x2420:
			b.WriteByte(byte(r - 0x2400))
		case r == 0x2421:
			b.WriteByte(0x7F)
		case r == '⟦':
			if n := unescapeOne(&b, escaped[i:]); n > 0 {
				i += n
				continue
			}
			b.WriteRune(r)
		default:
			b.WriteString(escaped[i : i+size])
		}
		i += size
	}
	return b.String()
}

// unescapeOne reads one ⟦...⟧ at the start of s and returns its length, 0 if
// there is none.
func unescapeOne(b *strings.Builder, s string) int {
	end := strings.Index(s, "⟧")
	if end < 0 || end > 16 {
		return 0
	}
	body, length := s[len("⟦"):end], end+len("⟧")
	if hex, ok := strings.CutPrefix(body, "U+"); ok {
		if n, err := strconv.ParseUint(hex, 16, 32); err == nil && n <= unicode.MaxRune {
			b.WriteRune(rune(n))
			return length
		}
	}
	if hex, ok := strings.CutPrefix(body, "0x"); ok {
		if n, err := strconv.ParseUint(hex, 16, 8); err == nil {
			b.WriteByte(byte(n))
			return length
		}
	}
	return 0
}

// MaxDisplayName is the longest name, in characters, that a sentence of the
// server may hold (M25).
const MaxDisplayName = 64

// DisplayName returns a name for use inside the server's own sentences: one
// line, escaped, at most MaxDisplayName characters with a visible cut (S41).
// Only names of sensor-asserted entities may be used that way.
func DisplayName(text string) string {
	escaped := EscapeVisible(strings.TrimSpace(text))
	if utf8.RuneCountInString(escaped) <= MaxDisplayName {
		return escaped
	}
	return cutEscaped([]rune(escaped), MaxDisplayName)
}

// cutEscaped shortens escaped text to limit characters with a visible cut.
func cutEscaped(runes []rune, limit int) string {
	cut := limit - 1
	// An escape is never cut in two: it would read as something else.
	for i := cut - 1; i >= 0 && i > cut-12; i-- {
		if runes[i] == '⟧' {
			break
		}
		if runes[i] == '⟦' {
			cut = i
			break
		}
	}
	return string(runes[:cut]) + "…"
}
