package soc

import (
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// percentDecoded decodes %XX and "+" and leaves everything else as it is.
func percentDecoded(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(n))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

var backslashes = regexp.MustCompile(`\\u[0-9a-fA-F]{4}|\\u\{[0-9a-fA-F]{1,6}\}|\\x[0-9a-fA-F]{2}`)

func backslashDecoded(s string) string {
	return backslashes.ReplaceAllStringFunc(s, func(m string) string {
		n, err := strconv.ParseUint(strings.Trim(m[2:], "{}"), 16, 32)
		if err != nil || n > utf8.MaxRune {
			return m
		}
		return string(rune(n))
	})
}

type encodedRun struct {
	offset int
	text   string
}

// maxEncodedRuns bounds the work on a text made of nothing but runs; the
// shortest runs looked at hold about 12 characters.
const (
	maxEncodedRuns = 64
	minBase64Run   = 16
	minHexRun      = 24
)

// encodedRuns returns what base64 and hex runs decode to where that reads as
// text (UTF-8 or UTF-16LE, as PowerShell's -EncodedCommand).
func encodedRuns(text string) []encodedRun {
	var out []encodedRun
	try := func(at int, raw []byte, err error) {
		if s, ok := readable(raw); err == nil && ok && len(out) < maxEncodedRuns {
			out = append(out, encodedRun{at, s})
		}
	}
	for i := 0; i < len(text); i++ {
		start := i
		for i < len(text) && base64Byte(text[i]) {
			i++
		}
		if i-start < minBase64Run {
			continue
		}
		run := text[start:i]
		if digits := strings.TrimPrefix(run, "0x"); len(digits) >= minHexRun && allHex(digits) {
			raw, err := hex.DecodeString(digits[:len(digits)&^1])
			try(start, raw, err)
		}
		run = run[:len(run)-btoi(len(run)%4 == 1)]
		raw, err := base64.RawStdEncoding.DecodeString(urlAlphabet.Replace(run))
		try(start, raw, err)
	}
	return append(out, spacedHex(text)...)
}

var urlAlphabet = strings.NewReplacer("-", "+", "_", "/")

func base64Byte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '+' || c == '/' || c == '-' || c == '_'
}

func hexByte(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}

func allHex(s string) bool {
	for i := range len(s) {
		if !hexByte(s[i]) {
			return false
		}
	}
	return true
}

// spacedHex finds pairs of hex digits with one separator between them, as
// registry values and packet dumps write them.
func spacedHex(text string) []encodedRun {
	var out []encodedRun
	for i := 0; i+2 < len(text); i++ {
		separator := text[i+2]
		if !hexByte(text[i]) || !hexByte(text[i+1]) || strings.IndexByte(" :,-", separator) < 0 {
			continue
		}
		start, digits := i, []byte{}
		for i+1 < len(text) && hexByte(text[i]) && hexByte(text[i+1]) {
			digits = append(digits, text[i], text[i+1])
			i += 2
			if i >= len(text) || text[i] != separator {
				break
			}
			i++
		}
		if len(digits) < minHexRun || len(out) == maxEncodedRuns {
			continue
		}
		if raw, err := hex.DecodeString(string(digits)); err == nil {
			if s, ok := readable(raw); ok {
				out = append(out, encodedRun{start, s})
			}
		}
	}
	return out
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// readable reports whether raw is text: UTF-16LE with Latin letters, or UTF-8
// with nearly everything printable.
func readable(raw []byte) (string, bool) {
	if len(raw) >= 8 && raw[1] == 0 && raw[3] == 0 {
		units := make([]uint16, 0, len(raw)/2)
		for i := 0; i+1 < len(raw); i += 2 {
			units = append(units, uint16(raw[i])|uint16(raw[i+1])<<8)
		}
		return string(utf16.Decode(units)), true
	}
	if !utf8.Valid(raw) {
		return "", false
	}
	odd := 0
	for _, r := range string(raw) {
		if r < 0x20 && r != '\n' && r != '\t' && r != '\r' || r == 0x7F {
			odd++
		}
	}
	return string(raw), odd*20 <= len(raw)
}

// DecodedCommand returns the readable text of the first base64 argument of a
// PowerShell command line (-EncodedCommand and its abbreviations take UTF-16LE);
// empty if there is none. It helps the reader and changes nothing.
func DecodedCommand(commandLine string) string {
	lower := strings.ToLower(commandLine)
	at := strings.Index(lower, "-e")
	if at < 0 || !strings.Contains(lower, "shell") && !strings.Contains(lower, "pwsh") && !strings.Contains(lower, "-encodedc") {
		return ""
	}
	for _, word := range strings.Fields(commandLine[at:]) {
		word = strings.Trim(word, "\"'")
		if len(word) < minBase64Run || len(strings.TrimRight(word, "=")) < minBase64Run {
			continue
		}
		raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(word, "="))
		if err != nil || len(raw) < 4 || raw[1] != 0 {
			continue
		}
		if text, ok := readable(append(raw, make([]byte, len(raw)%2)...)); ok {
			return strings.ToValidUTF8(strings.TrimRight(text, "\x00"), "\uFFFD")
		}
	}
	return ""
}
