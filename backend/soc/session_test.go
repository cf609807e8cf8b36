package soc

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestS49LoginDelayGrowsToItsBound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		failures := rapid.IntRange(0, 1_000_000).Draw(t, "failures")
		delay := LoginDelay(failures)
		if delay < 0 || delay > maxLoginDelay || LoginDelay(failures+1) < delay {
			t.Fatalf("%d failures: %v", failures, delay)
		}
	})
	if LoginDelay(freeLoginErrors) != 0 || LoginDelay(freeLoginErrors+1) != time.Second {
		t.Error("the fifth failure delays first")
	}
}

func TestS48SessionClocks(t *testing.T) {
	s := Session{LastSeenAt: keyTime, ExpiresAt: keyTime.Add(SessionLife)}
	if !s.Live(keyTime.Add(SessionIdle-time.Second)) || s.Live(keyTime.Add(SessionIdle)) {
		t.Error("idle for 60 minutes ends it")
	}
	s.LastSeenAt = keyTime.Add(SessionLife)
	if s.Live(keyTime.Add(SessionLife)) {
		t.Error("12 hours end it however busy")
	}
}

func TestS49GuessablePasswords(t *testing.T) {
	for _, refused := range []string{
		"", "short", "elevenchars", "aaaaaaaaaaaa", "123456789012", "Password1234", "P@ssw0rd2026!", "qwertyuiop12", "abcdefghijklmn",
		"Summer2026!!", "jane.doe12345", "VedetteAdmin1", "welcome-welcome", string(make([]byte, 20)), "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
	} {
		if CheckPassword("new", refused, "jane.doe@example.org") == nil {
			t.Errorf("%q is taken", refused)
		}
	}
	for _, taken := range []string{"correct horse battery staple", "tr0ub4dor&3-xk7", "Zwölf Boxkämpfer", "9fK2-mQx7-Lp4T"} {
		if err := CheckPassword("new", taken, "jane.doe@example.org"); err != nil {
			t.Errorf("%q: %v", taken, err)
		}
	}
}

func TestNormalEmail(t *testing.T) {
	for given, want := range map[string]string{
		" A@Example.ORG ": "a@example.org", "a@b": "a@b", "a": "", "a b@c": "", "N <a@b>": "", "<a@b>": "", "a@b,c@d": "", "": "", "a\u200b@b.c": "",
	} {
		if email, ok := NormalEmail(given); ok != (want != "") || ok && email != want {
			t.Errorf("%q: %q, %v", given, email, ok)
		}
	}
}
