package eval

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"vedette/backend/soc"
)

// splitWords are how files call a split.
var splitWords = map[string][]string{"dev": {"dev", "train"}, "unseen": {"unseen", "heldout", "test"}}

// lineLimit bounds one line of a set, in bytes.
const lineLimit = 16 << 20

// find returns the file of a split: folder/name.SPLIT.jsonl, gzipped or not.
func find(folder, name, split string) (string, error) {
	var tried []string
	for _, word := range splitWords[split] {
		for _, ending := range []string{".jsonl.gz", ".jsonl"} {
			path := filepath.Join(folder, name+"."+word+ending)
			if _, err := os.Stat(path); err == nil {
				return path, nil
			} else if !errors.Is(err, fs.ErrNotExist) {
				return "", err
			}
			tried = append(tried, filepath.Base(path))
		}
	}
	return "", soc.InvalidField("--data", "%s holds none of %s", folder, strings.Join(tried, ", "))
}

// labelsOf is the labels file beside a file of rows.
func labelsOf(path string) string {
	return strings.TrimSuffix(strings.TrimSuffix(path, ".gz"), ".jsonl") + ".labels.csv"
}

// open reads a file, gzipped or not.
func open(path string) (io.ReadCloser, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if !strings.HasSuffix(path, ".gz") {
		return f, nil
	}
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	return struct {
		io.Reader
		io.Closer
	}{z, f}, nil
}

// eachLine decodes every line of a file as one JSON object. Text that is not
// UTF-8 is refused by line: read as if it were, two titles could become one.
func eachLine[T any](path string, visit func(row T, line int) error) (err error) {
	f, err := open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	lines := bufio.NewScanner(f)
	lines.Buffer(make([]byte, 64<<10), lineLimit)
	for n := 1; lines.Scan(); n++ {
		text := bytes.TrimPrefix(bytes.TrimSpace(lines.Bytes()), []byte("\uFEFF"))
		if len(text) == 0 {
			continue
		}
		if !utf8.Valid(text) {
			return fmt.Errorf("%s line %d is not UTF-8: convert the file, for example with iconv", path, n)
		}
		var row T
		if err := json.Unmarshal(text, &row); err != nil {
			return fmt.Errorf("%s line %d: %w", path, n, err)
		}
		if err := visit(row, n); err != nil {
			return fmt.Errorf("%s line %d: %w", path, n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// eachRecord reads a CSV file with a header. columns are needed, and given to
// visit in that order.
func eachRecord(path string, columns []string, visit func(cells []string) error) (err error) {
	f, err := open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	r := csv.NewReader(f)
	r.FieldsPerRecord = -1
	header, err := r.Read()
	if err != nil {
		return fmt.Errorf("%s: no header: %w", path, err)
	}
	header[0] = strings.TrimPrefix(header[0], "\uFEFF")
	at := make([]int, len(columns))
	for i, column := range columns {
		if at[i] = slices.Index(header, column); at[i] < 0 {
			return fmt.Errorf("%s lacks the column %q; it has %s", path, column, strings.Join(header, ", "))
		}
	}
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		line, _ := r.FieldPos(0)
		cells := make([]string, len(columns))
		for i, j := range at {
			if j >= len(record) {
				return fmt.Errorf("%s line %d has no %q", path, line, columns[i])
			}
			if cells[i] = record[j]; !utf8.ValidString(cells[i]) {
				return fmt.Errorf("%s line %d is not UTF-8: convert the file, for example with iconv", path, line)
			}
		}
		if err := visit(cells); err != nil {
			return fmt.Errorf("%s line %d: %w", path, line, err)
		}
	}
}
