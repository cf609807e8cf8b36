package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
)

// clientFiles is where the pinned MCP clients are listed and locked.
const clientFiles = "tools/testdata/session"

// cacheFolder holds what the checks build and install; git ignores it.
const cacheFolder = ".cache/check"

// clients is an installation of the MCP clients with a Node that runs them.
type clients struct {
	folder string // holds node_modules
	node   string
	home   string // a scratch HOME: Inspector writes there
}

// installClients installs the MCP clients and finds a Node that runs them.
func (h *house) installClients(ctx context.Context, j *journal) (clients, error) {
	return h.installPackages(ctx, j, clientFiles, "clients", "")
}

// installPackages installs exactly what the package-lock.json in files says,
// once per lock. No package's install script runs, so what is executed later is
// what was locked. node is a Node to use, "" for the locked one or the machine's.
func (h *house) installPackages(ctx context.Context, j *journal, files, name, node string) (clients, error) {
	folder := filepath.Join(h.root, cacheFolder, name)
	installed := clients{folder: folder, node: node, home: filepath.Join(folder, "home")}
	lock, err := os.ReadFile(filepath.Join(h.root, files, "package-lock.json"))
	if err != nil {
		return clients{}, err
	}
	sum := sha256.Sum256(lock)
	stamp, want := filepath.Join(folder, "installed"), hex.EncodeToString(sum[:])
	if have, err := os.ReadFile(stamp); err != nil || string(have) != want {
		if err := h.freshInstall(ctx, j, files, folder); err != nil {
			return clients{}, err
		}
		if err := os.WriteFile(stamp, []byte(want), 0o644); err != nil {
			return clients{}, err
		}
	}
	if err := os.MkdirAll(installed.home, 0o755); err != nil {
		return clients{}, err
	}
	if node == "" {
		installed.node, err = findNode(ctx, folder)
	}
	return installed, err
}

func (h *house) freshInstall(ctx context.Context, j *journal, files, folder string) error {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return lacking("npm, which installs " + files)
	}
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	if err := h.copyFiles(files, folder, "package.json", "package-lock.json"); err != nil {
		return err
	}
	install := h.command(ctx, j, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
	install.Dir = folder
	if err := install.Run(); err != nil {
		return fmt.Errorf("npm ci: %w", err)
	}
	return nil
}

// copyFiles puts files of the tree into a folder of the cache: Node looks for
// packages beside a script, so the script goes to them.
func (h *house) copyFiles(from, to string, names ...string) error {
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(h.root, from, name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// findNode prefers the locked Node; on a system it is not published for, the
// machine's own serves if it is new enough.
func findNode(ctx context.Context, folder string) (string, error) {
	locked, err := filepath.Glob(filepath.Join(folder, "node_modules", "node-*", "bin", "node"))
	if err != nil {
		return "", err
	}
	if len(locked) > 0 {
		return locked[0], nil
	}
	const wanted = "Node 22.19 or newer"
	own, err := exec.LookPath("node")
	if err != nil {
		return "", lacking(wanted)
	}
	version, err := exec.CommandContext(ctx, own, "--version").Output()
	if err != nil {
		return "", err
	}
	parts := regexp.MustCompile(`^v(\d+)\.(\d+)`).FindSubmatch(version)
	if parts == nil {
		return "", fmt.Errorf("%s --version says %q", own, version)
	}
	major, _ := strconv.Atoi(string(parts[1]))
	minor, _ := strconv.Atoi(string(parts[2]))
	if major < 22 || (major == 22 && minor < 19) {
		return "", lacking(wanted)
	}
	return own, nil
}

// script prepares a run of one of the clients' programs.
func (c clients) script(ctx context.Context, h *house, j *journal, program string, arguments ...string) *exec.Cmd {
	command := h.command(ctx, j, c.node, append([]string{program}, arguments...)...)
	command.Dir = c.folder
	command.Env = append(os.Environ(), "HOME="+c.home, "NO_COLOR=1",
		"PATH="+filepath.Dir(c.node)+string(os.PathListSeparator)+os.Getenv("PATH"))
	return command
}
