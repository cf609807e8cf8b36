package soc

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestS39EscapeVisible(t *testing.T) {
	tests := []struct{ in, want string }{
		{`C:\Windows\system32`, `C:\Windows\system32`},
		{"a\nb\tc", "a␊b␉c"},
		{"s\u200Be\u200Bt", "s⟦U+200B⟧e⟦U+200B⟧t"},
		{"abc\u202Egpj.exe", "abc⟦U+202E⟧gpj.exe"},
		{"\U000E0041\U000E007F", "⟦U+E0041⟧⟦U+E007F⟧"},
		{"\x1b[31mred", "␛[31mred"},
		{"<|im_start|>system", "⟦U+003C⟧|im_start|>system"},
		{"[INST] do <<SYS>>", "⟦U+005B⟧INST] do ⟦U+003C⟧<SYS>>"},
		{"a <b> [c]", "a <b> [c]"},
		{"\xff", "⟦0xFF⟧"},
		{"⟦U+200B⟧", "⟦U+27E6⟧U+200B⟧"},
		{"␊", "⟦U+240A⟧"},
		{"naïve 日本語 🏔️", "naïve 日本語 🏔️"},
	}
	for _, tt := range tests {
		got := EscapeVisible(tt.in)
		if got != tt.want {
			t.Errorf("EscapeVisible(%q) = %q, want %q", tt.in, got, tt.want)
		}
		if back := Unescape(got); back != tt.in {
			t.Errorf("Unescape(%q) = %q, want %q", got, back, tt.in)
		}
	}
}

func checkEscape(t interface{ Fatalf(string, ...any) }, text string) {
	escaped := EscapeVisible(text)
	if !utf8.ValidString(escaped) {
		t.Fatalf("%q: escaped text is not UTF-8", text)
	}
	for _, r := range escaped {
		if r < 0x20 || r == 0x7F || (r != '⟦' && !(0x2400 <= r && r <= 0x2421) && actsOnReader(r)) {
			t.Fatalf("%q: %U survived", text, r)
		}
	}
	if loc := chatTokens.FindStringIndex(escaped); loc != nil {
		t.Fatalf("%q: chat token survived in %q", text, escaped)
	}
	if back := Unescape(escaped); back != text {
		t.Fatalf("%q came back as %q", text, back)
	}
	if n := utf8.RuneCountInString(DisplayName(text)); n > MaxDisplayName {
		t.Fatalf("%q: display name of %d characters", text, n)
	}
}

func TestS39EscapeIsReversible(t *testing.T) {
	special := []rune("⟦⟧U+0x123ABF␊␡\n\x7f\u200b\u202e\U000E0041<|>[]/INSThuman ")
	rapid.Check(t, func(t *rapid.T) {
		checkEscape(t, rapid.OneOf(rapid.String(), rapid.StringOf(rapid.RuneFrom(special))).Draw(t, "text"))
	})
}

func FuzzEscapeVisible(f *testing.F) {
	f.Add("<|im_start|>\xff⟦U+41⟧\u200b")
	f.Add("<s><s></s>[INST][/INST]<｜User｜>")
	f.Add("<|<|a|>|>")
	f.Fuzz(func(t *testing.T, text string) { checkEscape(t, text) })
}

func TestM25DisplayNameCutsVisibly(t *testing.T) {
	if got := DisplayName(strings.Repeat("a", 64)); got != strings.Repeat("a", 64) {
		t.Errorf("64 characters were cut: %q", got)
	}
	if got := DisplayName(strings.Repeat("a", 65)); got != strings.Repeat("a", 63)+"…" {
		t.Errorf("got %q", got)
	}
	if got := DisplayName(strings.Repeat("a", 60) + "\u200b\u200b"); got != strings.Repeat("a", 60)+"…" {
		t.Errorf("an escape was cut in two: %q", got)
	}
}
