package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// house is one run of the command: where it looks and how it speaks.
type house struct {
	root    string
	out     io.Writer
	ci      bool
	verbose bool
	write   bool
	update  bool
	rounds  int
	soak    time.Duration
	// examples and database are those of the fuzz; database also of openapi and client.
	examples int
	database string
}

// step is one thing that must hold.
type step struct {
	name  string
	about string
	quick bool // part of `check pre`
	run   func(*house, context.Context, *journal) error
}

// allSteps lists the steps in the order of `check ci`: cheap ones first, so
// that a slip of the pen is known in a minute and not in forty.
func allSteps() []step {
	return []step{
		{"fmt", "files are as gofumpt writes them", true, checkFormat},
		{"rooms", "imports, top level, file lengths and pinned pairs follow the architecture", true, checkRooms},
		{"vet", "go vet, also of the conformance build", true, checkVet},
		{"lint", "staticcheck, also of the conformance build", true, checkLint},
		{"digest", "the second digest implementation agrees with the published vectors", true, checkDigest},
		{"goldens", "the public surface is what its goldens say", true, checkGoldens},
		{"requirements", "every requirement of the release names its test, and the README's table agrees", true, checkRequirements},
		{"test", "go test ./..., in CI with the race detector", false, checkTest},
		{"conformance", "the MCP conformance suite, against the product and the fixture build", false, checkConformance},
		{"inspector", "MCP Inspector over stdio and on both wires", false, checkInspector},
		{"session", "the official TypeScript client, from the list of incidents to a held close-out", false, checkSession},
		{"openapi", "the OpenAPI documents of a running server pass the linter's strictest rules", false, checkOpenAPI},
		{"client", "a TypeScript client generated from the documents compiles and uses every family", false, checkClient},
		{"fuzz", "no request made from the documents meets a 5xx or an answer they do not describe", false, checkFuzz},
		{"crash", "kill -9 over the whole path on both engines, nothing lost, nothing done twice", false, checkCrash},
		{"selftest", "the product attacks itself: hijacked agents, inward addresses, other tenants' ids", false, checkSelftest},
		{"soak", "load through all families on both engines: memory flat, no row lost or doubled", false, checkSoak},
		{"clean", "the steps before left the tree as it was checked out", false, checkClean},
	}
}

// take runs the steps, one line each, and names the failed ones at the end. A
// failure does not stop the rest: one CI run shows everything there is to mend.
func (h *house) take(ctx context.Context, steps []step) int {
	var failed []string
	for _, s := range steps {
		if ctx.Err() != nil {
			fmt.Fprintln(h.out, "check: interrupted")
			return 1
		}
		started := time.Now()
		fmt.Fprintf(h.out, "%-12s %s\n", s.name, s.about)
		j := &journal{live: h.out}
		err := s.run(h, ctx, j)
		elapsed := time.Since(started).Round(100 * time.Millisecond)
		var absent lacking
		if errors.As(err, &absent) && !h.ci {
			fmt.Fprintf(h.out, "%-12s skipped: %v\n", s.name, absent)
			continue
		}
		if err != nil {
			failed = append(failed, s.name)
		}
		if err != nil || h.verbose {
			fmt.Fprint(h.out, indent(j.text.String()))
		}
		if err != nil {
			fmt.Fprintf(h.out, "%-12s FAILED after %v: %v\n", s.name, elapsed, err)
			continue
		}
		fmt.Fprintf(h.out, "%-12s passed in %v\n", s.name, elapsed)
	}
	if len(failed) > 0 {
		fmt.Fprintf(h.out, "check: %d of %d steps failed: %s\n", len(failed), len(steps), strings.Join(failed, ", "))
		return 1
	}
	fmt.Fprintf(h.out, "check: all %d steps passed\n", len(steps))
	return 0
}

func indent(text string) string {
	if text == "" {
		return ""
	}
	return "    " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n    ") + "\n"
}

// lacking names something that a machine may be without. On a laptop its step
// is skipped, in one line; in CI the step fails.
type lacking string

func (l lacking) Error() string { return "this machine lacks " + string(l) }

// journal keeps what a step's programs print, to be shown if the step fails.
// Lines that show accepts are also passed on at once.
type journal struct {
	text bytes.Buffer
	live io.Writer
	show func(line string) bool
	rest []byte // an unfinished line
}

// Write implements io.Writer. It is used by one program at a time.
func (j *journal) Write(p []byte) (int, error) {
	j.text.Write(p)
	if j.show == nil {
		return len(p), nil
	}
	j.rest = append(j.rest, p...)
	for {
		line, rest, whole := bytes.Cut(j.rest, []byte("\n"))
		if !whole {
			return len(p), nil
		}
		if j.show(string(line)) {
			fmt.Fprintf(j.live, "%s\n", line)
		}
		j.rest = append([]byte(nil), rest...)
	}
}

// faults fails a step with a list of sentences.
func (j *journal) faults(found []string) error {
	for _, fault := range found {
		fmt.Fprintln(j, fault)
	}
	if len(found) > 0 {
		return fmt.Errorf("%d faults", len(found))
	}
	return nil
}

// stopGrace is what a program gets between SIGTERM and SIGKILL; `vedette serve`
// promises to be gone within 30 seconds.
const stopGrace = 35 * time.Second

// command prepares a program that runs at the root, ends with ctx, and writes
// into the journal.
func (h *house) command(ctx context.Context, j *journal, name string, arguments ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, name, arguments...)
	command.Dir = h.root
	command.Env = os.Environ()
	command.Stdout, command.Stderr = j, j
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = stopGrace
	return command
}

// do runs a program to its end and says how it was called when it fails.
func (h *house) do(ctx context.Context, j *journal, name string, arguments ...string) error {
	if err := h.command(ctx, j, name, arguments...).Run(); err != nil {
		return fmt.Errorf("%s %s: %w", name, strings.Join(arguments, " "), err)
	}
	return nil
}
