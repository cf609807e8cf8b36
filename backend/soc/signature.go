package soc

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
)

// Signer signs what leaves the server to be checked elsewhere: checkpoints of
// the record (S55) and receipts (S66). Ed25519 (RFC 8032) over the domain, a
// line feed and the RFC 8785 form of the document, so that a signature for one
// purpose is none for another.
type Signer struct{ key ed25519.PrivateKey }

// NewSigner makes a signer of a secret of its own.
func NewSigner(seed [32]byte) *Signer {
	return &Signer{ed25519.NewKeyFromSeed(seed[:])}
}

// Signature is who signed and what came of it, in lower-case hex.
type Signature struct {
	Key       string `json:"key"`
	Signature string `json:"signature"`
}

// ErrSignature is what a document gives that is not as it was signed.
var ErrSignature = errors.New("soc: the signature does not fit: a byte was changed, or somebody else signed")

// Sign signs a document, which CanonicalRecord can write.
func (s *Signer) Sign(domain string, document any) (Signature, error) {
	body, err := signedBytes(domain, document)
	if err != nil {
		return Signature{}, err
	}
	public, _ := s.key.Public().(ed25519.PublicKey) // of this package, always
	return Signature{Key: hex.EncodeToString(public), Signature: hex.EncodeToString(ed25519.Sign(s.key, body))}, nil
}

// Key is the public key that verifies, in lower-case hex.
func (s *Signer) Key() string {
	public, _ := s.key.Public().(ed25519.PublicKey)
	return hex.EncodeToString(public)
}

// Verify checks a signature with the key that it names. Whether that key is the
// one to trust is the caller's to compare.
func (s Signature) Verify(domain string, document any) error {
	public, err := hex.DecodeString(s.Key)
	signature, err2 := hex.DecodeString(s.Signature)
	spelled := strings.ToLower(s.Key+s.Signature) == s.Key+s.Signature // one spelling each
	if err != nil || err2 != nil || !spelled || len(public) != ed25519.PublicKeySize {
		return ErrSignature
	}
	body, err := signedBytes(domain, document)
	if err != nil || !ed25519.Verify(public, body, signature) {
		return ErrSignature
	}
	return nil
}

func signedBytes(domain string, document any) ([]byte, error) {
	body, err := CanonicalRecord(document)
	return append([]byte(domain+"\n"), body...), err
}

// KeyFingerprint is how people compare a key: the first 16 bytes of its hash.
func KeyFingerprint(key string) string {
	public, err := hex.DecodeString(key)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(public)
	return hex.EncodeToString(sum[:16])
}
