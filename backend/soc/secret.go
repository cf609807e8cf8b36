package soc

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// SecretBox seals what the database keeps for others (S53): AES-256-GCM under a
// key that is not in the database, with what the value is for and whose it is as
// associated data, so that no sealed value passes for another one. Keys rotate:
// the first seals, all open. Safe for concurrent use.
type SecretBox struct {
	random  io.Reader
	current uint32
	ciphers map[uint32]cipher.AEAD
}

// SecretKey is one key of a SecretBox; ids are never used again.
type SecretKey struct {
	ID  uint32
	Key [32]byte
}

// ErrSealed is what opening gives for a value that was altered, moved to another
// place, or sealed with a key that is gone.
var ErrSealed = errors.New("soc: a sealed secret does not open: it was altered or moved, or its key is gone")

// NewSecretBox makes a box; random is crypto/rand.Reader outside tests.
func NewSecretBox(random io.Reader, keys ...SecretKey) (*SecretBox, error) {
	if len(keys) == 0 {
		return nil, errors.New("soc: a secret box needs a key")
	}
	b := &SecretBox{random: random, current: keys[0].ID, ciphers: map[uint32]cipher.AEAD{}}
	for _, key := range keys {
		if b.ciphers[key.ID] != nil {
			return nil, fmt.Errorf("soc: two keys of a secret box have id %d", key.ID)
		}
		block, err := aes.NewCipher(key.Key[:])
		if err != nil {
			return nil, err
		}
		if b.ciphers[key.ID], err = cipher.NewGCM(block); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// Seal seals a secret for a purpose and the row it belongs to; "" stays empty.
func (b *SecretBox) Seal(purpose, row, secret string) ([]byte, error) {
	if secret == "" {
		return nil, nil
	}
	aead := b.ciphers[b.current]
	sealed := binary.BigEndian.AppendUint32(nil, b.current)
	nonce := make([]byte, aead.NonceSize())
	if _, err := io.ReadFull(b.random, nonce); err != nil {
		return nil, err
	}
	sealed = append(sealed, nonce...)
	return aead.Seal(sealed, nonce, []byte(secret), associated(purpose, row, sealed[:4])), nil
}

// Open opens what Seal sealed for the same purpose and row.
func (b *SecretBox) Open(purpose, row string, sealed []byte) (string, error) {
	if len(sealed) == 0 {
		return "", nil
	}
	if len(sealed) < 4 {
		return "", ErrSealed
	}
	aead := b.ciphers[binary.BigEndian.Uint32(sealed)]
	if aead == nil || len(sealed) < 4+aead.NonceSize() {
		return "", ErrSealed
	}
	nonce, rest := sealed[4:4+aead.NonceSize()], sealed[4+aead.NonceSize():]
	plain, err := aead.Open(nil, nonce, rest, associated(purpose, row, sealed[:4]))
	if err != nil {
		return "", ErrSealed
	}
	return string(plain), nil
}

func associated(purpose, row string, key []byte) []byte {
	return []byte(purpose + "\x00" + row + "\x00" + string(key))
}

// webhookSecretPrefix marks the signing secrets of Standard Webhooks.
const webhookSecretPrefix = "whsec_"

// NewWebhookSecret draws a signing secret: whsec_ and 256 bits in Base64.
func NewWebhookSecret(random io.Reader) (string, error) {
	var key [32]byte
	if _, err := io.ReadFull(random, key[:]); err != nil {
		return "", err
	}
	return webhookSecretPrefix + base64.StdEncoding.EncodeToString(key[:]), nil
}

// WebhookKey is the key that a signing secret stands for.
func WebhookKey(secret string) ([]byte, error) {
	text, found := strings.CutPrefix(secret, webhookSecretPrefix)
	if !found {
		return nil, errors.New("soc: not a webhook's signing secret")
	}
	return base64.StdEncoding.DecodeString(text)
}
