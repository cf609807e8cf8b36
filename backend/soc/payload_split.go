package soc

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// Limits of ingest (ops-api.md section 11).
const (
	MaxItemBytes  = 1 << 20
	MaxIngestBody = 16 << 20
	MaxItems      = 1000
)

// ItemReader reads the items of an ingest body one by one: the elements of a
// JSON array, one JSON object over several lines, or one item per line
// (NDJSON), told apart by the start of the body. Items are the sent bytes, so
// that Raw is exact. It holds one item at a time and opens nothing itself.
//
// A line that is not JSON is still an item: the mapper rejects it alone and
// the other lines go in. A broken array cannot be read past the break.
type ItemReader struct {
	in      *bufio.Reader
	decoder *json.Decoder // nil while reading lines
	first   []byte        // the first line, already read
	array   bool
	started bool
	done    bool
	limit   int
	index   int
}

// NewItemReader reads from in; an item over MaxItemBytes ends the reading with
// PAYLOAD_TOO_LARGE.
func NewItemReader(in io.Reader) *ItemReader {
	return &ItemReader{in: bufio.NewReaderSize(in, 64<<10), limit: MaxItemBytes}
}

// Next returns the next item, io.EOF after the last one, or an *Error that
// says at which item the body stops being readable. After an error nothing
// more can be read.
func (r *ItemReader) Next() ([]byte, error) {
	if r.done {
		return nil, io.EOF
	}
	var err error
	if !r.started {
		r.started = true
		err = r.start()
	}
	var item []byte
	switch {
	case err != nil:
	case r.decoder != nil:
		item, err = r.nextValue()
	default:
		item, err = r.nextLine()
	}
	if err != nil {
		r.done = true
		return nil, err
	}
	r.index++
	return item, nil
}

func (r *ItemReader) start() error {
	if mark, err := r.in.Peek(3); err == nil && bytes.Equal(mark, []byte("\xEF\xBB\xBF")) {
		_, _ = r.in.Discard(3) // just peeked: cannot fail
	}
	var line []byte
	for len(r.first) == 0 {
		var err error
		if line, err = r.line(); err != nil {
			return err
		}
		r.first = bytes.TrimSpace(line)
	}
	r.array = r.first[0] == '['
	if !r.array && json.Valid(r.first) {
		return nil
	}
	rest := &boundedItems{in: io.MultiReader(bytes.NewReader(line), r.in), reader: r}
	r.first = nil
	r.decoder = json.NewDecoder(rest)
	if r.array {
		if _, err := r.decoder.Token(); err != nil {
			return r.broken(err)
		}
	}
	return nil
}

// line reads up to the next line feed. A first line may be a whole array, so
// it ends early instead of growing over the limit.
func (r *ItemReader) line() ([]byte, error) {
	var line []byte
	for {
		part, err := r.in.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case err == nil:
			return line, nil
		case errors.Is(err, io.EOF) && len(line) > 0:
			return line, nil
		case errors.Is(err, io.EOF):
			return nil, io.EOF
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, r.broken(err)
		}
		if r.index == 0 && r.decoder == nil && bytes.HasPrefix(bytes.TrimSpace(line), []byte("[")) {
			return line, nil
		}
		if len(line) > r.limit {
			return nil, r.tooLarge()
		}
	}
}

func (r *ItemReader) nextLine() ([]byte, error) {
	if item := r.first; item != nil {
		r.first = nil
		return r.checked(item)
	}
	for {
		line, err := r.line()
		if err != nil {
			return nil, err
		}
		if line = bytes.TrimSpace(line); len(line) > 0 {
			return r.checked(line)
		}
	}
}

func (r *ItemReader) checked(item []byte) ([]byte, error) {
	if len(item) > r.limit {
		return nil, r.tooLarge()
	}
	return bytes.Clone(item), nil
}

func (r *ItemReader) nextValue() ([]byte, error) {
	if r.array && !r.decoder.More() {
		if _, err := r.decoder.Token(); err != nil {
			return nil, r.broken(err)
		}
		var rest json.RawMessage
		if err := r.decoder.Decode(&rest); !errors.Is(err, io.EOF) {
			return nil, Errorf(Invalid, CodeBadRequest, "There is text after the end of the array.")
		}
		return nil, io.EOF
	}
	var item json.RawMessage
	err := r.decoder.Decode(&item)
	if errors.Is(err, io.EOF) && !r.array {
		return nil, io.EOF
	}
	if err != nil {
		return nil, r.broken(err)
	}
	return r.checked(item)
}

func (r *ItemReader) broken(err error) error {
	var limit *Error
	if errors.As(err, &limit) {
		return limit
	}
	return Errorf(Invalid, CodeBadRequest, "The body is not readable JSON at item %d.", r.index).
		WithFix("Send a JSON array, one JSON object, or one JSON object per line; repeat from item %d.", r.index).
		WithCause(err)
}

func (r *ItemReader) tooLarge() error {
	return Errorf(Invalid, CodePayloadTooLarge, "Item %d is larger than %d bytes.", r.index, r.limit).
		WithFix("Send item %d smaller, or leave it out, and repeat from there.", r.index)
}

// boundedItems keeps a decoder from buffering without end when an item never
// closes.
type boundedItems struct {
	in     io.Reader
	reader *ItemReader
	given  int64
}

func (b *boundedItems) Read(p []byte) (int, error) {
	if d := b.reader.decoder; d != nil && b.given-d.InputOffset() > int64(b.reader.limit) {
		return 0, b.reader.tooLarge()
	}
	n, err := b.in.Read(p)
	b.given += int64(n)
	return n, err
}

// SplitItems returns the items of a whole body.
func SplitItems(body []byte) ([][]byte, error) {
	var items [][]byte
	for r := NewItemReader(bytes.NewReader(body)); ; {
		item, err := r.Next()
		if errors.Is(err, io.EOF) {
			return items, nil
		}
		if err != nil {
			return items, err
		}
		items = append(items, item)
	}
}

// ExpandItem returns the elements of the array at path, as sent, where a
// product wraps its items in an envelope; the item itself where it does not.
func ExpandItem(item []byte, path ...string) [][]byte {
	inner := json.RawMessage(item)
	for _, name := range path {
		var members map[string]json.RawMessage
		if json.Unmarshal(inner, &members) != nil || members[name] == nil {
			return [][]byte{item}
		}
		inner = members[name]
	}
	var elements []json.RawMessage
	if json.Unmarshal(inner, &elements) != nil {
		return [][]byte{item}
	}
	items := make([][]byte, len(elements))
	for i, e := range elements {
		items[i] = e
	}
	return items
}
