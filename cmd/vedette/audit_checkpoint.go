package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"

	"vedette/backend"
	"vedette/backend/soc"
)

// A checkpoint of the record is due after this many rows, or after this long
// with any row at all (S55).
const (
	checkpointRows = 1000
	checkpointAge  = 5 * time.Minute
)

// checkpointFile appends signed checkpoints of the record to a file outside of
// the database: whoever rewrites the whole record cannot make them fit again.
type checkpointFile struct {
	path string
	now  func() time.Time
	head func(context.Context) (position int64, hash string, err error)
	sign func(context.Context) (soc.SignedCheckpoint, error)

	mu   sync.Mutex
	last int64
	at   time.Time
}

// newCheckpointFile continues the file that is there.
func newCheckpointFile(path string, d *backend.Desk, head func(context.Context) (int64, string, error)) (*checkpointFile, error) {
	f := &checkpointFile{path: path, now: time.Now, head: head, sign: d.SignHead}
	if err := cutTorn(path); err != nil {
		return nil, err
	}
	all, err := readCheckpoints(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if len(all) > 0 {
		f.last = all[len(all)-1].Position
	}
	f.at = f.now()
	return f, nil
}

// cutTorn takes away a last line that a crash left without an end.
func cutTorn(path string) error {
	body, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if whole := bytes.LastIndexByte(body, '\n') + 1; err == nil && whole < len(body) {
		return os.Truncate(path, int64(whole))
	}
	return err
}

// export appends a checkpoint if one is due. The line is on disk when it
// returns.
func (f *checkpointFile) export(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	position, _, err := f.head(ctx)
	if err != nil || position == f.last || position-f.last < checkpointRows && f.now().Sub(f.at) < checkpointAge {
		return err
	}
	signed, err := f.sign(ctx)
	if err != nil {
		return err
	}
	line, err := json.Marshal(signed)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(f.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("the checkpoints of the audit cannot be written: %w", err)
	}
	_, err = file.Write(append(line, '\n'))
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("the checkpoints of the audit cannot be written: %w", err)
	}
	f.last, f.at = signed.Position, f.now()
	return nil
}

// readCheckpoints reads a file of checkpoints and checks their signatures. A
// last line without an end was cut off by a crash, and is left out.
func readCheckpoints(path string) ([]soc.SignedCheckpoint, error) {
	body, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var all []soc.SignedCheckpoint
	number := 0
	for line := range bytes.Lines(body) {
		number++
		if !bytes.HasSuffix(line, []byte("\n")) {
			break
		}
		var c soc.SignedCheckpoint
		if err := json.Unmarshal(line, &c); err != nil {
			return nil, fmt.Errorf("%s: line %d is no checkpoint", path, number)
		}
		if err := c.Check(); err != nil {
			return nil, fmt.Errorf("%s: line %d: %w", path, number, err)
		}
		all = append(all, c)
	}
	return all, nil
}

// checkpointTail is how much of the file's end is read for those far away, some
// 200 checkpoints: the file grows for as long as the server lives.
const checkpointTail = 64 << 10

// recentCheckpoints are the newest of a file that one of the keys signed, oldest
// first; none where there is no file yet.
func recentCheckpoints(path string, keys []string) (recent []soc.SignedCheckpoint, err error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	from := max(info.Size()-checkpointTail, 0)
	body, err := io.ReadAll(io.NewSectionReader(file, from, checkpointTail))
	if err != nil {
		return nil, err
	}
	if from > 0 { // the first line is cut
		body = body[bytes.IndexByte(body, '\n')+1:]
	}
	for line := range bytes.Lines(body) {
		var c soc.SignedCheckpoint
		if bytes.HasSuffix(line, []byte("\n")) && json.Unmarshal(line, &c) == nil && slices.Contains(keys, c.Key) && c.Check() == nil {
			recent = append(recent, c)
		}
	}
	return recent, nil
}

// lastCheckpoint is the newest checkpoint of a file; keys are those of the
// server, in hex, of which one must have signed it.
func lastCheckpoint(path string, keys []string) (soc.AuditCheckpoint, error) {
	all, err := readCheckpoints(path)
	if err != nil {
		return soc.AuditCheckpoint{}, err
	}
	if len(all) == 0 {
		return soc.AuditCheckpoint{}, fmt.Errorf("%s holds no checkpoint", path)
	}
	last := all[len(all)-1]
	if !slices.Contains(keys, last.Key) {
		return soc.AuditCheckpoint{}, fmt.Errorf("%s: the last checkpoint was signed by %s, which is no key of this server", path, soc.KeyFingerprint(last.Key))
	}
	return last.AuditCheckpoint, nil
}

// signers make what leaves the server verifiable; the first signs, and all were
// once the first.
func (r keyRing) signers() ([]*soc.Signer, error) {
	keys, err := r.derive("signatures")
	if err != nil {
		return nil, err
	}
	signers := make([]*soc.Signer, len(keys))
	for i, key := range keys {
		signers[i] = soc.NewSigner(key.Key)
	}
	return signers, nil
}

// publicKeys are those of the signers, in hex.
func (r keyRing) publicKeys() ([]string, error) {
	signers, err := r.signers()
	return keysOf(signers), err
}

func keysOf(signers []*soc.Signer) []string {
	keys := make([]string, len(signers))
	for i, s := range signers {
		keys[i] = s.Key()
	}
	return keys
}

// wireCheckpoints lets the server vouch for its record, outside of it.
func (w *wiring) wireCheckpoints() error {
	file, err := newCheckpointFile(w.rules.checkpoints, w.desk, func(ctx context.Context) (int64, string, error) { return w.store.Read(ctx).AuditHead() })
	if err != nil {
		return err
	}
	w.every(10*time.Second, "vouch for the record", file.export)
	return nil
}
