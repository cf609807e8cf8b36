package tools

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"vedette/backend/soc"
)

const (
	// stdioWorkers answer at once; at most half of them may wait in a poll.
	stdioWorkers = 16
	stdioWaiting = stdioWorkers / 2
	// stdioQueue bounds what waits for a worker.
	stdioQueue = 256
	// stdioGrace is how long calls under way may take after the end of input;
	// the process is gone within 2 s of it (M3).
	stdioGrace = 1500 * time.Millisecond
)

// Credentials are what the environment of a stdio server holds.
type Credentials struct {
	Key       string
	Workspace string
	RunToken  string
}

// ServeStdio serves one client over lines of JSON-RPC until in ends or ctx is
// cancelled. Only JSON-RPC is written to out. The key is checked at once, and
// again with every message, so that a revoked one stops working there too.
func (s *Server) ServeStdio(ctx context.Context, c Credentials, in io.Reader, out io.Writer) error {
	if refusal := s.newExchange(wireStdio).present(ctx, c); refusal != nil {
		return fmt.Errorf("the key was refused: %s", refusal.text)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	conn := &connection{
		server: s, credentials: c, session: newSession(), out: out, queue: make(chan []byte, stdioQueue),
		waiting: places{most: stdioWaiting, taken: map[string]int{}},
	}
	var workers sync.WaitGroup
	for range stdioWorkers {
		workers.Go(func() {
			for line := range conn.queue {
				conn.serve(ctx, line)
			}
		})
	}
	var notifier sync.WaitGroup
	notifier.Go(func() { conn.notify(ctx) })
	err := conn.read(ctx, in)
	close(conn.queue)
	finished := make(chan struct{})
	go func() { workers.Wait(); close(finished) }()
	select {
	case <-finished:
	case <-time.After(stdioGrace):
	case <-ctx.Done():
	}
	cancel()
	select {
	case <-finished:
		notifier.Wait()
	case <-time.After(400 * time.Millisecond):
	}
	return err
}

// connection is one stdio client.
type connection struct {
	server      *Server
	credentials Credentials
	session     *session
	queue       chan []byte
	waiting     places
	mu          sync.Mutex // guards out
	out         io.Writer
}

// read takes lines until the input ends. A line that is too long is refused
// and skipped without being held.
func (c *connection) read(ctx context.Context, in io.Reader) error {
	lines, failed := make(chan []byte), make(chan error, 1)
	go func() {
		defer close(lines)
		reader := bufio.NewReaderSize(in, 64<<10)
		for {
			line, err := readLine(reader)
			if len(bytes.TrimSpace(line)) > 0 {
				select {
				case lines <- line:
				case <-ctx.Done():
					return
				}
			}
			if err != nil {
				if !errors.Is(err, io.EOF) {
					failed <- err
				}
				return
			}
		}
	}()
	for {
		select {
		case line, more := <-lines:
			if !more {
				select {
				case err := <-failed:
					return fmt.Errorf("reading the input: %w", err)
				default:
					return nil
				}
			}
			c.take(ctx, line)
		case <-ctx.Done():
			return nil
		}
	}
}

// readLine reads one line of at most maxBody+1 bytes; the rest of a longer one
// is dropped.
func readLine(reader *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := reader.ReadSlice('\n')
		if room := maxBody + 1 - len(line); room > 0 {
			line = append(line, part[:min(len(part), room)]...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
}

// take hands a line to a worker. Notifications, such as a cancellation, do not
// wait for one.
func (c *connection) take(ctx context.Context, line []byte) {
	var m message
	if json.Unmarshal(line, &m) == nil && len(m.ID) == 0 && m.Method != "" {
		c.serve(ctx, line)
		return
	}
	select {
	case c.queue <- line:
	default:
		e := soc.Errorf(soc.Limited, soc.CodeRateLimited, "Too many messages at once.")
		e.RetryAfter = 1
		c.write(refused(0, rpcServer, "", e).body(m.ID))
	}
}

// serve answers one line.
func (c *connection) serve(ctx context.Context, line []byte) {
	x := c.server.newExchange(wireStdio)
	x.claimWait = func() (func(), bool) { return c.waiting.claim("") }
	answer := c.answer(ctx, x, line)
	if err := x.record(ctx); err != nil {
		c.server.log.ErrorContext(ctx, "a call could not be recorded", "request", x.by.Call.RequestID, "error", err)
		withheld := soc.Errorf(soc.Unavailable, soc.CodeServiceUnavailable, "The call could not be put on record, so its answer is withheld.")
		withheld.RetryAfter = 5
		answer = refused(0, rpcServer, x.by.Call.RequestID, withheld).body(x.id)
	}
	if answer != nil {
		c.write(answer)
	}
}

func (c *connection) answer(ctx context.Context, x *exchange, line []byte) []byte {
	refuse := func(e *rpcError) []byte {
		x.code = e.why
		return e.body(x.id)
	}
	if len(line) > maxBody {
		return refuse(refused(0, rpcServer, "", soc.Errorf(soc.Invalid, soc.CodePayloadTooLarge, "A message may have at most %d bytes.", maxBody)))
	}
	if refusal := x.present(ctx, c.credentials); refusal != nil {
		return refuse(refusal)
	}
	if refusal := x.parse(bytes.TrimRight(line, "\r\n"), ""); refusal != nil {
		return refuse(refusal)
	}
	leave, refusal := x.admit()
	if refusal != nil {
		return refuse(refusal)
	}
	defer leave()
	ctx = context.WithValue(ctx, exchangeKey{}, x)
	if refusal := x.prepare(ctx); refusal != nil {
		return refuse(refusal)
	}
	answer, err := c.server.library.handle(ctx, c.session, line)
	if err != nil {
		return refuse(refused(0, rpcInternal, x.by.Call.RequestID, err))
	}
	return answer
}

// present is identify and place for a connection whose credentials are fixed.
func (x *exchange) present(ctx context.Context, c Credentials) *rpcError {
	s, call := x.server, x.by.Call
	if s.noAuth != nil && c.Key == "" {
		x.by = *s.noAuth
	} else {
		by, stepUp, err := s.authenticate(ctx, c.Key, soc.Caller{Client: "stdio", Call: call})
		if err != nil {
			return x.unauthorized(err, true)
		}
		x.by, x.stepUp = by, stepUp
	}
	x.by.Call, x.by.Served = call, &soc.Served{}
	return x.settle(ctx, c.Workspace, c.RunToken)
}

// notify writes what the library tells the client of its own accord.
func (c *connection) notify(ctx context.Context) {
	for {
		line, err := c.session.next(ctx)
		if err != nil {
			return
		}
		c.write(line)
	}
}

// write sends one line.
func (c *connection) write(line []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, err := c.out.Write(append(line, '\n')); err != nil {
		c.server.log.Warn("the client no longer reads", "error", err)
	}
}
