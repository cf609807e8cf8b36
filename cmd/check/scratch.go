package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
)

const (
	// memoryFolder is where Linux keeps files in memory, scratchBytes what must
	// be free there.
	memoryFolder = "/dev/shm"
	scratchBytes = 6 << 30
)

// scratch returns the environment that gives tests a temporary folder in memory,
// where there is one with room that programs may be started from. The suite
// commits to hundreds of databases of its own and none of its tests is about the
// disk under them: waiting for that disk was most of its time. The crash loop
// and the soak, whose subject it is, are steps of their own and stay on it. The
// folder has one name, so that a test's result can be found in the cache.
func scratch() (environment []string, remove func()) {
	nothing := func() {}
	var free syscall.Statfs_t
	if syscall.Statfs(memoryFolder, &free) != nil || free.Bavail*uint64(free.Bsize) < scratchBytes { //nolint:gosec // a size of blocks
		return nil, nothing
	}
	folder := filepath.Join(memoryFolder, "vedette-check-"+strconv.Itoa(os.Getuid()))
	if os.MkdirAll(folder, 0o755) != nil {
		return nil, nothing
	}
	remove = func() { _ = os.RemoveAll(folder) }
	probe := filepath.Join(folder, "probe")
	if os.WriteFile(probe, []byte("#!/bin/sh\n"), 0o755) != nil || exec.Command(probe).Run() != nil { //nolint:gosec // our own file
		remove()
		return nil, nothing
	}
	return []string{"TMPDIR=" + folder, "GOTMPDIR=" + os.TempDir()}, remove
}
