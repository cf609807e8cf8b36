package soc

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestT7TitleTemplate(t *testing.T) {
	tests := []struct {
		title  string
		values []string
		want   string
	}{
		{"Malware 'Mimikatz' was detected on WS-042", []string{"ws-042"}, "malware * was detected on *"},
		{"Sign-in from 203.0.113.4:443 by alice@corp.example", nil, "sign-in from * by *"},
		{"Service 4f255828-69bd-4f65-9ff5-af6c9b00e046 started", nil, "service * started"},
		{`Wrote C:\Users\x\a.exe and /etc/cron.d/x`, nil, "wrote * and *"},
		{"Visit to https://evil.example/x?y=1 blocked", nil, "visit to * blocked"},
		{"Rule 5710 fired 12 times", nil, "rule * fired 12 times"},
		{"ＦＵＬＬ width  spaces", nil, "full width spaces"},
		{"User admin did administration", []string{"admin"}, "user * did administration"},
		{"Hash d41d8cd98f00b204e9800998ecf8427e seen", nil, "hash * seen"},
	}
	for _, tt := range tests {
		if got := TitleTemplate(tt.title, tt.values); got != tt.want {
			t.Errorf("TitleTemplate(%q) = %q, want %q", tt.title, got, tt.want)
		}
	}
}

func TestT7StableIdsAreVerbatim(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		source := rapid.StringMatching(`[a-z][a-z0-9_-]{0,10}`).Draw(t, "source")
		a := rapid.StringN(1, 40, -1).Draw(t, "a")
		b := rapid.StringN(1, 40, -1).Draw(t, "b")
		key := DetectorKey(source, a, "product", "name")
		if !strings.HasSuffix(key, "|"+a) {
			t.Fatalf("key %q does not hold the id %q as sent", key, a)
		}
		if (key == DetectorKey(source, b, "other", "other")) != (a == b) {
			t.Fatalf("ids %q and %q: keys do not tell them apart as they should", a, b)
		}
		if key == DetectorKey(source, "", a, b) || key == DetectorKey(source, "", source, a) {
			t.Fatalf("a name posed as the id %q", a)
		}
	})
	if DetectorKey("wazuh", "5710", "", "") == DetectorKey("wazuh", "5712", "", "") {
		t.Error("numeric ids fell into one key")
	}
}

func TestT7NamesOfOtherProductsAreOtherKeys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(n string) string { return rapid.StringOfN(rapid.RuneFrom([]rune("ab|%")), 0, 4, -1).Draw(t, n) }
		p1, n1, p2, n2 := draw("p1"), draw("n1"), draw("p2"), draw("n2")
		if (DetectorKey("s", "", p1, n1) == DetectorKey("s", "", p2, n2)) != (p1 == p2 && n1 == n2) {
			t.Fatalf("(%q,%q) and (%q,%q)", p1, n1, p2, n2)
		}
	})
}

func TestT7TitleKeyIgnoresWhatVaries(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		host := func(n string) string { return rapid.StringMatching(`[A-Z]{2,4}-[a-z]{3,6}[0-9]{0,3}`).Draw(t, n) }
		h1, h2 := host("h1"), host("h2")
		n1, n2 := rapid.IntRange(100, 1<<40).Draw(t, "n1"), rapid.IntRange(100, 1<<40).Draw(t, "n2")
		title := "Suspicious logon %d on %s by session"
		k1 := TitleKey(fmt.Sprintf(title, n1, h1), []string{h1})
		k2 := TitleKey(fmt.Sprintf(title, n2, h2), []string{strings.ToLower(h2)})
		if k1 != k2 {
			t.Fatalf("%q and %q give two keys", h1, h2)
		}
		if len(k1) != 32 {
			t.Fatalf("key %q is not 128 bits of hex", k1)
		}
	})
	if TitleKey("Password spray", nil) == TitleKey("Port scan", nil) {
		t.Error("two rules, one key")
	}
}

func TestCategoryKey(t *testing.T) {
	if got := CategoryKey("", []string{"LateralMovement"}); got != "lateralmovement" {
		t.Errorf("got %q", got)
	}
	if got := CategoryKey("Ransomware", []string{"Impact"}); got != "ransomware" {
		t.Errorf("got %q", got)
	}
}

func FuzzTitleTemplate(f *testing.F) {
	f.Add("Alert on x from 1.2.3.4", "x")
	f.Add("\xff'a' \"b", "\xff")
	f.Fuzz(func(t *testing.T, title, value string) {
		if TitleKey(title, []string{value}) != TitleKey(title, []string{value, value, ""}) {
			t.Fatal("repeating a value changed the key")
		}
	})
}
