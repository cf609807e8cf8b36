package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// server is a running `vedette serve` of its own process.
type server struct {
	t       *testing.T
	command *exec.Cmd
	base    string
	stderr  bytes.Buffer
	ended   chan error
}

// startServer runs this test binary under the name of the product.
func startServer(t *testing.T, folder string, flags ...string) *server {
	t.Helper()
	path, err := exec.LookPath("vedette") // TestMain put it there
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, ended: make(chan error, 1)}
	s.command = exec.Command(path, append([]string{"serve", "--listen", "127.0.0.1:0", "--json"}, flags...)...)
	s.command.Dir, s.command.Stderr = folder, &s.stderr
	out, err := s.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.command.Process.Kill() })
	var started struct {
		BaseURL string `json:"base_url"`
	}
	if err := json.NewDecoder(out).Decode(&started); err != nil {
		t.Fatalf("no greeting: %v\n%s", err, s.stop())
	}
	s.base = started.BaseURL
	go func() {
		_, _ = io.Copy(io.Discard, out)
		s.ended <- s.command.Wait()
	}()
	return s
}

// stop kills a server that did not come up and returns what it said.
func (s *server) stop() string {
	_ = s.command.Process.Kill()
	_ = s.command.Wait()
	return s.stderr.String()
}

// terminate asks the server to end and returns how it did.
func (s *server) terminate() error {
	s.t.Helper()
	if err := s.command.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	return <-s.ended
}

func (s *server) call(method, path, body string, header map[string]string) (*http.Response, string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, s.base+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer, string(text)
}

func (s *server) status(method, path, body string, header map[string]string) int {
	s.t.Helper()
	answer, _ := s.call(method, path, body, header)
	return answer.StatusCode
}

func readDemoFile(t *testing.T, folder string) demoFile {
	t.Helper()
	body, err := os.ReadFile(filepath.Join(folder, "vedette.db.demo.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file demoFile
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&file); err != nil {
		t.Fatal(err)
	}
	return file
}

var jsonType = map[string]string{"Content-Type": "application/json"}

func TestDemoEndToEnd(t *testing.T) {
	folder := t.TempDir()
	s := startServer(t, folder, "--demo")
	for _, path := range []string{"/", "/console", "/healthz", "/api/v1/healthz", "/livez", "/readyz"} {
		if status := s.status("GET", path, "", nil); status != http.StatusOK {
			t.Errorf("%s answers %d", path, status)
		}
	}
	file := readDemoFile(t, folder)
	checkDemoFile(t, folder, file, s.base)

	roles := map[string]int{}
	for _, operator := range file.Operators {
		roles[operator.Role]++
		body, _ := json.Marshal(map[string]string{"email": operator.Email, "password": operator.Password})
		if status := s.status("POST", "/api/ops/v1/session", string(body), jsonType); status != http.StatusCreated {
			t.Errorf("%s cannot sign in: %d", operator.Email, status)
		}
	}
	if diff := cmp.Diff(map[string]int{"admin": 1, "manager": 1, "senior": 2, "analyst": 2, "viewer": 1}, roles); diff != "" {
		t.Error(diff)
	}
	who := func(key string) (string, int) {
		answer, body := s.call("GET", "/api/ops/v1/session", "", map[string]string{"Authorization": "Bearer " + key})
		return body, answer.StatusCode
	}
	other, status := who(file.Keys.OtherWorkspaceAgent)
	if status != http.StatusOK || !strings.Contains(other, file.Workspaces[1].ID) || strings.Contains(other, file.Workspaces[0].ID) {
		t.Errorf("other_workspace_agent: %d %s", status, other)
	}

	t.Run("the agent door lists tools to a key and nothing to nobody", func(t *testing.T) {
		header := map[string]string{"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
		const list = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`
		if answer, body := s.call("POST", "/mcp", list, header); answer.StatusCode != http.StatusUnauthorized || answer.Header.Get("WWW-Authenticate") == "" {
			t.Errorf("%d %s", answer.StatusCode, body)
		}
		header["Authorization"] = "Bearer " + file.Keys.Agent
		if answer, body := s.call("POST", "/mcp", list, header); answer.StatusCode != http.StatusOK || !strings.Contains(body, `"vedette"`) {
			t.Errorf("%d %s", answer.StatusCode, body)
		}
	})
	t.Run("the portal answers the service account in its workspace alone", func(t *testing.T) {
		for workspace, status := range map[string]int{
			file.Workspaces[0].ID: http.StatusNotFound, file.Workspaces[1].ID: http.StatusForbidden, "00000000-0000-4000-8000-000000000000": http.StatusNotFound,
		} {
			req, _ := http.NewRequest("GET", s.base+"/api/v2/workspaces/"+workspace+"/incidents/Sentinel/nothing", nil)
			req.SetBasicAuth(file.ServiceAccount.ClientID, file.ServiceAccount.ClientSecret)
			answer, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = answer.Body.Close()
			if answer.StatusCode != status {
				t.Errorf("%s: %d, want %d", workspace, answer.StatusCode, status)
			}
		}
	})
	t.Run("an incident of the demo is triaged over REST and on the command line", func(t *testing.T) {
		header := map[string]string{"Authorization": "Bearer " + file.Keys.Triage, "Content-Type": "application/json"}
		_, body := s.call("GET", "/api/incidents", "", header)
		var list struct {
			Data []struct {
				ID string `json:"id"`
			} `json:"data"`
		}
		if err := json.Unmarshal([]byte(body), &list); err != nil || len(list.Data) == 0 {
			t.Fatalf("%v: %s", err, body)
		}
		triage := exec.Command("vedette", "triage", list.Data[0].ID, "--wait", "--workspace", "Demo", "--json")
		triage.Dir = folder
		out, err := triage.Output()
		if err != nil || !strings.Contains(string(out), `"state": "Done"`) && !strings.Contains(string(out), `"state": "Held"`) {
			t.Errorf("%v: %s", err, out)
		}
	})
	t.Run("a page of another site and another host name are refused", func(t *testing.T) {
		if status := s.status("GET", "/readyz", "", map[string]string{"Origin": "https://evil.example"}); status != http.StatusForbidden {
			t.Errorf("foreign origin: %d", status)
		}
		_, port, _ := strings.Cut(strings.TrimPrefix(s.base, "http://"), ":")
		req, _ := http.NewRequest("GET", s.base+"/readyz", nil)
		req.Host = "evil.example:" + port
		answer, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusForbidden {
			t.Errorf("foreign host: %d", answer.StatusCode)
		}
	})
	t.Run("a second server on the file is refused, local commands are not", func(t *testing.T) {
		second := exec.Command("vedette", "serve", "--listen", "127.0.0.1:0")
		second.Dir = folder
		out, err := second.CombinedOutput()
		if err == nil || !strings.Contains(string(out), "another `vedette serve` runs on vedette.db") {
			t.Errorf("%v: %s", err, out)
		}
		revoke := exec.Command("vedette", "keys", "revoke", file.Keys.AgentReadonly[:len("vdt_agent_0000")])
		revoke.Dir = folder
		if out, err := revoke.CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
		if _, status := who(file.Keys.AgentReadonly); status != http.StatusUnauthorized {
			t.Errorf("a key revoked beside the server answers %d", status)
		}
	})
	if err := s.terminate(); err != nil {
		t.Fatalf("SIGTERM: %v\n%s", err, s.stderr.String())
	}
	checkRestart(t, folder, file)
}

func checkDemoFile(t *testing.T, folder string, file demoFile, base string) {
	t.Helper()
	files := []string{".key", ".demo.json"}
	if _, err := os.Stat(filepath.Join(folder, "vedette.db")); err == nil {
		files = append(files, "", "-wal", "-shm")
	}
	for _, suffix := range files {
		info, err := os.Stat(filepath.Join(folder, "vedette.db"+suffix))
		if err != nil {
			t.Error(err)
		} else if info.Mode().Perm() != 0o600 {
			t.Errorf("vedette.db%s: mode %v", suffix, info.Mode())
		}
	}
	if file.BaseURL != base || len(file.Workspaces) != 2 || file.ServiceAccount.ClientID == "" {
		t.Errorf("%+v", file)
	}
}

// checkRestart starts the demo again. A key was revoked meanwhile, so all get
// new secrets; workspaces and incidents stay as they are.
func checkRestart(t *testing.T, folder string, before demoFile) {
	t.Helper()
	again := startServer(t, folder, "--demo")
	after := readDemoFile(t, folder)
	if diff := cmp.Diff(before.Workspaces, after.Workspaces); diff != "" {
		t.Error(diff)
	}
	if after.Keys.Agent == before.Keys.Agent {
		t.Error("the file still holds the old keys, of which one is dead")
	}
	for name, status := range map[string]int{before.Keys.Agent: http.StatusUnauthorized, after.Keys.Agent: http.StatusOK, after.Keys.AgentReadonly: http.StatusOK} {
		if got := again.status("GET", "/api/ops/v1/session", "", map[string]string{"Authorization": "Bearer " + name}); got != status {
			t.Errorf("%.14s: %d, want %d", name, got, status)
		}
	}
	if err := again.terminate(); err != nil {
		t.Fatal(err)
	}
	third := startServer(t, folder, "--demo")
	if diff := cmp.Diff(after.Keys, readDemoFile(t, folder).Keys); diff != "" {
		t.Error("keys that work are kept:", diff)
	}
	// What it said is whole, and nobody writes it any more, once it has ended.
	if err := third.terminate(); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(third.stderr.String(), "Ingesting") {
		t.Error("incidents went in twice")
	}
}

// A demo that is killed while it is made ends like one that was not.
func TestDemoKilledHalfway(t *testing.T) {
	folder := t.TempDir()
	path, err := exec.LookPath("vedette")
	if err != nil {
		t.Fatal(err)
	}
	first := exec.Command(path, "serve", "--listen", "127.0.0.1:0", "--demo")
	first.Dir = folder
	progress, err := first.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	for buffer := make([]byte, 256); !strings.Contains(said.String(), "50 of 189"); {
		n, err := progress.Read(buffer)
		said.Write(buffer[:n])
		if err != nil {
			t.Fatalf("%v: %s", err, said.String())
		}
	}
	_ = first.Process.Kill()
	_ = first.Wait()
	s := startServer(t, folder, "--demo")
	if file := readDemoFile(t, folder); len(file.Operators) != 7 {
		t.Errorf("%+v", file)
	}
	if err := s.terminate(); err != nil {
		t.Fatal(err)
	}
}

func TestExitCodes(t *testing.T) {
	for _, test := range []struct {
		arguments []string
		code      int
	}{
		{[]string{"version"}, 0}, {[]string{"--help"}, 0}, {nil, 2}, {[]string{"nonsense"}, 2}, {[]string{"serve", "--listen", "x"}, 1},
	} {
		t.Chdir(t.TempDir())
		var out bytes.Buffer
		if code := run(context.Background(), test.arguments, strings.NewReader(""), &out, &out); code != test.code {
			t.Errorf("%v: %d, want %d: %s", test.arguments, code, test.code, out.String())
		}
	}
}

func TestS53KeyRing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "k")
	made, err := makeKeyRing(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := makeKeyRing(path); err == nil {
		t.Error("a key file was written over")
	}
	read, err := readKeyRing(path)
	if err != nil || read[0] != made[0] {
		t.Fatal(err)
	}
	one, _ := read.derive("one")
	two, _ := read.derive("two")
	if one[0].Key == two[0].Key || one[0].Key == read[0].secret || one[0].ID != read[0].id {
		t.Error("each purpose has a key of its own")
	}
	if _, err := readKeyRing(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// timeouts of the test's own requests, so that a server that hangs fails it.
func init() { http.DefaultClient.Timeout = 20 * time.Second }

// M17: without authentication the agent door serves one fixed principal, and
// only a demo has one.
func TestM17NoAuthServesTheDemosAgent(t *testing.T) {
	folder := t.TempDir()
	s := startServer(t, folder, "--demo", "--no-auth")
	header := map[string]string{"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
	const list = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`
	if status := s.status("POST", "/mcp", list, header); status != http.StatusOK {
		t.Errorf("%d", status)
	}
	if status := s.status("GET", "/api/ops/v1/session", "", nil); status != http.StatusUnauthorized {
		t.Errorf("the other doors are open too: %d", status)
	}
	if err := s.terminate(); err != nil {
		t.Fatal(err)
	}
	plain := exec.Command("vedette", "serve", "--no-auth", "--listen", "127.0.0.1:0", "--db", "plain.db")
	plain.Dir = folder
	if out, err := plain.CombinedOutput(); err == nil || !strings.Contains(string(out), "give --demo too") {
		t.Errorf("%v: %s", err, out)
	}
}
