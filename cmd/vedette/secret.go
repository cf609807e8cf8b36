package main

import (
	"bufio"
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"vedette/backend/soc"
	"vedette/backend/store"
	"vedette/backend/web"
)

// keyRing is the content of the secret key file (S53): lines of an id and 256
// bits in hex, the current key first. New keys are put on top with a new id;
// old ones stay as long as anything they sealed is in use.
type keyRing []ringKey

type ringKey struct {
	id     uint32
	secret [32]byte
}

const keyFileHead = `# Secret keys of a Vedette server. Whoever has them can open what it sealed:
# keep this file apart from the database and its backups.
`

// sealCheckName is where the database remembers which key it was used with.
const sealCheckName = "seal_check"

// openKeyRing reads the keys, or makes the file where that is allowed, and
// refuses keys that the database was not used with.
func openKeyRing(ctx context.Context, s *store.Store, path string, mayMake bool) (keyRing, error) {
	ring, err := readKeyRing(path)
	if errors.Is(err, fs.ErrNotExist) {
		if !mayMake {
			return nil, fmt.Errorf("the secret key file %s does not exist; make one with `(echo -n '1 '; openssl rand -hex 32) > FILE`, mode 0600, and name it with --secret-key-file", path)
		}
		ring, err = makeKeyRing(path)
	}
	if err != nil {
		return nil, err
	}
	return ring, ring.check(ctx, s, path)
}

func readKeyRing(path string) (keyRing, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("the secret key file %s can be read by others; run `chmod 600 %s`", path, path)
	}
	var ring keyRing
	lines := bufio.NewScanner(file)
	for number := 1; lines.Scan(); number++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, ok := parseRingKey(line)
		if !ok {
			return nil, fmt.Errorf("the secret key file %s: line %d is not an id and 64 hex digits", path, number)
		}
		for _, other := range ring {
			if other.id == key.id {
				return nil, fmt.Errorf("the secret key file %s: line %d repeats the id %d", path, number, key.id)
			}
		}
		ring = append(ring, key)
	}
	if len(ring) == 0 && lines.Err() == nil {
		return nil, fmt.Errorf("the secret key file %s holds no key", path)
	}
	return ring, lines.Err()
}

func parseRingKey(line string) (ringKey, bool) {
	id, digits, found := strings.Cut(line, " ")
	number, err := strconv.ParseUint(id, 10, 32)
	if !found || err != nil {
		return ringKey{}, false
	}
	bits, err := hex.DecodeString(strings.TrimSpace(digits))
	if err != nil || len(bits) != 32 {
		return ringKey{}, false
	}
	return ringKey{uint32(number), [32]byte(bits)}, true
}

func makeKeyRing(path string) (keyRing, error) {
	key := ringKey{id: 1}
	_, _ = rand.Read(key.secret[:]) // never fails: it ends the process instead
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the secret key file cannot be made: %w", err)
	}
	_, err = fmt.Fprintf(file, "%s%d %x\n", keyFileHead, key.id, key.secret)
	return keyRing{key}, errors.Join(err, file.Sync(), file.Close())
}

// derive makes a key for one purpose of every key of the ring (HKDF-SHA-256,
// RFC 5869), so that no key serves two.
func (r keyRing) derive(purpose string) ([]web.SealKey, error) {
	keys := make([]web.SealKey, len(r))
	for i, key := range r {
		bits, err := hkdf.Key(sha256.New, key.secret[:], nil, "vedette "+purpose, len(key.secret))
		if err != nil {
			return nil, err
		}
		keys[i] = web.SealKey{ID: key.id, Key: [32]byte(bits)}
	}
	return keys, nil
}

// secretBox seals what the database keeps for others (S53).
func (r keyRing) secretBox() (*soc.SecretBox, error) {
	keys, err := r.secretKeys("stored secrets")
	if err != nil {
		return nil, err
	}
	return soc.NewSecretBox(rand.Reader, keys...)
}

// runSigner makes and proves run tokens.
func (r keyRing) runSigner() (*soc.RunSigner, error) {
	keys, err := r.secretKeys("run tokens")
	if err != nil {
		return nil, err
	}
	return soc.NewRunSigner(keys...)
}

// secretKeys are the keys of the ring for one purpose.
func (r keyRing) secretKeys(purpose string) ([]soc.SecretKey, error) {
	derived, err := r.derive(purpose)
	if err != nil {
		return nil, err
	}
	keys := make([]soc.SecretKey, len(derived))
	for i, key := range derived {
		keys[i] = soc.SecretKey{ID: key.ID, Key: key.Key}
	}
	return keys, nil
}

// check compares the ring with what the database was used with before. A wrong
// key would start, and then open nothing that was sealed.
func (r keyRing) check(ctx context.Context, s *store.Store, path string) error {
	keys, err := r.derive("seal check")
	if err != nil {
		return err
	}
	stored, found, err := s.Read(ctx).Installation(sealCheckName)
	if err != nil {
		return err
	}
	if found {
		for _, key := range keys {
			if hmac.Equal([]byte(stored), []byte(sealCheck(key))) {
				found = false // and a new current key takes over
			}
		}
		if found {
			return fmt.Errorf("the secret key file %s does not hold the key this database was used with; bring that file back, or name it with --secret-key-file", path)
		}
	}
	if current := sealCheck(keys[0]); current != stored {
		return s.Write(ctx, func(tx *store.Tx) error { return tx.SetInstallation(sealCheckName, current) })
	}
	return nil
}

func sealCheck(key web.SealKey) string {
	mac := hmac.New(sha256.New, key.Key[:])
	mac.Write([]byte("vedette"))
	return strconv.FormatUint(uint64(key.ID), 10) + ":" + hex.EncodeToString(mac.Sum(nil))
}
