package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// readyTimeout bounds the wait for a started server to answer. Ingesting the
// demo takes a few seconds; the rest is for a busy machine.
const readyTimeout = 2 * time.Minute

// server is a real binary of ours, running on a loopback port with a database
// of its own.
type server struct {
	binary   string
	base     string // http://127.0.0.1:port
	database string
	logged   string // what it writes to standard error
	process  *exec.Cmd
	ended    chan struct{} // closed when the process is gone; exit holds its result
	exit     error
}

// demo is what `serve --demo` writes beside the database.
type demo struct {
	Workspaces []struct {
		ID string `json:"id"`
	} `json:"workspaces"`
	ServiceAccount struct {
		ClientID     string `json:"client_id"`
		ClientSecret string `json:"client_secret"`
	} `json:"service_account"`
	Keys struct {
		Agent    string `json:"agent"`
		Case     string `json:"case"`
		Triage   string `json:"triage"`
		OpsAdmin string `json:"ops_admin"`
	} `json:"keys"`
	Operators []struct {
		Email    string `json:"email"`
		Password string `json:"password"`
		Role     string `json:"role"`
	} `json:"operators"`
}

// build compiles cmd/vedette into the cache, with the given build tag if any.
func (h *house) build(ctx context.Context, j *journal, tag string) (string, error) {
	name := "vedette"
	arguments := []string{"build", "-trimpath"}
	if tag != "" {
		name += "-" + tag
		arguments = append(arguments, "-tags", tag)
	}
	binary := filepath.Join(h.root, cacheFolder, name)
	return binary, h.do(ctx, j, "go", append(arguments, "-o", binary, "./cmd/vedette")...)
}

// serveDemo starts the product with the demo's data in folder.
func (h *house) serveDemo(ctx context.Context, j *journal, binary, folder string, flags ...string) (*server, error) {
	database := filepath.Join(folder, "vedette.db")
	return h.startServer(ctx, j, binary, database, append([]string{"serve", "--demo", "--db", database}, flags...)...)
}

// serveDemoOn is serveDemo on an empty PostgreSQL database.
func (h *house) serveDemoOn(ctx context.Context, j *journal, binary, folder, url string, flags ...string) (*server, error) {
	key := filepath.Join(folder, "key")
	if err := writeKey(key); err != nil {
		return nil, err
	}
	// What lies beside the database of a file lies in the working directory.
	beside := filepath.Join(filepath.Dir(binary), "vedette.db")
	return h.startServer(ctx, j, binary, beside, append([]string{"serve", "--demo", "--db", url, "--secret-key-file", key}, flags...)...)
}

// writeKey makes a secret key file, which a server on PostgreSQL does not make
// by itself.
func writeKey(path string) error {
	var secret [32]byte
	_, _ = rand.Read(secret[:]) // never fails: it ends the process instead
	return os.WriteFile(path, []byte("1 "+hex.EncodeToString(secret[:])+"\n"), 0o600)
}

// startServer starts a binary with --listen on a free port and returns when it
// answers.
func (h *house) startServer(ctx context.Context, j *journal, binary, database string, arguments ...string) (*server, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	s := &server{binary: binary, base: "http://" + address, database: database, ended: make(chan struct{})}
	s.process = h.command(ctx, j, binary, append(arguments, "--listen", address)...)
	s.process.Dir = filepath.Dir(binary) // a default that writes into the working directory stays in the cache
	logged, err := os.Create(filepath.Join(h.root, cacheFolder, filepath.Base(binary)+".log"))
	if err != nil {
		return nil, err
	}
	// A file, not the journal: the journal belongs to one program at a time.
	s.process.Stdout, s.process.Stderr, s.logged = logged, logged, logged.Name()
	if err := errors.Join(s.process.Start(), logged.Close()); err != nil {
		return nil, err
	}
	go func() {
		s.exit = s.process.Wait()
		close(s.ended)
	}()
	if err := s.await(ctx); err != nil {
		text, _ := os.ReadFile(logged.Name())
		fmt.Fprintf(j, "%s\n", text)
		return nil, errors.Join(fmt.Errorf("%s %v: %w", filepath.Base(binary), arguments, err), s.stop())
	}
	return s, nil
}

// freeAddress asks the system for a port and gives it back. Another program may
// take it in between; a check that loses that race fails and says so.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}

// await polls /healthz until something other than "not yet" comes back.
func (s *server) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	poll := time.NewTicker(50 * time.Millisecond)
	defer poll.Stop()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base+"/healthz", nil)
		if err != nil {
			return err
		}
		if response, err := http.DefaultClient.Do(request); err == nil {
			_ = response.Body.Close()
			if response.StatusCode < http.StatusInternalServerError {
				return nil
			}
		}
		select {
		case <-s.ended:
			return fmt.Errorf("ended before it answered: %w", s.exit)
		case <-ctx.Done():
			return errors.New("did not answer in time")
		case <-poll.C:
		}
	}
}

// stop asks the server to drain and waits; a server that needs to be killed, or
// ends with anything but 0, is an error.
func (s *server) stop() error {
	if err := s.process.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-s.ended:
	case <-time.After(stopGrace):
		err := s.process.Process.Kill()
		<-s.ended
		return errors.Join(fmt.Errorf("the server did not drain within %v", stopGrace), err)
	}
	if s.exit != nil {
		return fmt.Errorf("the server ended with: %w", s.exit)
	}
	return nil
}

// demo reads the demo's credentials.
func (s *server) demo() (demo, error) {
	var found demo
	text, err := os.ReadFile(s.database + ".demo.json")
	if err != nil {
		return found, err
	}
	if err := json.Unmarshal(text, &found); err != nil {
		return found, fmt.Errorf("%s.demo.json: %w", s.database, err)
	}
	if found.Keys.Agent == "" {
		return found, fmt.Errorf("%s.demo.json names no agent key", s.database)
	}
	return found, nil
}

// scratch makes a folder for one server's files and returns how to remove it.
func (h *house) scratch(name string) (string, func() error, error) {
	if err := os.MkdirAll(filepath.Join(h.root, cacheFolder), 0o755); err != nil {
		return "", nil, err
	}
	folder, err := os.MkdirTemp(filepath.Join(h.root, cacheFolder), name+"-")
	return folder, func() error { return os.RemoveAll(folder) }, err
}
