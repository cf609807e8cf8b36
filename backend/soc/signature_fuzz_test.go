package soc

import (
	"bytes"
	"errors"
	"testing"
)

// FuzzS58Signature: of all documents, domains and spellings only those that were
// signed verify, and whatever comes is an answer and no panic.
func FuzzS58Signature(f *testing.F) {
	signer := NewSigner([32]byte{1})
	right, err := signer.Sign("domain", map[string]any{"text": "signed"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add("domain", "signed", right.Key, right.Signature)
	f.Add("domain", "altered", right.Key, right.Signature)
	f.Add("other", "signed", right.Key, "")
	f.Add("domain\n", "signed", "zz", right.Signature)
	f.Fuzz(func(t *testing.T, domain, text, key, signature string) {
		err := Signature{key, signature}.Verify(domain, map[string]any{"text": text})
		if err != nil && !errors.Is(err, ErrSignature) {
			t.Fatal(err)
		}
		if err == nil && key == right.Key {
			again, err := signer.Sign(domain, map[string]any{"text": text})
			if err != nil || again.Signature != signature {
				t.Fatalf("%q of %q verifies and is not what is signed (%v)", text, domain, err)
			}
		}
	})
}

// FuzzS58Sealed: what was not sealed for this purpose and row does not open.
func FuzzS58Sealed(f *testing.F) {
	box, err := NewSecretBox(bytes.NewReader(bytes.Repeat([]byte{7}, 64)), SecretKey{ID: 1})
	if err != nil {
		f.Fatal(err)
	}
	right, err := box.Seal("purpose", "row", "secret")
	if err != nil {
		f.Fatal(err)
	}
	f.Add("purpose", "row", right)
	f.Add("purpose", "other", right)
	f.Add("purpose", "row", right[:3])
	f.Fuzz(func(t *testing.T, purpose, row string, sealed []byte) {
		plain, err := box.Open(purpose, row, sealed)
		same := purpose == "purpose" && row == "row" && bytes.Equal(sealed, right)
		if len(sealed) > 0 && (err == nil) != same || same && plain != "secret" {
			t.Fatalf("%q %q %x: %q %v", purpose, row, sealed, plain, err)
		}
	})
}
