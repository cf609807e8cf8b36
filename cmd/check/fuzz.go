package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// fuzzFiles is where the fuzzer is pinned.
const fuzzFiles = "backend/web/openapi/testdata/fuzz"

// fuzzExamples is how many requests CI makes up for each operation in each of
// the two phases that draw at random; the phases that walk through the corners
// of every schema come on top. The full run is
// `go run ./cmd/check -examples 60 fuzz`.
const (
	fuzzExamples     = 6
	fuzzExamplesFull = 60
)

// fuzzRates are above what one client can send: the limits have tests of their
// own, and here they would only hide what is behind them.
const fuzzRates = "read=9000000;write=9000000;login=9000000;agent-tools=9000000;triage=9000000;actions=9000000;decide=9000000;ingest=9000000"

// fuzzRun is one document fuzzed by one caller.
type fuzzRun struct {
	name, family string
	settings     string
	arguments    []string
}

// checkFuzz sends what a property-based fuzzer makes of the documents to a
// running server, each family by those who may call it: corner cases of every
// schema, random requests, and sequences that use what an answer named. Then the
// server's own log must hold no internal error, and its audit must verify.
func checkFuzz(h *house, ctx context.Context, j *journal) error {
	program, err := h.installFuzzer(ctx, j)
	if err != nil {
		return err
	}
	return h.withServer(ctx, j, "fuzz", func(s *server, found demo) error {
		cookie, err := signIn(ctx, s.base, found)
		if err != nil {
			return err
		}
		total := 0
		var failures []error
		for _, run := range fuzzRuns(found, cookie) {
			n, err := h.fuzz(ctx, j, program, s, run)
			total += n
			if err != nil {
				failures = append(failures, fmt.Errorf("%s: %w", run.name, err))
			}
		}
		fmt.Fprintf(j.live, "fuzz: %d examples\n", total)
		database := s.database
		if h.database != "" {
			database = h.database
		}
		failures = append(failures, s.logHasNoErrors(), h.do(ctx, j, s.binary, "audit", "verify", "--db", database))
		return errors.Join(failures...)
	}, "--rates", fuzzRates)
}

// fuzzRuns are the families, those that stop others last. What would end the
// session or change the password of the caller itself is left out of the run by
// session; the tests of the door have it.
func fuzzRuns(found demo, cookie string) []fuzzRun {
	bearer := func(key string) string { return fmt.Sprintf("[auth.openapi.bearer]\nbearer = %q\n", key) }
	return []fuzzRun{
		{
			"portal", "portal", fmt.Sprintf("[auth.openapi.basic]\nusername = %q\npassword = %q\n[parameters]\n\"path.workspaceId\" = %q\n\"path.source\" = \"Sentinel\"\n",
				found.ServiceAccount.ClientID, found.ServiceAccount.ClientSecret, found.Workspaces[0].ID), nil,
		},
		{"case", "case", bearer(found.Keys.Case), nil},
		{"triage", "triage", bearer(found.Keys.Triage), nil},
		{"ops by a person", "ops", fmt.Sprintf("[auth.openapi.session]\napi_key = %q\n", cookie), []string{
			"--exclude-operation-id", "opsEndSession", "--exclude-operation-id", "opsEndOtherSession", "--exclude-operation-id", "opsChangePassword",
		}},
		{"ops by a key", "ops", bearer(found.Keys.OpsAdmin), nil},
	}
}

// fuzzSettings name what is loosened. A request that fits its schema may still
// be refused in words, because page tokens are sealed, times come in order, and
// what may be named is a matter of the workspace. One that is longer than the
// listener reads is refused by the listener.
const fuzzSettings = `[checks.positive_data_acceptance]
expected-statuses = ["2xx", 400, 401, 403, 404, 409, 412, 413, 415, 422, 423, 431]
[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 406, 409, 412, 413, 415, 422, 423, 428, 429, 431]
[output.truncation]
enabled = false
`

var fuzzCount = regexp.MustCompile(`(?m)^\s*(\d+) generated`)

// fuzz runs one document against the server and returns how many requests it
// made up.
func (h *house) fuzz(ctx context.Context, j *journal, program string, s *server, run fuzzRun) (int, error) {
	folder := filepath.Join(h.root, cacheFolder, "fuzz")
	settings := filepath.Join(folder, "settings.toml")
	if err := os.WriteFile(settings, []byte(run.settings+fuzzSettings), 0o600); err != nil {
		return 0, err
	}
	arguments := append([]string{
		"--config-file", settings, "run", s.base + "/openapi/" + run.family + ".json",
		"--checks", "all", "--max-examples", strconv.Itoa(h.examples), "--no-color", "--workers", "1", "--continue-on-failure",
		"--warnings", "off", "--suppress-health-check", "all",
	}, run.arguments...)
	if h.examples == fuzzExamples {
		arguments = append(arguments, "--seed", "1") // CI asks the same twice; the long run does not
	}
	command := h.command(ctx, j, program, arguments...)
	command.Dir = folder
	var output bytes.Buffer
	command.Stdout = &output
	err := command.Run()
	text := output.String()
	j.Write(output.Bytes())
	count := 0
	if found := fuzzCount.FindStringSubmatch(text); found != nil {
		count, _ = strconv.Atoi(found[1])
	}
	if err == nil && count == 0 {
		err = errors.New("no request was made")
	}
	return count, err
}

// installFuzzer installs exactly what requirements.txt says, once per list.
func (h *house) installFuzzer(ctx context.Context, j *journal) (program string, err error) {
	folder := filepath.Join(h.root, cacheFolder, "fuzz")
	program = filepath.Join(folder, "python", "bin", "schemathesis")
	list := filepath.Join(h.root, fuzzFiles, "requirements.txt")
	want, err := os.ReadFile(list)
	if err != nil {
		return "", err
	}
	stamp := filepath.Join(folder, "installed")
	if have, err := os.ReadFile(stamp); err == nil && bytes.Equal(have, want) {
		return program, nil
	}
	python, err := exec.LookPath("python3")
	if err != nil {
		return "", lacking("python3, which runs the fuzzer")
	}
	if err := errors.Join(os.RemoveAll(folder), os.MkdirAll(folder, 0o755)); err != nil {
		return "", err
	}
	if err := h.do(ctx, j, python, "-m", "venv", filepath.Join(folder, "python")); err != nil {
		return "", lacking("python3's venv (Debian: python3-venv), which installs the fuzzer")
	}
	pip := filepath.Join(folder, "python", "bin", "pip")
	if err := h.do(ctx, j, pip, "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:", "--no-deps", "-r", list); err != nil {
		return "", err
	}
	return program, os.WriteFile(stamp, want, 0o644)
}

// signIn returns the session cookie of the demo's manager.
func signIn(ctx context.Context, base string, found demo) (string, error) {
	for _, operator := range found.Operators {
		if operator.Role != "manager" {
			continue
		}
		body, err := json.Marshal(map[string]string{"email": operator.Email, "password": operator.Password})
		if err != nil {
			return "", err
		}
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/api/ops/v1/session", bytes.NewReader(body))
		if err != nil {
			return "", err
		}
		request.Header.Set("Content-Type", "application/json")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return "", err
		}
		if err := response.Body.Close(); err != nil {
			return "", err
		}
		for _, cookie := range response.Cookies() {
			return cookie.Value, nil
		}
		return "", fmt.Errorf("sign in: %s", response.Status)
	}
	return "", errors.New("the demo has no manager")
}

// passing are errors that the job queue tells of itself and mends: on a machine
// so busy that its leader could not renew its term in time, it is elected again.
const passing = `"msg":"leadership.Elector: `

// logHasNoErrors reads what the server wrote: an internal error that was turned
// into an answer stands there with its cause.
func (s *server) logHasNoErrors() error {
	text, err := os.ReadFile(s.logged)
	if err != nil {
		return err
	}
	for _, line := range strings.Split(string(text), "\n") {
		if strings.Contains(line, `"level":"ERROR"`) && !strings.Contains(line, passing) {
			return fmt.Errorf("the server logged an error: %s", line)
		}
	}
	return nil
}
