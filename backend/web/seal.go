package web

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"vedette/backend/soc"
)

// TokenLife is how long a page token is good for.
const TokenLife = 24 * time.Hour

// SealKey is one key of a Sealer. Keys never stand in the database.
type SealKey struct {
	// ID is inside every token, so that keys rotate; ids are never used again.
	ID  uint32
	Key [32]byte
}

// Sealer makes tokens that only this server can make and only the caller they
// were made for can use: AES-256-GCM, base64url, with what they are bound to as
// associated data (S45). REST page tokens, agent tools' cursors and views of
// approval cards are such tokens. Safe for concurrent use.
type Sealer struct {
	now     func() time.Time
	current uint32
	ciphers map[uint32]cipher.AEAD
}

// NewSealer makes a sealer that seals with the first key and opens with all.
func NewSealer(now func() time.Time, keys ...SealKey) (*Sealer, error) {
	if len(keys) == 0 {
		return nil, errors.New("web: a sealer needs a key")
	}
	s := &Sealer{now: now, current: keys[0].ID, ciphers: map[uint32]cipher.AEAD{}}
	for _, key := range keys {
		if s.ciphers[key.ID] != nil {
			return nil, fmt.Errorf("web: two seal keys have id %d", key.ID)
		}
		block, err := aes.NewCipher(key.Key[:])
		if err != nil {
			return nil, fmt.Errorf("web: seal key: %w", err)
		}
		if s.ciphers[key.ID], err = cipher.NewGCM(block); err != nil {
			return nil, fmt.Errorf("web: seal key: %w", err)
		}
	}
	return s, nil
}

// Binding is what a token is good for. A token opens only with an equal one.
type Binding struct {
	// Endpoint is the route or tool, and the purpose if it has several.
	Endpoint string
	// Principal is Actor.ID; the credential may be rotated.
	Principal string
	Workspace string
	Source    string
	// Filters is anything that JSON can hold: the filters as the caller stated them.
	Filters any
	// Window is the absolute time window, if the list has one.
	Window string
	Sort   string
}

// associated is the SHA-256 of an unambiguous rendering.
func (b Binding) associated() ([]byte, error) {
	rendered, err := json.Marshal([]any{b.Endpoint, b.Principal, b.Workspace, b.Source, b.Filters, b.Window, b.Sort})
	if err != nil {
		return nil, fmt.Errorf("web: binding: %w", err)
	}
	sum := sha256.Sum256(rendered)
	return sum[:], nil
}

// Seal makes a token of payload that lives TokenLife.
func (s *Sealer) Seal(b Binding, payload []byte) (string, error) {
	return s.SealFor(b, payload, TokenLife)
}

// SealFor makes a token of payload that lives for life.
func (s *Sealer) SealFor(b Binding, payload []byte, life time.Duration) (string, error) {
	associated, err := b.associated()
	if err != nil {
		return "", err
	}
	aead := s.ciphers[s.current]
	token := binary.BigEndian.AppendUint32(nil, s.current)
	nonce := make([]byte, aead.NonceSize())
	_, _ = rand.Read(nonce) // never fails: it ends the process instead
	plain := binary.BigEndian.AppendUint64(nil, uint64(s.now().Add(life).UnixMicro()))
	plain = append(plain, payload...)
	token = append(token, nonce...)
	token = aead.Seal(token, nonce, plain, append(associated, token[:4]...))
	return tokenText.EncodeToString(token), nil
}

// tokenText is strict: of the spellings of one token only ours is taken.
var tokenText = base64.RawURLEncoding.Strict()

// Open returns the payload of a token. Altered, hand-built, expired, another
// caller's, other filters: one error, Invalid with code invalid_cursor, which
// every family words in its own way.
func (s *Sealer) Open(b Binding, token string) ([]byte, error) {
	associated, err := b.associated()
	if err != nil {
		return nil, err
	}
	sealed, err := tokenText.DecodeString(token)
	if err != nil || len(sealed) < 4 || strings.ContainsAny(token, "\r\n") { // the decoder skips line ends
		return nil, errToken()
	}
	aead := s.ciphers[binary.BigEndian.Uint32(sealed)]
	if aead == nil || len(sealed) < 4+aead.NonceSize() {
		return nil, errToken()
	}
	nonce, rest := sealed[4:4+aead.NonceSize()], sealed[4+aead.NonceSize():]
	plain, err := aead.Open(nil, nonce, rest, append(associated, sealed[:4]...))
	if err != nil || len(plain) < 8 {
		return nil, errToken()
	}
	if expiry := int64(binary.BigEndian.Uint64(plain)); s.now().UnixMicro() >= expiry {
		return nil, errToken()
	}
	return slices.Clip(plain[8:]), nil
}

func errToken() error { return soc.InvalidCursor() }

// SealJSON seals a value, OpenJSON opens it again.
func (s *Sealer) SealJSON(b Binding, value any) (string, error) {
	payload, err := json.Marshal(value)
	if err != nil {
		return "", fmt.Errorf("web: page token: %w", err)
	}
	return s.Seal(b, payload)
}

// OpenJSON opens a token into value; the error is that of Open.
func (s *Sealer) OpenJSON(b Binding, token string, value any) error {
	payload, err := s.Open(b, token)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(payload, value); err != nil {
		return errToken()
	}
	return nil
}
