package soc

import (
	"bytes"
	"crypto/rand"
	"regexp"
	"testing"

	"pgregory.net/rapid"
)

func TestS52KeyForm(t *testing.T) {
	form := regexp.MustCompile(`^vdt_(person|agent|service)_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}$`)
	for _, kind := range keyKinds {
		key, err := NewKey(kind, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := CheckKey(key); !ok || got != kind || !form.MatchString(key) {
			t.Errorf("%s: kind %q, ok %v", key, got, ok)
		}
		if prefix := SecretPrefix(key); len(prefix) != len("vdt__")+len(kind)+prefixDigits || key[:len(prefix)] != prefix {
			t.Errorf("prefix %q of %q", prefix, key)
		}
		if CheckClientSecret(key) || CheckSessionToken(key) {
			t.Errorf("%s key passes for another secret", kind)
		}
	}
	client, _ := NewClientSecret(rand.Reader)
	session, _ := NewSessionToken(rand.Reader)
	if _, ok := CheckKey(client); ok || !CheckClientSecret(client) || !CheckSessionToken(session) {
		t.Error("client secret and session token have words of their own")
	}
}

// The smallest and the largest of 256 bits have the same length.
func TestS52KeyBounds(t *testing.T) {
	for _, fill := range []byte{0x00, 0xff} {
		key, err := NewKey(PrincipalAgent, bytes.NewReader(bytes.Repeat([]byte{fill}, 32)))
		if _, ok := CheckKey(key); err != nil || !ok {
			t.Errorf("%x...: %q, %v", fill, key, err)
		}
	}
	if _, err := NewKey(PrincipalAgent, bytes.NewReader(make([]byte, 31))); err == nil {
		t.Error("31 bytes made a key")
	}
}

func TestS52OneWrongCharacterIsSeenWithoutDatabase(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key, err := NewKey(PrincipalService, bytes.NewReader(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "bits")))
		if err != nil {
			t.Fatal(err)
		}
		at := rapid.IntRange(0, len(key)-1).Draw(t, "at")
		wrong := []byte(key)
		wrong[at] = rapid.Byte().Filter(func(b byte) bool { return b != key[at] }).Draw(t, "wrong")
		if _, ok := CheckKey(string(wrong)); ok {
			t.Fatalf("%q passes for %q", wrong, key)
		}
	})
}

func FuzzCheckKey(f *testing.F) {
	key, _ := NewKey(PrincipalAgent, bytes.NewReader(make([]byte, 32)))
	for _, seed := range []string{key, "", "_", "__", "vdt__", "vdt_agent_", key + "_", "vdt_agent_x_000000"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		kind, ok := CheckKey(text)
		if ok && (len(text) != len("vdt__")+len(kind)+secretDigits+1+checksumDigits) {
			t.Errorf("%q passes", text)
		}
		_ = SecretPrefix(text)
	})
}
