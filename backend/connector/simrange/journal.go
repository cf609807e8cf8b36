package simrange

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// Dispatch is one action that arrived, one line of the journal.
type Dispatch struct {
	Seq        int64          `json:"seq"` // from 1, without gaps
	At         time.Time      `json:"at"`
	Key        string         `json:"key"` // the Idempotency-Key
	Operation  string         `json:"operation"`
	Object     string         `json:"object"`
	Parameters map[string]any `json:"parameters,omitempty"`
	// Effect reports that the state was changed by this dispatch.
	Effect bool `json:"effect"`
	// Fault is the misbehaviour that was ordered, if any.
	Fault Behaviour `json:"fault,omitempty"`
}

// journal is an append-only file of dispatches. It is not safe for concurrent use.
type journal struct {
	file *os.File
	size int64
	next int64
	// broken is set when a failed append could not be taken back.
	broken error
}

// openJournal opens or makes the file and hands every line to replay. A torn
// last line, left by a kill during an append whose answer was never given, is
// cut off; any other damage is an error.
func openJournal(path string, replay func(Dispatch) error) (*journal, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	j := &journal{file: file, next: 1}
	err = readLines(file, path, func(d Dispatch, end int64) error {
		j.size, j.next = end, d.Seq+1
		return replay(d)
	})
	if err == nil {
		err = file.Truncate(j.size)
	}
	if err == nil {
		err = file.Sync()
	}
	if err == nil {
		err = syncFolder(filepath.Dir(path))
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return j, nil
}

// append writes one line and returns only when it is on disk, or not at all there.
func (j *journal) append(d Dispatch) (Dispatch, error) {
	if j.broken != nil {
		return d, j.broken
	}
	d.Seq = j.next
	line, err := json.Marshal(d)
	if err != nil {
		return d, err
	}
	line = append(line, '\n')
	_, err = j.file.Write(line)
	if err == nil {
		err = j.file.Sync()
	}
	if err != nil {
		if undo := j.file.Truncate(j.size); undo != nil {
			j.broken = fmt.Errorf("range journal: %w", errors.Join(err, undo))
		}
		return d, err
	}
	j.size += int64(len(line))
	j.next++
	return d, nil
}

func (j *journal) close() error { return j.file.Close() }

// ReadJournal returns every dispatch of a journal, oldest first, also while a
// range is writing to it. A torn last line is left out.
func ReadJournal(path string) ([]Dispatch, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var all []Dispatch
	err = readLines(file, path, func(d Dispatch, _ int64) error {
		all = append(all, d)
		return nil
	})
	return all, err
}

// readLines hands over every whole line with the offset of its end.
func readLines(from io.Reader, path string, each func(d Dispatch, end int64) error) error {
	reader := bufio.NewReader(from)
	var end int64
	for seq := int64(1); ; seq++ {
		line, err := reader.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil // line is torn or empty
		}
		if err != nil {
			return err
		}
		end += int64(len(line))
		var d Dispatch
		decoder := json.NewDecoder(bytes.NewReader(line))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&d); err != nil || d.Seq != seq {
			return fmt.Errorf("range journal %s: line %d is damaged; move the file away to start an empty range", path, seq)
		}
		if err := each(d, end); err != nil {
			return fmt.Errorf("range journal %s: line %d: %w", path, seq, err)
		}
	}
}

// syncFolder makes a new file's name durable. Windows has no such call and needs none.
func syncFolder(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
