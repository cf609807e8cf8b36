package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// childReady bounds the wait for a server to answer, childGone the wait for one
// to drain.
const (
	childReady = 90 * time.Second
	childGone  = 40 * time.Second
)

// child is `vedette serve` of this same program in a process of its own, for
// the benchmark and the self-tests.
type child struct {
	process *exec.Cmd
	base    string
	log     string // what it wrote to standard error
	ended   chan struct{}
	exit    error
	// ready is how long it took from the start of the process to the first
	// answer that it takes requests.
	ready time.Duration
}

// startChild starts a server on a free loopback port with folder as its working
// directory and returns when it is ready. It inherits no VEDETTE_ variables.
func startChild(ctx context.Context, folder, where string, arguments ...string) (*child, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	arguments = append([]string{"serve", "--json", "--db", where, "--listen", "127.0.0.1:0"}, arguments...)
	if database(where).postgres() {
		arguments = append(arguments, "--secret-key-file", filepath.Join(folder, "vedette.db.key"))
		if _, err := readKeyRing(filepath.Join(folder, "vedette.db.key")); err != nil {
			if _, err := makeKeyRing(filepath.Join(folder, "vedette.db.key")); err != nil {
				return nil, err
			}
		}
	}
	c := &child{process: exec.Command(program, arguments...), ended: make(chan struct{}), log: filepath.Join(folder, "serve.log")}
	c.process.Dir, c.process.Env = folder, childEnvironment()
	logged, err := os.OpenFile(c.log, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	c.process.Stderr = logged
	said, err := c.process.StdoutPipe()
	if err != nil {
		return nil, errors.Join(err, logged.Close())
	}
	began := time.Now()
	if err := errors.Join(c.process.Start(), logged.Close()); err != nil {
		return nil, err
	}
	first := make(chan []byte, 1)
	go func() {
		lines := bufio.NewReader(said)
		line, _ := lines.ReadBytes('\n')
		first <- line
		_, _ = io.Copy(io.Discard, lines)
		c.exit = c.process.Wait()
		close(c.ended)
	}()
	ctx, cancel := context.WithTimeout(ctx, childReady)
	defer cancel()
	if err := c.await(ctx, first); err != nil {
		_ = c.kill()
		text, _ := os.ReadFile(c.log)
		return nil, fmt.Errorf("%w\n%s", err, bytes.TrimSpace(text[max(0, len(text)-4000):]))
	}
	c.ready = time.Since(began)
	return c, nil
}

// childEnvironment is ours without what would configure the child.
func childEnvironment() []string {
	var out []string
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "VEDETTE_") {
			out = append(out, variable)
		}
	}
	return out
}

// await reads where the server listens and asks it until it is ready.
func (c *child) await(ctx context.Context, first <-chan []byte) error {
	select {
	case line := <-first:
		var said struct {
			BaseURL string `json:"base_url"`
		}
		if err := json.Unmarshal(line, &said); err != nil || said.BaseURL == "" {
			return errors.New("the server ended without saying where it listens")
		}
		c.base = said.BaseURL
	case <-ctx.Done():
		return errors.New("the server did not start in time")
	}
	for {
		if c.answers(ctx) {
			return nil
		}
		select {
		case <-c.ended:
			return errors.Join(errors.New("the server ended before it was ready"), c.exit)
		case <-ctx.Done():
			return errors.New("the server was not ready in time")
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func (c *child) answers(ctx context.Context) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/readyz", nil)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// kill ends the process as a power cut would, as far as it can tell.
func (c *child) kill() error {
	err := c.process.Process.Kill()
	<-c.ended
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}

// stop asks the server to drain and waits until it is gone.
func (c *child) stop() error {
	if err := c.process.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-c.ended:
		return c.exit
	case <-time.After(childGone):
		return errors.Join(fmt.Errorf("the server did not drain within %v", childGone), c.kill())
	}
}

// demo reads the credentials of a demonstration. where is its database.
func (c *child) demo(where string) (demoFile, error) {
	var found demoFile
	path := filepath.Join(c.process.Dir, "vedette.db.demo.json")
	if !database(where).postgres() {
		path = database(where).file() + ".demo.json"
	}
	body, err := os.ReadFile(path)
	if err != nil {
		return found, err
	}
	return found, json.Unmarshal(body, &found)
}

// residentMB is the memory that the process occupies, in MB.
func (c *child) residentMB() (float64, error) {
	pid := fmt.Sprint(c.process.Process.Pid)
	said, err := exec.Command("ps", "-o", "rss=", "-p", pid).Output()
	if err != nil {
		return 0, fmt.Errorf("ps: %w", err)
	}
	var kilobytes float64
	if _, err := fmt.Sscan(string(said), &kilobytes); err != nil {
		return 0, fmt.Errorf("ps said %q: %w", said, err)
	}
	return kilobytes * 1024 / 1e6, nil
}
