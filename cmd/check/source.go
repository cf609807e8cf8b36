package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Tools are pinned and run through the go command, which builds them once and
// keeps them in its cache: nothing is installed, every machine runs the same.
const (
	gofumpt     = "mvdan.cc/gofumpt@v0.12.0"
	staticcheck = "honnef.co/go/tools/cmd/staticcheck@v0.8.2"
)

// staticChecks is staticcheck's default set, and package comments: a room says
// what it is for. It stands here because the top level is fixed and holds no
// staticcheck.conf.
const staticChecks = "all,-SA9003,-ST1003,-ST1016,-ST1020,-ST1021,-ST1022,-ST1023"

// conformanceTag builds the fixture tools of the MCP conformance suite in.
const conformanceTag = "conformance"

func checkFormat(h *house, ctx context.Context, j *journal) error {
	mode := "-l"
	if h.write {
		mode = "-w"
	}
	command := h.command(ctx, j, "go", "run", gofumpt, mode, ".")
	var listed bytes.Buffer // apart from stderr, where the go command tells of downloads
	command.Stdout = &listed
	err := command.Run()
	fmt.Fprint(j, listed.String())
	if err != nil {
		return fmt.Errorf("gofumpt: %w", err)
	}
	if listed.Len() > 0 {
		return errors.New("these files are not formatted: run `go run ./cmd/check -w fmt`")
	}
	return nil
}

func checkRooms(h *house, _ context.Context, j *journal) error {
	files, err := readImports(h.root)
	if err != nil {
		return err
	}
	faults := roomFaults(files)
	for _, find := range []func(string) ([]string, error){topLevelFaults, lengthFaults, machinePathFaults} {
		found, err := find(h.root)
		if err != nil {
			return err
		}
		faults = append(faults, found...)
	}
	fault, err := libcFault(h.root)
	if err != nil {
		return err
	}
	if fault != "" {
		faults = append(faults, fault)
	}
	return j.faults(faults)
}

func checkVet(h *house, ctx context.Context, j *journal) error {
	return errors.Join(
		h.do(ctx, j, "go", "vet", "./..."),
		h.do(ctx, j, "go", "vet", "-tags", conformanceTag, "./..."))
}

func checkLint(h *house, ctx context.Context, j *journal) error {
	return errors.Join(
		h.do(ctx, j, "go", "run", staticcheck, "-checks", staticChecks, "./..."),
		h.do(ctx, j, "go", "run", staticcheck, "-checks", staticChecks, "-tags", conformanceTag, "./..."))
}

func checkDigest(h *house, ctx context.Context, j *journal) error {
	if _, err := exec.LookPath("python3"); err != nil {
		return lacking("python3, for the second implementation of the digest")
	}
	return h.do(ctx, j, "python3", filepath.Join("schemas", "digest_check.py"))
}

// checkGoldens runs the tests of the packages that have goldens to rewrite: the
// quick way to see whether the public surface moved. In CI the test step then
// finds their results in the go command's cache.
func checkGoldens(h *house, ctx context.Context, j *journal) error {
	packages, err := goldenPackages(h.root)
	if err != nil {
		return err
	}
	if len(packages) == 0 {
		return errors.New("no package's tests take -update: the goldens were looked for in the wrong place")
	}
	return h.goTest(ctx, j, packages...)
}

// goldenPackages returns the packages whose tests take -update.
func goldenPackages(root string) ([]string, error) {
	var packages []string
	tree := os.DirFS(root)
	err := walkSources(tree, func(name string) error {
		if !strings.HasSuffix(name, "_test.go") {
			return nil
		}
		source, err := fs.ReadFile(tree, name)
		if bytes.Contains(source, []byte(`flag.Bool("update"`)) {
			packages = append(packages, "./"+path.Dir(name))
		}
		return err
	})
	slices.Sort(packages)
	return slices.Compact(packages), err
}

// testTimeout bounds one package's tests. CI as a whole must end within 90
// minutes on two cores, and the race detector is several times slower.
const testTimeout = "40m"

// translated are packages made from C by a program: SQLite, its C library and
// allocator. The race detector watches everything but them. They hold no Go
// variable of ours, SQLite serializes itself with locks that the detector does
// see (they are sync.Mutex), and watching each of their reads made the tests
// three times slower. The compiler takes the last -race it is given.
var translated = []string{"modernc.org/sqlite/lib", "modernc.org/libc", "modernc.org/memory"}

// checkTest shows the go command's own closing line of each package as it
// comes, so that a reader of the log sees which tests ran.
func checkTest(h *house, ctx context.Context, j *journal) error {
	j.show = func(line string) bool { return strings.HasPrefix(line, "ok  \t") }
	defer func() { j.show = nil }()
	return h.goTest(ctx, j, "./...")
}

// goTest tests packages, in memory where that can be done.
func (h *house) goTest(ctx context.Context, j *journal, packages ...string) error {
	environment, remove := scratch()
	defer remove()
	arguments := h.testArguments(packages...)
	command := h.command(ctx, j, "go", arguments...)
	command.Env = append(command.Env, environment...)
	if err := command.Run(); err != nil {
		return fmt.Errorf("go %s: %w", strings.Join(arguments, " "), err)
	}
	return nil
}

// testArguments is the README's test command over some packages, in CI with the
// race detector. The steps share it, so that CI compiles the tests once.
func (h *house) testArguments(packages ...string) []string {
	arguments := []string{"test", "-timeout", testTimeout}
	if h.ci {
		arguments = append(arguments, "-race")
		for _, name := range translated {
			arguments = append(arguments, "-gcflags="+name+"=-race=false")
		}
	}
	return append(arguments, packages...)
}

// checkClean fails when a step wrote among our files: a golden that rewrote
// itself, a by-product that .gitignore does not know. What CI itself puts at
// the root is not looked at.
func checkClean(h *house, ctx context.Context, j *journal) error {
	if !h.ci || !exists(filepath.Join(h.root, ".git")) {
		return nil // a laptop's tree holds the work in hand; an archive has no history
	}
	status := append([]string{"status", "--porcelain", "--"}, topLevel...)
	if err := h.do(ctx, j, "git", status...); err != nil {
		return err
	}
	if j.text.Len() > 0 {
		return errors.New("the tree is not as it was checked out")
	}
	return nil
}
