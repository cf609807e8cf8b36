package soc

import (
	"crypto/sha256"
	"hash/crc32"
	"io"
	"math/big"
	"slices"
	"strings"
)

// Secrets that this server hands out have one form (S52):
//
//	vdt_<word>_<43 base62 digits of 256 random bits>_<6 base62 digits of CRC-32>
//
// The word and the checksum let scanners of leaked secrets recognise them and
// let the server refuse a slip of the pen before it asks the database. At rest
// only the SHA-256 stands: 256 random bits need no slow hash.
const (
	secretBits     = 256
	secretDigits   = 43 // 62^43 > 2^256
	checksumDigits = 6  // 62^6 > 2^32
	prefixDigits   = 4
)

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// Words of secrets that are no keys.
const (
	clientWord  = "client"
	sessionWord = "session"
)

// keyKinds may hold keys.
var keyKinds = []PrincipalKind{PrincipalPerson, PrincipalAgent, PrincipalService}

// NewKey draws an API key of a kind (person, agent or service) from random,
// which is crypto/rand.Reader outside tests.
func NewKey(kind PrincipalKind, random io.Reader) (string, error) {
	return newSecret(string(kind), random)
}

// NewClientSecret draws the secret of a service account (HTTP Basic).
func NewClientSecret(random io.Reader) (string, error) { return newSecret(clientWord, random) }

// NewSessionToken draws the token of a person's session cookie.
func NewSessionToken(random io.Reader) (string, error) { return newSecret(sessionWord, random) }

// CheckKey reports whether text has the form of a key and of which kind.
func CheckKey(text string) (PrincipalKind, bool) {
	word, ok := checkSecret(text)
	return PrincipalKind(word), ok && slices.Contains(keyKinds, PrincipalKind(word))
}

// CheckClientSecret reports whether text has the form of a client secret.
func CheckClientSecret(text string) bool {
	word, ok := checkSecret(text)
	return ok && word == clientWord
}

// CheckSessionToken reports whether text has the form of a session token.
func CheckSessionToken(text string) bool {
	word, ok := checkSecret(text)
	return ok && word == sessionWord
}

// SecretPrefix is the part of a secret that lists may show: its word and four
// digits, 24 of the 256 bits.
func SecretPrefix(secret string) string {
	parts := strings.SplitN(secret, "_", 3)
	if len(parts) < 3 {
		return ""
	}
	return parts[0] + "_" + parts[1] + "_" + parts[2][:min(len(parts[2]), prefixDigits)]
}

// HashSecret is what is stored of a secret: its SHA-256.
func HashSecret(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

func newSecret(word string, random io.Reader) (string, error) {
	var bits [secretBits / 8]byte
	if _, err := io.ReadFull(random, bits[:]); err != nil {
		return "", err
	}
	body := "vdt_" + word + "_" + digits62(new(big.Int).SetBytes(bits[:]), secretDigits)
	return body + "_" + checksum(body), nil
}

// checksum is the CRC-32 (IEEE) of everything before it.
func checksum(body string) string {
	sum := new(big.Int).SetUint64(uint64(crc32.ChecksumIEEE([]byte(body))))
	return digits62(sum, checksumDigits)
}

// digits62 writes a number with leading zeros.
func digits62(number *big.Int, width int) string {
	out := make([]byte, width)
	rest, digit, base := new(big.Int).Set(number), new(big.Int), big.NewInt(int64(len(base62)))
	for i := width - 1; i >= 0; i-- {
		rest.QuoRem(rest, base, digit)
		out[i] = base62[digit.Int64()]
	}
	return string(out)
}

func checkSecret(text string) (word string, ok bool) {
	body, sum, found := cutLast(text)
	if !found || sum != checksum(body) {
		return "", false
	}
	head, digits, found := cutLast(body)
	if !found || len(digits) != secretDigits || strings.Trim(digits, base62) != "" {
		return "", false
	}
	return strings.CutPrefix(head, "vdt_")
}

// cutLast splits at the last underscore.
func cutLast(text string) (before, after string, found bool) {
	i := strings.LastIndexByte(text, '_')
	if i < 0 {
		return text, "", false
	}
	return text[:i], text[i+1:], true
}
